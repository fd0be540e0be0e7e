"""``GET /api/devices`` of a real server."""

from __future__ import annotations

from collections.abc import Callable

from tests.handlers.fed import at, feed
from tests.support import Server, wait_until


def test_devices_are_listed_with_their_state(server: Callable[..., Server]) -> None:
    fed = feed(server)
    (before,) = fed.get("/api/devices")["devices"]
    assert before == {"device": "boiler", "name": None, "state": "offline", "last_seen": None}
    fed.send(at(0, t=1))
    (after,) = wait_until(lambda: [d for d in fed.get("/api/devices")["devices"] if d["state"] == "online"])
    assert after["last_seen"] > 1_700_000_000_000
    assert set(after) == set(before)


def test_waiting_device_is_shown_to_operators_only(server: Callable[..., Server]) -> None:
    fed = feed(server)
    operator = fed.server.api_token("operator")
    device = fed.server.device(device="stranger")
    assert device.recv()["hello"]["pending"] is True

    def seen(token: str) -> dict[str, str]:
        return {one["device"]: one["state"] for one in fed.server.get("/api/devices", token)["devices"]}

    assert seen(operator) == {"boiler": "offline", "stranger": "pending"}
    assert seen(fed.viewer) == {"boiler": "offline"}

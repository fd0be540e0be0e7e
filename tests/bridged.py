"""A server with a real Mosquitto beside it, for tests: started together, and looked into by the API."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from tests.mosquitto import Mosquitto
from tests.scripted_broker import ScriptedBroker
from tests.support import Server, wait_until

T0 = 1_700_000_000_000


def stamped(n: int, value: float = 1.0) -> str:
    """A native message of one reading with a time of its own."""
    return json.dumps({"ts": T0 + n, "values": {"t": value}})


class Bridged:
    """The server and its view of the broker. Settings are written with ``__`` for the dot."""

    def __init__(self, start: Callable[..., Server], broker: Mosquitto | ScriptedBroker, **settings: str) -> None:
        given = {key.replace("__", "."): value for key, value in settings.items()}
        self.server = start({"mqtt.url": broker.url, "storage.commit_interval": "0.05"} | given)
        self.token = self.server.api_token("admin")

    def get(self, path: str, **query: Any) -> Any:
        """GET a path of the API."""
        return self.server.get(path, token=self.token, **query)

    def report(self) -> dict[str, Any]:
        """What the bridge says of its broker."""
        found: dict[str, Any] = self.get("/api/bridges")["bridges"][0]
        return found

    def messages(self) -> dict[str, int]:
        """What came from the broker in this run."""
        found: dict[str, int] = self.report()["messages"]
        return found

    def connected(self) -> Bridged:
        """Wait until the broker is there."""
        wait_until(lambda: self.report()["state"] == "connected", 60, "the bridge")
        return self

    def count(self, series: str) -> int:
        """How many readings a series has."""
        found = self.get("/api/series", series=series)["series"]
        return int(found[0]["count"]) if found else 0

    def latest(self) -> dict[str, Any]:
        """The newest value of every series."""
        return {name: value for name, _, value in self.get("/api/latest")["latest"]}

    def device(self, device: str) -> dict[str, Any] | None:
        """What /api/devices says of a device."""
        found: list[dict[str, Any]] = self.get("/api/devices")["devices"]
        return next((one for one in found if one["device"] == device), None)

    def frames(self, device: str | None) -> list[dict[str, Any]]:
        """The frames of a device, or those that belong to none; the newest first."""
        path = "/api/frames" if device is None else f"/api/devices/{quote(device, safe='')}/frames"
        found: list[dict[str, Any]] = self.get(path)["frames"]
        return found

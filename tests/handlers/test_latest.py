"""``GET /api/latest`` of a real server."""

from __future__ import annotations

from collections.abc import Callable

from tests.handlers.fed import T0, at, feed
from tests.support import Server, wait_until


def test_latest_is_a_snapshot_with_its_position(server: Callable[..., Server]) -> None:
    fed = feed(server)
    assert fed.get("/api/latest")["latest"] == []
    fed.send(at(0, t=1.5, door="open", heater=True))
    fed.send(at(5, t=2), at(3, door="closed"))
    found = fed.get("/api/latest")
    assert found["latest"] == [
        ["boiler/t", T0 + 5, 2],
        ["boiler/door", T0 + 3, "closed"],
        ["boiler/heater", T0, True],
    ]
    assert found["seq"] == 5
    assert set(found) == {"epoch", "seq", "time", "latest"}
    assert [one[0] for one in fed.get("/api/latest", series=["*/t", "boiler/h*"])["latest"]] == [
        "boiler/t",
        "boiler/heater",
    ]


def test_late_reading_does_not_move_latest_back(server: Callable[..., Server]) -> None:
    """Invariant 5; and the position it gives can be resumed from."""
    fed = feed(server)
    fed.send(at(10, t=1))
    fed.send(at(0, t=2))
    before = fed.get("/api/latest")
    assert before["latest"] == [["boiler/t", T0 + 10, 1]]
    fed.send(at(20, t=3))
    live = fed.server.live(fed.viewer)
    live.send({"id": 1, "subscribe": ["*"], "since": {"epoch": before["epoch"], "seq": before["seq"]}})
    assert wait_until(lambda: live.recv().get("recovered"))
    assert wait_until(lambda: live.recv().get("readings")) == [["boiler/t", T0 + 20, 3]]


def test_bad_pattern_is_refused(server: Callable[..., Server]) -> None:
    fed = feed(server)
    reply = fed.server.request("GET", "/api/latest?series=" + "x" * 600, token=fed.viewer)
    assert (reply.status, reply.error["at"]) == (400, "series")

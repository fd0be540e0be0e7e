"""``GET /api/series`` of a real server."""

from __future__ import annotations

from collections.abc import Callable

from tests.handlers.fed import T0, at, feed
from tests.support import Server


def test_series_are_listed_with_extent_and_exact_count(server: Callable[..., Server]) -> None:
    """Repeats count once; the newest value decides the kind."""
    fed = feed(server)
    assert fed.get("/api/series") == {"series": []}
    fed.send(at(0, t=1), at(5, t=2), at(5, t=3))
    fed.send(at(0, t=1), at(2, door__front="open"))
    boiler = {"device": "boiler", "label": None, "unit": None, "source_unit": None, "thresholds": []}
    t = boiler | {"series": "boiler/t", "metric": "t", "kind": "number", "first": T0, "last": T0 + 5, "count": 2}
    door = boiler | {"series": "boiler/door.front", "metric": "door.front", "kind": "text", "count": 1}
    door |= {"first": T0 + 2, "last": T0 + 2}
    assert fed.get("/api/series") == {"series": [t, door]}
    assert fed.get("/api/series", series="*front") == {"series": [door]}
    fed.server.restart(kill=True)
    assert fed.get("/api/series") == {"series": [t, door]}


def test_bad_pattern_is_refused(server: Callable[..., Server]) -> None:
    fed = feed(server)
    reply = fed.server.request("GET", "/api/series?series=" + "x" * 600, token=fed.viewer)
    assert (reply.status, reply.error["at"]) == (400, "series")

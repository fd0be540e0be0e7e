"""Names and roles on a real server, with dashboards that watch and a device that goes on sending."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.handlers.fed import T0, Fed, at, feed


@pytest.fixture
def fed(server: Callable[..., Any]) -> Fed:
    return feed(server, {"live.tick": "0"})


@pytest.fixture
def operator(fed: Fed) -> str:
    return fed.server.api_token("operator", name="anna")


def post(fed: Fed, token: str | None, act: str, **body: Any) -> Any:
    return fed.server.request("POST", f"/api/series/{act}", json_body=body, token=token)


def watching(fed: Fed, *patterns: str) -> Any:
    live = fed.server.live(fed.viewer)
    live.send({"id": 1, "subscribe": list(patterns)})
    live.recv_key("latest")
    return live


def test_a_chart_of_the_old_name_goes_on_after_a_rename(fed: Fed, operator: str) -> None:
    """History, live and export find it by either name; the device knows nothing of it; also after a kill."""
    fed.send(at(0, t=1))
    old, new = watching(fed, "boiler/t"), watching(fed, "kitchen/*")
    done = post(fed, operator, "rename", series="boiler/t", name="kitchen/temperature")
    assert done.status == 200
    assert {"from": "boiler/t", "into": "kitchen/temperature", "who": "anna"}.items() <= done.json().items()
    assert old.recv_key("changed")[0][0] == "boiler/t"
    assert new.recv_key("changed")[0][0] == "kitchen/temperature"
    fed.send(at(1_000, t=2))
    assert old.recv_key("readings") == [["boiler/t", T0 + 1_000, 2]]
    assert new.recv_key("readings") == [["kitchen/temperature", T0 + 1_000, 2]]
    for kill in (False, True):
        if kill:
            fed.server.restart(kill=True)
        for name in ("boiler/t", "kitchen/temperature"):
            assert fed.history(name)["v"] == [1, 2]
            assert fed.get("/api/latest", series=name)["latest"] == [[name, T0 + 1_000, 2]]
            (one,) = fed.get("/api/series", series=name)["series"]
            assert (one["series"], one["first"], one["last"], one["count"]) == (name, T0, T0 + 1_000, 2)
            live = fed.server.live(fed.viewer)
            live.send({"id": 1, "subscribe": [name]})
            assert live.recv_key("latest") == [[name, T0 + 1_000, 2]]
            exported = fed.server.request("GET", f"/api/export.csv?series={name}", token=fed.viewer).text
            assert [line.split(",")[:4:3] for line in exported.splitlines()[1:]] == [
                ["boiler", "2023-11-14T22:13:20.000Z"],
                ["boiler", "2023-11-14T22:13:21.000Z"],
            ]
        assert [one["series"] for one in fed.get("/api/series")["series"]] == ["kitchen/temperature"]
        assert fed.get("/api/series/changes")["changes"] == [done.json()]


def test_a_swapped_device_goes_on_with_the_series_of_the_old_one(fed: Fed, operator: str) -> None:
    fed.send({"device": "old", **at(0, t=1)}, {"device": "old", **at(1_000, t=2)})
    fed.send({"device": "new", **at(1_000, t=20)}, {"device": "new", **at(2_000, t=3)})
    live = watching(fed, "old/*")
    done = post(fed, operator, "merge", **{"from": "new/t", "into": "old/t"})
    assert done.status == 200
    assert {"state": "done", "readings": 2}.items() <= done.json().items()
    assert live.recv_key("changed")[0][0] == "old/t"
    fed.send({"device": "new", **at(3_000, t=4)})
    assert live.recv_key("readings") == [["old/t", T0 + 3_000, 4]]
    for kill in (False, True):
        if kill:
            fed.server.restart(kill=True)
        assert fed.history("old/t")["v"] == fed.history("new/t")["v"] == [1, 2, 3, 4]
        (one,) = fed.get("/api/series")["series"]
        assert (one["series"], one["device"], one["metric"], one["count"]) == ("old/t", "new", "t", 4)
        late = {"device": "old", **at(9_000, t=9)}
        refused = fed.server.request("POST", "/api/ingest", json_body=[late], token=fed.device)
        assert (refused.status, refused.error["code"]) == (400, "bad_value")


def test_what_is_wrong_is_named_and_changes_nothing(fed: Fed, operator: str) -> None:
    fed.send(at(0, t=1, u=2))
    for act, body, where in (
        ("rename", {"series": "boiler/t", "name": "boiler/u"}, "name"),
        ("rename", {"series": "boiler/t", "name": "a*"}, "name"),
        ("rename", {"series": "boiler/x", "name": "y"}, "series"),
        ("merge", {"from": "boiler/t", "into": "boiler/x"}, "into"),
        ("merge", {"from": "boiler/t", "into": "boiler/u", "since": "soon"}, "since"),
    ):
        reply = post(fed, operator, act, **body)
        assert (reply.status, reply.error["code"], reply.error["at"]) == (400, "bad_value", where)
    assert post(fed, operator, "rename", nothing=1).error["code"] == "bad_message"
    assert [one["series"] for one in fed.get("/api/series")["series"]] == ["boiler/t", "boiler/u"]
    assert fed.get("/api/series/changes") == {"changes": []}


def test_viewers_and_strangers_change_nothing(fed: Fed) -> None:
    for token, status in ((None, 401), (fed.viewer, 403), (fed.device, 401)):
        for act in ("rename", "merge"):
            assert post(fed, token, act, series="boiler/t", name="x").status == status
    assert fed.server.request("GET", "/api/series/changes").status == 401

"""``POST /api/series/thresholds``: shown and pushed, kept over a kill and in a backup, for operators only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.clients import Reply
from tests.handlers.fed import Fed, at, feed

BOTH = [{"below": -5.5}, {"above": 30.0}]


def put(fed: Fed, token: str | None, **body: Any) -> Reply:
    return fed.server.request("POST", "/api/series/thresholds", json_body=body, token=token)


def about(fed: Fed) -> Any:
    (one,) = fed.get("/api/series", series="boiler/t")["series"]
    return one["thresholds"]


def test_they_are_pushed_shown_and_kept_over_a_kill_and_a_restored_backup(
    server: Callable[..., Any], tmp_path: Path
) -> None:
    fed = feed(server)
    operator = fed.server.api_token("operator")
    fed.send(at(0, t=1))
    assert about(fed) == []
    live = fed.server.live(fed.viewer)
    live.send({"id": 1, "subscribe": ["*"]})
    live.recv_key("latest")
    shown = {"series": "boiler/t", "thresholds": BOTH}
    assert put(fed, operator, series="boiler/t", thresholds=BOTH[::-1]).json() == shown
    assert live.recv_key("series") == shown
    fed.server.restart(kill=True)
    assert about(fed) == BOTH
    fed.server.cli("backup", str(tmp_path / "kept.db"))
    assert put(fed, operator, series="boiler/t", thresholds=[]).status == 200
    assert about(fed) == []
    fed.server.stop()
    fed.server.cli("restore", str(tmp_path / "kept.db"), "--force")
    fed.server.start()
    assert about(fed) == BOTH


def test_only_operators_give_them_and_only_to_what_there_is(server: Callable[..., Any]) -> None:
    fed = feed(server)
    fed.send(at(0, t=1))
    assert put(fed, fed.viewer, series="boiler/t", thresholds=BOTH).status == 403
    assert put(fed, None, series="boiler/t", thresholds=BOTH).status == 401
    operator = fed.server.api_token("operator")
    answer = put(fed, operator, series="no/such", thresholds=BOTH)
    assert (answer.status, answer.json()["error"]["at"]) == (400, "series")
    answer = put(fed, operator, series="boiler/t", thresholds=[{"over": 5}])
    assert (answer.status, answer.json()["error"]["at"]) == (400, "thresholds[0]")
    assert about(fed) == []

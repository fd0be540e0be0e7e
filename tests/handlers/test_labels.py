"""``POST /api/series/edit`` of a real server: shown everywhere, kept over a kill, for operators only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients import Reply
from tests.handlers.fed import Fed, at, feed


@pytest.fixture
def fed(server: Callable[..., Any]) -> Fed:
    return feed(server)


def verdict(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.json()["error"]["code"]


def edit(fed: Fed, token: str | None, **body: Any) -> Any:
    return fed.server.request("POST", "/api/series/edit", json_body=body, token=token)


def about(fed: Fed) -> tuple[Any, ...]:
    (one,) = fed.get("/api/series", series="boiler/t")["series"]
    return one["label"], one["unit"], one["source_unit"]


def test_a_unit_and_a_label_are_kept_and_shown_wherever_a_unit_is(fed: Fed) -> None:
    """The source goes on saying another; also after a kill."""
    operator = fed.server.api_token("operator")
    senml = [{"bn": "boiler/", "n": "t", "u": "Cel", "v": 21.5, "t": 1_700_000_000}]
    fed.send(at(0, t=1))
    live = fed.server.live(fed.viewer)
    live.send({"id": 1, "subscribe": ["*"]})
    live.recv_key("latest")
    shown = {"series": "boiler/t", "unit": "°F", "label": "Flow"}
    assert edit(fed, operator, series="boiler/t", unit="°F", label="Flow").json() == shown
    assert live.recv_key("series") == shown
    token = fed.server.device_token("boiler-2", "--gateway")
    senml[0]["bn"] = "boiler/"
    assert fed.server.request("POST", "/api/ingest", json_body=senml, token=token).status == 200
    assert about(fed)[:2] == ("Flow", "°F")
    assert about(fed)[2] not in (None, "°F")
    csv = fed.server.request("GET", "/api/export.csv?series=boiler/t", token=fed.viewer).text
    assert csv.splitlines()[1].endswith(",°F")
    fed.server.restart(kill=True)
    assert about(fed)[:2] == ("Flow", "°F")
    assert edit(fed, operator, series="boiler/t", unit="", label="").status == 200
    assert about(fed)[0] is None
    assert about(fed)[1] == about(fed)[2]


def test_only_operators_edit_and_only_what_there_is(fed: Fed) -> None:
    fed.send(at(0, t=1))
    assert verdict(edit(fed, fed.viewer, series="boiler/t", unit="K")) == (403, "forbidden")
    assert verdict(edit(fed, None, series="boiler/t", unit="K")) == (401, "unauthorized")
    operator = fed.server.api_token("operator")
    answer = edit(fed, operator, series="no/such", unit="K")
    assert verdict(answer) == (400, "bad_value")
    assert answer.json()["error"]["at"] == "series"
    assert verdict(edit(fed, operator, series="boiler/t")) == (400, "bad_message")
    assert about(fed) == (None, None, None)

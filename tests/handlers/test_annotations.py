"""Annotations of a real server: who may do what, what is refused, what dashboards hear."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from telemetry.annotations import PAGE
from tests.clients import Reply
from tests.handlers.fed import T0, Fed, at, feed

PATH = "/api/annotations"


@pytest.fixture(scope="module")
def fed(module_server: Callable[..., Any]) -> Fed:
    one = feed(module_server)
    one.send(at(0, t=1, u=2))
    return one


@pytest.fixture(scope="module")
def operator(fed: Fed) -> str:
    return fed.server.api_token("operator", name="anna")


def post(fed: Fed, operator: str, **body: Any) -> Any:
    reply = fed.server.request("POST", PATH, json_body=body, token=operator)
    assert reply.status == 201, reply.text
    assert reply.headers["Location"] == f"{PATH}/{reply.json()['id']}"
    return reply.json()


def test_an_operator_writes_and_a_viewer_reads(fed: Fed, operator: str) -> None:
    """And so for each step of its life, told to open dashboards."""
    live = fed.server.live(fed.viewer)
    made = post(fed, operator, text="pump\nreplaced", series="boiler/t", **{"from": T0, "to": T0 + 60_000})
    assert made == {
        "id": made["id"],
        "series": "boiler/t",
        "from": T0,
        "to": T0 + 60_000,
        "text": "pump\nreplaced",
        "author": "anna",
        "created": made["created"],
        "changed": made["created"],
        "deleted": None,
    }
    assert live.recv_key("annotation") == made
    window = {"from_": T0 + 59_999, "to": T0 + 60_000}
    assert fed.get(PATH, series="boiler/t", **window) == {"annotations": [made], "next": None}
    assert fed.get(PATH, series="boiler/u", **window)["annotations"] == []
    one = f"{PATH}/{made['id']}"

    changed = fed.server.request("PUT", one, json_body={"text": "all of it", "from": T0}, token=operator).json()
    assert (changed["text"], changed["series"], changed["to"]) == ("all of it", None, None)
    assert live.recv_key("annotation") == changed
    assert fed.get(PATH, series="boiler/u", from_=T0, to=T0 + 1)["annotations"] == [changed]

    gone = fed.server.request("DELETE", one, token=operator)
    assert (gone.status, live.recv_key("annotation")) == (200, gone.json())
    assert fed.get(PATH, from_=T0, to=T0 + 1)["annotations"] == []
    back = fed.server.request("POST", f"{one}/restore", token=operator).json()
    assert back == changed == live.recv_key("annotation")
    assert fed.get(PATH, from_=T0, to=T0 + 1)["annotations"] == [changed]


def test_annotations_are_there_after_a_kill(server: Callable[..., Any]) -> None:
    one = feed(server)
    one.send(at(0, t=1))
    made = post(one, one.server.api_token("operator"), text="kept", series="boiler/t")
    one.server.restart(kill=True)
    assert one.get(PATH)["annotations"] == [made]


def test_viewers_and_strangers_write_nothing(fed: Fed) -> None:
    for token, status in ((None, 401), (fed.viewer, 403), (fed.device, 401)):
        for method, path in (
            ("POST", PATH),
            ("PUT", f"{PATH}/1"),
            ("DELETE", f"{PATH}/1"),
            ("POST", f"{PATH}/1/restore"),
        ):
            reply = fed.server.request(method, path, json_body={"text": "x"}, token=token)
            assert (reply.status, path) == (status, path)
    assert fed.server.request("GET", PATH).status == 401


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        (b"", "bad_message", None),
        (b"[" * 20_000, "bad_message", None),
        (b'{"text": "' + b"x" * 40_000 + b'"}', "bad_message", None),
        (b"\xff", "bad_message", None),
        (b'{"text": "x", "at": 1}', "bad_message", None),
        (b'{"text": "\\ud800"}', "bad_value", "text"),
        (b'{"text": "x", "series": "no/such"}', "bad_value", "series"),
        (b'{"text": "x", "series": "\\ud800"}', "bad_value", "series"),
        (b'{"text": "x", "from": 1e999}', "bad_time", "from"),
        (b'{"text": "x", "from": 1700000000000, "to": 1700000000000}', "bad_time", "to"),
    ],
)
def test_a_body_that_is_refused_says_where(fed: Fed, operator: str, body: bytes, code: str, where: str | None) -> None:
    def check(reply: Reply) -> None:
        assert (reply.status, reply.error["code"], reply.error.get("at")) == (400, code, where)

    made = post(fed, operator, text="stays")
    check(fed.server.request("POST", PATH, body=body, token=operator))
    check(fed.server.request("PUT", f"{PATH}/{made['id']}", body=body, token=operator))


@pytest.mark.parametrize("number", ["0", "999999999", "x", "-1", "1.0", "9" * 30, "%D9%A3"])
def test_an_id_that_names_nothing_is_404(fed: Fed, operator: str, number: str) -> None:
    for method, path in (
        ("PUT", f"{PATH}/{number}"),
        ("DELETE", f"{PATH}/{number}"),
        ("POST", f"{PATH}/{number}/restore"),
    ):
        reply = fed.server.request(method, path, json_body={"text": "x"}, token=operator)
        assert (reply.status, reply.error["code"]) == (404, "not_found")


@pytest.mark.parametrize("query", ["from=then", "to=x", "from=now&to=-1h", "page=x", "series=" + "x" * 600])
def test_a_query_that_is_refused(fed: Fed, query: str) -> None:
    assert fed.server.request("GET", f"{PATH}?{query}", token=fed.viewer).status == 400


def test_a_long_list_comes_in_pages(server: Callable[..., Any]) -> None:
    one = feed(server)
    operator = one.server.api_token("operator")
    for n in range(1_005):
        post(one, operator, text=str(n), **{"from": T0 + n})
    first = one.get(PATH)
    assert [note["text"] for note in first["annotations"]] == [str(n) for n in range(1_004, 4, -1)]
    second = one.get(PATH, page=first["next"])
    assert [note["text"] for note in second["annotations"]] == ["4", "3", "2", "1", "0"]
    assert second["next"] is None


def test_notes_leave_as_a_file_of_any_length(server: Callable[..., Any]) -> None:
    """More than one page of them; of the span and the series that are asked for."""
    one = feed(server)
    one.send(at(0, t=1, u=2))
    token = one.server.api_token("operator", name="anna")
    count = PAGE + 5
    for n in range(count):
        post(one, token, text=f"note {n}", series="boiler/t", **{"from": T0 + n})
    post(one, token, text="of u", series="boiler/u", **{"from": T0})
    reply = one.server.request("GET", f"{PATH}.csv?series=boiler/t", token=one.viewer)
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "telltale-notes.csv" in reply.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(reply.text)))
    assert [row["text"] for row in rows] == [f"note {n}" for n in reversed(range(count))]
    assert {(row["series"], row["author"]) for row in rows} == {("boiler/t", "anna")}
    lines = one.server.request("GET", f"{PATH}.ndjson?from={T0}&to={T0 + 1}", token=one.viewer).text.splitlines()
    assert sorted(json.loads(line)["text"] for line in lines) == ["note 0", "of u"]
    assert one.server.request("GET", f"{PATH}.csv?from=never", token=one.viewer).status == 400
    assert one.server.request("GET", f"{PATH}.csv").status == 401

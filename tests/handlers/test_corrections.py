"""Corrections of a real server: who may do what, what is answered, and what a kill in the middle of one leaves."""

from __future__ import annotations

import gzip
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from http.client import HTTPException
from typing import Any

import pytest

from tests.clients import wait_until
from tests.handlers.fed import T0, Fed, at, feed

PATH = "/api/corrections"


@pytest.fixture(scope="module")
def fed(module_server: Callable[..., Any]) -> Fed:
    return feed(module_server)


@pytest.fixture(scope="module")
def operator(fed: Fed) -> str:
    return fed.server.api_token("operator", name="anna")


def body(series: str, frm: int, to: int, action: str = "delete", **more: Any) -> dict[str, Any]:
    return {"series": series, "from": T0 + frm, "to": T0 + to, "action": action, "why": "loose", **more}


def post(fed: Fed, operator: str, path: str, **options: Any) -> Any:
    reply = fed.server.request("POST", path, token=operator, **options)
    assert reply.status < 300, reply.text
    return reply.json()


def test_an_operator_corrects_and_undoes_and_a_viewer_sees_it(fed: Fed, operator: str) -> None:
    fed.send(at(0, t=1), at(1_000, t=999), at(2_000, t=2))
    live = fed.server.live(fed.viewer)
    live.send({"id": 1, "subscribe": ["boiler/t"]})
    live.recv_key("latest")
    asked = body("boiler/t", 0, 60_000, above=100)
    assert post(fed, operator, f"{PATH}?preview=1", json_body=asked) == {"readings": 1}
    assert fed.get(PATH, series="boiler/t") == {"corrections": []}
    reply = fed.server.request("POST", PATH, json_body=asked, token=operator)
    made = reply.json()
    assert (reply.status, made) == (
        201,
        {
            "id": made["id"], "series": "boiler/t", "from": T0, "to": T0 + 60_000, "action": "delete", "above": 100,
            "below": None, "why": "loose", "who": "anna", "when": made["when"], "readings": 1, "state": "done",
            "undone_by": None, "undone_at": None,
        },
    )  # fmt: skip
    assert live.recv_key("changed") == [["boiler/t", T0, T0 + 59_999]]
    assert fed.history("boiler/t")["v"] == [1, 2]
    assert fed.get(PATH, series="boiler/*") == {"corrections": [made]}
    back = post(fed, operator, f"{PATH}/{made['id']}/undo")
    assert (back["state"], back["undone_by"], back["undone_at"] >= back["when"]) == ("undone", "anna", True)
    assert live.recv_key("changed") == [["boiler/t", T0, T0 + 59_999]]
    assert fed.history("boiler/t")["v"] == [1, 999, 2]


def test_latest_is_not_what_was_masked_and_is_right_again_after_undo(fed: Fed, operator: str) -> None:
    fed.send(at(0, u=1), at(1_000, u=999))
    made = post(fed, operator, PATH, json_body=body("boiler/u", 500, 10**9, "mask"))
    fed.send(at(2_000, u=998))
    assert fed.get("/api/latest", series="boiler/u")["latest"] == [["boiler/u", T0, 1]]
    assert fed.history("boiler/u")["v"] == [1]
    assert (fed.get("/api/series", series="boiler/u")["series"][0])["count"] == 1
    exported = fed.server.request("GET", "/api/export.csv?series=boiler/u", token=fed.viewer).body
    assert b"998" not in (gzip.decompress(exported) if exported[:2] == b"\x1f\x8b" else exported)
    post(fed, operator, f"{PATH}/{made['id']}/undo")
    assert fed.get("/api/latest", series="boiler/u")["latest"] == [["boiler/u", T0 + 2_000, 998]]
    assert fed.history("boiler/u")["v"] == [1, 999, 998]


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        ({"series": "no/such"}, "bad_value", "series"),
        ({"action": "hide"}, "bad_value", "action"),
        ({"from": "soon"}, "bad_value", "from"),
        ({"to": T0 - 1}, "bad_time", "from"),
        ({"above": "x"}, "bad_value", "above"),
        ({"why": " "}, "bad_value", "why"),
        ({"extra": 1}, "bad_message", None),
    ],
)
def test_what_is_wrong_is_named(fed: Fed, operator: str, change: dict[str, Any], code: str, where: str | None) -> None:
    fed.send(at(0, t=1))
    for path in (PATH, f"{PATH}?preview=1"):
        reply = fed.server.request("POST", path, json_body=body("boiler/t", 0, 1) | change, token=operator)
        assert (reply.status, reply.error["code"], reply.error.get("at")) == (400, code, where)


def test_viewers_and_strangers_correct_nothing(fed: Fed) -> None:
    for token, status in ((None, 401), (fed.viewer, 403), (fed.device, 401)):
        for path in (PATH, f"{PATH}?preview=1", f"{PATH}/1/undo"):
            reply = fed.server.request("POST", path, json_body=body("boiler/t", 0, 1), token=token)
            assert (reply.status, path) == (status, path)
    assert fed.server.request("GET", PATH).status == 401


@pytest.mark.parametrize("number", ["0", "999", "x", "9" * 30])
def test_undoing_what_is_not_there_is_404(fed: Fed, operator: str, number: str) -> None:
    assert fed.server.request("POST", f"{PATH}/{number}/undo", token=operator).status == 404


def test_a_long_correction_goes_on_after_a_kill(server: Callable[..., Any]) -> None:
    """Killed between two of its steps; nothing is counted twice, and undo brings back every reading."""
    one = feed(server)
    operator = one.server.api_token("operator", name="anna")
    readings = 600_000
    lines = "device,metric,ts,value\n" + "".join(f"boiler,t,{T0 + 1_000 * n},{n % 100}\n" for n in range(readings))
    post(one, operator, "/api/import", body=gzip.compress(lines.encode(), 1, mtime=0), timeout=120)
    asked = threading.Thread(target=_asked, args=(one, operator, body("boiler/t", 0, 10**9, above=49)))
    asked.start()
    with closing(sqlite3.connect(f"file:{one.server.database}?mode=ro", uri=True, isolation_level=None)) as database:

        def progress() -> tuple[str, int] | None:
            found: tuple[str, int] | None = database.execute("SELECT state, readings FROM corrections").fetchone()
            return found

        while (seen := progress()) is None or not seen[1]:
            pass
        one.server.kill()
        state, taken = progress() or ("", 0)
        assert (state, 0 < taken < readings // 2) == ("running", True)
    asked.join()
    one.server.start()
    wait_until(lambda: one.get(PATH)["corrections"][0]["state"] == "done")
    (ended,) = one.get(PATH)["corrections"]
    assert (ended["readings"], ended["who"]) == (readings // 2, "anna")
    assert one.get("/api/series", series="boiler/t")["series"][0]["count"] == readings // 2
    post(one, operator, f"{PATH}/{ended['id']}/undo")
    wait_until(lambda: one.get(PATH)["corrections"][0]["state"] == "undone")
    assert one.get("/api/series", series="boiler/t")["series"][0]["count"] == readings
    one.server.stop()
    with closing(sqlite3.connect(one.server.database)) as database:
        meta = dict(database.execute("SELECT key, value FROM meta"))
    assert (meta["stored"], meta["deleted"], meta["duplicate"]) == (readings, 0, 0)


def _asked(one: Fed, operator: str, draft: dict[str, Any]) -> None:
    with suppress(OSError, HTTPException):  # the server is killed before it answers
        one.server.request("POST", PATH, json_body=draft, token=operator)

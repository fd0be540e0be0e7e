"""``/api/audit`` and the command ``audit`` on a real server: every kind of change, for admins only, over restarts."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import Server

T0 = 1_700_000_000_000
PASSWORD = "correct horse battery"
BOARD = {"name": "Barn", "parts": []}


@pytest.fixture
def fed(server: Callable[..., Server]) -> Server:
    one = server({"storage.commit_interval": "0"})
    token = one.device_token("boiler")
    readings = [{"ts": T0 + n, "values": {"t": n, "p": n}} for n in range(5)]
    assert one.request("POST", "/api/ingest", json_body=readings, token=token).status == 200
    return one


def entries(server: Server, token: str, **query: str) -> list[dict[str, Any]]:
    """What the log says, the oldest first."""
    found: list[dict[str, Any]] = server.get("/api/audit", token, limit="1000", **query)["entries"]
    return found[::-1]


def change(server: Server, token: str, method: str, path: str, body: object) -> Any:
    reply = server.request(method, path, json_body=body, token=token)
    assert reply.status in {200, 201, 202}, (path, reply.status, reply.text)
    return reply.json()


def test_whatever_is_changed_is_noted_with_who_and_from_where(fed: Server) -> None:
    """Each once, with what was before and after; and what changes nothing is not."""
    admin = fed.api_token("admin", "root")
    operator = fed.api_token("operator", "op")
    before = len(entries(fed, admin))

    def do(method: str, path: str, body: object) -> Any:
        return change(fed, operator, method, path, body)

    do("POST", "/api/series/edit", {"series": "boiler/t", "unit": "K", "label": "Flow"})
    do("POST", "/api/series/rename", {"series": "boiler/p", "name": "pump"})
    do("PATCH", "/api/layouts/shared", {"units": {"K": "°C"}})
    do("PATCH", "/api/layouts/own", {"units": {"K": "°F"}})
    do("POST", "/api/layouts/shared/undo", {})
    note = do("POST", "/api/annotations", {"text": "swapped", "series": "boiler/t"})["id"]
    do("PUT", f"/api/annotations/{note}", {"text": "swapped it", "series": "boiler/t"})
    do("DELETE", f"/api/annotations/{note}", None)
    do("DELETE", f"/api/annotations/{note}", None)
    do("POST", f"/api/annotations/{note}/restore", {})
    board = do("POST", "/api/boards", BOARD)["id"]
    do("PUT", f"/api/boards/{board}", {"version": 1, "board": BOARD | {"name": "Stable"}})
    do("DELETE", f"/api/boards/{board}", None)
    do("POST", f"/api/boards/{board}/restore", {})
    gone = do(
        "POST", "/api/corrections", {"series": "boiler/t", "from": T0, "to": T0 + 2, "action": "mask", "why": "w"}
    )
    do("POST", f"/api/corrections/{gone['id']}/undo", {})
    csv_body = f"device,metric,ts,value\r\nold,t,{T0},1\r\nold,t,{T0 + 1},x y\r\n"
    reply = fed.request("POST", "/api/import", body=csv_body.encode(), token=operator)
    assert reply.json()["accepted"] == 2
    do("POST", "/api/devices/block", {"device": "stranger"})
    found = entries(fed, admin)[before:]
    assert {(one["who"], one["kind"], one["address"]) for one in found} == {("op", "token", "127.0.0.1")}
    expected = [
        ("series edit", "boiler/t", {"unit": None, "label": None}, {"unit": "K", "label": "Flow"}),
        ("series rename", "boiler/p", {"name": "boiler/p"}, {"name": "pump"}),
        ("layout change", "the overview of everyone", {}, {"units": {"K": "°C"}}),
        ("layout undo", "the overview of everyone", {"units": {"K": "°C"}}, {}),
        ("note add", "boiler/t", None, ...),
        ("note change", "boiler/t", ..., ...),
        ("note delete", "boiler/t", ..., None),
        ("note restore", "boiler/t", None, ...),
        ("board add", "Barn", None, ...),
        ("board change", "Stable", {"version": 1, "name": "Barn"}, {"version": 2, "name": "Stable"}),
        ("board delete", "Stable", {"board": board, "version": 2}, None),
        ("board restore", "Stable", None, {"board": board, "version": 2}),
        ("correction add", "boiler/t", None, ...),
        ("correction undo", "boiler/t", ..., None),
        ("import begin", "an upload", None, None),
        ("import end", "an upload", None, {"stored": 2, "duplicate": 0, "refused": 0}),
        ("device block", "stranger", ..., ...),
    ]
    assert [(one["action"], one["subject"]) for one in found] == [(action, subject) for action, subject, *_ in expected]
    for one, (*_, old, new) in zip(found, expected, strict=True):
        assert old is ... or one["before"] == old, one
        assert new is ... or one["after"] == new, one
    assert found[5]["before"]["text"] == "swapped"
    assert found[5]["after"]["text"] == "swapped it"
    fed.restart(kill=True)
    assert entries(fed, admin)[before:][: len(found)] == found


def test_the_log_is_for_admins_and_nobody_changes_it(fed: Server) -> None:
    admin, operator = fed.api_token("admin"), fed.api_token("operator")
    for path in ("/api/audit", "/api/audit.csv", "/audit"):
        assert fed.request("GET", path, token=operator).status == 403
        assert fed.request("GET", path).status == 401
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert fed.request(method, path, token=admin, json_body={}).status == 405
    fed.stop()
    with sqlite3.connect(fed.database) as connection, pytest.raises(sqlite3.IntegrityError, match="only grows"):
        connection.execute("DELETE FROM audit")


def test_entries_are_filtered_and_paged(fed: Server) -> None:
    admin = fed.api_token("admin", "root")
    for n in range(5):
        change(fed, admin, "POST", "/api/boards", BOARD | {"name": f"Board {n}"})
    first = fed.get("/api/audit", admin, action="board *", limit="2")
    assert [one["subject"] for one in first["entries"]] == ["Board 4", "Board 3"]
    assert "board add" in first["actions"]
    second = fed.get("/api/audit", admin, action="board *", limit="2", page=str(first["next"]))
    assert [one["subject"] for one in second["entries"]] == ["Board 2", "Board 1"]
    assert "actions" not in second
    assert [one["subject"] for one in entries(fed, admin, who="root", subject="*3")] == ["Board 3"]
    assert entries(fed, admin, to="-1d") == []
    assert len(entries(fed, admin, **{"from": "-1h"})) >= 5
    for query, at in (("from=never", "from"), ("limit=0", "limit"), ("page=x", "page"), (f"who={'x' * 9_999}", "who")):
        reply = fed.request("GET", f"/api/audit?{query}", token=admin)
        assert (reply.status, reply.json()["error"].get("at")) == (400, at)


def test_the_file_and_the_command_carry_the_same(fed: Server) -> None:
    """No cell is a formula, whoever named the board."""
    admin = fed.api_token("admin", "root")
    change(fed, admin, "POST", "/api/boards", BOARD | {"name": "=HYPERLINK(1)"})
    reply = fed.request("GET", "/api/audit.csv?action=board%20add", token=admin)
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    (found,) = csv.DictReader(io.StringIO(reply.text))
    assert (found["who"], found["subject"]) == ("root", "'=HYPERLINK(1)")
    assert fed.cli("audit", "--action", "board add") == reply.text.replace("\r\n", "\n")
    (line,) = fed.cli("audit", "--action", "board add", "--format", "ndjson", "--from=-1h").splitlines()
    assert json.loads(line)["subject"] == "=HYPERLINK(1)"
    assert fed.cli("audit", "--to=-1h", "--format", "ndjson") == ""
    target = fed.directory / "log.ndjson"
    fed.cli("audit", str(target))
    assert len(target.read_text().splitlines()) == len(entries(fed, admin))


def test_commands_leave_their_entries_and_copies_carry_the_log(fed: Server) -> None:
    admin = fed.api_token("admin", "root")
    copy = fed.directory / "copy.db"
    fed.cli("backup", str(copy))
    fed.cli("user", "add", "late", "--role", "viewer", stdin=PASSWORD + "\n")
    with sqlite3.connect(copy) as connection:
        last = connection.execute("SELECT who, action, subject FROM audit ORDER BY id DESC").fetchone()
        assert last == ("command line", "backup", "copy.db")
        with pytest.raises(sqlite3.IntegrityError, match="only grows"):
            connection.execute("DELETE FROM audit")
    fed.stop()
    fed.cli("restore", str(copy), "--force")
    fed.start()
    actions = [(one["action"], one["subject"]) for one in entries(fed, admin)]
    assert actions[-1] == ("restore", "copy.db")
    assert ("backup", "copy.db") in actions
    assert ("user add", "late") not in actions, "it came after the backup"


def test_logins_that_fail_are_noted_when_the_server_stops(fed: Server) -> None:
    fed.cli("user", "add", "anna", "--role", "admin", stdin=PASSWORD + "\n")
    for name, password in (("anna", "wrong wrong wrong"), ("hunter2hunter2", "anna")):
        body = f"name={name}&password={password}".replace(" ", "+").encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        assert fed.request("POST", "/login", body=body, headers=headers).status == 401
    admin = fed.api_token("admin")
    fed.restart()
    (failed,) = entries(fed, admin, action="login failed")
    assert (failed["kind"], failed["address"], failed["subject"]) == ("stranger", "127.0.0.1", "anna")
    assert failed["after"] == {"tries": 2, "of unknown users": 1}
    assert "hunter2" not in json.dumps(entries(fed, admin))


def test_a_damaged_database_is_replaced_by_one_with_its_log(fed: Server) -> None:
    admin = fed.api_token("admin", "root")
    change(fed, admin, "POST", "/api/boards", BOARD)
    before = entries(fed, admin)
    fed.stop()
    with fed.database.open("r+b") as file:
        file.seek(0)
        file.write(b"not a database, any more")
    fed.expect_log("damaged|is not a database|saved from")
    fed.start()
    assert entries(fed, admin)[: len(before)] == before

"""What others send is bound to statements and never stands in one: a real server, and every statement it makes."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from tests.handlers.test_login import PASSWORD, post
from tests.support import Server

CANARY = "canary7"
NAMES = [
    f"{CANARY}'; DROP TABLE devices; --",
    f'{CANARY}"); DELETE FROM series; --',
    f"{CANARY}\\' OR 1=1",
    f"[{CANARY}]",
]


def test_no_statement_holds_what_a_device_said(server: Callable[..., Server], tmp_path: Path) -> None:
    """Ids, metrics, texts, units, labels, patterns, boards, notes, users, tokens, logins, files."""
    statements = tmp_path / "statements.sql"
    shutil.copy(Path(__file__).with_name("spy_sqlite.py"), tmp_path / "sitecustomize.py")
    spied = {"PYTHONPATH": str(tmp_path), "SPY_SQLITE": str(statements)}
    one = server({"storage.commit_interval": "0"}, env=spied)
    hub, admin = one.device_token("hub", "--gateway"), one.api_token("admin")
    taken = [use(one, name, hub, admin) for name in NAMES]
    assert all(taken)
    one.restart(kill=True)
    for name in NAMES:
        one.get("/api/history", admin, series=f"{name}/{name}", from_="-1h", to="now")
    one.stop()
    said = statements.read_text(encoding="utf-8").splitlines()
    assert len(said) > 50, "the spy heard the server"
    assert any("INSERT INTO audit" in sql for sql in said)
    assert [sql for sql in said if CANARY in sql] == []
    with closing(sqlite3.connect(one.database)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = {device for (device,) in database.execute("SELECT id FROM devices")}
    assert set(NAMES) <= stored


def use(one: Server, name: str, hub: str, admin: str) -> bool:
    """Everything that takes a name; whether its readings were taken."""
    readings = {"device": name, "values": {name: 1, f"{name} text": name}}
    done = one.request("POST", "/api/ingest", json_body=readings, token=hub)
    series, word = f"{name}/{name}", quote(name, safe="")

    def change(path: str, body: object, method: str = "POST") -> None:
        reply = one.request(method, path, json_body=body, token=admin)
        assert reply.status < 500, (path, reply.status, reply.text)

    change("/api/series/edit", {"series": series, "unit": name[:16], "name": name})
    change("/api/annotations", {"text": name, "from": 1_700_000_000_000, "series": series, "tags": [name]})
    change("/api/boards", {"name": name, "parts": [{"id": "a", "kind": "text", "w": 1, "h": 1, "text": name}]})
    change("/api/layouts/own", {"groups": {name: name}, "order": [name]}, "PATCH")
    change("/api/corrections", {"series": series, "from": 0, "to": 1, "kind": name})
    change("/api/series/rename", {"series": series + name, "to": name})
    change("/api/people", {"name": name, "role": "viewer", "password": name})
    change("/api/tokens", {"name": name, "role": "viewer", "series": [series]})
    change("/api/devices/add", {"device": name + "x", "name": name})
    change("/api/devices/block", {"device": name + "y"})
    post(one, "/login", name=name, password=PASSWORD)
    for path in (
        f"/api/latest?series={word}*",
        f"/api/history?series={word}%2F{word}&from=-1h&to=now",
        f"/api/export.csv?series={word}",
        f"/api/series?series={word}",
        f"/api/annotations?series={word}&tag={word}&q={word}",
        f"/api/audit?who={word}&action={word}&subject={word}",
        f"/api/images/{word}",
        f"/api/devices/{word}/frames",
        f"/devices/{word}",
        f"/api/poll?series={word}&epoch={word}&seq=1",
    ):
        reply = one.request("GET", path, token=admin)
        assert reply.status < 500, (path, reply.status)
    file = f'device,metric,ts,value\n"{name.replace(chr(34), chr(34) * 2)}",t,1700000000000,1\n'
    assert one.request("POST", "/api/import", body=file, token=admin, headers={"Content-Type": "text/csv"}).status < 500
    return done.status == 200

"""backup, restore and check on the command line, beside a real server and without one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

from tests.support import Server, run_server_py

T0 = 1_700_000_000_000


def run(one: Server, *args: str) -> tuple[int, list[dict[str, Any]], str]:
    done = run_server_py("--config", str(one.config), *args)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def send(one: Server, token: str, *values: float) -> None:
    body = [{"ts": T0 + int(value) * 1_000, "values": {"n": value}} for value in values]
    assert one.request("POST", "/api/ingest", token=token, json_body=body).status == 200


def have(one: Server, viewer: str) -> list[float]:
    answer = one.get("/api/history", viewer, series="d/n", from_=T0, to=T0 + 10**9, points=1_000)
    return list(answer["series"].get("d/n", {"v": []})["v"])


def test_a_backup_made_while_serving_is_restored_and_nothing_is_deleted(server: Callable[..., Server]) -> None:
    one = server({"storage.commit_interval": "0"})
    viewer, token = one.api_token("viewer"), one.device_token("d")
    send(one, token, 1, 2, 3)
    epoch = one.get("/api/latest", viewer)["epoch"]
    to = one.directory / "safe.db"
    status, lines, _ = run(one, "backup", str(to))
    assert (status, lines[0]["backup"]) == (0, str(to))
    status, _, error = run(one, "backup", str(to))
    assert status == 1
    assert "exists already" in error
    send(one, token, 4)
    status, _, error = run(one, "restore", str(to), "--force")
    assert status == 1
    assert str(one.proc.pid) in error
    one.stop()
    status, _, error = run(one, "restore", str(to))
    assert status == 1
    assert "--force" in error
    status, lines, _ = run(one, "restore", str(to), "--force")
    assert status == 0
    with closing(sqlite3.connect(lines[0]["aside"])) as aside:
        assert aside.execute("SELECT sum(count) FROM journal").fetchone() == (4,)
    one.start()
    assert have(one, viewer) == [1, 2, 3]
    assert one.get("/api/latest", viewer)["epoch"] != epoch
    send(one, token, 5)
    assert have(one, viewer) == [1, 2, 3, 5]


def test_check_says_what_it_looked_at_and_exits_1_on_damage(server: Callable[..., Server]) -> None:
    one = server({"storage.commit_interval": "0"})
    token = one.device_token("d")
    send(one, token, 1, 2, 3)
    for stop in (False, True):
        if stop:
            one.stop()
        status, lines, _ = run(one, "check")
        assert (status, lines[-1]["sound"], lines[-1]["findings"]) == (0, True, 0)
        assert lines[-1]["journal_rows"] >= 1
    with closing(sqlite3.connect(one.database)) as connection, connection:
        connection.execute("UPDATE journal SET max_ts = max_ts + 1")
    status, lines, _ = run(one, "check")
    assert status == 1
    assert "journal" in lines[0]["damage"]
    data = bytearray(one.database.read_bytes())
    data[4096 * 3 : 4096 * 4] = b"\x55" * 4096
    one.database.write_bytes(data)
    before = one.database.read_bytes()
    status, lines, _ = run(one, "check")
    assert status == 1
    assert one.database.read_bytes() == before


def test_check_of_nothing_is_an_error(server: Callable[..., Server]) -> None:
    one = server()
    one.stop()
    one.database.unlink()
    status, lines, error = run(one, "check")
    assert (status, lines) == (1, [])
    assert "no such file" in error


def test_check_tells_of_damage_until_it_is_acknowledged(server: Callable[..., Server]) -> None:
    """An export took a damaged chunk out: what is left is sound, but something is gone."""
    one = server({"storage.commit_interval": "0"})
    viewer, operator, token = one.api_token("viewer"), one.api_token("operator"), one.device_token("d")
    send(one, token, 1, 2, 3)
    sealed = one.directory / "sealed.csv"
    sealed.write_text("device,metric,ts,time,value,unit\n")
    run(one, "import", str(sealed))  # seals what there is
    one.stop()
    with closing(sqlite3.connect(one.database)) as connection, connection:
        assert connection.execute("UPDATE chunk_data SET crc = crc + 1").rowcount == 1
    one.expect_log("damaged row")
    one.start()
    assert one.request("GET", "/api/export.csv", token=viewer).status == 200
    assert one.get("/api/storage/damage", viewer)["damaged"] is True
    for stop in (False, True):
        if stop:
            one.stop()
        status, lines, _ = run(one, "check")
        assert (status, lines[-1]["sound"], lines[-1]["findings"], lines[-1]["unacknowledged"]) == (1, False, 0, 1)
        assert "not acknowledged: a row of chunks" in lines[0]["damage"]
    one.start()
    assert one.request("POST", "/api/storage/damage/acknowledge", token=operator).status == 200
    status, lines, _ = run(one, "check")
    assert (status, lines[-1]["sound"], lines[-1]["unacknowledged"]) == (0, True, 0)

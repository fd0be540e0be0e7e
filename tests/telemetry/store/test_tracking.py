"""Which rows changed: every write and every deletion of a big table, as far as it was committed."""

from __future__ import annotations

import sqlite3

import pytest

from telemetry.store import tracking
from tests.telemetry.store.kit import database

HIDDEN = "INSERT INTO hidden VALUES (?, 1, 1, 1, 1, 1, 0, 0, x'')"


def keys(connection: sqlite3.Connection, after: tracking.Touched | None = None) -> list[tuple[str, tuple[int, int]]]:
    found = tracking.page(connection, after)
    assert found is not None
    return [tuple(one) for one in found]  # type: ignore[misc]


def test_what_is_written_moved_and_deleted_is_noted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = database()
    connection.execute(HIDDEN, (5,))
    tracking.begin(connection)
    assert keys(connection) == []
    connection.execute(HIDDEN, (7,))
    connection.execute("UPDATE hidden SET id = 8 WHERE id = 7")
    connection.execute("DELETE FROM hidden WHERE id = 5")
    connection.execute("INSERT OR REPLACE INTO chunk_data VALUES (3, 1, 1, 1, x'')")
    connection.execute("INSERT OR REPLACE INTO chunk_data VALUES (3, 2, 1, 1, x'')")
    connection.execute("INSERT INTO rollup_1m VALUES (1, -9, 1, 1, 1, 1, 1, 1, 1, 1)")
    connection.execute("UPDATE meta SET value = 1 WHERE key = 'stored'")
    everything = [("chunk_data", (3, 0)), *(("hidden", (n, 0)) for n in (5, 7, 8)), ("rollup_1m", (1, -9))]
    assert keys(connection) == everything
    monkeypatch.setattr(tracking, "PAGE", 2)
    assert keys(connection, tracking.Touched("hidden", (5, 0))) == everything[2:4]
    tracking.begin(connection)
    assert keys(connection) == []


def test_what_is_rolled_back_is_not_noted_and_after_the_end_nothing_is() -> None:
    connection = database()
    tracking.begin(connection)
    connection.execute("BEGIN")
    connection.execute(HIDDEN, (7,))
    connection.execute("ROLLBACK")
    assert keys(connection) == []
    tracking.end(connection)
    assert tracking.page(connection, None) is None
    connection.execute(HIDDEN, (7,))
    assert connection.execute("SELECT count(*) FROM sqlite_temp_master").fetchone() == (0,)

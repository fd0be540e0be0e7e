"""What was found damaged is kept; rows of the registry carry checksums that whoever writes need not know of."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from telemetry.store import damages, migrations, state


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(migrations.model()) as made:
        made.execute("INSERT INTO devices (id, created, last_seen, last_id) VALUES ('a', 1, 5, '7')")
        made.execute("INSERT INTO series (id, device, metric, name, kind, latest_ts, latest)"
                     " VALUES (1, 'a', 't', 'a/t', 'number', 5, 1.5)")  # fmt: skip
        yield made


def test_a_finding_is_kept_until_it_is_acknowledged(connection: sqlite3.Connection) -> None:
    one = damages.note(connection, 1_000, "row", "journal", {"key": 3}, (3, "x", b"\x00\xff", None))
    damages.note(connection, 2_000, "file", "x.damaged", {"done": False})
    assert [(row.id, row.kind, row.acknowledged) for row in damages.rows(connection)] == [
        (one, "row", None), (one + 1, "file", None)
    ]  # fmt: skip
    (content,) = connection.execute("SELECT content FROM damaged WHERE id = ?", (one,)).fetchone()
    assert content == '[3, "x", {"hex": "00ff"}, null]'
    assert damages.acknowledge(connection, 3_000, "mia") == 2
    assert damages.acknowledge(connection, 4_000, "mia") == 0
    assert [row.acknowledged for row in damages.rows(connection)] == [3_000, 3_000]
    damages.update(connection, one + 1, {"done": True})
    assert damages.rows(connection)[1].detail == {"done": True}


def test_changes_by_anyone_are_summed_at_the_next_save(connection: sqlite3.Connection) -> None:
    damages.renew(connection)
    assert state.wrong(connection) == []
    for change in (
        "UPDATE series SET name = 'b/t', device = 'a'",
        "UPDATE series SET latest = 2",
        "UPDATE devices SET last_id = '8'",
    ):
        connection.execute(change)
        assert state.wrong(connection) == []
        damages.renew(connection)
        assert state.wrong(connection) == []
    nulls = "SELECT count(*) FROM series WHERE name_check IS NULL OR state_check IS NULL"
    assert connection.execute(nulls).fetchone() == (0,)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("series", "UPDATE series SET name = 'a/u'"),
        ("series", "UPDATE series SET metric = 'u'"),
        ("series", "UPDATE series SET latest = 1.75"),
        ("series", "UPDATE series SET latest_ts = 6"),
        ("series", "UPDATE series SET unit = 'K'"),
        ("devices", "UPDATE devices SET last_id = '9'"),
        ("devices", "UPDATE devices SET last_seen = 6"),
    ],
)
def test_a_change_that_nobody_made_is_found(connection: sqlite3.Connection, table: str, change: str) -> None:
    """The triggers stand aside, as for a flipped bit."""
    damages.renew(connection)
    for name in ("series_named", "series_changed", "devices_changed"):
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(change)
    assert [one.table for one in state.wrong(connection)] == [table]


def test_lost_readings_move_from_one_counter_to_the_other(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE meta SET value = 10 WHERE key = 'stored'")
    damages.lost(connection, 4)
    assert dict(connection.execute("SELECT key, value FROM meta WHERE key IN ('stored', 'lost')")) == {
        "stored": 6, "lost": 4
    }  # fmt: skip

"""What was found damaged, kept in the database: rows that were taken out, and files that were put aside.

A row of ``damaged`` has a ``kind`` (``row``: one row of a table; ``file``: a whole database, whose ``detail`` is the
state of its salvage), the ``place`` (a table's name or a folder), ``detail`` (JSON) and, for a row, the raw content.
Its series checks are here too: what a flipped bit in the registry's snapshot would turn into a wrong value.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

CHANGED = (
    "CREATE TRIGGER {name} AFTER UPDATE OF {columns} ON {table} WHEN NEW.{check} IS OLD.{check}"
    " BEGIN UPDATE {table} SET {check} = NULL WHERE id = NEW.id; END"
)
"""Whoever changes a row need not know of its check: NULL is "not summed yet"."""

DAMAGED = (
    "CREATE TABLE damaged (id INTEGER PRIMARY KEY, found INTEGER NOT NULL, kind TEXT NOT NULL, place TEXT NOT NULL,"
    " detail TEXT NOT NULL, content TEXT, acknowledged INTEGER, acknowledged_by TEXT) STRICT"
)

SCHEMA = (
    DAMAGED,
    "ALTER TABLE series ADD COLUMN name_check INTEGER",
    "ALTER TABLE series ADD COLUMN state_check INTEGER",
    "ALTER TABLE devices ADD COLUMN state_check INTEGER",
    CHANGED.format(name="series_named", columns="device, metric, name", table="series", check="name_check"),
    CHANGED.format(name="series_changed", columns="kind, unit, latest_ts, latest", table="series", check="state_check"),
    CHANGED.format(name="devices_changed", columns="last_seen, last_id", table="devices", check="state_check"),
    "INSERT OR IGNORE INTO meta (key, value) VALUES ('lost', 0)",
)
"""The migration; ``lost`` counts readings that were stored and can no longer be read."""


class Outcome(NamedTuple):
    """What was done: ``lost`` readings, and the span of a series (id, first and last ts in ms) that changed, if any."""

    text: str
    lost: int = 0
    span: tuple[int, int, int] | None = None


class Damage(NamedTuple):
    """One finding; times in ms."""

    id: int
    found: int
    kind: str
    place: str
    detail: dict[str, object]
    acknowledged: int | None


def note(
    connection: sqlite3.Connection,
    found: int,
    kind: str,
    place: str,
    detail: dict[str, object],
    content: Sequence[object] | None = None,
) -> int:
    """Store a finding inside the caller's transaction; its id. ``content`` is kept as JSON, BLOBs as hexadecimal."""
    cursor = connection.execute(
        "INSERT INTO damaged (found, kind, place, detail, content) VALUES (?, ?, ?, ?, ?)",
        (found, kind, place, json.dumps(detail), None if content is None else _as_text(content)),
    )
    return int(cursor.lastrowid or 0)


def update(connection: sqlite3.Connection, id_: int, detail: dict[str, object]) -> None:
    """Replace what a finding says."""
    connection.execute("UPDATE damaged SET detail = ? WHERE id = ?", (json.dumps(detail), id_))


def rows(connection: sqlite3.Connection) -> list[Damage]:
    """The findings, oldest first, without their content."""
    found = connection.execute("SELECT id, found, kind, place, detail, acknowledged FROM damaged ORDER BY id")
    return [
        Damage(id_, at, kind, place, json.loads(detail), acknowledged)
        for id_, at, kind, place, detail, acknowledged in found
    ]


def standing(connection: sqlite3.Connection) -> list[str]:
    """What no person has acknowledged, the oldest first, in words."""
    return [
        f"found at {datetime.fromtimestamp(one.found / 1000, UTC):%Y-%m-%dT%H:%M:%SZ} and not acknowledged:"
        f" {'a row of ' if one.kind == 'row' else 'the file, put aside as '}{one.place}, {json.dumps(one.detail)}"
        for one in rows(connection)
        if one.acknowledged is None
    ]


def acknowledge(connection: sqlite3.Connection, now: int, by: str) -> int:
    """Mark all findings as seen by a person; how many were not yet."""
    statement = "UPDATE damaged SET acknowledged = ?, acknowledged_by = ? WHERE acknowledged IS NULL"
    return connection.execute(statement, (now, by)).rowcount


def lost(connection: sqlite3.Connection, readings: int) -> None:
    """Count readings that were stored as lost, inside the caller's transaction."""
    connection.execute("UPDATE meta SET value = value - ? WHERE key = 'stored'", (readings,))
    connection.execute("UPDATE meta SET value = value + ? WHERE key = 'lost'", (readings,))


def check_of(values: Iterable[object]) -> int:
    """The checksum of some columns of a row of the registry."""
    return zlib.crc32(json.dumps(list(values)).encode("utf-8", "surrogatepass"))


def renew(connection: sqlite3.Connection) -> None:
    """Sum the rows of the registry that have changed, inside the transaction that changed them."""
    names = connection.execute("SELECT id, device, metric, name FROM series WHERE name_check IS NULL").fetchall()
    connection.executemany("UPDATE series SET name_check = ? WHERE id = ?", [(check_of(r), r[0]) for r in names])
    states = connection.execute(
        "SELECT id, kind, unit, latest_ts, latest FROM series WHERE state_check IS NULL"
    ).fetchall()
    connection.executemany("UPDATE series SET state_check = ? WHERE id = ?", [(check_of(r), r[0]) for r in states])
    seen = connection.execute("SELECT id, last_seen, last_id FROM devices WHERE state_check IS NULL").fetchall()
    connection.executemany("UPDATE devices SET state_check = ? WHERE id = ?", [(check_of(r), r[0]) for r in seen])


def _as_text(content: Sequence[object]) -> str:
    return json.dumps([{"hex": one.hex()} if isinstance(one, bytes) else one for one in content])

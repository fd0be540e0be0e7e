"""Imports that were begun and are not finished: how far each came, so that the same file goes on from there.

Each function runs inside ``Store.read`` or ``Store.write``. Knows no numpy: migrations use it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from telemetry.exchange.block import Position
from telemetry.model import Series
from telemetry.registry import Device

SCHEMA = (
    "CREATE TABLE imports (key TEXT PRIMARY KEY, begun INTEGER NOT NULL, position INTEGER NOT NULL,"
    " lines INTEGER NOT NULL, crc INTEGER NOT NULL, stored INTEGER NOT NULL, duplicate INTEGER NOT NULL,"
    " refused INTEGER NOT NULL) STRICT"
)
KEPT = 1_000
"""Unfinished imports that are remembered; the oldest is forgotten first."""


class Job(NamedTuple):
    """How far an import came, and what became of its readings until there."""

    position: Position = Position()
    stored: int = 0
    duplicate: int = 0
    refused: int = 0


def find(connection: sqlite3.Connection, key: str) -> Job:
    """The unfinished import of a file; one from the start, if there is none."""
    row = connection.execute(
        "SELECT position, lines, crc, stored, duplicate, refused FROM imports WHERE key = ?", (key,)
    ).fetchone()
    return Job() if row is None else Job(Position(*row[:3]), *row[3:])


def put(connection: sqlite3.Connection, key: str, job: Job, now: int) -> None:
    """Note how far an import came."""
    connection.execute(
        "INSERT INTO imports VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET position ="
        " excluded.position, lines = excluded.lines, crc = excluded.crc, stored = excluded.stored,"
        " duplicate = excluded.duplicate, refused = excluded.refused",
        (key, now, *job.position, *job[1:]),
    )
    connection.execute(
        "DELETE FROM imports WHERE key IN (SELECT key FROM imports ORDER BY begun DESC, key LIMIT -1 OFFSET ?)", (KEPT,)
    )


def remove(connection: sqlite3.Connection, key: str) -> None:
    """Forget an import: it is finished, or its file is another one now."""
    connection.execute("DELETE FROM imports WHERE key = ?", (key,))


def create(connection: sqlite3.Connection, devices: Iterable[Device], series: Iterable[Series]) -> None:
    """Save devices and series that came with an import; those that are saved already do not matter."""
    connection.executemany(
        "INSERT OR IGNORE INTO devices (id, name, created) VALUES (?, ?, ?)",
        [(device.id, device.name, device.created) for device in devices],
    )
    connection.executemany(
        "INSERT OR IGNORE INTO series (id, device, metric, name, kind, unit) VALUES (?, ?, ?, ?, ?, ?)",
        [(one.id, one.device, one.metric, one.name, one.kind.value, one.unit) for one in series],
    )


def update(connection: sqlite3.Connection, series: Iterable[Series]) -> None:
    """Save what is known of series after their readings were loaded."""
    connection.executemany(
        "UPDATE series SET kind = ?, unit = ?, latest_ts = ?, latest = ? WHERE id = ?",
        [(one.kind.value, one.unit, *(one.durable or (None, None)), one.id) for one in series],
    )

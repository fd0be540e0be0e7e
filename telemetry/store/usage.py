"""How the database grew: a sample an hour, from which the forecast is made. Knows no numpy: migrations use it."""

from __future__ import annotations

import sqlite3

from telemetry.forecast import Sample

SCHEMA = (
    "CREATE TABLE usage (time INTEGER PRIMARY KEY, journalled INTEGER NOT NULL, kept INTEGER NOT NULL,"
    " live INTEGER NOT NULL, written INTEGER) STRICT"
)
KEPT = 400 * 86_400_000
"""Ms that samples are kept: a year, and enough to compare its end with its beginning."""


def add(connection: sqlite3.Connection, sample: Sample) -> None:
    """Store a sample and drop those that are too old, inside the caller's transaction."""
    connection.execute("INSERT OR REPLACE INTO usage VALUES (?, ?, ?, ?, ?)", sample)
    connection.execute("DELETE FROM usage WHERE time < ?", (sample.time - KEPT,))


def since(connection: sqlite3.Connection, time: int) -> list[Sample]:
    """The samples from ``time`` (ms) on, the oldest first."""
    rows = connection.execute("SELECT * FROM usage WHERE time >= ? ORDER BY time", (time,)).fetchall()
    return [Sample(*row) for row in rows]


def written(connection: sqlite3.Connection) -> int:
    """Bytes written by all processes before this one, as far as the samples know; 0 at first."""
    row = connection.execute(
        "SELECT written FROM usage WHERE written IS NOT NULL ORDER BY time DESC LIMIT 1"
    ).fetchone()
    return 0 if row is None else int(row[0])

"""Accounting: where every reading that was ever journalled is. Changed in the same commits as the readings.

    journalled = stored + duplicate + deleted + lost + unsealed

``journalled`` counts what came through the journal and what was imported; ``unsealed`` is what the journal holds and
the chunks do not. A commit writes its row and no counter: the rows after ``sealed_seq`` are added up when someone
asks.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple


class Accounts(NamedTuple):
    """Readings, over the life of a database."""

    journalled: int
    stored: int
    duplicate: int
    deleted: int
    unsealed: int
    lost: int = 0
    """Stored once, and found damaged beyond repair."""


def add(connection: sqlite3.Connection, **changes: int) -> None:
    """Add to counters (keys of ``meta``) inside the caller's transaction."""
    connection.executemany(
        "UPDATE meta SET value = value + ? WHERE key = ?", [(by, key) for key, by in changes.items() if by]
    )


def put(connection: sqlite3.Connection, **values: int) -> None:
    """Set keys of ``meta`` inside the caller's transaction."""
    connection.executemany("UPDATE meta SET value = ? WHERE key = ?", [(value, key) for key, value in values.items()])


def get(connection: sqlite3.Connection) -> dict[str, int]:
    """All whole numbers in ``meta``."""
    rows = connection.execute("SELECT key, value FROM meta WHERE typeof(value) = 'integer'")
    return {str(key): int(value) for key, value in rows}


def accounts(connection: sqlite3.Connection) -> Accounts:
    """The sums as of one moment."""
    (waiting,) = connection.execute(
        "SELECT ifnull(sum(count), 0) FROM journal WHERE first_seq > (SELECT value FROM meta WHERE key = 'sealed_seq')"
    ).fetchone()
    meta = get(connection)
    through = meta["journal_base"] + waiting
    return Accounts(
        through + meta["imported"],
        meta["stored"],
        meta["duplicate"],
        meta["deleted"],
        through - meta["sealed_readings"],
        meta.get("lost", 0),
    )

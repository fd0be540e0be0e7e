"""Layouts: what people changed on the overview, by owner, with the versions before.

The row with the greatest version stands; ``undo`` takes it away. Bodies are JSON objects. Each function runs inside
``Store.read`` or ``Store.write``.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

SCHEMA = (
    "CREATE TABLE layouts (owner TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, who TEXT NOT NULL,"
    " made INTEGER NOT NULL, PRIMARY KEY (owner, version)) STRICT"
)
KEPT = 30
"""Versions of one owner; the oldest make room."""


class LayoutRow(NamedTuple):
    """What stands for an owner since ``made`` (ms), by ``who``; version 0 is the empty layout that no one made.

    ``before`` says whether there is a version to go back to.
    """

    version: int
    body: str
    who: str
    made: int
    before: bool


EMPTY = LayoutRow(0, "{}", "", 0, before=False)


def newest(connection: sqlite3.Connection, owner: str) -> LayoutRow:
    """What stands for an owner."""
    rows = connection.execute(
        "SELECT version, body, who, made FROM layouts WHERE owner = ? ORDER BY version DESC LIMIT 2", (owner,)
    ).fetchall()
    if not rows:
        return EMPTY
    # what was before version 1 is the empty layout; before the oldest that is kept, nothing is known
    version, body, who, made = rows[0]
    return LayoutRow(version, body, who, made, before=len(rows) == 2 or version == 1)


def add(connection: sqlite3.Connection, owner: str, body: str, who: str, made: int) -> LayoutRow:
    """Store the next version of an owner; the oldest beyond KEPT are dropped."""
    version = newest(connection, owner).version + 1
    connection.execute("INSERT INTO layouts VALUES (?, ?, ?, ?, ?)", (owner, version, body, who, made))
    connection.execute("DELETE FROM layouts WHERE owner = ? AND version <= ?", (owner, version - KEPT))
    return newest(connection, owner)


def undo(connection: sqlite3.Connection, owner: str) -> LayoutRow | None:
    """Take the newest version away; what stands then, or None where there is nothing to go back to."""
    row = newest(connection, owner)
    if not row.before:
        return None
    connection.execute("DELETE FROM layouts WHERE owner = ? AND version = ?", (owner, row.version))
    return newest(connection, owner)

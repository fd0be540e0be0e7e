"""Roles: former names of series, and what was renamed and merged, by whom. Knows no numpy: migrations use it.

Each function runs inside ``Store.read`` or ``Store.write``.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from telemetry.model import Series
from telemetry.store import ledger

CHANGES = (
    "CREATE TABLE changes (id INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL, series INTEGER NOT NULL,"
    " other INTEGER, was TEXT NOT NULL, name TEXT NOT NULL, since INTEGER, who TEXT NOT NULL, made INTEGER NOT NULL,"
    " readings INTEGER NOT NULL, state TEXT NOT NULL) STRICT"
)
SCHEMA = (
    "CREATE TABLE aliases (name TEXT PRIMARY KEY, series INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    CHANGES,
    # 0: another series stands where its device sends
    "ALTER TABLE series ADD COLUMN bound INTEGER NOT NULL DEFAULT 1",
)
COLUMNS = "id, action, series, other, was, name, since, who, made, readings, state"


class Change(NamedTuple):
    """A rename of ``series`` from ``was`` to ``name``, or a merge of ``other``, called ``was``, into ``series``.

    A merge takes the readings from ``since`` (ms) on; ``readings`` of them were moved so far. ``state`` is ``running``
    or ``done``.
    """

    id: int
    action: str
    series: int
    other: int | None
    was: str
    name: str
    since: int | None
    who: str
    made: int
    readings: int = 0
    state: str = "done"


def aliases(connection: sqlite3.Connection) -> dict[str, int]:
    """The id of the series by each of its former names."""
    return dict(connection.execute("SELECT name, series FROM aliases"))


def note(connection: sqlite3.Connection, change: Change) -> Change:
    """Store a change; the answer has its id."""
    marks = ", ".join("?" * (len(change) - 1))
    done = connection.execute(f"INSERT INTO changes ({COLUMNS}) VALUES (NULL, {marks})", change[1:])  # noqa: S608
    return change._replace(id=int(done.lastrowid or 0))


def newest(connection: sqlite3.Connection, limit: int) -> list[Change]:
    """The newest changes, the newest first."""
    rows = connection.execute(f"SELECT {COLUMNS} FROM changes ORDER BY id DESC LIMIT ?", (limit,))  # noqa: S608
    return [Change(*row) for row in rows]


def unfinished(connection: sqlite3.Connection) -> list[Change]:
    """The merges that were begun and are not done, the oldest first."""
    rows = connection.execute(f"SELECT {COLUMNS} FROM changes WHERE state = 'running' ORDER BY id")  # noqa: S608
    return [Change(*row) for row in rows]


def find(connection: sqlite3.Connection, change: int) -> Change | None:
    """One change."""
    row = connection.execute(f"SELECT {COLUMNS} FROM changes WHERE id = ?", (change,)).fetchone()  # noqa: S608
    return None if row is None else Change(*row)


def moved(connection: sqlite3.Connection, change: int, readings: int) -> None:
    """Add to how many readings a merge has moved."""
    connection.execute("UPDATE changes SET readings = readings + ? WHERE id = ?", (readings, change))


def finish(connection: sqlite3.Connection, change: int, seq: int) -> None:
    """Note that a merge is done, and that the log up to ``seq`` is not what history says."""
    connection.execute("UPDATE changes SET state = 'done' WHERE id = ?", (change,))
    ledger.put(connection, rewritten_seq=seq)


def rename(connection: sqlite3.Connection, series: int, was: str, name: str) -> None:
    """Give a series another name; the old one goes on as an alias."""
    connection.execute("DELETE FROM aliases WHERE name = ?", (name,))
    connection.execute("UPDATE series SET name = ? WHERE id = ?", (name, series))
    connection.execute("INSERT OR REPLACE INTO aliases (name, series) VALUES (?, ?)", (was, series))


def take_over(connection: sqlite3.Connection, source: Series, target: Series) -> None:
    """Let ``target`` stand where the device of ``source`` sends; ``source`` takes no readings any more."""
    connection.execute("UPDATE series SET bound = 0 WHERE id = ?", (source.id,))
    connection.execute(
        "UPDATE series SET device = ?, metric = ?, bound = 1 WHERE id = ?", (source.device, source.metric, target.id)
    )


def alias(connection: sqlite3.Connection, source: int, target: int, name: str) -> None:
    """Let every name of a series that is empty mean another one."""
    connection.execute("UPDATE aliases SET series = ? WHERE series = ?", (target, source))
    connection.execute("INSERT OR REPLACE INTO aliases (name, series) VALUES (?, ?)", (name, target))


def empty(connection: sqlite3.Connection, series: int) -> bool:
    """Whether a series has no sealed readings, hidden ones included."""
    return (
        connection.execute(
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM chunks WHERE series = ?1) OR"
            " EXISTS (SELECT 1 FROM hidden WHERE series = ?1)",
            (series,),
        ).fetchone()
        is None
    )

"""Which rows of the big tables change while a backup is made, so that it can copy them again at its end.

Temporary triggers of the one connection that writes note the key of every row that is written or deleted, in the same
transaction: what is rolled back is not noted. They end with the connection, as after a failed write; ``page`` then says
so. Each function runs inside ``Store.write``; one backup at a time.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from telemetry.store.copying import BIG, Table, tables

WATCHED = frozenset({*BIG, "hidden"})
"""Tables that may be large: the rows of all others are copied at the end, as of one moment."""
TABLE = "backup_touched"
PAGE = 5_000
"""Keys in one answer."""


class Touched(NamedTuple):
    """A row of ``table`` that was written or deleted, by its key: two numbers, or its rowid and 0."""

    table: str
    key: tuple[int, int]


def begin(connection: sqlite3.Connection) -> None:
    """Note every change from now on. Raises sqlite3.Error."""
    end(connection)
    connection.execute(
        f"CREATE TEMP TABLE {TABLE} (name TEXT, a INTEGER, b INTEGER, PRIMARY KEY (name, a, b)) WITHOUT ROWID"
    )
    for table in (one for one in tables(connection) if one.name in WATCHED):
        for event, rows in (("INSERT", ("new",)), ("DELETE", ("old",)), ("UPDATE", ("old", "new"))):
            notes = "".join(f"INSERT OR IGNORE INTO {TABLE} VALUES ({_key_of(table, row)}); " for row in rows)  # noqa: S608
            connection.execute(
                f"CREATE TEMP TRIGGER {TABLE}_{table.name}_{event} AFTER {event} ON main.{table.name} BEGIN {notes}END"
            )


def page(connection: sqlite3.Connection, after: Touched | None) -> list[Touched] | None:
    """Rows that have changed, in the order of their keys, those behind ``after``; None if not all were noted."""
    if not _noting(connection):
        return None
    last = ("", 0, 0) if after is None else (after.table, *after.key)
    rows = connection.execute(
        f"SELECT name, a, b FROM {TABLE} WHERE (name, a, b) > (?, ?, ?)"  # noqa: S608
        f" ORDER BY name, a, b LIMIT {PAGE}",
        last,
    )
    return [Touched(name, (a, b)) for name, a, b in rows]


def end(connection: sqlite3.Connection) -> None:
    """Note nothing any more."""
    if _noting(connection):
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_temp_master WHERE type = 'trigger' AND name LIKE ?", (f"{TABLE}%",)
        ).fetchall():
            connection.execute(f"DROP TRIGGER temp.{name}")
        connection.execute(f"DROP TABLE temp.{TABLE}")


def _noting(connection: sqlite3.Connection) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_temp_master WHERE name = ?", (TABLE,)).fetchone()
    return found is not None


def _key_of(table: Table, row: str) -> str:
    columns = [*(f"{row}.{name}" for name in table.key), "0"][:2]
    return f"'{table.name}', {', '.join(columns)}"

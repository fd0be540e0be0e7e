"""The audit log: who changed what, in the same commit as the change.

Rows are only ever added: triggers refuse to change, replace or delete one, whoever asks. The one door is ``trim``,
which the server takes to keep the bound of the log: within its transaction it says in ``meta`` up to which id rows may
go, and it leaves an entry of its own. ``before`` and ``after`` are JSON, or NULL where there is nothing. Times in ms.
Each function runs inside ``Store.read`` or ``Store.write``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from sqlite_utils import Database

SCHEMA = (
    (
        "CREATE TABLE audit (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, kind TEXT NOT NULL,"
        " address TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL, before TEXT, after TEXT) STRICT"
    ),
    "CREATE TRIGGER audit_stands BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END",
    "CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END",
)
DOOR = (
    "CREATE INDEX audit_action ON audit(action)",
    "DROP TRIGGER audit_stays",
    (
        "CREATE TRIGGER audit_stays BEFORE DELETE ON audit"
        " WHEN OLD.id > ifnull((SELECT value FROM meta WHERE key = 'audit_door'), 0)"
        " BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END"
    ),
    (  # REPLACE deletes without the trigger above
        "CREATE TRIGGER audit_once BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)"
        " BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END"
    ),
)
"""What m022 adds: the index, the door, and a guard against REPLACE."""
COLUMNS = "id, at, who, kind, address, action, subject, before, after"
LOGINS = ("login", "login failed", "logout")
"""What strangers and habits can make much of: it goes first when the log has to shrink."""
SIZE = "length(who) + length(address) + length(subject) + ifnull(length(before), 0) + ifnull(length(after), 0) + 64"
"""What a row takes, near enough, in bytes."""


class AuditRow(NamedTuple):
    """One change, made ``at`` (ms) by ``who``; ``id`` is 0 until it is stored."""

    id: int
    at: int
    who: str
    kind: str
    address: str
    action: str
    subject: str
    before: str | None
    after: str | None


class Wanted(NamedTuple):
    """Which entries: ``who``, ``action``, ``subject`` are patterns (``*`` is any text), times in ms, ``to`` exclusive.

    ``before`` is the id of the last one of the page before.
    """

    who: str = "*"
    action: str = "*"
    subject: str = "*"
    frm: int = -(2**62)
    to: int = 2**62
    before: int = 2**62


ALL = Wanted()


def add(connection: sqlite3.Connection, row: AuditRow) -> None:
    """Note a change."""
    connection.execute(
        "INSERT INTO audit (at, who, kind, address, action, subject, before, after) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        row[1:],
    )


def note(db: Database, row: AuditRow) -> Literal[True]:
    """As ``add``, for what sqlite-utils did; always true, so that it can stand behind ``made and``."""
    add(db.conn, row)
    return True


def newest(connection: sqlite3.Connection, before: int | None, limit: int, wanted: Wanted = ALL) -> list[AuditRow]:
    """Changes that are wanted, the newest first, from the one before the id ``before`` on."""
    found = connection.execute(
        f"SELECT {COLUMNS} FROM audit WHERE id < ? AND at >= ? AND at < ?"  # noqa: S608 - only our own names
        " AND (? = '%' OR who LIKE ? ESCAPE '\\') AND (? = '%' OR action LIKE ? ESCAPE '\\')"
        " AND (? = '%' OR subject LIKE ? ESCAPE '\\') ORDER BY id DESC LIMIT ?",
        (
            wanted.before if before is None else before,
            wanted.frm,
            wanted.to,
            *(like for pattern in wanted[:3] for like in [_like(pattern)] * 2),
            limit,
        ),
    )
    return [AuditRow(*row) for row in found]


def actions(connection: sqlite3.Connection) -> list[str]:
    """Every action that the log has an entry of, in order; read from an index."""
    return [str(row[0]) for row in connection.execute("SELECT DISTINCT action FROM audit ORDER BY action")]


def surplus(connection: sqlite3.Connection, since: int, most: int) -> list[int]:
    """The ids of what the bounds leave no room for, rising: all before ``since`` (ms), and all above ``most`` bytes.

    Of a log that is too large the oldest logins go first, then the oldest of all, down to nine tenths of the bound.
    """
    old = [int(row[0]) for row in connection.execute("SELECT id FROM audit WHERE at < ? ORDER BY id", (since,))]
    (total,) = connection.execute(f"SELECT ifnull(sum({SIZE}), 0) FROM audit WHERE at >= ?", (since,)).fetchone()  # noqa: S608
    over = int(total) - most
    if over > 0:
        old += _first(connection, since, over + most // 10)
    return sorted(old)


def _first(connection: sqlite3.Connection, since: int, over: int) -> list[int]:
    """The ids of what goes first, until ``over`` bytes are free."""
    gone = []
    for id_, size in connection.execute(
        f"SELECT id, {SIZE} FROM audit WHERE at >= ? ORDER BY action NOT IN (?, ?, ?), id",  # noqa: S608
        (since, *LOGINS),
    ):
        if over <= 0:
            break
        gone.append(int(id_))
        over -= int(size)
    return gone


def trim(connection: sqlite3.Connection, ids: Sequence[int], entry: AuditRow) -> None:
    """The door: delete these rows, and note that it was done, in the caller's transaction."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('audit_door', ?)", (max(ids),))
    connection.executemany("DELETE FROM audit WHERE id = ?", ((id_,) for id_ in ids))
    connection.execute("DELETE FROM meta WHERE key = 'audit_door'")
    add(connection, entry)


def _like(pattern: str) -> str:
    """A pattern as LIKE has it."""
    for special in ("\\", "%", "_"):
        pattern = pattern.replace(special, f"\\{special}")
    return pattern.replace("*", "%")

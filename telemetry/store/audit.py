"""The audit log: who changed what, in the same commit as the change.

Rows are only ever added: triggers refuse to change or delete one, whoever asks. ``before`` and ``after`` are JSON, or
NULL where there is nothing. Each function runs inside ``Store.read`` or ``Store.write``.
"""

from __future__ import annotations

import sqlite3
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


def newest(connection: sqlite3.Connection, before: int | None, limit: int) -> list[AuditRow]:
    """Changes, the newest first, from the one before the id ``before`` on."""
    found = connection.execute(
        "SELECT id, at, who, kind, address, action, subject, before, after FROM audit"
        " WHERE id < ? ORDER BY id DESC LIMIT ?",
        (2**62 if before is None else before, limit),
    )
    return [AuditRow(*row) for row in found]

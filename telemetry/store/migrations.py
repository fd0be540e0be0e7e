"""The schema, as an append-only list of migrations run by sqlite-utils.

Released migrations are never edited. ``auto_vacuum=INCREMENTAL`` stands before the first table, because it
cannot be turned on later without rewriting the file. Importing sqlite-utils costs 76-137 ms, so ``apply`` imports
it only when the database lacks one of ``NAMES``.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

from telemetry.store import journal

if TYPE_CHECKING:
    from sqlite_utils import Database

SET = "telltale"


def _journal(db: Database) -> None:
    db.execute(journal.SCHEMA)


def _registry(db: Database) -> None:
    db.table("devices").create(
        {"id": str, "name": str, "created": int, "gateway": str, "token_hash": bytes, "last_seen": int, "last_id": str},
        pk="id",
        not_null={"created"},
        strict=True,
    )
    db.table("devices").create_index(["token_hash"], unique=True)
    db.execute(
        "CREATE TABLE series (id INTEGER PRIMARY KEY, device TEXT NOT NULL, metric TEXT NOT NULL,"
        " name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, unit TEXT, latest_ts INTEGER, latest ANY) STRICT"
    )


def _accounts(db: Database) -> None:
    users = {"name": str, "role": str, "password": str, "created": int}
    db.table("users").create(users, pk="name", not_null=set(users), strict=True)
    sessions = {"hash": bytes, "user": str, "created": int, "expires": int}
    db.table("sessions").create(sessions, pk="hash", not_null=set(sessions), strict=True)
    tokens = {"name": str, "role": str, "hash": bytes, "created": int}
    db.table("tokens").create(tokens, pk="name", not_null=set(tokens), strict=True)
    db.table("tokens").create_index(["hash"], unique=True)


def _meta(db: Database) -> None:
    db.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT")
    start = {"epoch": secrets.token_hex(8), "seq_reserved": 1, "state_seq": 0}
    db.table("meta").insert_all({"key": key, "value": value} for key, value in start.items())


STEPS: dict[str, Callable[[Database], None]] = {
    "m001_journal": _journal,
    "m002_registry": _registry,
    "m003_accounts": _accounts,
    "m004_meta": _meta,
}


def apply(connection: sqlite3.Connection) -> None:
    """Bring a database to the newest schema; each step is one transaction. Raises sqlite3.Error."""
    if _applied(connection) >= STEPS.keys():
        return
    from sqlite_utils import Database, Migrations

    migrations = Migrations(SET)
    for name, step in STEPS.items():
        migrations(name=name)(step)
    migrations.apply(Database(connection))


def _applied(connection: sqlite3.Connection) -> set[str]:
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone()
    if not known:
        return set()
    return {row[0] for row in connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = ?", (SET,))}

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

from telemetry.store import (
    accounts,
    api_tokens,
    audit,
    blocked,
    boards,
    chunk_schema,
    corrections,
    damages,
    devices,
    imports,
    journal,
    labels,
    layouts,
    levels,
    removal,
    roles,
    thresholds,
    usage,
)

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


def _annotations(db: Database) -> None:
    db.execute(
        "CREATE TABLE annotations (id INTEGER PRIMARY KEY AUTOINCREMENT, series INTEGER, from_ts INTEGER NOT NULL,"
        " to_ts INTEGER, text TEXT NOT NULL, author TEXT NOT NULL, created INTEGER NOT NULL, changed INTEGER NOT NULL,"
        " deleted INTEGER) STRICT"
    )
    db.execute("CREATE INDEX annotations_time ON annotations(from_ts, id) WHERE deleted IS NULL")
    db.execute("CREATE INDEX annotations_deleted ON annotations(deleted) WHERE deleted IS NOT NULL")


def _sealing(db: Database) -> None:
    db.execute("ALTER TABLE journal ADD COLUMN crc INTEGER")
    for statement in (*chunk_schema.SCHEMA, levels.SEALED):
        db.execute(statement)
    for width, name in levels.LEVELS.items():
        db.execute(levels.table(name))
        db.execute(levels.view(name, width))
    db.table("meta").insert_all({"key": key, "value": 0} for key in chunk_schema.META)


def _damage(db: Database) -> None:
    for statement in damages.SCHEMA:
        db.execute(statement)


def _imports(db: Database) -> None:
    db.execute(imports.SCHEMA)


def _retention(db: Database) -> None:
    db.execute("ALTER TABLE sealed ADD COLUMN gone_from INTEGER")
    db.execute("ALTER TABLE sealed ADD COLUMN raw_from INTEGER")


def _usage(db: Database) -> None:
    db.execute(usage.SCHEMA)


def _corrections(db: Database) -> None:
    for statement in corrections.SCHEMA:
        db.execute(statement)


def _roles(db: Database) -> None:
    for statement in roles.SCHEMA:
        db.execute(statement)


def _sparing(db: Database) -> None:
    for statement in corrections.SPARING:
        db.execute(statement)


def _mqtt_passwords(db: Database) -> None:
    db.execute("ALTER TABLE devices ADD COLUMN mqtt_hash TEXT")


def _labels(db: Database) -> None:
    db.execute(labels.SCHEMA)


def _layouts(db: Database) -> None:
    db.execute(layouts.SCHEMA)


def _boards(db: Database) -> None:
    for statement in boards.SCHEMA:
        db.execute(statement)


def _audit(db: Database) -> None:
    for statement in audit.SCHEMA:
        db.execute(statement)


def _device_tokens(db: Database) -> None:
    for statement in (*devices.ROTATION, blocked.SCHEMA, removal.SCHEMA):
        db.execute(statement)


def _audit_door(db: Database) -> None:
    for statement in audit.DOOR:
        db.execute(statement)


def _thresholds(db: Database) -> None:
    db.execute(thresholds.SCHEMA)


def _people(db: Database) -> None:
    for statement in accounts.PEOPLE:
        db.execute(statement)


def _api_tokens(db: Database) -> None:
    for statement in api_tokens.SCHEMA:
        db.execute(statement)


STEPS: dict[str, Callable[[Database], None]] = {
    "m001_journal": _journal,
    "m002_registry": _registry,
    "m003_accounts": _accounts,
    "m004_meta": _meta,
    "m005_sealing": _sealing,
    "m006_annotations": _annotations,
    "m007_imports": _imports,
    "m008_damage": _damage,
    "m009_retention": _retention,
    "m010_usage": _usage,
    "m011_corrections": _corrections,
    "m012_roles": _roles,
    "m013_sparing": _sparing,
    "m014_mqtt_passwords": _mqtt_passwords,
    "m015_labels": _labels,
    "m016_layouts": _layouts,
    "m017_boards": _boards,
    "m018_audit": _audit,
    "m019_people": _people,
    "m020_api_tokens": _api_tokens,
    "m021_device_tokens": _device_tokens,
    "m022_audit_door": _audit_door,
    "m023_thresholds": _thresholds,
}


def apply(connection: sqlite3.Connection) -> None:
    """Bring a database to the newest schema; each step is one transaction. Raises sqlite3.Error."""
    if complete(connection):
        return
    from sqlite_utils import Database, Migrations

    migrations = Migrations(SET)
    for name, step in STEPS.items():
        migrations(name=name)(step)
    migrations.apply(Database(connection))


def complete(connection: sqlite3.Connection) -> bool:
    """Whether a database has the newest schema. Raises sqlite3.Error."""
    return applied(connection) >= STEPS.keys()


def model() -> sqlite3.Connection:
    """An empty database of the newest schema, in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL").close()
    apply(connection)
    return connection


def applied(connection: sqlite3.Connection) -> set[str]:
    """The migrations that a database has had; none where it is not one of ours. Raises sqlite3.Error."""
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone()
    if not known:
        return set()
    return {row[0] for row in connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = ?", (SET,))}

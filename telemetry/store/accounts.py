"""Users and their sessions. Secrets are stored as hashes only, but for that of one-time codes, which checks them.

Each function runs inside ``Store.read`` or ``Store.write``; those that take a ``Database`` go through ``administer``.
"""

from __future__ import annotations

import asyncio
import importlib
import sqlite3
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from telemetry.store import audit

if TYPE_CHECKING:
    from sqlite_utils import Database

    from telemetry.store.audit import AuditRow
    from telemetry.store.db import Store  # which imports the migrations, and they this

T = TypeVar("T")


PEOPLE = (
    "ALTER TABLE users ADD COLUMN totp TEXT",
    "ALTER TABLE users ADD COLUMN recovery TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE users ADD COLUMN link BLOB",
    "ALTER TABLE users ADD COLUMN link_until INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE sessions ADD COLUMN seen INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT ''",
)
"""What users and sessions got with the pages for people."""


class UserRow(NamedTuple):
    """A user; ``created`` in ms.

    ``password`` is the encoded hash, empty until one is set. ``totp`` is the secret of one-time codes (base32),
    ``recovery`` the hashes (hexadecimal, by spaces) of the codes that stand in for them. ``link`` is the hash of the
    link by which a password may be set, until ``link_until`` (ms).
    """

    name: str
    role: str
    password: str
    created: int
    totp: str | None = None
    recovery: str = ""
    link: bytes | None = None
    link_until: int = 0


class SessionRow(NamedTuple):
    """A login of a user; times in ms, ``seen`` only now and then. ``agent`` is what the browser says it is."""

    hash: bytes
    user: str
    created: int
    expires: int
    seen: int = 0
    address: str = ""
    agent: str = ""


async def administer(store: Store, work: Callable[[Database], T]) -> T:
    """Run ``work`` in a transaction of the writer, with sqlite-utils. Raises StoreError.

    The import takes 0.1 s on a PC and more on a Pi: it must stop neither the loop nor the writer.
    """
    module = await asyncio.to_thread(importlib.import_module, "sqlite_utils")
    return await store.write(lambda connection: work(module.Database(connection)))


def users(connection: sqlite3.Connection) -> list[UserRow]:
    """All users, by name."""
    found = connection.execute(
        "SELECT name, role, password, created, totp, recovery, link, link_until FROM users ORDER BY name"
    )
    return [UserRow(*row) for row in found]


def sessions(connection: sqlite3.Connection) -> list[SessionRow]:
    """All sessions, expired ones too, the oldest first."""
    found = connection.execute(
        "SELECT hash, user, created, expires, seen, address, agent FROM sessions ORDER BY created, rowid"
    )
    return [SessionRow(*row) for row in found]


def add_user(db: Database, user: UserRow, *, first: bool = False) -> bool:
    """Store a user; False if the name is taken or, with ``first``, if there is any user."""
    if db.table("users").count_where(*(() if first else ("name = ?", [user.name]))):
        return False
    db.table("users").insert(user._asdict())
    return True


def change_user(
    connection: sqlite3.Connection, user: UserRow, changed: UserRow, entry: AuditRow, *, leave: bool = False
) -> bool:
    """Store a user as ``changed``; False if the user is gone, or another by now. ``leave`` ends all sessions."""
    found = connection.execute(
        "SELECT name, role, password, created, totp, recovery, link, link_until FROM users WHERE name = ?", (user.name,)
    ).fetchone()
    if found is None or UserRow(*found) != user:
        return False
    connection.execute(
        "UPDATE users SET role = ?, password = ?, totp = ?, recovery = ?, link = ?, link_until = ? WHERE name = ?",
        (changed.role, changed.password, changed.totp, changed.recovery, changed.link, changed.link_until, user.name),
    )
    if leave:
        connection.execute("DELETE FROM sessions WHERE user = ?", (user.name,))
    audit.add(connection, entry)
    return True


def other_admin(connection: sqlite3.Connection, name: str, me: str) -> bool:
    """Whether there is an admin other than ``name`` who can log in; ``me`` can."""
    found = connection.execute(
        "SELECT 1 FROM users WHERE role = 'admin' AND name <> ? AND (password <> '' OR name = ?)", (name, me)
    )
    return found.fetchone() is not None


def remove_user(db: Database, name: str) -> bool:
    """Delete a user and the user's sessions; False if there is none of that name."""
    db.table("sessions").delete_where("user = ?", [name])
    return _delete(db, "users", name)


def end_all(connection: sqlite3.Connection) -> None:
    """End all sessions and links: what a backup says of them is no longer so."""
    connection.execute("DELETE FROM sessions")
    connection.execute("UPDATE users SET link = NULL, link_until = 0")


def add_session(
    connection: sqlite3.Connection, session: SessionRow, instead_of: Iterable[bytes] = (), entry: AuditRow | None = None
) -> None:
    """Store a login, and delete those (by their hashes) whose place it takes."""
    remove_sessions(connection, instead_of, entry)
    connection.execute(
        "INSERT INTO sessions (hash, user, created, expires, seen, address, agent) VALUES (?, ?, ?, ?, ?, ?, ?)",
        session,
    )


def seen_sessions(connection: sqlite3.Connection, seen: Iterable[tuple[int, bytes]]) -> None:
    """Note when sessions were last used: (ms, hash) each."""
    connection.executemany("UPDATE sessions SET seen = ? WHERE hash = ?", seen)


def remove_sessions(connection: sqlite3.Connection, hashes: Iterable[bytes], entry: AuditRow | None = None) -> None:
    """Delete sessions; those that are gone already do not matter."""
    if entry is not None:
        audit.add(connection, entry)
    connection.executemany("DELETE FROM sessions WHERE hash = ?", [(one,) for one in hashes])


def _delete(db: Database, table: str, name: str) -> bool:
    if not db.table(table).count_where("name = ?", [name]):
        return False
    db.table(table).delete(name)
    return True

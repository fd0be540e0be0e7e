"""Users, their sessions, and API tokens. Secrets are stored as hashes only.

Each function runs inside ``Store.read`` or ``Store.write``; those that take a ``Database`` go through ``administer``.
"""

from __future__ import annotations

import asyncio
import importlib
import sqlite3
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from telemetry.store.db import Store

if TYPE_CHECKING:
    from sqlite_utils import Database

T = TypeVar("T")


class UserRow(NamedTuple):
    """A user; ``password`` is the encoded hash, ``created`` in ms."""

    name: str
    role: str
    password: str
    created: int


class SessionRow(NamedTuple):
    """A login of a user; times in ms."""

    hash: bytes
    user: str
    created: int
    expires: int


class TokenRow(NamedTuple):
    """An API token; ``created`` in ms."""

    name: str
    role: str
    hash: bytes
    created: int


async def administer(store: Store, work: Callable[[Database], T]) -> T:
    """Run ``work`` in a transaction of the writer, with sqlite-utils. Raises StoreError.

    The import takes 0.1 s on a PC and more on a Pi: it must stop neither the loop nor the writer.
    """
    module = await asyncio.to_thread(importlib.import_module, "sqlite_utils")
    return await store.write(lambda connection: work(module.Database(connection)))


def users(connection: sqlite3.Connection) -> list[UserRow]:
    """All users, by name."""
    return [
        UserRow(*row) for row in connection.execute("SELECT name, role, password, created FROM users ORDER BY name")
    ]


def sessions(connection: sqlite3.Connection) -> list[SessionRow]:
    """All sessions, expired ones too."""
    return [SessionRow(*row) for row in connection.execute("SELECT hash, user, created, expires FROM sessions")]


def tokens(connection: sqlite3.Connection) -> list[TokenRow]:
    """All API tokens, by name."""
    return [TokenRow(*row) for row in connection.execute("SELECT name, role, hash, created FROM tokens ORDER BY name")]


def add_user(db: Database, user: UserRow, *, first: bool = False) -> bool:
    """Store a user; False if the name is taken or, with ``first``, if there is any user."""
    if db.table("users").count_where(*(() if first else ("name = ?", [user.name]))):
        return False
    db.table("users").insert(user._asdict())
    return True


def remove_user(db: Database, name: str) -> bool:
    """Delete a user and the user's sessions; False if there is none of that name."""
    db.table("sessions").delete_where("user = ?", [name])
    return _delete(db, "users", name)


def add_token(db: Database, token: TokenRow) -> bool:
    """Store an API token; False if the name is taken."""
    if db.table("tokens").count_where("name = ?", [token.name]):
        return False
    db.table("tokens").insert(token._asdict())
    return True


def remove_token(db: Database, name: str) -> bool:
    """Delete an API token; False if there is none of that name."""
    return _delete(db, "tokens", name)


def add_session(connection: sqlite3.Connection, session: SessionRow, instead_of: Iterable[bytes] = ()) -> None:
    """Store a login, and delete those (by their hashes) whose place it takes."""
    remove_sessions(connection, instead_of)
    connection.execute("INSERT INTO sessions (hash, user, created, expires) VALUES (?, ?, ?, ?)", session)


def remove_sessions(connection: sqlite3.Connection, hashes: Iterable[bytes]) -> None:
    """Delete sessions; those that are gone already do not matter."""
    connection.executemany("DELETE FROM sessions WHERE hash = ?", [(one,) for one in hashes])


def _delete(db: Database, table: str, name: str) -> bool:
    if not db.table(table).count_where("name = ?", [name]):
        return False
    db.table(table).delete(name)
    return True

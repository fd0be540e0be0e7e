"""API tokens: the credentials of programs and screens, as hashes only.

Each function runs inside ``Store.read`` or ``Store.write``; those that take a ``Database`` go through
``accounts.administer``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sqlite_utils import Database

SCHEMA = (
    "ALTER TABLE tokens ADD COLUMN series TEXT",
    "ALTER TABLE tokens ADD COLUMN write INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE tokens ADD COLUMN board INTEGER",
    "ALTER TABLE tokens ADD COLUMN expires INTEGER",
    "ALTER TABLE tokens ADD COLUMN used INTEGER",
)
"""Added to the table of the first version: name, role, hash, created."""


class TokenRow(NamedTuple):
    """An API token; times in ms.

    ``series`` is a JSON list of patterns, None for all; ``board`` is the one that a screen shows. ``used`` is brought
    up to date now and then only.
    """

    name: str
    role: str
    hash: bytes
    created: int
    series: str | None = None
    write: int = 1
    board: int | None = None
    expires: int | None = None
    used: int | None = None


def tokens(connection: sqlite3.Connection) -> list[TokenRow]:
    """All API tokens, by name."""
    found = connection.execute(
        "SELECT name, role, hash, created, series, write, board, expires, used FROM tokens ORDER BY name"
    )
    return [TokenRow(*row) for row in found]


def add_token(db: Database, token: TokenRow) -> bool:
    """Store an API token; False if the name is taken."""
    if db.table("tokens").count_where("name = ?", [token.name]):
        return False
    db.table("tokens").insert(token._asdict())
    return True


def remove_token(db: Database, name: str) -> bool:
    """Delete an API token; False if there is none of that name."""
    if not db.table("tokens").count_where("name = ?", [name]):
        return False
    db.table("tokens").delete(name)
    return True


def note_use(connection: sqlite3.Connection, used: Mapping[bytes, int]) -> None:
    """Note when tokens, by their hashes, were last used (ms)."""
    connection.executemany("UPDATE tokens SET used = ? WHERE hash = ?", [(at, token) for token, at in used.items()])

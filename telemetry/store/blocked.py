"""Ids of devices that operators have blocked: they never speak without a token, also after a restart.

Each function runs inside ``Store.read`` or ``Store.write``.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

SCHEMA = (
    "CREATE TABLE blocked (id INTEGER PRIMARY KEY, device TEXT NOT NULL UNIQUE, address TEXT NOT NULL,"
    " who TEXT NOT NULL, at INTEGER NOT NULL) STRICT"
)


class Blocked(NamedTuple):
    """A device that ``who`` blocked ``at`` (ms); ``address`` is where it last knocked from, empty if it did not."""

    device: str
    address: str
    who: str
    at: int


def every(connection: sqlite3.Connection) -> list[Blocked]:
    """All of them, oldest first."""
    return [Blocked(*row) for row in connection.execute("SELECT device, address, who, at FROM blocked ORDER BY id")]


def add(connection: sqlite3.Connection, row: Blocked) -> None:
    """Block a device."""
    connection.execute("INSERT OR REPLACE INTO blocked (device, address, who, at) VALUES (?, ?, ?, ?)", row)


def remove(connection: sqlite3.Connection, device: str) -> bool:
    """Block a device no more; False if it was not."""
    return connection.execute("DELETE FROM blocked WHERE device = ?", (device,)).rowcount == 1

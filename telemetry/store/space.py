"""The space that a database takes: its files, what of them is in use, and giving free pages back to the disk."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import NamedTuple

from telemetry.clock import monotonic

STEP = 0.05
"""Seconds after which a step ends: commits of readings wait for it."""
PAGES = 64
"""Pages that are given back between two looks at the clock."""


class Pages(NamedTuple):
    """Bytes of the database file (with what is still in its log), and those of them that are free for reuse."""

    file: int
    free: int

    @property
    def used(self) -> int:
        """Bytes that hold data."""
        return self.file - self.free


class Files(NamedTuple):
    """Sizes in bytes; ``total`` is all that counts against the quota."""

    database: int
    wal: int
    reserve: int
    total: int


def pages(connection: sqlite3.Connection) -> Pages:
    """How much of the database is in use."""
    (size,), (count,), (free,) = (
        connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_size", "page_count", "freelist_count")
    )
    return Pages(count * size, free * size)


def files(path: Path) -> Files:
    """The files of the database at ``path`` as they are now; one that is missing counts as empty."""
    database, wal, reserve, *others = (
        _size(f"{path}{suffix}") for suffix in ("", "-wal", ".reserve", "-shm", ".lock", ".trial")
    )
    return Files(database, wal, reserve, database + wal + reserve + sum(others))


def disk_free(path: Path) -> int:
    """Bytes that the disk of the database has left for it."""
    stat = os.statvfs(path.parent)
    return stat.f_bavail * stat.f_frsize


def give_back(connection: sqlite3.Connection, keep: int) -> bool:
    """Cut free pages off the file until ``keep`` bytes are free, as many as the time allows; whether there are more.

    Inside the caller's transaction: the file is shorter after the next checkpoint.
    """
    until = monotonic() + STEP
    while (found := pages(connection)).free > keep:
        for _ in range(PAGES):  # Python's sqlite3 leaves this PRAGMA after its first page
            connection.execute("PRAGMA incremental_vacuum(1)").fetchall()
        if pages(connection).free >= found.free:
            return False
        if monotonic() > until:
            return True
    return False


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except FileNotFoundError:
        return 0

"""How large the files of one database may grow: everything that a quota makes smaller, in one place. Pure.

A quota is divided between the database, its write-ahead log, the reserve and what is small. The log grows with single
transactions and with the patience of readers, and SQLite knows no limit for it: it gets a quarter, is emptied long
before that, and with a small quota all transactions are smaller.
"""

from __future__ import annotations

from typing import NamedTuple

from telemetry.store import reserve

PAGE = 4_096
MIB = 1 << 20
SMALL_FILES = MIB // 2
"""The log's index, the lock, and what tells whether the disk works again."""


class Limits(NamedTuple):
    """Bytes, unless a name says otherwise."""

    quota: int | None
    reserve: int
    database: int | None
    """The file of the database, at most."""
    full: int | None
    """Space in use from which on no more readings are taken: what is left is for sealing and deleting."""
    backlog: int | None
    """Readings in the journal that wait to be sealed: with more of them, no more readings are taken."""
    low: int | None
    """Space in use from which on something is deleted …"""
    target: int
    """… until no more than this is in use."""
    checkpoint_pages: int
    """Pages in the log at which a commit also checkpoints."""
    log: int
    """The log, until a commit waits for readers so that it can be emptied …"""
    log_most: int | None
    """… and beyond which nothing is committed."""
    seal: int
    """Readings of the journal that are sealed at a time, and when they are so many."""
    resume: int | None
    """Sealed readings that stay in the journal for browsers that resume."""
    commit: int | None
    """Readings of one commit."""
    pending: int | None
    """Readings (in number) that may wait for a commit."""


UNLIMITED = Limits(None, reserve.SIZE, None, None, None, None, 0, 1_000, 32 * MIB, None, 8 * MIB, None, None, None)


def limits(quota: int | None) -> Limits:
    """The limits that keep the sum of all files below ``quota`` (bytes, at least 16 MiB)."""
    if quota is None:
        return UNLIMITED
    kept_back = min(reserve.SIZE, quota // 16)
    log = min(64 * MIB, quota // 4 + MIB)
    database = (quota - kept_back - log - SMALL_FILES) // PAGE * PAGE
    seal = min(8 * MIB, database // 12)
    full = database - 2 * seal
    low = full - min(database // 8, 32 * MIB)
    return Limits(
        quota,
        kept_back,
        database,
        full,
        3 * seal,
        low,
        low - min(database // 20, 16 * MIB),
        checkpoint_pages=min(1_000, log // 10 // PAGE),
        log=log // 5,
        log_most=2 * log // 5,
        seal=seal,
        resume=database // 10,
        commit=3 * log // 10,
        pending=max(10_000, log // 5 // 32),
    )

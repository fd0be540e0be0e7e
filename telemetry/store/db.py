"""The database file: one connection that writes, on one thread, and readers that cannot.

``write`` runs a function in one transaction and returns once COMMIT has synced (``synchronous=FULL``); the same
connection does all checkpoints. ``read`` runs on a small pool with ``mode=ro`` connections: keep each read short, an
open one pins the WAL. After a failed write the connection is closed and opened anew: what an fsync error leaves
behind is not to be trusted.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from telemetry.store import migrations

T = TypeVar("T")
Connection = sqlite3.Connection
Work = Callable[[sqlite3.Connection], T]

READERS = 2
WAL_PAGES = 1_000
"""Pages in the WAL at which a commit also checkpoints: 4 MiB."""
WAL_BYTES = 32 << 20
"""A larger WAL file is cut back to this after a checkpoint."""
BLOCK = 1_000_000
"""Seqs reserved on disk at a time. More than twice what may be pending, so that no reading ever waits for it."""


class StoreError(Exception):
    """The disk did not take it: nothing of that transaction is to be relied on."""


class Store:
    """One database file while a server (or a command without one) owns it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.epoch = ""
        self.committed = 0
        self.next_seq = 1
        self.reserved = 1
        self._connection: sqlite3.Connection | None = None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._local = threading.local()
        self._open_readers: list[sqlite3.Connection] = []

    async def start(self) -> None:
        """Open, migrate, and reserve the first block of seqs. Raises StoreError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        await self._on_writer(self._prepare)
        await self.write(self._resume_numbering)

    async def write(self, work: Work[T]) -> T:
        """Run ``work(connection)`` in one IMMEDIATE transaction; durable on return. Raises StoreError."""
        return await self._on_writer(lambda: self._transaction(work))

    async def read(self, work: Work[T]) -> T:
        """Run ``work(connection)`` on a reader thread; the connection is read-only. Raises StoreError."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._reading, work)

    def reserve(self, connection: sqlite3.Connection, last_seq: int) -> int:
        """Inside a transaction: extend the reservation if less than half a block is left; the new end."""
        if self.reserved - last_seq > BLOCK // 2:
            return self.reserved
        end = last_seq + 1 + BLOCK
        connection.execute("UPDATE meta SET value = ? WHERE key = 'seq_reserved'", (end,))
        return end

    async def close(self, last_seq: int | None = None) -> None:
        """Close readers, then the writer; ``last_seq`` hands the unused rest of the reservation back."""
        if last_seq is not None and self._connection is not None:
            await self.write(
                lambda c: c.execute("UPDATE meta SET value = ? WHERE key = 'seq_reserved'", (last_seq + 1,)).close()
            )
        await asyncio.to_thread(self._readers.shutdown)
        for reader in self._open_readers:
            reader.close()
        await self._on_writer(self._disconnect)
        self._writer.shutdown()

    async def _on_writer(self, call: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._writer, call)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{self.path}: {error}") from error

    def _prepare(self) -> None:
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        migrations.apply(self._connect())

    def _connect(self) -> sqlite3.Connection:
        if self._connection is not None:
            return self._connection
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            for pragma in (
                "auto_vacuum=INCREMENTAL",
                "journal_mode=WAL",
                "synchronous=FULL",
                f"wal_autocheckpoint={WAL_PAGES}",
                f"journal_size_limit={WAL_BYTES}",
                "trusted_schema=OFF",
            ):
                connection.execute(f"PRAGMA {pragma}").close()
        except sqlite3.Error:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _transaction(self, work: Work[T]) -> T:
        connection = self._connect()
        try:
            connection.execute("BEGIN IMMEDIATE")
            result = work(connection)
            connection.execute("COMMIT")
        except sqlite3.Error:
            self._disconnect()
            raise
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        return result

    def _resume_numbering(self, connection: sqlite3.Connection) -> None:
        meta = dict(connection.execute("SELECT key, value FROM meta"))
        last = connection.execute(
            "SELECT first_seq + count - 1 FROM journal WHERE count > 0 ORDER BY first_seq DESC LIMIT 1"
        ).fetchone()
        self.epoch = str(meta["epoch"])
        self.committed = max(last[0] if last else 0, int(meta["state_seq"]))
        self.next_seq = max(int(meta["seq_reserved"]), self.committed + 1)
        self.reserved = self.next_seq
        self.reserved = self.reserve(connection, self.next_seq - 1)

    def _reading(self, work: Work[T]) -> T:
        try:
            return work(self._reader())
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}") from error

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            uri = f"file:{quote(str(self.path))}?mode=ro"
            connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
            self._local.connection = connection
            self._open_readers.append(connection)
        return connection

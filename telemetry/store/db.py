"""The database file: one connection that writes, on one thread, and readers that cannot.

``write`` runs a function in one transaction and returns once COMMIT has synced (``synchronous=FULL``); the same
connection does all checkpoints. ``read`` runs on a small pool with ``mode=ro`` connections: keep each read short, an
open one pins the WAL. After a failed write the connection is closed and opened anew: what an fsync error leaves
behind is not to be trusted. On a disk that takes no writes ``start`` leaves a store that only reads, until ``reopen``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from telemetry.store import migrations, opening, space
from telemetry.store.bounds import Bounds, OverQuota
from telemetry.store.damage import Damaged, structural
from telemetry.store.limits import UNLIMITED, Limits
from telemetry.store.reserve import Reserve, full

if TYPE_CHECKING:
    from telemetry.store.tail import Tail

T = TypeVar("T")
Connection = sqlite3.Connection
Work = Callable[[sqlite3.Connection], T]

log = logging.getLogger(__name__)

READERS = 2
BLOCK = 1_000_000
"""Seqs reserved on disk at a time. More than twice what may be pending, so that no reading ever waits for it."""
SPARE = 256 << 10
"""Bytes that the log needs at least: on a disk without them no commit would succeed."""


class StoreError(Exception):
    """The disk did not take it: nothing of that transaction is to be relied on.

    ``advice`` is for people who are not to read paths.
    """

    advice = "the disk does not take this now"


class QuotaError(StoreError):
    """It was not the disk, but ``[storage] quota``."""

    def __init__(self, path: Path, advice: str) -> None:
        super().__init__(f"{path}: {advice}")
        self.advice = advice


class Store:
    """One database file while a server (or a command without one) owns it."""

    def __init__(self, path: Path, kept_back: int | None = None, limits: Limits = UNLIMITED) -> None:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would keep a thread and its buffers per core
        self.path = path
        self.bounds = Bounds(path, limits)
        self.on_low: Callable[[], None] = lambda: None
        """Called after a transaction, while the quota needs something to be deleted."""
        self.space = Reserve(Path(f"{path}.reserve"), limits.reserve if kept_back is None else kept_back)
        """``kept_back`` bytes, given up where a full disk is to be cleaned."""
        self.new = False
        """Whether the database was made by this start."""
        self.writable = False
        """Whether the disk took what a start has to write; without it there are only reads."""
        self.epoch = ""
        self.committed = 0
        self.rewritten = -1
        """Of what has a seq up to this, history may say something else than the log: no one resumes from there."""
        self.next_seq = 1
        self.reserved = 1
        self._connection: sqlite3.Connection | None = None
        self._anchor: sqlite3.Connection | None = None
        self._settled = asyncio.Event()
        self._settled.set()
        self._reads = 0
        self._closing = False
        self.unread = asyncio.Event()
        """Set while no one reads: what nobody waits for goes on then."""
        self.unread.set()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._local = threading.local()
        self._open_readers: list[sqlite3.Connection] = []
        self.on_full: Callable[[], None] | None = None
        """Called when the space that was kept back could not be taken back."""
        self.repair: Callable[[Damaged], Awaitable[object]] | None = None
        """Takes a damaged row out of the way, or raises StoreError."""
        self.broken: str | None = None
        """What SQLite said when it found the file damaged: from then on nothing is written to it."""
        self.on_broken: Callable[[str], None] = lambda _: None

    async def start(self) -> None:
        """Open, migrate, and reserve the first block of seqs. Raises StoreError.

        Where the disk takes no writes but holds a database of the newest schema, the store is one that only reads.
        """
        try:
            await self._on_writer(self._begin)
        except StoreError as error:
            if not opening.unwritable(error.__cause__) or not await self._on_writer(self._read_alone):
                raise
            log.error("%s; what is stored can be read, devices are told to try later", error)  # noqa: TRY400

    async def reopen(self) -> None:
        """After a failure: make ready for writes again, with all the space that was kept back. Raises StoreError."""
        if not self.writable:
            await self._on_writer(self._try_space)
            self._settled.clear()
            try:
                # They trust that nobody writes
                await asyncio.to_thread(self._readers.shutdown)
                self._close_readers()
                await self._on_writer(self._begin)
            finally:
                self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
                self._settled.set()
        if self.space.given_up and not await self._on_writer(self._take_back):
            raise StoreError(f"{self.path}: too little space on the disk")

    async def write(self, work: Work[T]) -> T:
        """Run ``work(connection)`` in one IMMEDIATE transaction; durable on return. Raises StoreError."""
        return await self._on_writer(lambda: self._transaction(work))

    async def write_freeing(self, work: Work[T]) -> T:
        """As ``write``, for work that deletes: on a full disk the space that was kept back makes room for it.

        It is taken back as soon as there is enough again; until then no readings are taken. Raises StoreError.
        """
        try:
            return await self._on_writer(lambda: self._freeing(work))
        finally:
            if self.space.given_up and self.on_full is not None:
                self.on_full()

    async def empty_log(self) -> None:
        """Bring the log into the database now, so that its file gets as short as it can. Raises StoreError."""
        await self._on_writer(lambda: self.bounds.empty_log(self._connect()))

    async def read(self, work: Work[T]) -> T:
        """Run ``work(connection)`` on a reader thread, in one read-only transaction.

        What does not fit its checksum is repaired, or taken out and reported, and the work done again. Raises
        StoreError, and Damaged where nobody repairs.
        """
        while True:
            await self._settled.wait()
            if self._closing:
                raise StoreError(f"{self.path}: the server stops")
            try:
                return await self._on_reader(work)
            except Damaged as found:
                if self.repair is None:
                    raise
                await self.repair(found)
            except StoreError as error:
                self._suspect(error.__cause__)
                raise

    async def _on_reader(self, work: Work[T]) -> T:
        self._reads += 1
        self.unread.clear()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, self._reading, work)
        finally:
            self._reads -= 1
            if not self._reads:
                self.unread.set()

    @cached_property
    def tail(self) -> Tail:
        """The unsealed readings, decoded; for reader threads (it brings in numpy)."""
        from telemetry.store.tail import Tail

        return Tail()

    def reserve(self, connection: sqlite3.Connection, last_seq: int) -> int:
        """Inside a transaction: extend the reservation if less than half a block is left; the new end."""
        if self.reserved - last_seq > BLOCK // 2:
            return self.reserved
        end = last_seq + 1 + BLOCK
        connection.execute("UPDATE meta SET value = ? WHERE key = 'seq_reserved'", (end,))
        return end

    async def close(self, last_seq: int | None = None) -> None:
        """Close readers, then the writer; ``last_seq`` hands the unused rest of the reservation back.

        And free pages: the journal has no use for them while nothing arrives.
        """
        if last_seq is not None and self._connection is not None:
            with contextlib.suppress(StoreError):  # then a block of seqs is skipped, as after a crash
                await self.write(
                    lambda c: c.execute("UPDATE meta SET value = ? WHERE key = 'seq_reserved'", (last_seq + 1,)).close()
                )
                await self.write(lambda c: space.give_back(c, 0))
        self._closing = True
        await asyncio.to_thread(self._readers.shutdown)
        self._close_readers()
        await self._on_writer(self._disconnect)
        self._writer.shutdown()

    async def _on_writer(self, call: Callable[[], T]) -> T:
        work = asyncio.get_running_loop().run_in_executor(self._writer, call)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work])  # whoever holds a lock for it must not let go while it is being written
            raise
        except (sqlite3.Error, OSError) as error:
            self._suspect(error)
            if isinstance(error, OverQuota):
                raise QuotaError(self.path, str(error)) from error
            raise StoreError(f"{self.path}: {error}") from error
        finally:
            if self.bounds.short:
                self.on_low()

    def condemn(self, reason: str) -> None:
        """Write nothing more: the file is damaged. It is replaced when it is opened the next time."""
        if self.broken is None:
            self.broken = reason
            self.on_broken(reason)

    def _suspect(self, error: BaseException | None) -> None:
        if structural(error):
            self.condemn(str(error))

    def _begin(self) -> None:
        try:
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            self._disconnect()
            if not full(error) or not self.space.release():
                raise
            self._prepare()
        self.writable = True
        if not self.space.given_up and not self.space.make(self.space.size // 16):
            log.warning("%s: no space could be kept back for cleaning a full disk", self.path)

    def _prepare(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.new = not self.path.exists()
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        migrations.apply(self._connect())
        self._transaction(self._resume_numbering)

    def _read_alone(self) -> bool:
        """Whether the database can be read as it is, without any write."""
        self._disconnect()
        try:
            with contextlib.closing(opening.reader(self.path, alone=True)) as connection:
                if not migrations.complete(connection):
                    return False
                self._look(connection)
        except sqlite3.Error:
            return False
        return True

    def _try_space(self) -> None:
        trial = Reserve(Path(f"{self.path}.trial"), self.space.size // 16 or 1)
        if not (trial.make() and trial.release()):
            raise StoreError(f"{self.path}: the disk still takes no writes")

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = opening.writer(self.path)
            self.bounds.opened(self._connection)
        if self._anchor is None:
            # While one connection is open, opening another repeats nothing from the log: what a failed sync left in
            # there stays forgotten, and a full disk need not hold a new index of the log.
            self._anchor = opening.reader(self.path)
            self._open_readers.append(self._anchor)
        return self._connection

    def _close_readers(self) -> None:
        for reader in self._open_readers:
            reader.close()
        self._open_readers.clear()
        self._anchor = None
        self._local = threading.local()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _transaction(self, work: Work[T]) -> T:
        if self.broken is not None:
            raise StoreError(f"{self.path} is damaged: {self.broken}")
        connection = self._connect()
        self.bounds.before(connection)
        try:
            connection.execute("BEGIN IMMEDIATE")
            result = work(connection)
            connection.execute("COMMIT")
            self.bounds.after(connection)
        except sqlite3.Error as error:
            self._disconnect()
            if (told := self.bounds.over(error)) is not None:
                raise told from error
            raise
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        return result

    def _freeing(self, work: Work[T]) -> T:
        self.bounds.freeing = True
        try:
            return self._delete(work)
        finally:
            self.bounds.freeing = False

    def _delete(self, work: Work[T]) -> T:
        try:
            result = self._transaction(work)
        except (sqlite3.Error, OSError) as error:
            if not full(error) or not self.space.release():
                raise
        else:
            if self.space.given_up:
                self._take_back()
            return result
        log.warning("%s: the disk is full; the space kept back is given up to delete from it", self.path)
        result = self._transaction(work)
        self._take_back()
        return result

    def _take_back(self) -> bool:
        """Keep space back again; what was deleted is only given to the disk when the log goes into the database."""
        with contextlib.suppress(sqlite3.Error):
            self._connect().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        return self.space.make(spare=SPARE)

    def _resume_numbering(self, connection: sqlite3.Connection) -> None:
        self._look(connection)
        self.reserved = self.reserve(connection, self.next_seq - 1)

    def _look(self, connection: sqlite3.Connection) -> None:
        """What the database says of its log; nothing may be numbered before some seqs are reserved."""
        meta = dict(connection.execute("SELECT key, value FROM meta"))
        last = connection.execute(
            "SELECT first_seq + count - 1 FROM journal WHERE count > 0 ORDER BY first_seq DESC LIMIT 1"
        ).fetchone()
        self.epoch = str(meta["epoch"])
        self.rewritten = int(meta.get("rewritten_seq", -1))
        self.committed = max(last[0] if last else 0, int(meta["state_seq"]))
        self.next_seq = max(int(meta["seq_reserved"]), self.committed + 1)
        self.reserved = self.next_seq

    def _reading(self, work: Work[T]) -> T:
        try:
            connection = self._reader()
            connection.execute("BEGIN")  # one moment for all of it: a seal may commit between two of its statements
            try:
                return work(connection)
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}") from error

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = opening.reader(self.path, alone=not self.writable)
            self._local.connection = connection
            self._open_readers.append(connection)
        return connection

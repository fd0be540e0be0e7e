"""Keeps the files of one database within their limits (``limits``): used around each transaction, by its thread."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from telemetry.clock import monotonic
from telemetry.store import space
from telemetry.store.limits import MIB, Limits

PATIENCE = 100
"""Ms that a commit waits for readers so that the log can be emptied …"""
EVERY = 1.0
"""… at most once in so many seconds, unless nothing can be committed otherwise."""
APART = 4
"""On a full disk the file can only grow in what is kept back, and what was deleted is only free once the file is
shorter: a commit also checkpoints where the log makes a difference of more than one of so many parts of that."""
BUSY = 5_000
"""Ms that a statement waits for a lock otherwise."""


SPARE = 1 << 20
"""Bytes free on the disk from which on it is not the disk that is full."""


class OverQuota(sqlite3.OperationalError):
    """A transaction does not fit into the quota; the message names the setting and says what to do."""


class Bounds:
    """The limits of one database, and how much it uses."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.limits = limits
        self.pages = space.Pages(0, 0)
        """Only kept up to date under a quota."""
        self.freeing = False
        """Whether the next transaction deletes."""
        self._path = path
        self._file = str(path)
        self._log = f"{path}-wal"
        self._page = 1
        self._most = 0
        self._tried = -EVERY

    @property
    def full(self) -> bool:
        """Whether there is room for what is under way, but for no more readings."""
        return self.limits.full is not None and self.pages.used > self.limits.full

    @property
    def short(self) -> bool:
        """Whether something has to be deleted."""
        return self.limits.low is not None and self.pages.used > self.limits.low

    def opened(self, connection: sqlite3.Connection) -> None:
        """Set the limits that SQLite knows on a new connection. Raises sqlite3.Error."""
        (self._page,) = connection.execute("PRAGMA page_size").fetchone()
        self._most = 0
        for pragma in (
            f"wal_autocheckpoint={self.limits.checkpoint_pages}",
            f"journal_size_limit={self.limits.log}",
        ):
            connection.execute(f"PRAGMA {pragma}").close()
        self.after(connection)

    def before(self, connection: sqlite3.Connection) -> None:
        """Make sure that a transaction fits. Raises sqlite3.Error if it does not."""
        limits = self.limits
        size = _size(self._log)
        much = limits.log_most is not None and size > limits.log_most
        if size > limits.log and (much or monotonic() - self._tried >= EVERY):
            self._tried = monotonic()
            self.empty_log(connection)
            size = _size(self._log)
        if limits.database is None:
            return
        if limits.log_most is not None and size > limits.log_most and not self.freeing:
            raise OverQuota(
                "a long read keeps the write-ahead log, which is as large as [storage] quota allows: try again when it"
                " has ended, or raise the quota"
            )
        most = limits.database // self._page
        if most != self._most:  # a file that is larger already keeps its size as the limit
            (self._most,) = connection.execute(f"PRAGMA max_page_count={most}").fetchone()

    def after(self, connection: sqlite3.Connection) -> None:
        """Note what is in use now; the file does not grow or shrink by much in the log alone. Raises sqlite3.Error."""
        if self.limits.quota is not None:
            self.pages = space.pages(connection)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        if abs(pages * self._page - _size(self._file)) > self.limits.reserve // APART:
            # A failure is nothing new: the log keeps it all, and the next commit meets what is wrong
            with contextlib.suppress(sqlite3.Error):
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def admit(self, size: int) -> None:
        """A commit is to write ``size`` bytes of readings. Raises sqlite3.Error if that is too much at once."""
        if self.limits.commit is not None and size > self.limits.commit:
            raise OverQuota(f"{size} bytes of readings at once are more than [storage] quota allows: raise it")

    def over(self, error: sqlite3.Error) -> OverQuota | None:
        """What to say instead of an error of SQLite that the quota is the reason for; None for others."""
        quota = self.limits.quota
        if quota is None or getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_FULL:
            return None
        if space.disk_free(self._path) < SPARE:  # SQLite calls both full
            return None
        told = OverQuota(
            f"this does not fit into [storage] quota = {quota / MIB:g} MiB, although the oldest readings go to make"
            " room: raise the quota, start the server again and try again"
        )
        told.sqlite_errorcode = sqlite3.SQLITE_FULL
        return told

    def empty_log(self, connection: sqlite3.Connection) -> None:
        """Bring the log into the database and cut it off, unless a reader holds it for long. Raises sqlite3.Error."""
        connection.execute(f"PRAGMA busy_timeout={PATIENCE}").close()
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.execute(f"PRAGMA busy_timeout={BUSY}").close()


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except OSError:
        return 0

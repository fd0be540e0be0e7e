"""Space kept back: a file beside the database that is given up so that a full disk can be cleaned.

Deleting needs space too: SQLite logs the pages that a DELETE changes before it can free any. On a full disk nothing
could ever be deleted, were there not this file to delete first.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

SIZE = 2 << 20
"""Bytes: for what a step of cleaning logs, and for pages that are in the log and not in the file yet (``bounds``)."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
FULL_CODES = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_TRUNCATE}
)
"""SQLite knows ENOSPC as FULL; a limit on the size of files and the index of the log show as the others."""


def full(error: BaseException | None) -> bool:
    """Whether space would help against this error of SQLite or the system."""
    if isinstance(error, OSError):
        return error.errno in FULL
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", None) in FULL_CODES


class Reserve:
    """The file at ``path``, ``size`` bytes of it; 0 keeps nothing back. Touched by the writer thread only."""

    def __init__(self, path: Path, size: int = SIZE) -> None:
        self.path = path
        self.size = size
        self.given_up = False
        """Whether it was released and could not be made again since."""

    def make(self, least: int | None = None, spare: int = 0) -> bool:
        """Take the space, or half of it, and so on down to ``least`` bytes; whether it is there now.

        Not if it would leave less than ``spare`` bytes on the disk.
        """
        size = self.size
        while size and size >= (self.size if least is None else least):
            if self._allocate(size, spare):
                self.given_up = False
                return True
            size //= 2
        return not self.size

    def release(self) -> bool:
        """Give the space up; whether there was any."""
        try:
            held = self.path.stat().st_size > 0
            self.path.unlink()
        except OSError:
            return False
        self.given_up = self.given_up or held
        return held

    def _allocate(self, size: int, spare: int) -> bool:
        try:
            file = os.open(self.path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(file, 0, size + spare)
                os.ftruncate(file, size)
            finally:
                os.close(file)
        except OSError:
            self.path.unlink(missing_ok=True)
            return False
        return True

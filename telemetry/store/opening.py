"""Opening the database file: the one connection that writes, and those that cannot.

On a disk that takes no writes a database in WAL mode cannot be opened the usual way: its readers want to make or
change the log's index (``-shm``). While nobody writes it can be read without: ``alone``.
"""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path
from urllib.parse import quote

from telemetry.store.reserve import full

PRAGMAS = (
    "auto_vacuum=INCREMENTAL",
    "journal_mode=WAL",
    "synchronous=FULL",
    "trusted_schema=OFF",
    # some systems build SQLite so that it writes zeros over all that is deleted, the trimmed journal included
    "secure_delete=FAST",
)
PRIMARY = 0xFF
"""The part of an extended result code that is the primary one."""
UNWRITABLE = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})


def library_version() -> str:
    """The version of SQLite itself."""
    return sqlite3.sqlite_version


def unwritable(error: BaseException | None) -> bool:
    """Whether an error of SQLite or the system may mean that the disk takes no writes, but can be read."""
    if isinstance(error, OSError):
        return error.errno in (errno.EROFS, errno.EIO) or full(error)
    code = getattr(error, "sqlite_errorcode", None)
    return full(error) or (isinstance(code, int) and code & PRIMARY in UNWRITABLE)


def writer(path: Path) -> sqlite3.Connection:
    """The connection that writes and checkpoints; ``bounds`` limits its log. Raises sqlite3.Error."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def reader(path: Path, *, alone: bool = False) -> sqlite3.Connection:
    """A connection that cannot write; it is open in earnest, with the log. Raises sqlite3.Error.

    ``alone``: nobody writes the file as long as this is open.
    """
    try:
        return _opened(path, "mode=ro")
    except sqlite3.Error:
        if not alone:
            raise
    log = Path(f"{path}-wal")
    if log.exists() and log.stat().st_size:
        # Without locks, and with the index of the log in memory
        return _opened(path, "mode=ro&vfs=unix-none", "PRAGMA locking_mode=EXCLUSIVE")
    return _opened(path, "mode=ro&immutable=1")


def _opened(path: Path, how: str, *statements: str) -> sqlite3.Connection:
    uri = f"file:{quote(str(path))}?{how}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    try:
        for statement in (*statements, "SELECT 1 FROM sqlite_master"):
            connection.execute(statement).close()
    except sqlite3.Error:
        connection.close()
        raise
    return connection

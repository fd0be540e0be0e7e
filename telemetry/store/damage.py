"""What a checksum found: one exception, so that nothing that fails its check is ever served."""

from __future__ import annotations

import sqlite3

PRIMARY = 0xFF
STRUCTURE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
OUTSIDE = frozenset({
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH,
})  # fmt: skip
"""What SQLite says of the world around a file, not of the file."""


class Damaged(Exception):
    """A row of ``table`` with primary key ``key`` does not fit its checksum: for ``telemetry.store.repair``."""

    def __init__(self, table: str, *key: int) -> None:
        super().__init__(f"damaged row {key} in {table}")
        self.table = table
        self.key = key


def structural(error: BaseException | None) -> bool:
    """Whether an error says that the database file is not what SQLite wrote."""
    if not isinstance(error, sqlite3.Error):
        return False
    code = getattr(error, "sqlite_errorcode", None)
    if not isinstance(code, int):
        return str(error).startswith("Could not decode")  # text that is no UTF-8: the module's own error
    return code & PRIMARY in STRUCTURE


def unusable(error: BaseException | None) -> bool:
    """Whether a database that fails so while it is opened is damaged: any fault that is not the disk's or ours.

    A table that is missing, a key of ``meta`` that is gone, a name that makes no sense: no release wrote that.
    """
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, sqlite3.Error) and isinstance(code, int):
        return code & PRIMARY not in OUTSIDE
    return structural(error) or isinstance(error, Damaged | ValueError | LookupError | TypeError)

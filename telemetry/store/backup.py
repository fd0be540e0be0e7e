"""A copy of the database in one file, made while it is written to: everything as of one moment, a prefix of the log.

One long read would keep the write-ahead log from being emptied, and a lock would hold sealing and retention back. So
the big tables are copied page by page while they change, ``tracking`` notes the rows that do, and one short read at the
end (``hold`` to ``finish``) takes these again, and the small tables, as of its moment. Where nobody can write, ``hold``
before the first page is enough. Every row with a checksum is verified on the way, and the whole copy at its end. Each
method blocks: call it on a thread.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from telemetry.store import copying, opening
from telemetry.store.copying import Incomplete, Pages, Report, Table
from telemetry.store.tracking import WATCHED, Touched

SPARE = 64 << 20
"""Bytes that stay free on the disk of the copy."""
SOME = 100
"""Rows that are taken again at a time; one of them may be 100 KB."""


class BackupError(Exception):
    """The copy could not be made; the message says why, for people."""


class Copy:
    """One copy under way, under a temporary name; it is deleted unless it is finished.

    ``done`` of ``total`` rows are copied, roughly. All methods raise BackupError.
    """

    def __init__(self, database: Path, to: Path) -> None:
        self.done = 0
        self.report = Report()
        self._database = database
        self._to = to
        self._new = to.with_name(f".{to.name}.{os.getpid()}.new")
        if to.exists():
            raise BackupError(f"{to} exists already")
        try:
            self._check_space()
            self._new.unlink(missing_ok=True)
            self._source = opening.reader(database)
            self._target = copying.create(self._new)
            self._tables = copying.copy_schema(self._source, self._target)
        except (sqlite3.Error, OSError) as error:
            raise BackupError(f"{to}: {error}") from error
        big = [table for table in self._tables if table.name in WATCHED]
        self._small = [table for table in self._tables if table.name not in WATCHED]
        self._big = {table.name: table for table in big}
        self._todo = [(table, Pages(table, strict=True)) for table in big]
        self.total = sum(self._most(table) for table in big)

    def step(self) -> bool:
        """Copy a page; False when only the end is left."""
        if not self._todo:
            return False
        table, pages = self._todo[0]
        try:
            page = pages.next(self._source)
            if page is None:
                self._todo.pop(0)
            else:
                self.done += len(copying.insert(self._target, table, page, self.report, strict=True))
        except (sqlite3.Error, OSError, Incomplete) as error:
            raise BackupError(f"{self._to}: {error}") from error
        return True

    def hold(self) -> None:
        """Read as of this moment from now on, until the end."""
        try:
            self._source.execute("BEGIN").close()
            self._source.execute("SELECT 1 FROM sqlite_master").fetchone()  # the moment is that of the first read
        except sqlite3.Error as error:
            raise BackupError(f"{self._to}: {error}") from error

    def renew(self, touched: Iterable[Touched]) -> None:
        """Take rows again that have changed since they were copied, or are gone, or new."""
        try:
            for name, some in groupby(touched, key=lambda one: one.table):
                table = self._big[name]
                keys = [one.key[: len(table.key)] for one in some]
                where = " AND ".join(f'"{column}" = ?' for column in table.key)
                self._target.executemany(f'DELETE FROM "{name}" WHERE {where}', keys)  # noqa: S608
                columns = ", ".join(f'"{column}"' for column in table.columns)
                query = f'SELECT {columns} FROM "{name}" WHERE {where}'  # noqa: S608
                for at in range(0, len(keys), SOME):
                    found = [self._source.execute(query, key).fetchone() for key in keys[at : at + SOME]]
                    rows = [row for row in found if row is not None]
                    copying.insert(self._target, table, rows, self.report, strict=True)
        except (sqlite3.Error, OSError, Incomplete) as error:
            raise BackupError(f"{self._to}: {error}") from error

    def finish(self) -> None:
        """Take the small tables as of the moment of ``hold``; check the copy; give it its name."""
        try:
            for table in self._small:
                pages = Pages(table, strict=True)
                copying.copy_table(self._source, self._target, pages, table, self.report, strict=True)
            copying.copy_rest(self._source, self._target)
            self._source.execute("ROLLBACK")
            wrong = self._target.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if wrong != "ok":
                raise BackupError(f"{self._to}: the copy is damaged: {wrong}")
            self._target.close()
            publish(self._new, self._to)
        except (sqlite3.Error, OSError, Incomplete) as error:
            raise BackupError(f"{self._to}: {error}") from error

    def close(self) -> None:
        """The end, finished or not."""
        self._source.close()
        self._target.close()
        self._new.unlink(missing_ok=True)

    def _check_space(self) -> None:
        needed = self._database.stat().st_size + SPARE
        free = shutil.disk_usage(self._to.parent).free
        if free < needed:
            raise BackupError(f"{self._to.parent}: {free >> 20} MiB are free, a backup needs {needed >> 20} MiB")

    def _most(self, table: Table) -> int:
        if table.key != ("rowid",):
            return 0  # counting would read it all; its rows are few beside those of the data
        row = self._source.execute(f"SELECT max(rowid) - min(rowid) + 1 FROM {table.name}").fetchone()  # noqa: S608
        return 0 if table.name == "journal" else int(row[0] or 0)


def publish(new: Path, to: Path) -> None:
    """Give a file that is complete its name, durably. Raises OSError."""
    with new.open("rb+") as file:
        os.fsync(file.fileno())
    new.rename(to)
    folder = os.open(to.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

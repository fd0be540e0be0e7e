"""Copies a database table by table into a new file, in bounded pages: what backup and salvage have in common.

Each page is a SELECT of its own that goes on after the last key, so that nothing pins the WAL between two pages. The
copy is ``strict`` (the first error ends it) or not: then an unreadable page of the file costs the rows on it and no
others, because reading goes on behind it, from the other end, and from the middle of what is left. Rows with a checksum
are verified on the way; those that do not fit, or that the schema does not take, are left out and counted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from telemetry.store import verify
from telemetry.store.levels import LEVELS

Row = tuple[object, ...]
Key = tuple[int, ...]

BIG = ("journal", "chunk_data", "chunks", *LEVELS.values())
"""Tables that grow with the readings; all others are small."""
PAGE_ROWS = 1_000
PAGE_BYTES = 1 << 20
LOWEST, HIGHEST = -(1 << 63), (1 << 63) - 1
PROBES = 400
"""Places between two unreadable ones at which a table is tried again."""


class Table(NamedTuple):
    """A table; ``key`` is what its rows are paged by: the rowid, or its primary key (integers)."""

    name: str
    sql: str
    key: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(slots=True)
class Report:
    """What became of the rows: by table, how many were copied and how many left out, and where none could be read."""

    copied: dict[str, int] = field(default_factory=dict)
    bad: dict[str, int] = field(default_factory=dict)
    holes: dict[str, list[tuple[Key, Key]]] = field(default_factory=dict)

    def count(self, table: str, copied: int, bad: int = 0) -> None:
        """Add a page's rows."""
        self.copied[table] = self.copied.get(table, 0) + copied
        if bad:
            self.bad[table] = self.bad.get(table, 0) + bad

    @property
    def complete(self) -> bool:
        """Nothing was left out."""
        return not self.bad and not self.holes


class Incomplete(Exception):
    """A strict copy met a row that does not fit its checksum."""


def open_ro(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, to a file that may be damaged.

    Text that is no UTF-8 is read too: it is for ``insert`` to refuse. So is what is left of a file that is too short,
    or whose schema makes no sense in part: that is what ``writable_schema`` allows on top of what it says.
    """
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    for pragma in ("writable_schema=ON", "trusted_schema=OFF"):
        connection.execute(f"PRAGMA {pragma}").close()
    return connection


def create(path: Path) -> sqlite3.Connection:
    """A new file for a copy; nothing of it is durable before ``finish``."""
    path.touch(mode=0o600, exist_ok=False)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in ("auto_vacuum=INCREMENTAL", "journal_mode=OFF", "synchronous=OFF", "trusted_schema=OFF"):
        connection.execute(f"PRAGMA {pragma}").close()
    return connection


def tables(source: sqlite3.Connection) -> list[Table]:
    """The tables of a database, in the order of their creation. Raises sqlite3.Error."""
    plain = {name for name, flag in source.execute("SELECT name, wr FROM pragma_table_list") if not flag}
    found = source.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%'"
        " ESCAPE '\\' ORDER BY rowid"
    ).fetchall()
    made = []
    for name, sql in found:
        about = source.execute("SELECT name, pk FROM pragma_table_info(?)", (name,)).fetchall()
        primary = tuple(column for _, column in sorted((pk, column) for column, pk in about if pk))
        made.append(Table(name, sql, ("rowid",) if name in plain else primary, tuple(column for column, _ in about)))
    return made


def readable(source: sqlite3.Connection, wanted: Table) -> Table | None:
    """A table as far as ``source`` has it, whose own schema may be damaged; None if it is gone."""
    try:
        there = {name for (name,) in source.execute("SELECT name FROM pragma_table_info(?)", (wanted.name,))}
    except (sqlite3.Error, UnicodeError):
        return None
    columns = tuple(name for name in wanted.columns if name in there)
    return (
        wanted._replace(columns=columns) if columns and (wanted.key == ("rowid",) or there >= {*wanted.key}) else None
    )


def copy_schema(source: sqlite3.Connection, target: sqlite3.Connection) -> list[Table]:
    """Make the tables, and keep what identifies the file. Raises sqlite3.Error."""
    found = tables(source)
    for table in found:
        target.execute(table.sql)
    for pragma in ("user_version", "application_id"):
        (value,) = source.execute(f"PRAGMA {pragma}").fetchone()
        target.execute(f"PRAGMA {pragma}={int(value)}").close()
    return found


def copy_rest(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Make indexes, views and triggers, and go on counting where AUTOINCREMENT stands. Raises sqlite3.Error."""
    for (sql,) in source.execute(
        "SELECT sql FROM sqlite_master WHERE type != 'table' AND sql IS NOT NULL ORDER BY rowid"
    ).fetchall():
        target.execute(sql)
    if source.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone():
        target.execute("DELETE FROM sqlite_sequence").close()
        target.executemany(
            "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)",
            source.execute("SELECT name, seq FROM sqlite_sequence").fetchall(),
        )


class Pages:
    """The rows of one table in pages, each read by one call of ``next``; an empty page is no end, None is.

    ``after`` starts behind a key. In strict mode ``next`` raises sqlite3.Error; else it goes around what it cannot
    read, and ``holes`` has the keys between which rows may be missing, both excluded.
    """

    def __init__(self, table: Table, *, strict: bool, after: Key | None = None) -> None:
        low = after if after is not None else (LOWEST,) * len(table.key)
        self.holes: list[tuple[Key, Key]] = []
        self.last = low
        self._strict = strict
        self._probes = PROBES
        self._todo: list[tuple[Key, Key, bool]] = [(low, (HIGHEST,) * len(table.key), False)]
        names = ", ".join(f'"{name}"' for name in table.key)
        columns = ", ".join(f'"{name}"' for name in table.columns)
        marks = ", ".join("?" * len(table.key))
        indexed = "" if table.key != ("rowid",) else " NOT INDEXED"
        start = f'SELECT {names}, {columns} FROM "{table.name}"{indexed} WHERE ({names}) > ({marks})'  # noqa: S608
        self._up = f"{start} AND ({names}) < ({marks}) ORDER BY {names} LIMIT {PAGE_ROWS}"
        downwards = ", ".join(f'"{name}" DESC' for name in table.key)
        self._down = f"{start} AND ({names}) < ({marks}) ORDER BY {downwards} LIMIT {PAGE_ROWS}"
        self._width = len(table.key)

    def next(self, source: sqlite3.Connection) -> list[Row] | None:
        """The next page, or None after the last one."""
        if not self._todo:
            return None
        low, high, down = self._todo.pop()
        page: list[Row] = []
        last, size, ended, broken = (high if down else low), 0, True, False
        try:
            cursor = source.execute(self._down if down else self._up, (*low, *high))
            for at, row in enumerate(cursor, 1):
                last = row[: self._width]
                page.append(row[self._width :])
                size += sum(len(value) for value in row if isinstance(value, bytes))
                if at >= PAGE_ROWS or size >= PAGE_BYTES:
                    ended = False
                    break
            cursor.close()
        except sqlite3.DatabaseError as error:
            if self._strict or isinstance(error, sqlite3.OperationalError | sqlite3.ProgrammingError):
                raise
            broken = True
        self.last = last
        left = (low, last) if down else (last, high)
        if not ended and not broken:
            self._todo.append((*left, down))
        elif broken and not down:
            self._todo.append((*left, True))
        elif broken:
            self._split(*left)
        return page

    def _split(self, low: Key, high: Key) -> None:
        """Neither end of what lies between can be read: try again from the middle."""
        middle = _between(low, high)
        if middle is None or not self._probes:
            self.holes.append((low, high))
            return
        self._probes -= 1
        self._todo += [(middle, high, False), (low, middle, True)]


def insert(target: sqlite3.Connection, table: Table, rows: list[Row], report: Report, *, strict: bool) -> list[Row]:
    """Insert the rows that fit their checksums, and count; those inserted.

    Raises Incomplete and sqlite3.Error if strict.
    """
    sound = verify.sound(table.name, table.columns, rows)
    good = [row for row, fits in zip(rows, sound, strict=True) if fits]
    if strict and len(good) < len(rows):
        raise Incomplete(f"{len(rows) - len(good)} rows of {table.name} do not fit their checksums")
    names = ", ".join(f'"{name}"' for name in table.columns)
    marks = ", ".join("?" * len(table.columns))
    verb = "INSERT" if strict else "INSERT OR REPLACE"  # a new database has some rows of its own
    statement = f'{verb} INTO "{table.name}" ({names}) VALUES ({marks})'
    if strict:
        target.executemany(statement, good)
    else:
        good = [row for row in good if _taken(target, statement, row)]
    report.count(table.name, len(good), len(rows) - len(good))
    return good


def copy_table(
    source: sqlite3.Connection,
    target: sqlite3.Connection,
    pages: Pages,
    table: Table,
    report: Report,
    *,
    strict: bool,
    done: Callable[[int], None] = lambda _: None,
) -> None:
    """Copy what is left of a table in one go."""
    while (page := pages.next(source)) is not None:
        done(len(insert(target, table, page, report, strict=strict)))
    if pages.holes:
        report.holes[table.name] = pages.holes


def apart(found: list[Table]) -> tuple[list[Table], list[Table]]:
    """(big, small) tables."""
    return [one for one in found if one.name in BIG], [one for one in found if one.name not in BIG]


def _taken(target: sqlite3.Connection, statement: str, row: Row) -> bool:
    try:
        target.execute(statement, row)
    except (sqlite3.IntegrityError, sqlite3.DataError, UnicodeEncodeError, OverflowError):
        return False
    return True


def _between(low: Key, high: Key) -> Key | None:
    """A key in the middle of two, neither of them included; None if there is none."""
    for at, (one, other) in enumerate(zip(low, high, strict=True)):
        if other - one > 1:
            return (*low[:at], (one + other) // 2, *(LOWEST for _ in low[at + 1 :]))
        if other - one == 1 and at + 1 < len(low):
            start = (*low[:at], other, *(LOWEST for _ in low[at + 1 :]))
            if low < start < high:
                return start
            return _inside(low, at)
    return None


def _inside(low: Key, at: int) -> Key | None:
    """Above ``low`` in its last part, where the part before cannot be halved."""
    part = low[at + 1]
    return (*low[: at + 1], (part + HIGHEST) // 2, *low[at + 2 :]) if HIGHEST - part > 1 else None


def unreadable(holes: dict[str, list[tuple[Key, Key]]], table: str) -> Iterator[tuple[Key, Key]]:
    """The holes of one table, by key."""
    yield from sorted(holes.get(table, ()))

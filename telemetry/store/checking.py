"""Looks through a database in bounded steps and says what is wrong with it; changes nothing.

In this order: the structure of the file (SQLite's own check, which holds one long read, so only where nobody writes or
the file is small), the journal, every chunk against its header and its neighbours, every roll-up against the chunks,
the accounting. Each step is one short read of one moment (``Inspection``), and only what belongs to one moment is
compared, so it goes on beside a server that takes, seals and deletes readings; what is written behind it is left out.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from telemetry.store import chunks, damages, hidden, journal, ledger, migrations, opening, quarantine, rollups, state
from telemetry.store.chunks import Headers
from telemetry.store.comparing import Finding, days_of, same_header, whole_of
from telemetry.store.copying import Pages, Table, tables
from telemetry.store.damage import Damaged, structural
from telemetry.store.levels import LEVELS
from telemetry.store.records import Texts
from telemetry.store.verify import sound

SMALL = 64 << 20
"""Bytes up to which a file's structure is checked beside a server."""
SOME = 64
"""Chunks that one step looks at."""


@dataclass(slots=True)
class Extent:
    """How much a check has looked at."""

    steps: int = 0
    rows: int = 0
    chunks: int = 0
    readings: int = 0
    of_chunks: int = 0


@dataclass(slots=True)
class Check:
    """One run. ``deep``: decode every chunk and compute every roll-up again, else checksums only."""

    deep: bool = True
    alone: bool = False
    seen: Extent = field(default_factory=Extent)
    standing: list[str] = field(default_factory=list)
    """What was found damaged before, and no person has acknowledged: the database is sound again, but lacks it."""

    def run(self, connection: sqlite3.Connection) -> Generator[list[Finding], None, None]:
        """What each step found; between two of them no statement is open. Raises no error of the database."""
        self.seen.of_chunks = _tried(lambda: _count(connection, "chunks"), 0)
        for part in (
            self._structure,
            self._schema,
            self._registry,
            self._journal,
            self._chunks,
            self._rollups,
            self._levels,
            self._sums,
            self._damage,
        ):
            steps = part(connection)
            while True:
                try:
                    found = next(steps)
                except StopIteration:
                    break
                except Damaged as error:
                    yield [Finding(str(error), error)]
                    break
                except (sqlite3.Error, ValueError, LookupError, TypeError) as error:
                    broken = structural(error) or not isinstance(error, sqlite3.OperationalError)
                    yield [Finding(f"{part.__name__.strip('_')} cannot be read: {error}", None, broken)]
                    break
                self.seen.steps += 1
                yield found

    def _structure(self, connection: sqlite3.Connection) -> Iterator[list[Finding]]:
        (pages,), (size,) = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
        if not self.alone and pages * size > SMALL:
            return
        rows = connection.execute("PRAGMA quick_check(20)").fetchall()
        yield [Finding(f"structure: {text}", None, structure=True) for (text,) in rows if text != "ok"]

    def _schema(self, connection: sqlite3.Connection) -> Iterator[list[Finding]]:
        """What the migrations make is there, word for word; what people added beside it is theirs."""
        with contextlib.closing(migrations.model()) as model:
            wanted = set(_schema(model))
        wrong = wanted - set(_schema(connection))
        yield [Finding(f"schema: {kind} {name}", None, structure=True) for kind, name, _ in sorted(wrong)]

    def _registry(self, connection: sqlite3.Connection) -> Iterator[list[Finding]]:
        wrong = state.wrong(connection)
        yield [Finding(str(one), one) for one in wrong]

    def _journal(self, connection: sqlite3.Connection) -> Iterator[list[Finding]]:
        table = _table(connection, "journal")
        pages = Pages(table, strict=True)
        end = 0
        while (page := pages.next(connection)) is not None:
            fits = sound("journal", table.columns, page)
            found = [_wrong("journal", row[0]) for row, fit in zip(page, fits, strict=True) if not fit]
            for row in (journal.Row(*row) for row, fit in zip(page, fits, strict=True) if fit):  # type: ignore[arg-type]
                if row.first_seq < end:
                    found.append(Finding(f"journal: the row at {row.first_seq} begins before the last one ends"))
                end = row.first_seq + row.readings
            self.seen.rows += len(page)
            yield found

    def _chunks(self, connection: sqlite3.Connection) -> Iterator[list[Finding]]:
        table = _table(connection, "chunks")
        pages = Pages(table, strict=True)
        owners: set[int] = set()
        while (page := pages.next(connection)) is not None:
            fits = sound("chunks", table.columns, page)
            found = [_wrong("chunks", *row[:2]) for row, fit in zip(page, fits, strict=True) if not fit]
            good = [row for row, fit in zip(page, fits, strict=True) if fit]
            owners |= {int(str(row[0])) for row in good}
            yield found
            for at in range(0, len(good), SOME):
                yield [
                    one
                    for series, end, *_ in good[at : at + SOME]
                    for one in self._chunk(connection, int(str(series)), int(str(end)))
                ]
        owners |= {series for (series,) in connection.execute("SELECT series FROM sealed WHERE count")}
        for series in sorted(owners):
            yield list(whole_of(connection, series))

    def _chunk(self, connection: sqlite3.Connection, series: int, end: int) -> Iterator[Finding]:
        """One chunk as it is now: whoever serves may have merged it with another since its header was seen."""
        header = chunks.headers(connection, series, end, end + 1)[:1]
        if not len(header) or header["last_ts"][0] != end:
            return
        self.seen.chunks += 1
        self.seen.readings += int(header["count"][0])
        try:
            if not self.deep:
                _data(connection, header)
                return
            records = chunks.load(connection, header, Texts())
        except Damaged as error:
            yield Finding(str(error), error)
            return
        made = chunks.header_of(records, int(header["data"][0]))
        if not same_header(made, header) or not bool((np.diff(records["ts"]) > 0).all()):
            yield Finding(
                f"the header of chunk {series, end} does not fit its readings", Damaged("chunks", series, end)
            )

    def _rollups(self, connection: sqlite3.Connection) -> Iterator[list[Finding]]:
        for name in LEVELS.values():
            table = _table(connection, name)
            pages = Pages(table, strict=True)
            while (page := pages.next(connection)) is not None:
                fits = sound(name, table.columns, page)
                yield [_wrong(name, *row[:2]) for row, fit in zip(page, fits, strict=True) if not fit]

    def _levels(self, connection: sqlite3.Connection) -> Iterator[list[Finding]]:
        for (series,) in connection.execute("SELECT series FROM sealed ORDER BY series").fetchall():
            try:
                known = rollups.sealed(connection, series)
                wrong = [
                    Finding(f"where {LEVELS[width]} of series {series} is complete", Damaged("sealed", series))
                    for width, spans in known.spans.items()
                    if any(a % width or b % width or a >= b for a, b in spans)
                ]
                yield wrong
                if self.deep:
                    yield from days_of(connection, series)
            except Damaged as error:
                if (error.table, error.key) != ("sealed", (series,)):
                    raise
                yield [_wrong("sealed", series)]

    def _sums(self, connection: sqlite3.Connection) -> Iterator[list[Finding]]:
        one = ledger.accounts(connection)
        there = one.stored + one.duplicate + one.deleted + one.lost + one.unsealed
        found = []
        if one.journalled != there:
            found.append(Finding(f"accounting: {one.journalled} readings were journalled, {there} are accounted for"))
        (count,) = connection.execute("SELECT ifnull(sum(count), 0) FROM chunks").fetchone()
        count += hidden.readings(connection)
        if count != one.stored:
            found.append(Finding(f"accounting: {one.stored} readings are stored, chunks and masks hold {count}"))
        yield found

    def _damage(self, connection: sqlite3.Connection) -> Iterator[list[Finding]]:
        self.standing = damages.standing(connection)
        yield []


class Inspection:
    """A check of a file, with a connection of its own. ``step`` blocks: call it on a thread.

    No lock is needed beside a server: each step is one read transaction, and every commit leaves chunks, roll-ups,
    extents and sums in agreement. Between two steps nothing is held, so the write-ahead log is not pinned.
    """

    def __init__(self, path: Path, *, deep: bool = True, alone: bool = False) -> None:
        """``alone``: no server uses the file. Nothing is raised: a file that cannot be opened is a finding."""
        self.check = Check(deep=deep, alone=alone)
        self._connection: sqlite3.Connection | None = None
        self._first: list[Finding] = []
        self._busy = threading.Lock()
        if alone and (reason := quarantine.inspect(path, known=True, rebooted=True)) is not None:
            self._first.append(Finding(reason, None, structure=True))
        try:
            if not path.exists():
                raise FileNotFoundError(f"{path}: there is no such file")
            self._connection = opening.reader(path)
            self._steps = self.check.run(self._connection)
        except (sqlite3.Error, OSError) as error:
            self._first.append(Finding(str(error), None, structure=structural(error)))

    def step(self) -> list[Finding] | None:
        """What the next step found; None at the end."""
        if self._first:
            found, self._first = self._first, []
            return found
        with self._busy:
            if self._connection is None:
                return None
            self._connection.execute("BEGIN").close()
            try:
                return next(self._steps, None)
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK").close()

    def close(self) -> None:
        """Let the file go; waits for a step that still runs because whoever asked for it did not wait."""
        with self._busy:
            if self._connection is not None:
                self._steps.close()
                self._connection.close()


def _data(connection: sqlite3.Connection, header: Headers) -> None:
    id_, series = int(header["data"][0]), int(header["series"][0])
    row = connection.execute("SELECT series, codec, crc, data FROM chunk_data WHERE id = ?", (id_,)).fetchone()
    if row is None or row[0] != series or row[2] != chunks.crc_of(row[0], row[1], row[3]):
        raise Damaged("chunk_data", id_)


def _schema(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    rows = connection.execute("SELECT type, name, ifnull(sql, '') FROM sqlite_master").fetchall()
    return [(kind, name, sql) for kind, name, sql in rows]


def _wrong(table: str, *key: object) -> Finding:
    error = Damaged(table, *(int(str(part)) for part in key))
    return Finding(str(error), error)


def _table(connection: sqlite3.Connection, name: str) -> Table:
    return {table.name: table for table in tables(connection)}[name]


def _count(connection: sqlite3.Connection, table: str) -> int:
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our own names
    return int(count)


def _tried(call: Callable[[], int], otherwise: int) -> int:
    try:
        return call()
    except sqlite3.Error:
        return otherwise

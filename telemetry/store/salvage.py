"""Salvage: the sealed readings of a damaged database that can still be verified go into the one that replaced it.

First the chunks, each with its header or, where that went bad, with one computed from its data; then the roll-ups, row
by row, and where each level is complete: not where a row is missing. ``read`` takes a page on any thread, ``write``
puts it into the database in a transaction of its own; interrupted, it begins again and skips what is there. What the
new database has stands. The caller keeps sealing away meanwhile (``Maintenance.exclusive``).
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from telemetry.store import copying, ledger, opening
from telemetry.store.chunks import header_of, row_of
from telemetry.store.codec import Undecodable, decode
from telemetry.store.copying import HIGHEST, LOWEST, Key, Pages, Row
from telemetry.store.levels import LEVELS
from telemetry.store.records import Texts
from telemetry.store.rollups import Sealed, Spans, put_sealed, sealed, spans_from
from telemetry.store.verify import sound

Hole = tuple[Key, Key]
NAMED = 200
"""Spans of lost readings that a report names one by one."""


class Unsalvageable(Exception):
    """The damaged file cannot be opened or read at all."""


class Piece(NamedTuple):
    """A chunk on its way: its row of ``chunk_data`` and its row of ``chunks``."""

    data: Row
    header: tuple[int | float | None, ...]


@dataclass(slots=True)
class Page:
    """What one step carries over."""

    chunks: list[Piece] = field(default_factory=list)
    table: str = ""
    rows: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Found:
    """What became of it so far: readings and rows of roll-ups saved, and what was lost for good."""

    chunks: int = 0
    readings: int = 0
    rollups: int = 0
    bad: dict[str, int] = field(default_factory=dict)
    lost: list[tuple[int, int, int, int]] = field(default_factory=list)
    """Chunks that are known and cannot be read: series, first and last ts (ms), readings."""


class Salvage:
    """One run over a damaged file. ``total`` counts what there is to look at, ``done`` what was."""

    def __init__(self, source: Path, database: Path) -> None:
        """Open the damaged file, read-only; ``database`` is where its readings go. Raises Unsalvageable."""
        self.found = Found()
        self.total = self.done = 0
        try:
            self._source = copying.open_ro(source)
            with contextlib.closing(opening.reader(database)) as target:
                known = copying.tables(target)
            there = (copying.readable(self._source, table) for table in known)
            self._tables = {table.name: table for table in there if table is not None}
        except sqlite3.Error as error:
            raise Unsalvageable(f"{source}: {error}") from error
        self._headers: dict[int, tuple[int | float | None, ...]] = {}
        self._states: dict[int, Sealed] = {}
        self._holes: dict[str, list[Hole]] = {}
        self._headless: list[int] = []
        self._partly = False
        self._todo: list[str] = []
        self._pages: Pages | None = None

    def close(self) -> None:
        """Let the damaged file go."""
        self._source.close()

    def prepare(self) -> None:
        """Read all headers, and where roll-ups were complete: tens of bytes for some thousand readings."""
        for row in self._rows("chunks"):
            columns = self._tables["chunks"].columns
            self._headers[int(str(row[columns.index("data")]))] = tuple(row)  # type: ignore[arg-type]
        self._partly = bool(self._holes.get("chunks")) or "chunks" in self.found.bad
        for row in self._rows("sealed"):
            there = dict(zip(self._tables["sealed"].columns, row, strict=True))
            spans = _plausible(str(there["spans"]))
            gone = (_moment(there.get(name)) for name in ("gone_from", "raw_from"))
            self._states[int(str(there["series"]))] = Sealed(0, None, None, spans, *gone)
        self._todo = [name for name in ("chunk_data", *LEVELS.values()) if name in self._tables]
        self.total = len(self._headers)

    def read(self) -> Page | None:
        """The next page, or None when everything has been looked at."""
        while self._todo:
            name = self._todo[0]
            if self._pages is None:
                self._pages = Pages(self._tables[name], strict=False)
            rows = self._pages.next(self._source)
            if rows is not None:
                return self._chunks(rows) if name == "chunk_data" else self._rollups(name, rows)
            self._holes.setdefault(name, []).extend(self._pages.holes)
            self._pages = None
            self._todo.pop(0)
            if name == "chunk_data":
                self._lose()
        return None

    def write(self, connection: sqlite3.Connection, page: Page) -> None:
        """Put a page into the new database, inside the caller's transaction."""
        for piece in page.chunks:
            self._place(connection, piece)
        if page.rows:
            columns = self._tables[page.table].columns
            statement = (
                f"INSERT OR IGNORE INTO {page.table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
            )
            saved = connection.executemany(statement, page.rows)
            self.found.rollups += saved.rowcount

    def finish(self, connection: sqlite3.Connection) -> None:
        """Note where each level of each series is complete, inside the caller's transaction."""
        for series, old in self._states.items():
            state = sealed(connection, series)
            whole = {width: self._without_holes(series, width, some) for width, some in old.spans.items()}
            kept = {width: some for width, some in whole.items() if some}
            put_sealed(connection, series, state._replace(spans=kept, gone_from=old.gone_from, raw_from=old.raw_from))
        meta = ledger.get(connection)
        if meta["lost"] < 0:  # the counters themselves were lost
            ledger.add(connection, sealed_readings=-meta["lost"], journal_base=-meta["lost"], lost=-meta["lost"])

    def _rows(self, name: str) -> Iterable[Row]:
        """All rows of a table that can be read and verified."""
        if name not in self._tables:
            return
        table = self._tables[name]
        pages = Pages(table, strict=False)
        while (page := pages.next(self._source)) is not None:
            fits = sound(name, table.columns, page)
            self._count_bad(name, len(fits) - sum(fits))
            yield from (row for row, good in zip(page, fits, strict=True) if good)
        self._holes[name] = pages.holes

    def _count_bad(self, name: str, rows: int) -> None:
        if rows:
            self.found.bad[name] = self.found.bad.get(name, 0) + rows

    def _chunks(self, rows: list[Row]) -> Page:
        page = Page()
        fits = sound("chunk_data", self._tables["chunk_data"].columns, rows)
        self._count_bad("chunk_data", len(fits) - sum(fits))
        for row in (row for row, good in zip(rows, fits, strict=True) if good):
            header = self._headers.pop(int(str(row[0])), None)
            if header is not None and header[0] != row[1]:
                header = None
            self.done += 1
            # Without damage to the headers, data that none of them names is older than its page: it was replaced
            made = header if header is not None or not self._partly else _computed(row)
            if made is not None:
                page.chunks.append(Piece(row, made))
        return page

    def _rollups(self, name: str, rows: list[Row]) -> Page:
        fits = sound(name, self._tables[name].columns, rows)
        self._count_bad(name, len(fits) - sum(fits))
        if not all(fits):
            keys = [
                (int(str(row[0])), int(str(row[1]))) if good else None for row, good in zip(rows, fits, strict=True)
            ]
            self._holes.setdefault(name, []).extend(_around(keys))
        return Page(table=name, rows=[row for row, good in zip(rows, fits, strict=True) if good])

    def _place(self, connection: sqlite3.Connection, piece: Piece) -> None:
        series, last, first, count = (int(value or 0) for value in piece.header[:4])
        after = connection.execute(
            "SELECT first_ts, data FROM chunks WHERE series = ? AND last_ts >= ? ORDER BY last_ts LIMIT 1",
            (series, first),
        ).fetchone()
        if after is not None and after[0] <= last:
            if after[1] != piece.data[0]:
                self._count_bad("chunks", 1)
            return
        names = ", ".join(f'"{name}"' for name in self._tables["chunks"].columns)
        connection.execute(
            "INSERT OR REPLACE INTO chunk_data (id, series, codec, crc, data) VALUES (?, ?, ?, ?, ?)", piece.data
        )
        connection.execute(f"INSERT INTO chunks ({names}) VALUES ({', '.join('?' * 12)})", piece.header)  # noqa: S608
        state = sealed(connection, series)
        span = [ts for ts in (state.first_ts, state.last_ts) if ts is not None]
        grown = {"count": state.count + count, "first_ts": min([first, *span]), "last_ts": max([last, *span])}
        put_sealed(connection, series, state._replace(**grown, spans={}))
        ledger.add(connection, stored=count, lost=-count)
        self.found.chunks += 1
        self.found.readings += count

    def _lose(self) -> None:
        """What has a header and no data."""
        for header in self._headers.values():
            series, last, first, count = (int(value or 0) for value in header[:4])
            self.found.lost.append((series, first, last, count))
        self._headers.clear()

    def _without_holes(self, series: int, width: int, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
        for low, high in self._holes.get(LEVELS.get(width, ""), []):
            if low[0] <= series <= high[0]:
                since = (low[1] + 1) * width if low[0] == series and low[1] > LOWEST else LOWEST
                until = high[1] * width if high[0] == series and high[1] < HIGHEST else HIGHEST
                spans = list(_cut(spans, since, until))
        return spans


def _computed(row: Row) -> tuple[int | float | None, ...] | None:
    """The header of a chunk from its data alone; None where that is no chunk."""
    id_, series, codec, _, data = row
    try:
        records = decode(int(str(codec)), data, int(str(series)), Texts())  # type: ignore[arg-type]
    except Undecodable:
        return None
    return row_of(header_of(records, int(str(id_)))) if len(records) else None


def _moment(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _plausible(text: str) -> Spans:
    """Spans from their JSON; a level with a limit that no bucket has is none."""
    try:
        spans = spans_from(text)
    except (ValueError, TypeError, AttributeError):
        return {}
    return {
        width: some
        for width, some in spans.items()
        if width in LEVELS and all(a % width == b % width == 0 and a < b for a, b in some)
    }


def _around(keys: Sequence[Key | None]) -> Iterable[Hole]:
    """For each run of bad rows the keys on both sides of it, whichever way the page was read."""
    good = [(at, key) for at, key in enumerate(keys) if key is not None]
    lowest, highest = (LOWEST, LOWEST), (HIGHEST, HIGHEST)
    falls = len(good) > 1 and good[0][1] > good[-1][1]
    limits = [(-1, highest if falls else lowest), *good, (len(keys), lowest if falls else highest)]
    for (at, key), (then, following) in pairwise(limits):
        if then - at > 1:
            yield min(key, following), max(key, following)


def _cut(spans: list[tuple[int, int]], since: int, until: int) -> Iterable[tuple[int, int]]:
    for a, b in spans:
        yield from ((low, high) for low, high in ((a, min(b, since)), (max(a, until), b)) if low < high)

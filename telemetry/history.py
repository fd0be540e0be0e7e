"""History: what a query asks for, and the way to its answer off the loop.

Takes one moment on the loop (what is committed, what is pending), then reads, decodes, shapes and encodes on a
reader thread. Owns the limits of a query and how many run or wait at once. Knows no SQL and no numpy: those are
in ``store.readings``, ``store.records`` and ``columns``, the last two imported by the first query.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import unicodedata
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from telemetry.clock import Clock
from telemetry.ingest import Pipeline
from telemetry.model import Batch, Kind, Reason, Refusal, Series, kind_of
from telemetry.registry import Registry
from telemetry.store import readings
from telemetry.store.db import READERS, Store
from telemetry.timespec import moment

if TYPE_CHECKING:
    from telemetry.columns import Columns
    from telemetry.store.records import Records

T = TypeVar("T")
Gone = Callable[[], bool]
"""Whether whoever asked has gone; called from a reader thread too."""

DEFAULT_POINTS = 1_000
MAX_POINTS = 1_000_000
"""Readings or buckets in one answer, all series together."""
MAX_SERIES = 1_000
"""Series in one query."""
DEFAULT_SPAN = 3_600_000
"""Without ``from``, a query begins this long (ms) before its end."""
RUNNING = max(1, READERS - 1)
"""Queries that run at once: one reader stays free for browsers that resume."""
WAITING = 64
"""Queries that may wait for their turn; more are told to try later."""
FASTEST = 1
"""gzip's level: on a small machine the network is faster than a better one."""
EVER = 1 << 62
"""Beyond every time (ms) that a reading can have."""


class Format(Enum):
    """How an answer is encoded, by its media type."""

    JSON = "application/json"
    BINARY = "application/octet-stream"


class Busy(Exception):
    """Too many queries wait already."""


class Cancelled(Exception):
    """Whoever asked has gone; there is no answer."""


class Query(NamedTuple):
    """A checked query: ``frm`` inclusive, ``to`` exclusive (ms), at most ``points`` rows for each series."""

    names: Sequence[str]
    frm: int
    to: int
    points: int


@dataclass(slots=True, frozen=True)
class Extent:
    """First and last ts (ms) of a series' readings, and their exact number."""

    first: int
    last: int
    count: int


class _Scope(NamedTuple):
    """What to look for, and where: the journal up to ``committed``, then ``pending``, both as of one moment."""

    series: list[Series]
    frm: int
    to: int
    committed: int
    pending: list[Batch]


class History:
    """Answers from everything that was accepted and not lost, committed or not."""

    def __init__(self, store: Store, registry: Registry, pipeline: Pipeline, clock: Clock) -> None:
        self._store = store
        self._registry = registry
        self._pipeline = pipeline
        self._clock = clock
        self._turn = asyncio.Semaphore(RUNNING)
        self._waiting = 0
        self._counted = (0, 0)

    def parse(self, names: Sequence[str], frm: str | None, to: str | None, points: str | None) -> Query | Refusal:
        """A query from its parameters as sent, or why not; relative times are relative to now."""
        return parse(names, frm, to, points, self._clock.arrival())

    async def query(self, query: Query, gone: Gone) -> dict[str, Columns]:
        """Columns of each known series, by name. Raises Busy, Cancelled, StoreError."""
        return await self._answer(query, gone, lambda columns: columns)

    async def encoded(self, query: Query, form: Format, gone: Gone, *, compress: bool = False) -> bytes:
        """The same as the body of an answer, encoded (and compressed with gzip) off the loop too."""
        return await self._answer(query, gone, lambda columns: _encode(columns, form, compress=compress))

    async def extents(self, series: Iterable[Series], gone: Gone) -> dict[str, Extent]:
        """First, last and count of each series that has readings, by name. Raises as ``query``."""
        return await self._read(list(series), -EVER, EVER, gone, lambda found, _: _extents(found))

    async def journalled(self) -> int:
        """Readings in the journal up to the last commit, repeats included. Raises StoreError."""
        upto, (after, counted) = self._store.committed, self._counted
        more = await self._store.read(lambda connection: readings.total(connection, after, upto))
        self._counted = (upto, counted + more)
        return counted + more

    async def _answer(self, query: Query, gone: Gone, then: Callable[[dict[str, Columns]], T]) -> T:
        known = [one for name in query.names if (one := self._registry.series.get(name)) is not None]
        kinds = {one.name: kind_now(one) for one in known}
        points = min(query.points, MAX_POINTS // max(1, len(known)))
        return await self._read(
            known, query.frm, query.to, gone, lambda found, texts: then(_shape(found, texts, kinds, points))
        )

    async def _read(
        self, series: list[Series], frm: int, to: int, gone: Gone, then: Callable[[dict[str, Records], list[str]], T]
    ) -> T:
        async with self._in_turn():
            if gone():
                raise Cancelled
            scope = _Scope(series, frm, to, self._store.committed, self._pipeline.pending_batches())
            return await self._store.read(
                lambda connection: then(
                    *_gather(readings.pages(connection, frm, to, scope.committed, gone), scope, gone)
                )
            )

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        if self._waiting >= WAITING:
            raise Busy
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turn.release()


def kind_now(series: Series) -> Kind:
    """What a series holds by its latest reading, committed or not."""
    return series.kind if series.latest is None else kind_of(series.latest[1])


def parse(names: Sequence[str], frm: str | None, to: str | None, points: str | None, now: int) -> Query | Refusal:
    """A query from its parameters as sent, with their defaults; names in NFC, each once."""
    wanted = list(dict.fromkeys(unicodedata.normalize("NFC", name) for name in names))
    if not 1 <= len(wanted) <= MAX_SERIES:
        return Refusal(Reason.BAD_VALUE, f"name 1 to {MAX_SERIES} series, not {len(wanted)}", "series")
    end = moment(to, now, "to") if to else now
    if isinstance(end, Refusal):
        return end
    start = moment(frm, now, "from") if frm else end - DEFAULT_SPAN
    if isinstance(start, Refusal):
        return start
    if start > end:
        return Refusal(Reason.BAD_VALUE, f"from ({start}) is after to ({end})", "from")
    text = points or str(DEFAULT_POINTS)
    count = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_POINTS)) else 0
    if not 1 <= count <= MAX_POINTS:
        return Refusal(Reason.BAD_VALUE, f"points is a whole number from 1 to {MAX_POINTS}", "points")
    return Query(wanted, start, end, count)


# What follows runs on a reader thread.


def _gather(pages: Iterator[readings.Page], scope: _Scope, gone: Gone) -> tuple[dict[str, Records], list[str]]:
    """The readings of each series that has any, by name, and the texts they refer to."""
    # numpy's BLAS would keep a thread and its buffers per core; nothing here uses it
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from telemetry.store import records

    ids = {one.id: one.name for one in scope.series}
    found, texts = records.gather(pages, scope.pending, ids, scope.frm, scope.to)
    if gone():
        raise Cancelled
    return {ids[id_]: some for id_, some in records.by_series(found).items()}, texts


def _shape(
    found: Mapping[str, Records], texts: list[str], kinds: Mapping[str, Kind], points: int
) -> dict[str, Columns]:
    from telemetry import columns

    nothing = columns.EMPTY
    return {
        name: columns.shape(found.get(name, nothing), texts, points, text=kind is Kind.TEXT)
        for name, kind in kinds.items()
    }


def _encode(answer: Mapping[str, Columns], form: Format, *, compress: bool) -> bytes:
    from telemetry import columns

    body = columns.as_json(answer) if form is Format.JSON else columns.as_binary(answer)
    return gzip.compress(body, FASTEST) if compress else body


def _extents(found: Mapping[str, Records]) -> dict[str, Extent]:
    return {name: Extent(int(some["ts"][0]), int(some["ts"][-1]), len(some)) for name, some in found.items()}

"""History: what a query asks for, and the way to its answer off the loop.

Takes one moment on the loop (what is committed, what is pending), then reads, decodes, shapes and encodes on a
reader thread. Owns the limits of a query and how many run or wait at once. Knows no SQL and no numpy: those are
in ``store.survey`` and ``columns``, imported by the first query.
"""

from __future__ import annotations

import asyncio
import gzip
import unicodedata
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

from telemetry.clock import Clock, monotonic
from telemetry.ingest import Pipeline
from telemetry.model import Batch, Kind, Reason, Refusal, Series, kind_of
from telemetry.registry import Registry
from telemetry.resolution import bucket_ms
from telemetry.store.db import READERS, Connection, Store
from telemetry.timespec import moment

if TYPE_CHECKING:
    from telemetry.columns import Columns
    from telemetry.store.extents import Extent, Span, Unsealed
    from telemetry.store.records import Records, Texts

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
TIME = 30.0
"""Seconds that a query may take."""
STEP = 0.05
"""Seconds after which a step of a query ends, if it has answered at least one series."""
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


class TooLong(Exception):
    """The query was stopped because it took longer than TIME; the message says what to do."""


class Watch:
    """Stops a query between two steps, once nobody waits for it any more or it has taken too long."""

    def __init__(self, gone: Gone) -> None:
        self._gone = gone
        self._until = monotonic() + TIME

    def __call__(self) -> None:
        """Raise Cancelled or TooLong if it is time to."""
        if self._gone():
            raise Cancelled
        if monotonic() > self._until:
            raise TooLong(f"this took more than {TIME:.0f} s: ask for a shorter span, fewer series or fewer points")


class History:
    """Answers from everything that was accepted and not lost, committed or not."""

    def __init__(self, store: Store, registry: Registry, pipeline: Pipeline, clock: Clock) -> None:
        self._store = store
        self._registry = registry
        self._pipeline = pipeline
        self._clock = clock
        self._turn = asyncio.Semaphore(RUNNING)
        self._waiting = 0

    def parse(self, names: Sequence[str], frm: str | None, to: str | None, points: str | None) -> Query | Refusal:
        """A query from its parameters as sent, or why not; relative times are relative to now."""
        return parse(names, frm, to, points, self._clock.arrival())

    async def query(self, query: Query, gone: Gone) -> dict[str, Columns]:
        """Columns of each known series, by name. Raises Busy, Cancelled, TooLong, StoreError."""
        known = [one.called(name) for name in query.names if (one := self._registry.find(name)) is not None]
        points = min(query.points, MAX_POINTS // max(1, len(known)))
        shape = partial(_columns, frm=query.frm, to=query.to, points=points)
        return await self._each(known, query.frm, query.to, gone, shape)

    async def encoded(self, query: Query, form: Format, gone: Gone, *, compress: bool = False) -> bytes:
        """The same as the body of an answer, encoded (and compressed with gzip) off the loop too."""
        columns = await self.query(query, gone)
        return await asyncio.to_thread(_encode, columns, form, compress=compress)

    async def extents(self, series: Iterable[Series], gone: Gone) -> dict[str, Extent]:
        """First, last and count of each series that has readings, by name. Raises as ``query``."""
        found = await self._each(list(series), -EVER, EVER, gone, _extent)
        return {name: extent for name, extent in found.items() if extent.count}

    async def _each(self, known: list[Series], frm: int, to: int, gone: Gone, shape: Shape[T]) -> dict[str, T]:
        """One answer for each series, by name, on reader threads and in short steps."""
        async with self._in_turn():
            watch = Watch(gone)
            watch()
            parts = partial(_unsealed, self._store, known, frm, to, self._pipeline.pending_batches())
            beside, answers = await self._store.read(lambda c: _begun(c, known, parts, watch, shape))
            while len(answers) < len(known):
                left = known[len(answers) :]
                answers |= await self._store.read(lambda c: _some(c, left, beside, watch, shape))  # noqa: B023
            return answers

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


# What follows runs on reader threads, which import numpy when they first need it.

Shape: TypeAlias = "Callable[[Connection, Series, _Beside, Watch], T]"
"""Makes the answer of one series."""


class _Beside(NamedTuple):
    """What is not sealed, by series id, and the texts of everything that is read."""

    records: dict[int, Records]
    texts: Texts


def _unsealed(
    store: Store, known: list[Series], frm: int, to: int, pending: list[Batch], connection: Connection
) -> _Beside:
    from telemetry.store import extents, records

    texts = records.Texts()
    ids = {one.id for one in known}
    return _Beside(extents.beside(connection, store.tail, ids, frm, to, pending, texts), texts)


def _begun(
    connection: Connection, known: list[Series], parts: Callable[[Connection], _Beside], watch: Watch, shape: Shape[T]
) -> tuple[_Beside, dict[str, T]]:
    """What is beside the chunks, and the first answers: one way to the reader and back where that is all."""
    beside = parts(connection)
    return beside, _some(connection, known, beside, watch, shape)


def _some(
    connection: Connection, left: Iterable[Series], beside: _Beside, watch: Watch, shape: Shape[T]
) -> dict[str, T]:
    """The answers of the next few series; at least one."""
    until = monotonic() + STEP
    answers: dict[str, T] = {}
    for one in left:
        watch()
        answers[one.name] = shape(connection, one, beside, watch)
        if monotonic() > until:
            break
    return answers


def _columns(
    connection: Connection, one: Series, beside: _Beside, watch: Watch, *, frm: int, to: int, points: int
) -> Columns:
    from telemetry import columns
    from telemetry.store import extents, survey

    span = extents.Span(one.id, frm, to)
    new = _new(connection, one, beside, span)
    extent = extents.extent(connection, span, new)
    left = None if kind_now(one) is Kind.TEXT else extents.outlived(connection, span)
    if left is not None:
        extent = extents.joined(extent, left)
    elif extent.count <= points:
        return columns.raw(survey.raw(connection, span, new, beside.texts, watch), beside.texts.known)
    width = max(bucket_ms(extent.first, extent.last, points), 0 if left is None else left.width)
    if kind_now(one) is Kind.TEXT:
        last = survey.last_values(connection, span, new, beside.texts, width, watch)
        return columns.last_values(last, beside.texts.known, width)
    zoomed = survey.zoomed(connection, span, new, width, watch)
    return columns.bucketed(zoomed.buckets, zoomed.avg, width)


def _extent(connection: Connection, one: Series, beside: _Beside, _: Watch) -> Extent:
    from telemetry.store import extents

    span = extents.Span(one.id, -EVER, EVER)
    return extents.extent(connection, span, _new(connection, one, beside, span))


def _new(connection: Connection, one: Series, beside: _Beside, span: Span) -> Unsealed:
    from telemetry import columns
    from telemetry.store import extents, masks

    records = beside.records.get(one.id, columns.EMPTY)
    hidden = masks.active(connection, one.id) if len(records) else []
    return extents.unsealed(connection, span, records, beside.texts, hidden)


def _encode(answer: Mapping[str, Columns], form: Format, *, compress: bool) -> bytes:
    from telemetry import columns

    body = columns.as_json(answer) if form is Format.JSON else columns.as_binary(answer)
    return gzip.compress(body, FASTEST) if compress else body

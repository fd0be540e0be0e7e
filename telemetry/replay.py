"""Reading the log from a cursor: what a returning or a slow session has missed.

The disk has what is committed, the pipeline what is not yet; together they are everything after any cursor. Work on
many readings runs on the reader threads, in pages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from telemetry.clock import Clock
from telemetry.hub import asked
from telemetry.ingest import Pipeline
from telemetry.model import Reading, Series, Span, reading_json
from telemetry.names import any_of
from telemetry.registry import Registry
from telemetry.scope import Scope
from telemetry.store import log
from telemetry.store.db import Connection, Store

TAIL_MAX = 5_000
"""Uncommitted readings that one frame may carry; beyond, the session waits for the commit."""


class Page(NamedTuple):
    """Matching readings as (seq, JSON), and the seq up to which this page is complete."""

    end: int
    readings: list[tuple[int, str]]


@dataclass(slots=True)
class Skipped:
    """What a session did not get: how many readings, where, and the newest one of each series."""

    count: int = 0
    end: int = 0
    spans: dict[str, Span] = field(default_factory=dict)
    newest: dict[str, Reading] = field(default_factory=dict)

    def add(self, reading: Reading) -> None:
        """Count one skipped reading in."""
        name, ts = reading.series.name, reading.ts
        _, low, high = self.spans.get(name, (name, ts, ts))
        self.spans[name] = (name, min(low, ts), max(high, ts))
        if name not in self.newest or ts >= self.newest[name].ts:
            self.newest[name] = reading
        self.count += 1


class Selection:
    """Which readings a session wants, within its scope: patterns, each from its own position of the log on."""

    def __init__(self, starts: Iterable[tuple[str, int]], scope: Scope | None = None) -> None:
        self._scope = scope
        patterns: dict[int, list[str]] = {}
        for pattern, start in starts:
            patterns.setdefault(start, []).append(pattern)
        self._patterns = [pattern for some in patterns.values() for pattern in some]
        self._tests = [(start, any_of(some)) for start, some in sorted(patterns.items())]
        self._known: dict[int, int | None] = {}
        self._shown: dict[int, Series] = {}

    def wants(self, series: Series, seq: int) -> bool:
        """Whether any pattern takes the series from before ``seq`` on."""
        try:
            start = self._known[series.id]
        except KeyError:
            start = self._known[series.id] = self._start(series)
        return start is not None and seq > start

    def shown(self, series: Series) -> Series:
        """A series that is wanted, under the name by which it was asked for."""
        return self._shown.get(series.id, series)

    def _start(self, series: Series) -> int | None:
        if self._scope is not None and not self._scope.sees(series):
            return None
        start = self._of(series.name)
        return self._by_former(series) if start is None and series.former else start

    def _by_former(self, series: Series) -> int | None:
        """Where it starts for those who know the series by a former name only."""
        name = asked(series, self._patterns)
        if name is None:
            return None
        self._shown[series.id] = series.called(name)
        return self._of(name)

    def _of(self, name: str) -> int | None:
        """The earliest start of those whose pattern takes the name."""
        return next((start for start, test in self._tests if test(name)), None)


class Replay:
    """Positions of the log, for any number of sessions."""

    def __init__(self, store: Store, registry: Registry, pipeline: Pipeline, clock: Clock, *, resume_ms: int) -> None:
        self.epoch = store.epoch
        self._store = store
        self._registry = registry
        self._pipeline = pipeline
        self._clock = clock
        self._resume_ms = resume_ms
        self._run_start = store.next_seq - 1

    async def resumable(self, epoch: str, seq: int) -> bool:
        """Whether everything after ``seq`` can still be delivered without a gap. Raises StoreError."""
        if epoch != self.epoch or seq > self._pipeline.last_seq or seq <= self._store.rewritten:
            return False
        if seq == self._pipeline.last_seq:
            return True
        if seq > self._store.committed:
            return any(at == seq for at, _ in self._pipeline.pending_after(seq - 1)[:1])
        not_before = self._clock.arrival() - self._resume_ms
        return await self._store.read(lambda connection: log.resumable(connection, seq, not_before))

    def lag(self, cursor: int) -> int:
        """Readings of this run that came after a cursor."""
        return self._pipeline.last_seq - max(cursor, self._run_start)

    def on_disk(self, cursor: int) -> bool:
        """Whether committed readings may follow the cursor."""
        return cursor < self._store.committed

    async def settle(self) -> bool:
        """Wait for a commit if more is pending than one frame should carry; whether it had to."""
        if self._pipeline.pending <= TAIL_MAX:
            return False
        await self._pipeline.flush()
        return True

    async def page(self, cursor: int, selection: Selection) -> Page:
        """The next page of committed readings after the cursor. Raises StoreError."""
        upto = self._store.committed
        return await self._store.read(lambda connection: self._page(connection, cursor, upto, selection))

    async def skim(self, cursor: int, selection: Selection) -> Skipped:
        """Go over everything committed after the cursor without delivering it. Raises StoreError."""
        skipped = Skipped(end=self._store.committed)
        upto = skipped.end
        while cursor < upto:
            cursor = await self._store.read(partial(self._skim, cursor, upto, selection, skipped))
        return skipped

    def tail(self, cursor: int, selection: Selection) -> list[str]:
        """The uncommitted readings after the cursor, as JSON."""
        return [
            reading_json(Reading(selection.shown(series), ts, value))
            for seq, (series, ts, value) in self._pipeline.pending_after(cursor)
            if selection.wants(series, seq) and not series.hides(ts, value)
        ]

    def _page(self, connection: Connection, cursor: int, upto: int, selection: Selection) -> Page:
        records = log.records(connection, cursor, upto)
        by_id = self._registry.by_id
        found = [
            (record.seq, reading_json(Reading(selection.shown(series), record.ts, record.value)))
            for record in records
            # a device that was removed has left gaps
            if (series := by_id.get(record.series)) is not None
            and selection.wants(series, record.seq)
            and not series.hides(record.ts, record.value)
        ]
        return Page(records[-1].seq if records else upto, found)

    def _skim(self, cursor: int, upto: int, selection: Selection, skipped: Skipped, connection: Connection) -> int:
        records = log.records(connection, cursor, upto)
        for record in records:
            series = self._registry.by_id.get(record.series)
            if series is None:
                continue
            if selection.wants(series, record.seq) and not series.hides(record.ts, record.value):
                skipped.add(Reading(selection.shown(series), record.ts, record.value))
        return records[-1].seq if records else upto

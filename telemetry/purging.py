"""Purging: readings and roll-ups go when they are too old, or when the quota needs their space.

Jobs of ``Maintenance``, in steps that are transactions of their own. ``make_room`` runs before anything else and also
while nothing can be written, because it may be what is in the way.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from telemetry.clock import Clock, monotonic
from telemetry.ingest import Pipeline
from telemetry.maintenance import Maintenance
from telemetry.registry import Registry
from telemetry.retention import Rules
from telemetry.store import space
from telemetry.store.damage import Damaged
from telemetry.store.db import Connection, Store
from telemetry.store.levels import LEVELS

if TYPE_CHECKING:
    from telemetry.store.retention import Cut, Levels, Step

log = logging.getLogger(__name__)

EVERY = 600.0
"""Seconds between two looks for what is too old."""
AGAIN = 5.0
"""Seconds until it is tried again, after there was nothing left to delete."""
LOOKED = 500
"""Series that are looked at in one read."""
PART = 8
"""When roll-ups have to go, the oldest of so many parts of their time goes at once."""
SHARE = 4
"""Readings go before roll-ups, unless these take so many times the space."""
EVER = 1 << 62
ROOMY = 16 << 20
"""Free bytes in the file that are no reason to shrink it: the journal uses its pages again all the time …"""
WASTE = 10
"""… and nor is one part in so many."""


class Gone(NamedTuple):
    """How many readings and rows of roll-ups were deleted."""

    readings: int
    rows: int


class Purging:
    """What deletes by age and by quota, and gives space back to the disk."""

    def __init__(
        self, store: Store, registry: Registry, pipeline: Pipeline, maintenance: Maintenance, clock: Clock,
        rules: Rules, *, roomy: int = ROOMY,
    ) -> None:  # fmt: skip
        self._store = store
        self._registry = registry
        self._maintenance = maintenance
        self._clock = clock
        self._rules = rules
        self._roomy = roomy
        self._next = 0.0
        self._not_before = 0.0
        store.on_low = maintenance.wake
        maintenance.make_room = self.make_room
        if store.bounds.limits.quota is not None:
            pipeline.crowded = self.crowded
        maintenance.jobs += [self.by_age, self.give_back]

    async def by_age(self) -> None:
        """Delete what is too old, if it is time to look. Raises StoreError."""
        if not self._rules or monotonic() < self._next or not self._clock.trusted():
            return
        self._next = monotonic() + EVERY
        await self.expire()

    async def expire(self) -> None:
        """Delete what is too old by now. Raises StoreError."""
        now = self._clock.arrival()
        names = [(one.id, one.name) for one in self._registry.series.values()]
        gone = 0
        for at in range(0, len(names), LOOKED):
            wanted = [(id_, self._rules.kept(name)) for id_, name in names[at : at + LOOKED]]
            for cut in await self._store.read(partial(_due, wanted=wanted, now=now)):
                async with self._maintenance.exclusive("retention"):
                    gone += (await self._purge(cut)).readings
        if gone:
            log.info("retention: %d readings were deleted", gone)

    async def make_room(self) -> None:
        """With a quota: delete the oldest until there is enough space. Raises StoreError."""
        bounds, limits = self._store.bounds, self._store.bounds.limits
        if limits.low is None or limits.database is None or monotonic() < self._not_before:
            return
        if bounds.short:
            async with self._maintenance.exclusive("making room"):
                readings = rows = 0
                while bounds.pages.used > limits.target:
                    step = await self._delete_oldest()
                    if not step.readings + step.rows:
                        self._not_before = monotonic() + AGAIN
                        break
                    readings, rows = readings + step.readings, rows + step.rows
                log.info("quota: %d readings and %d rows of roll-ups were deleted", readings, rows)
        if bounds.pages.file > limits.database:
            await self._give_back(limits.low - limits.target)

    def crowded(self) -> bool:
        """Whether no more readings fit before something is sealed or deleted."""
        bounds = self._store.bounds
        full = bounds.full or self._maintenance.backlog > (bounds.limits.backlog or EVER)
        if full:
            self._maintenance.wake()
        return full

    async def give_back(self) -> None:
        """Shrink the file if much of it is free. Raises StoreError."""
        found = await self._store.read(space.pages)
        if found.free > max(self._roomy, found.file // WASTE):
            await self._give_back(self._roomy // 2)

    async def _give_back(self, keep: int) -> None:
        async with self._maintenance.exclusive("giving space back"):
            more = True
            while more:
                more = await self._store.write_freeing(partial(space.give_back, keep=keep))
        await self._store.empty_log()

    async def _delete_oldest(self) -> Gone:
        """Delete some of what goes first: readings, or the finest roll-ups once these take much more than readings."""
        step = await self._mending(_purge_hidden)
        if step.readings:
            return Gone(step.readings, 0)
        raw, levels = await self._store.read(_shares)
        if levels is None or raw * SHARE > levels.size:
            step = await self._mending(_purge_eldest)
            if step.readings or levels is None:
                return Gone(step.readings, 0)
        rows = 0
        for cut in _oldest_part(levels):
            rows += (await self._purge(cut)).rows
        return Gone(0, rows)

    async def _purge(self, cut: Cut) -> Gone:
        """Delete all that ``cut`` says."""
        readings = rows = 0
        more = True
        while more:
            step = await self._mending(partial(_purge, cut=cut))
            readings, rows, more = readings + step.readings, rows + step.rows, step.more
            await asyncio.sleep(0)
        return Gone(readings, rows)

    async def _mending(self, work: Callable[[Connection], Step]) -> Step:
        """Do one step; a damaged row that is in its way is repaired first."""
        while True:
            try:
                return await self._store.write_freeing(work)
            except Damaged as found:
                if self._store.repair is None:
                    raise
                await self._store.repair(found)


# What follows runs on threads of the store, which import numpy when they first need it.


def _due(connection: Connection, wanted: list[tuple[int, tuple[int | None, ...]]], now: int) -> list[Cut]:
    from telemetry.store import retention

    cuts = []
    for series, (raw, *levels) in wanted:
        limits = {width: now - age for width, age in zip(LEVELS, levels, strict=True) if age is not None}
        cuts.append(retention.Cut(series, None if raw is None else now - raw, limits))
    return retention.due(connection, cuts)


def _purge(connection: Connection, cut: Cut) -> Step:
    from telemetry.store import retention

    return retention.purge(connection, cut)


def _purge_hidden(connection: Connection) -> Step:
    from telemetry.store import retention

    return retention.purge_hidden(connection)


def _purge_eldest(connection: Connection) -> Step:
    from telemetry.store import retention

    return retention.purge_eldest(connection)


def _shares(connection: Connection) -> tuple[int, Levels | None]:
    from telemetry.store import retention

    return retention.raw_bytes(connection), retention.finest(connection)


def _oldest_part(levels: Levels) -> list[Cut]:
    """What goes of the finest level: the oldest part of its time, in all series."""
    from telemetry.store.retention import Cut

    oldest = min(since for since, _ in levels.spans.values())
    newest = max(until for _, until in levels.spans.values())
    before = oldest + max(levels.width, -(-(newest - oldest) // PART // levels.width) * levels.width)
    return [Cut(series, None, {levels.width: before}) for series, (since, _) in levels.spans.items() if since < before]

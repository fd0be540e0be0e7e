"""Maintenance: what happens to readings after their commit, in the background and in bounded steps.

One job at a time changes the chunks (``exclusive``): sealing, an import, retention, a correction, a repair. Each works
in steps that are transactions of their own, some 50 ms long, so that no commit of readings waits longer than that.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from telemetry.clock import Clock
from telemetry.ingest import Pipeline
from telemetry.metrics import Metrics
from telemetry.store import log as journal_log
from telemetry.store.damage import Damaged
from telemetry.store.db import Connection, Store, StoreError
from telemetry.store.limits import UNLIMITED
from telemetry.store.trimming import trim

if TYPE_CHECKING:
    from telemetry.store.records import Records, Texts
    from telemetry.store.sealing import Part

T = TypeVar("T")

log = logging.getLogger(__name__)

TICK = 5.0
"""Seconds between looks for something to do."""
SEAL_AGE = 900_000
"""Ms after which readings are sealed, however few they are."""
SEAL_BYTES = 8 << 20
"""Bytes of journal at which it is sealed before that; less with a small quota."""
EVER = 1 << 62

Job = Callable[[], Awaitable[None]]
"""Something that is done at every tick; it takes ``exclusive`` itself if it changes chunks."""


async def _enough() -> None:
    """For a database without a quota."""


class Loaded(NamedTuple):
    """What became of readings that were loaded: new ones, and those that replaced another or were replaced."""

    stored: int
    duplicate: int


class Maintenance:
    """The jobs of one database. ``reached`` gives the lowest seq that a live session still has to read, or None."""

    def __init__(
        self, store: Store, pipeline: Pipeline, clock: Clock, metrics: Metrics, reached: Callable[[], int | None],
        *, resume_ms: int
    ) -> None:  # fmt: skip
        self.first: list[Job] = []
        """Jobs that go before sealing: people wait for them."""
        self.jobs: list[Job] = []
        self.make_room: Job = _enough
        """Deletes what has to go because of a quota: before all else, and also while nothing can be written."""
        self.busy: str | None = None
        """What the job that runs now is called, for people."""
        self._store = store
        self._pipeline = pipeline
        self._clock = clock
        self._metrics = metrics
        self._reached = reached
        self._resume_ms = resume_ms
        self._lock = asyncio.Lock()
        self._wake = asyncio.Event()
        self._sealed_bytes = 0
        self._limits = store.bounds.limits
        self._tick = TICK * self._limits.seal / UNLIMITED.seal

    @asynccontextmanager
    async def exclusive(self, job: str) -> AsyncIterator[None]:
        """Be the only one who changes chunks, roll-ups or the sealed part of the journal. ``job`` names the work."""
        async with self._lock:
            self.busy = job
            try:
                yield
            finally:
                self.busy = None

    async def run(self) -> None:
        """Work until cancelled; what fails is logged and tried again at the next tick."""
        waiting = await self._store.read(journal_log.unsealed_bytes)
        self._sealed_bytes = self._metrics.journal_bytes - waiting
        while True:
            self._wake.clear()
            for job in (self.make_room, *self.first, self.seal, *self.jobs):
                try:
                    if self._pipeline.healthy or job == self.make_room:
                        await job()
                except Damaged as found:
                    await self._mend(found)
                except StoreError as error:
                    log.error("maintenance: %s", error)  # noqa: TRY400 - an outage has no use for a traceback
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._tick):  # wait_for would forget a cancellation that comes with a wake
                    await self._wake.wait()

    async def _mend(self, found: Damaged) -> None:
        """Have a row repaired that a job met while it wrote; the job is done again at the next tick."""
        if self._store.repair is None:
            log.error("maintenance: %s", found)
            return
        try:
            await self._store.repair(found)
        except StoreError as error:
            log.error("maintenance: %s", error)  # noqa: TRY400

    def wake(self) -> None:
        """Look for something to do now."""
        self._wake.set()

    async def seal(self, *, everything: bool = False) -> None:
        """Seal what is due, or all that is committed by now, and trim the journal. Raises StoreError and Damaged."""
        target, reached = self._store.committed, -1
        while reached < target if everything else await self._due():
            await self.make_room()
            async with self.exclusive("sealing"):
                part = await self._seal_part()
            if part is None:
                break
            reached = part.upto
            await self.trim()  # for each part: under a flood there is always a next one

    async def trim(self) -> None:
        """Delete the rows of the journal that no cursor reaches any more. Raises StoreError."""
        await self._pipeline.save_state()  # what a start needs must not be in those rows
        more = True
        while more:
            reached = self._reached()
            keep_from = EVER if reached is None else reached
            not_before = self._clock.arrival() - self._resume_ms
            most, room = journal_log.MISSED_MAX, self._limits.resume
            work = partial(trim, keep_from=keep_from, not_before=not_before, most=most, room=room)
            async with self.exclusive("trimming the journal"):
                more = await self._store.write(work)

    async def load(self, records: Records, texts: Texts) -> Loaded:
        """Take in readings of any series, in the order in which they were written, without a seq.

        They count as written now: of equal (series, ts) they stand, unless a reading that arrived later is already
        sealed. The series are known to the registry and saved. Raises StoreError and Damaged.
        """
        stored: list[int] = []
        waiting = await asyncio.to_thread(_apart, records)
        while waiting:
            await self.make_room()
            async with self.exclusive("import"):
                waiting = await self._mending(partial(_load, waiting=waiting, texts=texts, stored=stored.append))
        return Loaded(sum(stored), len(records) - sum(stored))

    async def _mending(self, work: Callable[[Connection], T]) -> T:
        """Do one step; a damaged row in its way is repaired first. Raises StoreError, and Damaged without repair."""
        while True:
            try:
                return await self._store.write(work)
            except Damaged as found:
                if self._store.repair is None:
                    raise
                await self._store.repair(found)

    @property
    def backlog(self) -> int:
        """Bytes of readings in the journal that are not sealed yet."""
        return self._metrics.journal_bytes - self._sealed_bytes

    async def _due(self) -> bool:
        if self.backlog >= min(SEAL_BYTES, self._limits.seal):
            return True
        oldest = await self._store.read(journal_log.unsealed_since)
        return oldest is not None and oldest <= self._clock.arrival() - SEAL_AGE

    async def _seal_part(self) -> Part | None:
        """Seal the next part and return it; None if there is none."""
        journalled = self._metrics.journal_bytes
        part = await self._store.read(partial(_take, size=self._limits.seal))
        if part is None:
            return None
        while part.series:
            part.series = await self._mending(partial(_step, part=part))
        await self._store.write(partial(_finish, part=part))
        left = await self._store.read(journal_log.unsealed_bytes)
        self._sealed_bytes = journalled - left
        return part


# What follows runs on threads of the store, so that the loop does not wait for numpy to be imported.


def _take(connection: Connection, size: int) -> Part | None:
    from telemetry.store import sealing

    return sealing.take(connection, size)


def _step(connection: Connection, part: Part) -> list[Records]:
    from telemetry.store import sealing

    return sealing.step(connection, part)


def _finish(connection: Connection, part: Part) -> None:
    from telemetry.store import sealing

    sealing.finish(connection, part)


def _apart(records: Records) -> list[Records]:
    from telemetry.store import sealing

    return sealing.apart(records)


def _load(connection: Connection, waiting: list[Records], texts: Texts, stored: Callable[[int], None]) -> list[Records]:
    from telemetry.store import sealing

    return sealing.load(connection, waiting, texts, stored)

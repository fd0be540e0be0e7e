"""What the storage holds and how it grows: looked at for people, programs and /metrics, and sampled every hour.

The samples are what the forecast is made from. All numbers of one look are of one moment.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from telemetry import forecast
from telemetry.clock import Clock
from telemetry.forecast import Rates, Sample
from telemetry.maintenance import Maintenance
from telemetry.store import holdings, space, usage
from telemetry.store.db import Connection, Store
from telemetry.store.holdings import Holdings
from telemetry.store.space import Files

HOUR = 3_600_000
IO = Path("/proc/self/io")
WRITTEN = "write_bytes:"


class Report(NamedTuple):
    """The storage at one moment; times in ms, sizes in bytes."""

    time: int
    files: Files
    quota: int | None
    disk_free: int
    holdings: Holdings
    rates: Rates
    full_on: int | None


class Storage:
    """The storage of one running server."""

    def __init__(self, store: Store, maintenance: Maintenance, clock: Clock, io: Path = IO) -> None:
        self._store = store
        self._clock = clock
        self._io = io
        self._next: int | None = None
        self._before: int | None = None
        """What earlier processes have written."""
        maintenance.jobs.append(self.sample)

    async def look(self) -> Report:
        """Everything as it is now. Raises StoreError."""
        now = self._clock.arrival()
        limits = self._store.bounds.limits
        found, samples = await self._looked(now)
        files, free = space.files(self._store.path), space.disk_free(self._store.path)
        rates = forecast.rates(samples, self._sample(now, found), found.accounts.stored)
        room = free + found.pages.free
        if limits.low is not None:
            room = min(room, limits.low - found.pages.used)
        full_on = forecast.full_on(now, room, rates.stored_bytes)
        return Report(now, files, limits.quota, free, found, rates, full_on)

    async def sample(self) -> None:
        """Store a sample if the last one is an hour old. Raises StoreError."""
        now = self._clock.arrival()
        if not self._clock.trusted() or (self._next is not None and now < self._next):
            return
        found, samples = await self._looked(now)
        newest = samples[-1].time if samples else now - HOUR
        if now - newest >= HOUR:
            sample = self._sample(now, found)
            await self._store.write(lambda c: usage.add(c, sample))
            newest = now
        self._next = newest + HOUR

    async def _looked(self, now: int) -> tuple[Holdings, list[Sample]]:
        found, samples, written = await self._store.read(lambda c: _look(c, now))
        if self._before is None:  # this process has stored no sample yet
            self._before = written
        return found, samples

    def _sample(self, now: int, found: Holdings) -> Sample:
        own = _written(self._io)
        total = None if own is None or self._before is None else self._before + own
        accounts = found.accounts
        return Sample(now, accounts.journalled, accounts.stored + accounts.unsealed, found.sealed_bytes, total)


def _look(connection: Connection, now: int) -> tuple[Holdings, list[Sample], int]:
    """What is there, the samples of the forecast's window, and what was written until the last of them."""
    samples = usage.since(connection, now - forecast.WINDOW)
    return holdings.look(connection), samples, usage.written(connection)


def _written(io: Path) -> int | None:
    """Bytes that this process has caused to be written to a disk; None where the system does not tell."""
    try:
        lines = io.read_text(encoding="ascii").splitlines()
        return next(int(line.removeprefix(WRITTEN)) for line in lines if line.startswith(WRITTEN))
    except (OSError, StopIteration, ValueError):
        return None

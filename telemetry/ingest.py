"""The pipeline: every accepted batch gets its seqs, is pushed live at once, and is acknowledged at COMMIT.

Batches wait in one open group; a group is one transaction. It is committed when its oldest batch has waited
``interval`` seconds, when someone is in a hurry, or when it is large; while the disk works, the next group fills. The
future that ``submit`` returns is shared by the whole group, so acknowledgements merge by themselves.

When a commit fails, everything pending fails with it (a later batch must not be durable before an earlier one of
the same device), browsers are told ``changed``, and nothing is taken until a probe has reached the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from telemetry.clock import Clock, monotonic
from telemetry.hub import Hub
from telemetry.metrics import Metrics
from telemetry.model import Batch, Reading, Reason, Refusal, spans_of
from telemetry.registry import Registry
from telemetry.store import log as journal_log
from telemetry.store import state
from telemetry.store.db import Connection, Store, StoreError

log = logging.getLogger(__name__)

LARGE = 50_000
"""Readings at which a group is committed without waiting for its interval."""
PROBE = 1.0
"""Seconds between attempts to reach a disk that failed …"""
PROBE_MAX = 4.0
"""… and after several failures in a row, each soon after the disk seemed well."""
CALM = 60.0
"""Seconds without a failure after which the next is news again, and logged."""
SAVE_EVERY = 200_000
"""Readings journalled between two snapshots of the registry: bounds what a start after a crash has to read."""


@dataclass(eq=False)
class _Group:
    future: asyncio.Future[None]
    opened: float
    batches: list[Batch] = field(default_factory=list)
    readings: int = 0


class Pipeline:
    """The one way of a batch to the log. Owned by the loop thread."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        hub: Hub,
        clock: Clock,
        metrics: Metrics,
        *,
        interval: float,
        max_pending: int,
    ) -> None:
        self.last_seq = store.committed
        self.pending = 0
        self.healthy = store.writable and not store.space.given_up
        self.crowded: Callable[[], bool] = lambda: False
        """Whether something has to be deleted or sealed before more readings fit."""
        self._pause = PROBE
        self._failed_at = -CALM
        self._next_seq = store.next_seq
        self._reserved = store.reserved
        self._store = store
        self._registry = registry
        self._hub = hub
        self._clock = clock
        self._metrics = metrics
        self._interval = interval
        self._max_pending = max_pending
        self._open: _Group | None = None
        self._writing: _Group | None = None
        self._work = asyncio.Event()
        self._hurry = asyncio.Event()
        self._stopping = False
        self._unsaved = 0
        store.on_full = self._rest

    def submit(self, batch: Batch, *, urgent: bool = False) -> asyncio.Future[None] | Refusal:
        """Take a batch: seqs and live push now; the future resolves at COMMIT or fails with StoreError.

        Refused as a whole with ``try_later`` while the queue is full, the disk fails, or the server stops; the
        caller counts that refusal.
        """
        count = len(batch.readings)
        if not self.healthy or self._stopping or self.pending + count > self._max_pending or self.crowded():
            return self._full()
        if self._open is not None and len(self._open.batches) >= self._max_pending:
            return self._full()  # envelopes without readings wait for the disk too
        first = self._next_seq
        if first + count > self._reserved:
            return self._full()
        group = self._open or self._begin()
        group.batches.append(batch)
        if count:
            group.readings += count
            self.pending += count
            self._metrics.received += count
            batch.first_seq = first
            self._next_seq = first + count
            self.last_seq = first + count - 1
            self._registry.seen(batch.readings, self._clock.arrival())
            self._hub.publish(batch.readings, self.last_seq)
        self._work.set()  # after the push: the writer thread must not compete with it for the interpreter
        if urgent or group.readings >= LARGE:
            self._hurry.set()
        return group.future

    @property
    def handed_out(self) -> int:
        """The highest seq that was given to anything."""
        return self._next_seq - 1

    def hurry(self) -> None:
        """Commit what waits without waiting for its interval."""
        self._hurry.set()

    def pending_batches(self) -> list[Batch]:
        """Everything not committed yet, oldest first; a batch that was submitted does not change any more."""
        groups = (self._writing, self._open)
        return [batch for group in groups if group is not None for batch in group.batches]

    def pending_after(self, seq: int) -> list[tuple[int, Reading]]:
        """(seq, reading) of what is not committed yet and came after ``seq``, oldest first."""
        return [
            (at, reading)
            for batch in self.pending_batches()
            if batch.first_seq + len(batch.readings) - 1 > seq
            for at, reading in enumerate(batch.readings, batch.first_seq)
            if at > seq
        ]

    async def flush(self) -> None:
        """Return once all that was submitted so far is committed or has failed."""
        for group in (self._writing, self._open):
            if group is not None:
                self._hurry.set()
                await asyncio.wait([group.future])

    async def settle(self, sender: str) -> None:
        """Return once nothing of this sender is pending."""
        if any(batch.sender == sender for batch in self.pending_batches()):
            await self.flush()

    async def run(self) -> None:
        """Commit group after group until ``stop`` was called and nothing is left."""
        while True:
            if not self.healthy:
                await self._probe()
            await self._work.wait()
            group = self._open
            if group is None:
                if self._stopping:
                    return
                self._work.clear()
                continue
            await self._due(group)
            await self._commit(group)

    async def stop(self) -> None:
        """Take nothing more, commit what is pending, save the registry's state."""
        self._stopping = True
        self._hurry.set()
        self._work.set()
        await self.flush()
        if self.healthy:
            await self._try_save()

    async def save_state(self) -> None:
        """Write a snapshot of the registry as of the last commit. Raises StoreError."""
        series, devices = state.snapshot(self._registry)
        seq = self._store.committed
        self._unsaved = 0
        await self._store.write(lambda connection: state.save(connection, series, devices, seq))

    def _full(self) -> Refusal:
        wait = max(100, int(self._interval * 1000))
        if self._stopping:
            return Refusal(Reason.TRY_LATER, "the server is stopping", retry_after=1000)
        if not self.healthy:
            return Refusal(Reason.TRY_LATER, "the disk does not take writes now", retry_after=int(PROBE * 1000))
        if self.crowded():
            return Refusal(Reason.TRY_LATER, "room is being made ([storage] quota)", retry_after=wait)
        return Refusal(
            Reason.TRY_LATER, f"{self.pending} readings wait for the disk ([storage] max_pending)", retry_after=wait
        )

    def _begin(self) -> _Group:
        group = _Group(asyncio.get_running_loop().create_future(), monotonic())
        group.future.add_done_callback(_retrieve)
        self._open = group
        return group

    async def _due(self, group: _Group) -> None:
        left = group.opened + self._interval - monotonic()
        if left > 0 and not self._stopping:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._hurry.wait()

    async def _commit(self, group: _Group) -> None:
        self._hurry.clear()
        self._open, self._writing = None, group
        devices, series = list(self._registry.unsaved_devices), list(self._registry.unsaved_series)
        last_seq = self.last_seq
        work = journal_log.Group(group.batches, devices, series, self._clock.arrival(), self.handed_out)
        if not group.readings:
            work.spare_seq = self._next_seq
            self._next_seq += 1
        due = min(monotonic(), group.opened + self._interval)
        try:
            size, reserved = await self._store.write(partial(self._write, work, due))
        except StoreError as error:
            self._failed(error)
            await self._probe()
            return
        self._reserved = self._store.reserved = reserved
        del self._registry.unsaved_devices[: len(devices)]
        del self._registry.unsaved_series[: len(series)]
        self._committed(group, last_seq, size)
        if self._unsaved >= SAVE_EVERY:
            await self._try_save()

    def _write(self, work: journal_log.Group, due: float, connection: Connection) -> tuple[int, int]:
        self._metrics.commit_late(monotonic() - due)
        return journal_log.commit(self._store, connection, work)

    def _committed(self, group: _Group, last_seq: int, size: int) -> None:
        self._writing = None
        self._store.committed = last_seq
        self.pending -= group.readings
        self._unsaved += group.readings
        metrics = self._metrics
        metrics.journalled += group.readings
        metrics.commits += 1
        metrics.journal_bytes += size
        for batch in group.batches:
            for series, ts, value in batch.readings:
                durable = series.durable
                if (durable is None or ts >= durable[0]) and not (series.masks and series.hides(ts, value)):
                    series.durable = (ts, value)
            if batch.mark is not None and (device := self._registry.devices.get(batch.mark[0])) is not None:
                device.last_id = batch.mark[1]
        group.future.set_result(None)

    def _failed(self, error: StoreError) -> None:
        calm = monotonic() - self._failed_at >= CALM
        # A disk with a little space fails and recovers for hours
        log.log(logging.ERROR if calm else logging.DEBUG, "commit failed, devices are told to try later: %s", error)
        self._pause = PROBE if calm else min(2 * self._pause, PROBE_MAX)
        self._failed_at = monotonic()
        self.healthy = False
        groups = [group for group in (self._writing, self._open) if group is not None]
        self._open = self._writing = None
        lost: list[Reading] = [r for group in groups for batch in group.batches for r in batch.readings]
        self.pending -= len(lost)
        self._metrics.commits_failed += 1
        self._metrics.refused[Reason.TRY_LATER] += len(lost)
        for series, _, _ in lost:
            series.latest = series.durable
        # A seq of its own for the loss: a cursor among the lost readings then never looks like the newest one.
        self._hub.seq = self._store.committed = self.last_seq = self._next_seq
        self._next_seq += 1
        self._hub.changed(spans_of(lost))
        for group in groups:
            group.future.set_exception(error)

    def _rest(self) -> None:
        """Take nothing until the space that cleaning a full disk needs is kept back again."""
        self.healthy = False
        self._work.set()

    async def _probe(self) -> None:
        while not self._stopping:
            await asyncio.sleep(self._pause)
            try:
                await self._store.reopen()
                await self.save_state()
            except StoreError as error:
                log.debug("the disk still fails: %s", error)
                continue
            log.log(logging.WARNING if self._pause == PROBE else logging.DEBUG, "the disk takes writes again")
            self._next_seq = max(self._next_seq, self._store.next_seq)
            self._reserved = self._store.reserved
            self.healthy = True
            return

    async def _try_save(self) -> None:
        try:
            await self.save_state()
        except StoreError as error:
            log.warning("could not save the state of the registry: %s", error)


def _retrieve(future: asyncio.Future[None]) -> None:
    """Mark a failure as seen: a batch without an envelope has no one who waits for it."""
    if not future.cancelled():
        future.exception()

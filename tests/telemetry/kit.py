"""A running core without sockets: store, pipeline, hub and replay on a real file, for tests of the core."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telemetry.audit import Audit
from telemetry.auth import Accounts
from telemetry.clock import Clock
from telemetry.hub import Hub
from telemetry.identity import Actor
from telemetry.ingest import Pipeline
from telemetry.live import LiveSession
from telemetry.maintenance import Maintenance
from telemetry.metrics import Metrics
from telemetry.model import Batch, Kind, Reading, Refusal, Series, Value
from telemetry.registry import Registry
from telemetry.replay import Replay
from telemetry.store import audit, state
from telemetry.store.db import Store
from telemetry.store.limits import UNLIMITED, Limits
from telemetry.tasks import Tasks

T0 = 1_700_000_000_000


def actor(name: str = "anna") -> Actor:
    """A person who changes something."""
    return Actor(name, "user", "10.0.0.7")


class FailingStore(Store):
    """A store whose commits fail while ``failing`` is set, by a real error from SQLite."""

    failing = False

    def _transaction(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        def failing(connection: sqlite3.Connection) -> Any:
            result = work(connection)
            if self.failing:
                connection.execute("SELECT * FROM no_such_table")
            return result

        return super()._transaction(failing)


@dataclass
class Kit:
    """The parts, and shorthands to feed and watch them."""

    store: FailingStore
    registry: Registry
    metrics: Metrics
    hub: Hub
    pipeline: Pipeline
    replay: Replay
    maintenance: Maintenance
    tasks: Tasks

    def series(self, metric: str = "t", device: str = "a") -> Series:
        """The series, made if it is missing."""
        owner = self.registry.devices.get(device) or self.registry.add_device(device, T0)
        return owner.series.get(metric) or self.registry.add_series(
            Series(0, device, metric, f"{device}/{metric}", Kind.NUMBER)
        )

    def send(
        self, points: Iterable[tuple[int, Value]], metric: str = "t", device: str = "a", mark: int | None = None
    ) -> asyncio.Future[None]:
        """Submit one batch of (offset ms, value); it must be taken."""
        series = self.series(metric, device)
        batch = Batch([Reading(series, T0 + at, value) for at, value in points], device)
        batch.mark = None if mark is None else (device, mark)
        future = self.pipeline.submit(batch)
        assert not isinstance(future, Refusal), future
        return future

    def viewer(self, *, reads: bool = True) -> Viewer:
        """A dashboard session whose socket takes everything, or nothing until told."""
        return Viewer(self, reads=reads)


class Viewer:
    """A session and what its socket has received."""

    def __init__(self, kit: Kit, *, reads: bool) -> None:
        self.frames: list[dict[str, Any]] = []
        self.reads = reads
        self.session = LiveSession(kit.hub, kit.replay, kit.registry, kit.metrics, kit.tasks, self.wake)

    def wake(self) -> None:
        """What a socket does when the mailbox has something."""
        if self.reads and hasattr(self, "session"):
            self.frames += [json.loads(frame.text) for frame in self.session.mailbox.take()]
            self.session.mailbox.sent()

    async def subscribe(self, *patterns: str, since: tuple[str, int] | None = None) -> dict[str, Any]:
        """Subscribe and keep the answer as the first frame."""
        answer = await self.session.subscribe(list(patterns), since)
        self.session.answer(answer)
        return answer

    @property
    def readings(self) -> list[tuple[str, int, Value]]:
        """All readings pushed so far, in order, times as offsets from T0."""
        return [(name, ts - T0, value) for frame in self.frames for name, ts, value in frame.get("readings", ())]

    @property
    def seq(self) -> int:
        """Complete up to here."""
        return max((frame["seq"] for frame in self.frames if "seq" in frame), default=0)


@asynccontextmanager
async def core(
    path: Path,
    *,
    interval: float = 0.0,
    tick: float = 0.0,
    max_pending: int = 200_000,
    resume_ms: int = 900_000,
    kind: type[FailingStore] = FailingStore,
    room: Limits = UNLIMITED,
) -> AsyncIterator[Kit]:
    """A running core on a database file; stops in order and hands the rest of the seqs back."""
    store = kind(path, limits=room)
    await store.start()
    registry, metrics, tasks = Registry(), Metrics(), Tasks()
    clock = Clock(await store.read(lambda connection: state.load(connection, registry)))
    hub = Hub(registry, clock, metrics, tick=tick, seq=store.committed)
    pipeline = Pipeline(store, registry, hub, clock, metrics, interval=interval, max_pending=max_pending)
    replay = Replay(store, registry, pipeline, clock, resume_ms=resume_ms)
    maintenance = Maintenance(store, pipeline, clock, metrics, hub.reached, resume_ms=resume_ms)
    tasks.start(pipeline.run(), "pipeline")
    tasks.start(hub.run(), "hub")
    try:
        yield Kit(store, registry, metrics, hub, pipeline, replay, maintenance, tasks)
    finally:
        store.failing = False
        await pipeline.stop()
        await tasks.close()
        await store.close(pipeline.handed_out)


async def until(condition: Callable[[], object], patience: float = 20.0) -> None:
    """Wait for a condition; fails after ``patience`` seconds."""
    for _ in range(int(patience / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the condition did not come true")


def with_accounts(path: Path, body: Callable[[Accounts, FailingStore], Awaitable[None]]) -> None:
    """Run ``body`` on the accounts of a database, and close them."""

    async def main() -> None:
        store = FailingStore(path)
        await store.start()
        accounts = Accounts(store, Clock(), Audit(Clock()))
        await accounts.load()
        try:
            await body(accounts, store)
        finally:
            store.failing = False
            accounts.close()
            await store.close()

    asyncio.run(main())


async def noted(store: Store) -> list[audit.AuditRow]:
    """The audit log, the oldest entry first."""
    return (await store.read(lambda connection: audit.newest(connection, None, 1_000)))[::-1]

"""How far an import came, and what the tables know of what it brought."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from telemetry.exchange.block import Position
from telemetry.model import Kind, Series
from telemetry.registry import Device, Registry
from telemetry.store import imports, state
from telemetry.store.db import Store
from telemetry.store.imports import Job

JOB = Job(Position(1000, 10, 0xFFFFFFFF), 8, 1, 1)


def test_a_job_is_found_until_it_is_removed(tmp_path: Path) -> None:
    async def run() -> None:
        store = Store(tmp_path / "x.db")
        await store.start()
        assert await store.read(lambda c: imports.find(c, "k")) == Job()
        for job in (Job(), JOB):
            await store.write(lambda c, job=job: imports.put(c, "k", job, 5))
            assert await store.read(lambda c: imports.find(c, "k")) == job
        await store.write(lambda c: imports.remove(c, "k"))
        assert await store.read(lambda c: imports.find(c, "k")) == Job()
        await store.close()

    asyncio.run(run())


def test_only_some_unfinished_jobs_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "KEPT", 3)

    async def run() -> None:
        store = Store(tmp_path / "x.db")
        await store.start()
        for n in range(6):
            await store.write(lambda c, n=n: imports.put(c, str(n), JOB, n))
        kept = [n for n in range(6) if await store.read(lambda c, n=n: imports.find(c, str(n))) == JOB]
        assert kept == [3, 4, 5]
        await store.close()

    asyncio.run(run())


def test_what_an_import_brought_is_there_after_a_restart(tmp_path: Path) -> None:
    async def run() -> None:
        store = Store(tmp_path / "x.db")
        await store.start()
        device = Device("a", created=7)
        one = Series(3, "a", "t", "a/t", Kind.NUMBER)
        for _ in range(2):  # what is there already does not matter
            await store.write(lambda c: imports.create(c, [device, device], [one]))
        one.durable, one.kind, one.unit = (5, True), Kind.BOOLEAN, "V"
        await store.write(lambda c: imports.update(c, [one]))
        registry = Registry()
        await store.read(lambda c: state.load(c, registry))
        loaded = registry.by_id[3]
        assert (loaded.name, loaded.kind, loaded.unit, loaded.latest) == ("a/t", Kind.BOOLEAN, "V", (5, True))
        assert loaded.latest[1] is True
        assert registry.devices["a"].created == 7
        await store.close()

    asyncio.run(run())

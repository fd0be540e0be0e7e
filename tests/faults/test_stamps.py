"""Arrival stamps over a restart: they ran ahead of the clock, and go on behind the last one."""

from __future__ import annotations

import asyncio
from pathlib import Path

from telemetry.accept import Sender
from telemetry.core import Core
from telemetry.model import Batch, Entry
from tests.telemetry.whole import whole


def taken(core: Core, value: float) -> Batch:
    batch = core.gate.accept([Entry({"t": value})], Sender("d"))
    assert isinstance(batch, Batch), batch
    return batch


def test_reading_after_a_restart_overwrites_none_from_before(tmp_path: Path) -> None:
    async def story() -> None:
        async with whole(tmp_path, storage_commit_interval="0") as core:
            batches = [taken(core, float(n)) for n in range(500)]
            for batch in batches:
                future = core.pipeline.submit(batch)
            assert isinstance(future, asyncio.Future)
            await future
            last = batches[-1].readings[0].ts
            assert last > core.clock.arrival(), "the stamps are not ahead: nothing is tried here"
        async with whole(tmp_path, storage_commit_interval="0") as core:
            assert taken(core, 0.5).readings[0].ts > last

    asyncio.run(story())

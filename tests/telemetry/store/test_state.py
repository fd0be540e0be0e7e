"""The registry across restarts: snapshot plus journal tail equals what was in memory."""

from __future__ import annotations

import asyncio
from pathlib import Path

from telemetry.model import Kind
from telemetry.registry import Registry
from telemetry.store import state
from telemetry.store.db import Store
from tests.telemetry.kit import T0, core, until


def test_snapshot_and_tail_restore_latest_marks_and_last_seen(tmp_path: Path) -> None:
    """Values of every kind, late data and envelope ids survive, whether saved or only journalled."""

    async def body() -> None:
        path = tmp_path / "x.db"
        async with core(path) as kit:
            await kit.send([(5, 1.5)], mark=1)
            await kit.send([(0, True)], metric="b")
            await kit.pipeline.save_state()
            await kit.send([(2, 9.0)], mark=2)
            await kit.send([(1, "öppen")], metric="s")
            before = {name: one.latest for name, one in kit.registry.series.items()}
            seen = kit.registry.devices["a"].last_seen
            copy = Registry()
            newest = await kit.store.read(lambda c: state.load(c, copy))
            assert {name: one.latest for name, one in copy.series.items()} == before
            assert before == {"a/t": (T0 + 5, 1.5), "a/b": (T0, True), "a/s": (T0 + 1, "öppen")}
            assert copy.devices["a"].last_id == 2
            assert copy.devices["a"].last_seen == newest
            assert seen is not None
            assert newest >= seen
            assert copy.series["a/s"].kind is Kind.TEXT

    asyncio.run(body())


def test_text_ids_survive_too(tmp_path: Path) -> None:
    """An id is opaque: 7 and "7" are different."""

    async def body() -> None:
        path = tmp_path / "x.db"
        async with core(path) as kit:
            for device, mark in (("a", 7), ("b", "7")):
                await kit.send([(0, 1.0)], device=device, mark=mark)
        store, registry = Store(path), Registry()
        await store.start()
        await store.read(lambda c: state.load(c, registry))
        assert (registry.devices["a"].last_id, registry.devices["b"].last_id) == (7, "7")
        await store.close()

    asyncio.run(body())


def test_new_series_get_fresh_ids_after_a_restart(tmp_path: Path) -> None:
    """An id is never given twice: the journal's records point to it for ever."""

    async def body() -> None:
        path = tmp_path / "x.db"
        async with core(path) as kit:
            await kit.send([(0, 1.0)])
        async with core(path) as kit:
            await kit.send([(0, 1.0)], metric="u")
            assert sorted(kit.registry.by_id) == [1, 2]
            assert kit.registry.unsaved_series == []

    asyncio.run(body())


def test_marks_without_readings_survive_a_crash_in_their_order(tmp_path: Path) -> None:
    """Envelopes that were refused for good, or held only nulls, count for ``last_id`` like any other."""

    async def body() -> None:
        path = tmp_path / "x.db"
        async with core(path) as kit:
            await kit.send([(0, 1.0)], mark=1)
            for mark in (2, 3):
                await kit.send([], mark=mark)
            await kit.send([(1, 1.0)], mark=4)
            await kit.send([], mark=5)
            copy = Registry()
            await kit.store.read(lambda c: state.load(c, copy))
            assert copy.devices["a"].last_id == 5
            assert kit.pipeline.last_seq < kit.pipeline.handed_out
            viewer = kit.viewer()
            assert (await viewer.subscribe("*", since=(kit.store.epoch, 0)))["recovered"] is True
            await until(lambda: len(viewer.readings) == 2)
        async with core(path) as kit:
            assert kit.registry.devices["a"].last_id == 5
            await kit.send([], mark=6)
            await kit.send([(2, 1.0)], mark=7)
            assert await kit.replay.resumable(kit.store.epoch, 1) is True

    asyncio.run(body())

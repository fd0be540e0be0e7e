"""The registry across restarts: snapshot plus journal tail equals what was in memory."""

from __future__ import annotations

import asyncio
from pathlib import Path

from telemetry.model import Kind
from telemetry.registry import Registry
from telemetry.store import state
from telemetry.store.db import Store
from tests.telemetry.kit import T0, core


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

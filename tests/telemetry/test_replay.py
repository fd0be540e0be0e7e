"""Reading the log from a cursor: disk and memory together are everything after it, in order."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry import replay
from telemetry.model import Kind, Reading, Series
from telemetry.replay import Selection, Skipped
from telemetry.store.db import StoreError
from tests.telemetry.kit import T0, Kit, core

EVERYTHING = Selection([("*", -1)])


def series(name: str, number: int) -> Series:
    device, _, metric = name.partition("/")
    return Series(number, device, metric, name, Kind.NUMBER)


async def everything(kit: Kit, cursor: int, selection: Selection = EVERYTHING) -> list[Any]:
    """All readings after a cursor as (metric, value), from the disk page by page, then from memory."""
    got: list[str] = []
    while kit.replay.on_disk(cursor):
        page = await kit.replay.page(cursor, selection)
        assert page.end > cursor
        assert [seq for seq, _ in page.readings] == sorted({seq for seq, _ in page.readings})
        assert all(cursor < seq <= page.end for seq, _ in page.readings)
        got += [text for _, text in page.readings]
        cursor = page.end
    got += kit.replay.tail(cursor, selection)
    return [(name.split("/")[1], value) for name, _, value in map(json.loads, got)]


def test_selection_takes_each_pattern_from_its_own_position() -> None:
    selection = Selection([("a/*", 10), ("*/t", 5)])
    both, one, other, none = series("a/t", 1), series("a/u", 2), series("b/t", 3), series("b/u", 4)
    assert [selection.wants(both, seq) for seq in (5, 6, 11)] == [False, True, True]
    assert [selection.wants(one, seq) for seq in (6, 10, 11)] == [False, False, True]
    assert [selection.wants(other, seq) for seq in (5, 6)] == [False, True]
    assert not selection.wants(none, 100)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 50), st.floats(-1, 1)), max_size=30))
def test_skipped_holds_spans_and_the_newest_of_each_series(points: list[tuple[int, int, float]]) -> None:
    """Newest by time; of two with the same time the later one."""
    all_series = [series(f"a/{n}", n) for n in range(3)]
    skipped = Skipped()
    for n, ts, value in points:
        skipped.add(Reading(all_series[n], ts, value))
    assert skipped.count == len(points)
    for n, one in enumerate(all_series):
        mine = [(ts, value) for number, ts, value in points if number == n]
        if mine:
            times = [ts for ts, _ in mine]
            assert skipped.spans[one.name] == (one.name, min(times), max(times))
            assert skipped.newest[one.name][1:] == [point for point in mine if point[0] == max(times)][-1]
        else:
            assert one.name not in skipped.spans


def test_disk_and_memory_are_everything_after_any_cursor(tmp_path: Path) -> None:
    """For every cursor, while the last batches wait for their commit."""

    async def body() -> None:
        async with core(tmp_path / "x.db", interval=3600) as kit:
            kit.send([(n, float(n)) for n in range(10)])
            await kit.pipeline.flush()
            kit.send([(n, float(n)) for n in range(10, 15)], metric="u")
            await kit.pipeline.flush()
            kit.send([(n, float(n)) for n in range(15, 20)])
            kit.send([(n, float(n)) for n in range(20, 25)], metric="u")
            assert kit.store.committed == 15
            values = [("t" if n < 10 or 15 <= n < 20 else "u", float(n)) for n in range(25)]
            for cursor in range(26):
                assert await everything(kit, cursor) == values[cursor:]
                only = [one for one in values[cursor:] if one[0] == "u"]
                assert await everything(kit, cursor, Selection([("*/u", -1)])) == only

    asyncio.run(body())


def test_positions_that_can_be_resumed(tmp_path: Path) -> None:
    """Zero, every committed seq, what waits, and the newest; not another log's, nor one that was never given."""

    async def body() -> None:
        async with core(tmp_path / "x.db", interval=3600) as kit:
            epoch = kit.replay.epoch
            assert await kit.replay.resumable(epoch, 0)
            kit.send([(n, float(n)) for n in range(5)])
            await kit.pipeline.flush()
            kit.send([(n, float(n)) for n in range(5, 8)])
            for seq in range(9):
                assert await kit.replay.resumable(epoch, seq), seq
            assert not await kit.replay.resumable(epoch, 9)
            assert not await kit.replay.resumable("another", 3)

    asyncio.run(body())


def test_seqs_of_a_failed_commit_cannot_be_resumed(tmp_path: Path) -> None:
    """What they stood for is gone; those before them still can."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 0.0), (1, 1.0)])
            kit.store.failing = True
            with pytest.raises(StoreError):
                await kit.send([(2, 2.0), (3, 3.0)])
            epoch = kit.replay.epoch
            assert await kit.replay.resumable(epoch, 2)
            assert not await kit.replay.resumable(epoch, 3)
            assert not await kit.replay.resumable(epoch, 4)

    asyncio.run(body())


def test_position_of_a_crashed_run_cannot_be_resumed(tmp_path: Path) -> None:
    """Above what it committed nothing is known; what it committed can be read on."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 0.0), (1, 1.0)])
            epoch, last = kit.replay.epoch, kit.pipeline.last_seq
        async with core(tmp_path / "x.db") as kit:
            assert kit.replay.epoch == epoch
            assert await kit.replay.resumable(epoch, last - 1)
            assert not await kit.replay.resumable(epoch, last + 1)
            await kit.send([(2, 2.0)])
            assert await everything(kit, last - 1) == [("t", 1.0), ("t", 2.0)]
            assert kit.replay.lag(0) == 1

    asyncio.run(body())


def test_what_is_older_than_the_promise_cannot_be_resumed(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db", resume_ms=-1000) as kit:
            await kit.send([(0, 0.0)])
            assert not await kit.replay.resumable(kit.replay.epoch, 0)
            assert await kit.replay.resumable(kit.replay.epoch, 1)

    asyncio.run(body())


def test_skim_counts_what_is_committed_and_nothing_else(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db", interval=3600) as kit:
            kit.send([(n, float(n)) for n in range(30)])
            kit.send([(n, float(n)) for n in range(7)], metric="u")
            await kit.pipeline.flush()
            kit.send([(99, 99.0)])
            skipped = await kit.replay.skim(10, Selection([("*/t", -1)]))
            assert (skipped.count, skipped.end) == (20, 37)
            assert skipped.spans == {"a/t": ("a/t", T0 + 10, T0 + 29)}
            assert skipped.newest["a/t"][1:] == (T0 + 29, 29.0)

    asyncio.run(body())


def test_large_tail_waits_for_its_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One frame never carries more than the bound; below it nothing waits."""
    monkeypatch.setattr(replay, "TAIL_MAX", 5)

    async def body() -> None:
        async with core(tmp_path / "x.db", interval=3600) as kit:
            kit.send([(n, float(n)) for n in range(5)])
            assert not await kit.replay.settle()
            kit.send([(5, 5.0)])
            assert await kit.replay.settle()
            assert kit.store.committed == 6
            assert kit.replay.tail(0, EVERYTHING) == []

    asyncio.run(body())

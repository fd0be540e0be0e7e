"""Positions of the log: pages after any cursor are complete, ordered and bounded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from telemetry.store import log
from tests.telemetry.kit import core


def test_pages_from_any_cursor_cover_the_log_once(tmp_path: Path) -> None:
    """Whatever the rows' sizes, following the pages gives every seq after the cursor exactly once."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            at = 0
            for size in [1, 7, 3000, 2, 2500, 60] + [1] * 100:
                await kit.send([(at + n, 0.0) for n in range(size)])
                at += size
            for cursor in (0, 1, 5, 8, 3007, 3010, at - 1, at):
                seen: list[int] = []
                end = cursor
                while records := await kit.store.read(lambda c, e=end: log.records(c, e, at)):
                    assert len(records) <= log.PAGE_READINGS
                    seen += [record.seq for record in records]
                    end = seen[-1]
                assert seen == list(range(cursor + 1, at + 1))

    asyncio.run(body())


@pytest.mark.parametrize(("missed", "possible"), [(3, True), (5, False)])
def test_resume_is_bounded_in_readings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missed: int, possible: bool
) -> None:
    """More missed readings than MISSED_MAX are not replayed, however young they are."""
    monkeypatch.setattr(log, "MISSED_MAX", 4)

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 0.0)])
            await kit.send([(n, 0.0) for n in range(1, missed + 1)])
            assert await kit.replay.resumable(kit.store.epoch, 1) is possible

    asyncio.run(body())


def test_seq_that_was_never_committed_is_no_position(tmp_path: Path) -> None:
    """After a crash, a seq between the last commit and the reserved end belongs to nothing."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 0.0)])
            await kit.store.write(lambda c: c.execute("UPDATE meta SET value = 50 WHERE key = 'seq_reserved'").close())
            found = await kit.store.read(lambda c: [log.resumable(c, seq, 0) for seq in (0, 1, 2, 49)])
            assert found == [True, True, False, False]

    asyncio.run(body())


def test_a_commit_fills_an_empty_name_and_leaves_one_that_stands(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            device = kit.registry.add_device("a", 1)
            await kit.send([(0, 1.0)])
            for name in ("First", "Second"):
                device.name = None
                kit.registry.call(device, name)
                await kit.send([(1, 1.0)])
            rows = await kit.store.read(lambda c: c.execute("SELECT id, name, created FROM devices").fetchall())
            assert rows == [("a", "First", 1)]

    asyncio.run(body())

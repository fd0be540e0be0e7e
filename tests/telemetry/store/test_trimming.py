"""Trimming the journal: only what is sealed, saved, and out of reach of every cursor."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from telemetry.store import trimming
from tests.telemetry.kit import Kit, core

AWAY: dict[str, Any] = {"keep_from": 1 << 62, "not_before": 1 << 62, "most": 0}
"""Nobody needs anything."""


async def seqs(kit: Kit, **needed: Any) -> list[int]:
    """The first seqs of the rows that stay."""
    while await kit.store.write(lambda c: trimming.trim(c, **AWAY | needed)):
        pass
    return await kit.store.read(lambda c: [row[0] for row in c.execute("SELECT first_seq FROM journal ORDER BY 1")])


async def ten_rows(kit: Kit, *, saved: bool = True) -> None:
    for at in range(10):
        await kit.send([(10 * at + n, 0.0) for n in range(10)])
    kit.maintenance._resume_ms = 1 << 40  # sealing trims too: not yet
    await kit.maintenance.seal(everything=True)
    if not saved:
        await kit.store.write(lambda c: c.execute("UPDATE meta SET value = 35 WHERE key = 'state_seq'").close())


@pytest.mark.parametrize(
    ("needed", "left"),
    [
        ({}, []),
        ({"keep_from": 41}, [41, 51, 61, 71, 81, 91]),
        ({"keep_from": 45}, [41, 51, 61, 71, 81, 91]),
        ({"not_before": 0, "most": 25}, [71, 81, 91]),
        ({"not_before": 0, "most": 1_000, "room": 0}, []),
        ({"not_before": 0, "most": 1_000, "room": 1 << 20}, [1, 11, 21, 31, 41, 51, 61, 71, 81, 91]),
        ({"not_before": 0, "most": 1_000}, [1, 11, 21, 31, 41, 51, 61, 71, 81, 91]),
    ],
)
def test_what_a_cursor_may_still_read_stays(tmp_path: Path, needed: dict[str, int], left: list[int]) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await ten_rows(kit)
            assert await seqs(kit, **needed) == left

    asyncio.run(body())


def test_what_a_start_has_to_read_stays(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await ten_rows(kit, saved=False)
            assert await seqs(kit) == [31, 41, 51, 61, 71, 81, 91]

    asyncio.run(body())


def test_what_is_not_sealed_stays(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await ten_rows(kit)
            await kit.send([(1_000, 0.0)])
            await kit.pipeline.save_state()
            assert await seqs(kit) == [101]

    asyncio.run(body())


def test_a_step_is_bounded_and_the_last_seq_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trimming, "TRIMMED", 3)

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await ten_rows(kit)
            assert await kit.store.write(lambda c: trimming.trim(c, **AWAY))
            (left,) = await kit.store.read(lambda c: c.execute("SELECT count(*) FROM journal").fetchone())
            assert left == 7
            assert await seqs(kit) == []
            epoch = kit.store.epoch
            assert [await kit.replay.resumable(epoch, seq) for seq in (0, 50, 100)] == [False, False, True]

    asyncio.run(body())


def test_numbering_goes_on_after_everything_was_trimmed(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await ten_rows(kit)
            assert await seqs(kit) == []
        async with core(tmp_path / "x.db") as kit:
            assert kit.store.committed == 100
            assert kit.series().latest is not None
            await kit.send([(2_000, 0.0)])
            assert kit.store.committed == 101

    asyncio.run(body())

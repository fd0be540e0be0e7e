"""Sealing in steps: a crash between any two loses and repeats nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from telemetry.store import chunks, corrections, ledger, sealing, weave
from telemetry.store.records import Texts
from tests.telemetry.kit import T0, Kit, core
from tests.telemetry.store.kit import EVER, plain


async def sealed(kit: Kit, series: int) -> list[int]:
    """Offsets of the sealed readings of a series."""
    texts = Texts()
    some = await kit.store.read(lambda c: chunks.load(c, chunks.headers(c, series, -EVER, EVER), texts))
    return [ts - T0 for ts in plain(some, texts)]


@pytest.mark.parametrize("steps", range(6))
def test_a_seal_that_was_cut_off_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """Five series, one a step; then the process is gone, and more arrives before the seal goes on."""
    monkeypatch.setattr(sealing, "STEP", 0.0)

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            for metric in "abcde":
                await kit.send([(at, float(at)) for at in (0, 1, 1, 2)], metric)
            part = await kit.store.read(sealing.take)
            assert part is not None
            for _ in range(steps):
                part.series = await kit.store.write(lambda c: sealing.step(c, part))
            accounts = await kit.store.read(ledger.accounts)
            done = 5 - len(part.series)
            assert accounts[:5] == (20, 3 * done, done, 0, 20 - 4 * done)
            assert done == min(steps, 5)
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(9, 9.0)], "a")
            await kit.maintenance.seal(everything=True)
            assert (await kit.store.read(ledger.accounts))[:5] == (21, 16, 5, 0, 0)
            assert await sealed(kit, 1) == [0, 1, 2, 9]
            assert await sealed(kit, 5) == [0, 1, 2]

    asyncio.run(body())


@pytest.mark.parametrize("steps", [0, 1, 2, 9])
def test_late_readings_all_over_the_past_are_sealed_in_bounded_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """Each falls into another old chunk; a crash between two steps counts none of them twice."""
    monkeypatch.setattr(sealing, "STEP", 0.0)
    monkeypatch.setattr(weave, "REWRITTEN", 3)
    rewritten: list[int] = []
    merge = weave._merge

    def counted(*given: Any) -> int:
        rewritten[-1] += 1
        return merge(*given)

    monkeypatch.setattr(weave, "_merge", counted)

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            for at in range(20):
                await kit.send([(100_000 * at + n, 1.0) for n in range(5_000)])
                await kit.maintenance.seal(everything=True)
            late = [(100_000 * at + 50 + half, 2.0) for half in (0, 0, 60_000) for at in reversed(range(20))]
            await kit.send(late)
            part = await kit.store.read(sealing.take)
            assert part is not None
            for _ in range(steps):
                if part.series:
                    rewritten.append(0)
                    part.series = await kit.store.write(lambda c: sealing.step(c, part))
        async with core(tmp_path / "x.db") as kit:
            rewritten.append(0)
            await kit.maintenance.seal(everything=True)
            assert await kit.store.read(ledger.accounts) == (100_060, 100_020, 40, 0, 0, 0)
            assert len(await sealed(kit, 1)) == 100_020
        assert max(rewritten[:-1], default=0) <= 3

    asyncio.run(body())


def test_a_part_of_which_nothing_is_left_is_finished(tmp_path: Path) -> None:
    """Its rows were found damaged and taken out: sealing must go on behind them."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0)])
            await kit.store.write(lambda c: ledger.put(c, sealing_upto=1, sealing_series=1))
            await kit.store.write(lambda c: c.execute("DELETE FROM journal").close())
            await kit.maintenance.seal(everything=True)
            await kit.send([(1, 1.0)])
            await kit.maintenance.seal(everything=True)
            assert await sealed(kit, 1) == [1]

    asyncio.run(body())


def test_a_part_is_bounded_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telemetry.store.readings.PAGE_ROWS", 1)

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            for at in range(10):
                await kit.send([(100 * at + n, 0.0) for n in range(100)])
            part = await kit.store.read(lambda c: sealing.take(c, 4_200))
            assert part is not None
            assert (part.upto, part.count) == (200, 200)
            await kit.maintenance.seal(everything=True)
            assert len(await sealed(kit, 1)) == 1_000
            assert await kit.store.read(sealing.take) is None

    asyncio.run(body())


def test_rows_without_readings_are_sealed_too(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0)])
            await kit.send([], mark=7)
            await kit.maintenance.seal(everything=True)
            meta = await kit.store.read(ledger.get)
            assert meta["sealed_seq"] == 2
            assert await kit.store.read(sealing.take) is None

    asyncio.run(body())


def test_a_part_ends_where_a_deletion_ends_that_is_not_done(tmp_path: Path) -> None:
    """So that a part is older than the deletion, or newer, as a whole."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0), (1, 1.0)])
            row = corrections.Correction(0, 1, T0, T0 + 9, "delete", None, None, "why", "anna", T0)
            await kit.store.write(lambda c: corrections.add(c, row))
            asked = kit.store.committed
            await kit.send([(2, 1.0)])
            part = await kit.store.read(sealing.take)
            assert part is not None
            assert (part.upto, part.count) == (asked, 2)
            await kit.maintenance.seal(everything=True)
            assert await kit.store.read(sealing.take) is None
            await kit.send([(3, 1.0)])
            await kit.store.write(lambda c: corrections.add(c, row._replace(action="mask")))
            await kit.send([(4, 1.0)])
            part = await kit.store.read(sealing.take)
            assert part is not None
            assert part.upto == kit.store.committed

    asyncio.run(body())

"""Sealing in steps: a crash between any two loses and repeats nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from telemetry.store import chunks, ledger, sealing
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
                part.done += await kit.store.write(lambda c: sealing.step(c, part))
            accounts = await kit.store.read(ledger.accounts)
            assert accounts[:5] == (20, 3 * part.done, part.done, 0, 20 - 4 * part.done)
            assert part.done == min(steps, 5)
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(9, 9.0)], "a")
            await kit.maintenance.seal(everything=True)
            assert (await kit.store.read(ledger.accounts))[:5] == (21, 16, 5, 0, 0)
            assert await sealed(kit, 1) == [0, 1, 2, 9]
            assert await sealed(kit, 5) == [0, 1, 2]

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

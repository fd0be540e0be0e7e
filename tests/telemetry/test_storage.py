"""The report of the storage, and the samples behind its forecast."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from telemetry.clock import Clock
from telemetry.storage import HOUR, Storage
from telemetry.store import usage
from telemetry.store.limits import limits
from tests.telemetry.kit import core

NOW = 1_800_000_000_000


class Hands:
    """A clock that is set by hand (ms)."""

    def __init__(self) -> None:
        self.now = NOW
        self.clock = Clock(0, lambda: self.now)


def io(path: Path, written: int) -> Path:
    """A file as the system tells what a process has read and written."""
    file = path / "io"
    file.write_text(f"rchar: 1\nwchar: 2\nread_bytes: 3\nwrite_bytes: {written}\ncancelled_write_bytes: 4\n")
    return file


def test_samples_are_taken_every_hour_and_carried_over_restarts(tmp_path: Path) -> None:
    hands = Hands()

    async def run(written: int, hours: int) -> None:
        async with core(tmp_path / "x.db") as kit:
            storage = Storage(kit.store, kit.maintenance, hands.clock, io(tmp_path, written))
            assert storage.sample in kit.maintenance.jobs
            for _ in range(4 * hours):
                await storage.sample()
                hands.now += HOUR // 4
            samples.append(await kit.store.read(lambda c: usage.since(c, 0)))

    samples: list[list[usage.Sample]] = []
    asyncio.run(run(1_000, 3))
    assert [one.time - NOW for one in samples[-1]] == [0, HOUR, 2 * HOUR]
    assert [one.written for one in samples[-1]] == [1_000] * 3
    hands.now -= HOUR // 2
    asyncio.run(run(50, 1))
    assert [one.time - NOW for one in samples[-1]] == [0, HOUR, 2 * HOUR, 3 * HOUR]
    assert samples[-1][-1].written == 1_050


def test_a_clock_that_is_wrong_is_not_believed(tmp_path: Path) -> None:
    hands = Hands()
    hands.now = 1_000

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            storage = Storage(kit.store, kit.maintenance, hands.clock)
            await storage.sample()
            assert not await kit.store.read(lambda c: usage.since(c, 0))

    asyncio.run(body())


def test_report_knows_rates_after_ten_minutes_and_the_end_of_the_quota(tmp_path: Path) -> None:
    hands = Hands()

    async def body() -> None:
        async with core(tmp_path / "x.db", room=limits(16 << 20)) as kit:
            file = io(tmp_path, 0)
            storage = Storage(kit.store, kit.maintenance, hands.clock, file)
            await storage.sample()
            early = await storage.look()
            assert early.rates == (None, None, None)
            assert early.full_on is None
            for at in range(20):
                await kit.send([(at * 1_000_000 + i * 1_000, i / 7) for i in range(1_000)])
            await kit.maintenance.seal(everything=True)
            hands.now += 24 * HOUR // 10
            io(tmp_path, 1_000_000)
            found = await storage.look()
            assert found.rates.readings == pytest.approx(200_000)
            assert found.rates.written_bytes == 10_000_000
            assert found.rates.stored_bytes == pytest.approx(200_000 * found.holdings.sealed_bytes / 20_000)
            assert found.full_on is not None
            left = (found.full_on - hands.now) / 86_400_000
            room = (kit.store.bounds.limits.low or 0) - found.holdings.pages.used
            assert left == pytest.approx(room / (found.rates.stored_bytes or 1), rel=1e-3)
            file.unlink()
            assert (await storage.look()).rates.written_bytes is None

    asyncio.run(body())


def test_without_a_quota_the_disk_is_the_limit(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0)])
            found = await Storage(kit.store, kit.maintenance, Clock()).look()
            assert found.quota is None
            assert found.disk_free > 0
            assert found.files.total >= found.files.database + found.files.wal + found.files.reserve
            assert found.holdings.accounts.journalled == 1

    asyncio.run(body())

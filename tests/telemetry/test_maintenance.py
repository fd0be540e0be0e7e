"""Maintenance: sealing when it is due, one job at a time, and commits that do not wait for it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from telemetry import maintenance
from telemetry.store import ledger, repair
from telemetry.store.damage import Damaged
from telemetry.store.records import Texts
from tests.telemetry.kit import T0, core, until
from tests.telemetry.store.kit import packed


@pytest.mark.parametrize(("limit", "value"), [("SEAL_BYTES", 1), ("SEAL_AGE", -1)])
def test_it_seals_when_the_journal_is_long_or_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0)])
            await kit.maintenance.seal()
            assert (await kit.store.read(ledger.accounts)).unsealed == 1
            monkeypatch.setattr(maintenance, limit, value)
            await kit.maintenance.seal()
            assert (await kit.store.read(ledger.accounts)).unsealed == 0

    asyncio.run(body())


def test_it_works_in_the_background_and_goes_on_after_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(maintenance, "TICK", 0.01)
    monkeypatch.setattr(maintenance, "SEAL_AGE", -1)

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            kit.tasks.start(kit.maintenance.run(), "maintenance")
            kit.store.failing = True
            failed = kit.pipeline.submit
            assert failed is not None
            await until(lambda: not kit.maintenance.busy)
            kit.store.failing = False
            await kit.send([(0, 1.0)])
            for _ in range(1_000):
                if (await kit.store.read(ledger.accounts)).stored == 1:
                    return
                await asyncio.sleep(0.01)
            raise AssertionError("nothing was sealed")

    asyncio.run(body())


def test_loaded_readings_count_as_written_now(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0), (1, 1.0)])
            await kit.send([(0, 2.0)], "u")
            await kit.maintenance.seal(everything=True)
            texts = Texts()
            records = np.concatenate([packed([(T0 + 1, 5.0), (T0 + 2, "on")], texts, id_) for id_ in (1, 2)])
            assert await kit.maintenance.load(records, texts) == (3, 1)
            assert (await kit.store.read(ledger.accounts))[:5] == (7, 6, 1, 0, 0)

    asyncio.run(body())


def test_one_job_at_a_time(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0)])
            async with kit.maintenance.exclusive("a test"):
                assert kit.maintenance.busy == "a test"
                seal = asyncio.ensure_future(kit.maintenance.seal(everything=True))
                await asyncio.sleep(0.05)
                assert not seal.done()
            await seal
            assert kit.maintenance.busy is None

    asyncio.run(body())


def test_a_session_that_is_behind_holds_the_journal(tmp_path: Path) -> None:
    """Rows that a slow browser has not read yet are not trimmed."""

    async def body() -> None:
        async with core(tmp_path / "x.db", resume_ms=0) as kit:
            viewer = kit.viewer(reads=False)
            await viewer.subscribe("*")
            viewer.session.cursor = 0
            for at in range(5):
                await kit.send([(at, 1.0)])
            viewer.session.cursor = 2
            await kit.maintenance.seal(everything=True)
            (first,) = await kit.store.read(lambda c: c.execute("SELECT min(first_seq) FROM journal").fetchone())
            assert first == 2
            viewer.session.close()
            await kit.maintenance.trim()
            assert await kit.store.read(lambda c: c.execute("SELECT count(*) FROM journal").fetchone()) == (0,)

    asyncio.run(body())


def test_a_seal_that_is_cancelled_counts_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step that is being written is finished before anyone else may seal."""
    monkeypatch.setattr("telemetry.store.sealing.STEP", 0.0)

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            for round_ in range(20):
                for metric in "abcd":
                    await kit.send([(round_ * 100 + at, 1.0) for at in range(50)], metric)
                seal = asyncio.ensure_future(kit.maintenance.seal(everything=True))
                await asyncio.sleep(0.001 * (round_ % 7))
                seal.cancel()
                await asyncio.wait([seal])
                await kit.maintenance.seal(everything=True)
            assert (await kit.store.read(ledger.accounts))[:5] == (4_000, 4_000, 0, 0, 0)

    asyncio.run(body())


def test_a_damaged_chunk_in_the_way_of_a_load_is_taken_out(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(at, 1.0) for at in range(100)])
            await kit.maintenance.seal(everything=True)
            await kit.store.write(lambda c: c.execute("UPDATE chunk_data SET crc = crc + 1").close())
            texts = Texts()
            again = packed([(T0 + 50, 5.0)], texts)
            with pytest.raises(Damaged):
                await kit.maintenance.load(again, texts)

            async def mend(found: Damaged) -> None:
                await kit.store.write(lambda c: repair.repair(c, found, T0))

            kit.store.repair = mend
            assert await kit.maintenance.load(again, texts) == (1, 0)
            accounts = await kit.store.read(ledger.accounts)
            assert (accounts.stored, accounts.lost) == (1, 100)

    asyncio.run(body())

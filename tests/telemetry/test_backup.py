"""Nightly backups: made when they are due or were missed, rotated, and loud when they fail."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from telemetry.backup import Backups
from telemetry.clock import last_time_at, next_time_at, wall_ms
from telemetry.settings import BackupSettings
from telemetry.store.backup import BackupError
from telemetry.store.checking import Inspection
from telemetry.store.db import StoreError
from tests.telemetry.kit import Kit, core, until

DAY = 86_400_000


def backups(kit: Kit, folder: Path, keep: int = 2, at: tuple[int, int] | None = (3, 30)) -> Backups:
    settings = replace(BackupSettings(), at=at, folder=folder, keep=keep)
    return Backups(kit.store, settings)


def test_one_that_was_missed_is_made_after_the_start_and_no_second_one(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(1, 1.0)])
            one = backups(kit, tmp_path / "safe")
            assert one.report() == {"last": None, "file": None, "error": None, "next": next_time_at(3, 30)}
            assert one.age() is None
            assert one.ok() is None
            kit.tasks.start(one.run(), "backups")
            await until(lambda: one.ok() == 1.0)
            again = backups(kit, tmp_path / "safe")
            kit.tasks.start(again.run(), "backups")
            assert 0 <= float(str(again.age())) < 60
            await kit.send([(2, 1.0)])
            assert len(list((tmp_path / "safe").iterdir())) == 1

    asyncio.run(body())


def test_the_newest_stay_and_other_files_too(tmp_path: Path) -> None:
    folder = tmp_path / "safe"
    folder.mkdir()
    for name in (
        "x-20200101-030000.db",
        "x-20200102-030000.db",
        "x-20200103-030000.db",
        "x-mine.db",
        "y-20200101-030000.db",
    ):
        (folder / name).write_text("old")
        os.utime(folder / name, (1_600_000_000, 1_600_000_000))

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            made = await backups(kit, folder).nightly()
            assert {one.name for one in folder.iterdir()} == {
                "x-20200103-030000.db", made.name, "x-mine.db", "y-20200101-030000.db"
            }  # fmt: skip

    asyncio.run(body())


def test_a_failure_is_shown_until_the_next_success(tmp_path: Path) -> None:
    (tmp_path / "safe").write_text("a file, not a folder")

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            one = backups(kit, tmp_path / "safe")
            with pytest.raises(BackupError):
                await one.nightly()
            assert one.ok() == 0.0
            assert one.report()["error"]
            (tmp_path / "safe").unlink()
            await one.nightly()
            assert (one.ok(), one.report()["error"]) == (1.0, None)

    asyncio.run(body())


def test_nobody_waits_for_a_backup_and_a_write_that_failed_ends_it(tmp_path: Path) -> None:
    """Sealing goes on between its pages; after a new connection nobody knows what has changed."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(at, 1.0) for at in range(2_000)])
            await kit.maintenance.seal(everything=True)
            one = backups(kit, tmp_path / "safe")
            sealed: list[int] = []

            async def seal(_done: int, _total: int) -> None:
                await kit.send([(10_000 + len(sealed), 2.0)])
                await kit.maintenance.seal(everything=True)
                sealed.append(kit.store.committed)

            async with asyncio.timeout(60):
                await one.make(tmp_path / "copy.db", seal)
            assert sealed

            async def fail(_done: int, _total: int) -> None:
                kit.store.failing = True
                with pytest.raises(StoreError):
                    await kit.store.write(lambda _: None)
                kit.store.failing = False

            with pytest.raises(BackupError, match="try again"):
                await one.make(tmp_path / "other.db", fail)
            assert not (tmp_path / "other.db").exists()
        inspection = Inspection(tmp_path / "copy.db", alone=True)
        found = []
        while (step := inspection.step()) is not None:
            found += step
        inspection.close()
        assert found == []
        assert inspection.check.seen.readings == 2_000 + len(sealed)

    asyncio.run(body())


def test_two_backups_are_made_one_after_the_other(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(at, 1.0) for at in range(2_000)])
            one = backups(kit, tmp_path / "safe")
            await asyncio.gather(one.make(tmp_path / "a.db"), one.make(tmp_path / "b.db"))

    asyncio.run(body())
    assert (tmp_path / "a.db").stat().st_size == (tmp_path / "b.db").stat().st_size > 0


def test_without_a_time_of_day_there_are_none(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            one = backups(kit, tmp_path / "safe", at=None)
            await asyncio.wait_for(one.run(), 5)
            assert one.report()["next"] is None
            assert not (tmp_path / "safe").exists()

    asyncio.run(body())


def test_times_of_day_lie_around_now() -> None:
    for hour in range(24):
        last, following = last_time_at(hour, 15), next_time_at(hour, 15)
        assert last <= wall_ms() < following
        assert DAY - 2 * 3_600_000 <= following - last <= DAY + 2 * 3_600_000

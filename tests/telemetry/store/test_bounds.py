"""The limits around each transaction: the file's, the log's, and a commit's."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from telemetry.store import bounds, space
from telemetry.store.db import Connection, QuotaError, Store, StoreError
from telemetry.store.limits import MIB, UNLIMITED, limits

QUOTA = 16 * MIB


def ballast(size: int) -> object:
    return lambda c: c.execute("INSERT INTO ballast VALUES (randomblob(?))", (size,)).close()


async def started(path: Path, quota: int | None = QUOTA) -> Store:
    store = Store(path, limits=limits(quota))
    await store.start()
    await store.write(lambda c: c.execute("CREATE TABLE ballast (data BLOB)").close())
    return store


async def flooded(store: Store, size: int) -> None:
    """Write until it fails; the quota holds all the time."""
    while True:
        await store.write(ballast(size))
        assert space.files(store.path).total <= QUOTA


def test_file_never_exceeds_its_part_and_says_when_it_is_short(tmp_path: Path) -> None:
    async def body() -> None:
        store = await started(tmp_path / "x.db")
        heard: list[int] = []
        store.on_low = lambda: heard.append(store.bounds.pages.used)
        with pytest.raises(QuotaError, match=r"\[storage\] quota = 16 MiB.*raise the quota") as caught:
            await flooded(store, 200_000)
        assert str(tmp_path) in str(caught.value)
        assert str(tmp_path) not in caught.value.advice
        room = store.bounds.limits
        assert store.bounds.full
        assert min(heard) > room.low
        assert (room.database or 0) - 300_000 < store.bounds.pages.file <= (room.database or 0)
        await store.write(lambda c: c.execute("DELETE FROM ballast").close())
        assert not store.bounds.short
        await store.write(ballast(200_000))
        await store.close()

    asyncio.run(body())


def test_a_disk_that_is_full_is_not_taken_for_the_quota(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        store = await started(tmp_path / "x.db")
        monkeypatch.setattr(bounds, "SPARE", 1 << 60)
        with pytest.raises(StoreError, match="disk is full") as caught:
            await flooded(store, 200_000)
        assert caught.value.advice == StoreError.advice
        await store.close()

    asyncio.run(body())


def test_log_is_emptied_when_it_is_long(tmp_path: Path) -> None:
    async def body() -> None:
        store = await started(tmp_path / "x.db")
        for _ in range(60):
            await store.write(ballast(100_000))
            assert space.files(store.path).wal <= store.bounds.limits.log + 250_000
        await store.close()

    asyncio.run(body())


def test_log_that_a_reader_keeps_stops_commits_but_not_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "EVERY", 0.0)
    monkeypatch.setattr(bounds, "PATIENCE", 1)

    async def body() -> None:
        store = await started(tmp_path / "x.db")
        reader = sqlite3.connect(store.path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM ballast").fetchone()
        with pytest.raises(StoreError, match=r"a long read keeps.*\[storage\] quota"):
            await flooded(store, 100_000)
        assert space.files(store.path).wal <= (store.bounds.limits.log_most or 0) + 250_000
        reader.close()
        await store.write(ballast(100_000))
        assert space.files(store.path).wal < 250_000
        await store.close()

    asyncio.run(body())


def test_commit_that_is_too_large_at_once_is_refused(tmp_path: Path) -> None:
    found = bounds.Bounds(tmp_path / "x.db", limits(QUOTA))
    found.admit(found.limits.commit or 0)
    with pytest.raises(sqlite3.OperationalError, match="at once"):
        found.admit((found.limits.commit or 0) + 1)
    bounds.Bounds(tmp_path / "x.db", UNLIMITED).admit(1 << 40)


def test_file_grows_and_shrinks_with_its_commits(tmp_path: Path) -> None:
    """On a full disk what is only in the log could neither be written to the file nor be taken off it."""
    path = tmp_path / "x.db"

    async def body() -> None:
        store = await started(path, None)
        most = store.bounds.limits.reserve // bounds.APART

        async def apart() -> int:
            return (await store.read(space.pages)).file - path.stat().st_size

        for _ in range(30):
            await store.write(ballast(MIB // 8))
            assert abs(await apart()) <= most
        await store.write(lambda c: c.execute("DELETE FROM ballast").close())
        more = True
        while more:
            more = await store.write(lambda c: space.give_back(c, 0))
            assert abs(await apart()) <= most
        assert path.stat().st_size < MIB
        await store.close()

    asyncio.run(body())


def test_without_a_quota_nothing_is_refused(tmp_path: Path) -> None:
    async def body() -> None:
        store = await started(tmp_path / "x.db", None)
        await store.write(ballast(20 * MIB))
        assert not store.bounds.short
        assert not store.bounds.full
        await store.close()

    asyncio.run(body())


def test_smaller_quota_than_the_file_holds_is_reached_by_deleting(tmp_path: Path) -> None:
    """The limit of a file that is larger already sinks with it."""

    async def body() -> None:
        store = await started(tmp_path / "x.db", None)
        for _ in range(20):
            await store.write(ballast(MIB))
        await store.close()
        store = Store(tmp_path / "x.db", limits=limits(QUOTA))
        await store.start()
        assert store.bounds.short
        await store.write(lambda c: c.execute("DELETE FROM ballast").close())
        while await store.write(lambda c: space.give_back(c, 0)):
            pass
        await store.empty_log()
        assert space.files(store.path).total < QUOTA
        assert await store.write(_limit) == (store.bounds.limits.database or 0) // 4096
        await store.close()

    def _limit(connection: Connection) -> int:
        return int(connection.execute("PRAGMA max_page_count").fetchone()[0])

    asyncio.run(body())

"""The space kept back: it lets a full disk be cleaned, and nothing else takes it."""

from __future__ import annotations

import asyncio
import errno
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from telemetry.model import Batch, Reading, Refusal
from telemetry.store.db import Connection, Store, StoreError
from telemetry.store.reserve import Reserve, full
from telemetry.store.space import give_back
from tests.faults.disks import tmpfs
from tests.telemetry.kit import T0, core, until

KEPT = 1 << 20
BLOB = 100_000


def test_reserve_is_as_large_as_asked_and_private(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "x.reserve", KEPT)
    assert reserve.make()
    stat = reserve.path.stat()
    assert stat.st_size == KEPT
    assert stat.st_blocks * 512 >= KEPT
    assert stat.st_mode & 0o777 == 0o600
    assert reserve.make()
    assert not reserve.given_up


def test_release_tells_whether_there_was_anything(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "x.reserve", KEPT)
    assert not reserve.release()
    assert not reserve.given_up
    reserve.make()
    assert reserve.release()
    assert reserve.given_up
    assert not reserve.path.exists()
    assert reserve.make()
    assert not reserve.given_up


@pytest.mark.faults
def test_reserve_is_not_made_of_the_last_space() -> None:
    """What it leaves is enough to commit in."""
    with tmpfs("2m") as disk:
        reserve = Reserve(disk.path / "x.reserve", KEPT)
        assert not reserve.make(spare=KEPT + 1)
        assert not reserve.path.exists()
        assert reserve.make(spare=KEPT)
        assert reserve.path.stat().st_size == KEPT
        assert disk.free == KEPT


def test_reserve_of_nothing_is_always_there(tmp_path: Path) -> None:
    """Switched off: no file, nothing to give up, nothing to wait for."""
    reserve = Reserve(tmp_path / "x.reserve", 0)
    assert reserve.make()
    assert not reserve.release()
    assert not list(tmp_path.iterdir())


@contextmanager
def file_limit(size: int) -> Iterator[None]:
    """No file may grow beyond ``size`` bytes. Python ignores SIGXFSZ, so it is an error like any other."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_less_is_kept_back_where_there_is_little(tmp_path: Path) -> None:
    """Down to what was asked for at least; half a file is never left."""
    reserve = Reserve(tmp_path / "x.reserve", KEPT)
    with file_limit(KEPT // 3):
        assert not reserve.make()
        assert not reserve.path.exists()
        assert reserve.make(KEPT // 8)
        assert reserve.path.stat().st_size == KEPT // 4


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (OSError(errno.ENOSPC, "x"), True),
        (OSError(errno.EDQUOT, "x"), True),
        (OSError(errno.EIO, "x"), False),
        (ValueError("x"), False),
        (sqlite3.OperationalError("made without a code"), False),
        (None, False),
    ],
)
def test_full_is_told_from_broken(error: BaseException | None, verdict: bool) -> None:
    assert full(error) is verdict


def test_full_knows_the_limit_of_the_database() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA max_page_count=3")
    connection.execute("CREATE TABLE t (x)")
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("INSERT INTO t VALUES (zeroblob(100000))")
    connection.close()
    assert full(caught.value)


def insert(connection: Connection) -> None:
    connection.execute("INSERT INTO bulk (data) VALUES (randomblob(?))", (BLOB,))


def clean(connection: Connection) -> int:
    """What retention does: a bounded number of rows, and their pages back to the disk."""
    count = connection.execute("DELETE FROM bulk WHERE id IN (SELECT id FROM bulk ORDER BY id LIMIT 5)").rowcount
    give_back(connection, 0)
    return count


async def fill(store: Store) -> int:
    """Insert until the disk is full; how many rows are in."""
    await store.write(
        lambda c: c.execute("CREATE TABLE IF NOT EXISTS bulk (id INTEGER PRIMARY KEY, data BLOB)").close()
    )
    rows = 0
    with suppress(StoreError):
        while True:
            await store.write(insert)
            rows += 1
    return rows


async def rows_in(store: Store) -> int:
    return int((await store.read(lambda c: c.execute("SELECT count(*) FROM bulk").fetchone()))[0])


@pytest.mark.faults
def test_full_disk_can_be_cleaned_with_the_reserve_only() -> None:
    """A plain DELETE fails on a full disk; with the space given up it works, again and again, until all is back."""

    async def body(path: Path) -> None:
        store = Store(path, KEPT)
        await store.start()
        rows = await fill(store)
        assert store.space.path.stat().st_size == KEPT
        deleted = 0
        with pytest.raises(StoreError, match="full"):
            await store.write(lambda c: [insert(c) for _ in range(3)] and clean(c))
        while await rows_in(store):
            deleted += await store.write_freeing(clean)
        assert deleted == rows
        await store.reopen()
        assert not store.space.given_up
        assert store.space.path.stat().st_size == KEPT
        await store.write(insert)
        await store.close()

    with tmpfs("8m") as disk:
        asyncio.run(body(disk.path / "x.db"))


@pytest.mark.faults
def test_readings_do_not_take_what_was_given_up_for_cleaning() -> None:
    """From the moment the reserve is given up until it is made again, devices are told to try later."""

    async def body(path: Path) -> None:
        async with core(path) as kit:
            store = kit.store
            store.space.size = KEPT
            assert store.space.make()
            await fill(store)

            def greedy(connection: Connection) -> None:
                for _ in range(4):
                    insert(connection)

            store.space.size = 1 << 30  # what cannot be taken back: as if others had taken it meanwhile
            await store.write_freeing(greedy)
            assert store.space.given_up
            await until(lambda: not kit.pipeline.healthy)
            assert isinstance(kit.pipeline.submit(Batch([Reading(kit.series(), T0, 1.0)], "a")), Refusal)
            with pytest.raises(StoreError, match="too little space"):
                await store.reopen()
            store.space.size = KEPT
            while await rows_in(store):
                await store.write_freeing(clean)
            await until(lambda: kit.pipeline.healthy)
            assert store.space.path.stat().st_size == KEPT
            await kit.send([(0, 1.0)])

    with tmpfs("8m") as disk:
        asyncio.run(body(disk.path / "x.db"))


@pytest.mark.faults
def test_limit_on_file_size_gives_the_reserve_up_once(tmp_path: Path) -> None:
    """Where space does not help, the error comes out, and nothing is deleted for ever."""

    async def body() -> None:
        store = Store(tmp_path / "x.db", KEPT)
        await store.start()
        assert store.space.path.exists()
        await store.write(lambda c: c.execute("CREATE TABLE bulk (id INTEGER PRIMARY KEY, data BLOB)").close())
        with file_limit(300_000), pytest.raises(StoreError):
            await store.write_freeing(lambda c: [insert(c) for _ in range(20)])
        assert store.space.given_up
        await store.reopen()
        assert store.space.path.stat().st_size == KEPT
        await store.write(insert)
        await store.close()

    asyncio.run(body())

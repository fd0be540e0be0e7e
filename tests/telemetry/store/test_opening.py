"""Opening: what the writer is promised, and reading where nothing can be written."""

from __future__ import annotations

import asyncio
import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from telemetry.store import migrations, opening
from telemetry.store.db import Store, StoreError
from tests.faults.disks import Disk, tmpfs

ROWS = 10


@pytest.fixture
def disk() -> Iterator[Disk]:
    with tmpfs("8m") as one:
        yield one


def database(folder: Path, *, killed: bool, index: bool = True) -> Path:
    """A database with ROWS rows; ``killed`` leaves its log behind, perhaps with its index."""
    path = folder / "x.db"
    made = folder / "made.db"
    with closing(opening.writer(made)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(ROWS)])
        if killed:
            for suffix in ("", "-wal", *(["-shm"] if index else [])):
                shutil.copy(f"{made}{suffix}", f"{path}{suffix}")
    if not killed:
        shutil.copy(made, path)
    return path


def count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM t").fetchone()[0])


def test_writer_syncs_every_commit(tmp_path: Path) -> None:
    with closing(opening.writer(tmp_path / "x.db")) as connection:
        names = ("synchronous", "journal_mode", "auto_vacuum")
        found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
    assert found == [2, "wal", 2]


def test_reader_cannot_write_and_makes_no_file(tmp_path: Path) -> None:
    path = database(tmp_path, killed=False)
    with closing(opening.reader(path)) as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM t")
    with pytest.raises(sqlite3.OperationalError):
        opening.reader(tmp_path / "none.db", alone=True)
    assert not (tmp_path / "none.db").exists()


@pytest.mark.faults
@pytest.mark.parametrize(("killed", "index"), [(False, False), (True, True), (True, False)])
def test_read_only_disk_is_read_with_its_log(disk: Disk, killed: bool, index: bool) -> None:
    """After an orderly end, after kill -9, and after a power cut, which leaves no index of the log."""
    path = database(disk.path, killed=killed, index=index)
    disk.remount("ro")
    with closing(opening.reader(path, alone=True)) as connection:
        assert count(connection) == ROWS


@pytest.mark.faults
def test_full_disk_is_read_with_its_log(disk: Disk) -> None:
    """No space for the index of the log: it is kept in memory."""
    path = database(disk.path, killed=True, index=False)
    disk.fill()
    with pytest.raises(sqlite3.OperationalError):
        opening.reader(path)
    with closing(opening.reader(path, alone=True)) as connection:
        assert count(connection) == ROWS


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (OSError(errno.EROFS, "x"), True),
        (OSError(errno.ENOSPC, "x"), True),
        (OSError(errno.EIO, "x"), True),
        (OSError(errno.EACCES, "x"), False),
        (OSError(errno.EISDIR, "x"), False),
        (None, False),
    ],
)
def test_unwritable_is_told_from_misconfigured(error: BaseException | None, verdict: bool) -> None:
    assert opening.unwritable(error) is verdict


def test_damage_is_not_taken_for_an_unwritable_disk(tmp_path: Path) -> None:
    """A file that is no database stops the start: it must not look like a full disk."""
    (tmp_path / "x.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError) as caught:
        asyncio.run(Store(tmp_path / "x.db").start())
    assert not opening.unwritable(caught.value.__cause__)


@pytest.mark.faults
def test_store_reads_alone_then_writes_when_it_may(disk: Disk) -> None:
    """One store, one run: read-only at first, no seq to give; then the same log goes on."""

    async def body() -> None:
        path = disk.path / "x.db"
        store = Store(path, 1 << 20)
        await store.start()
        epoch = store.epoch
        await store.close(last_seq=41)
        disk.remount("ro")
        store = Store(path, 1 << 20)
        await store.start()
        assert not store.writable
        assert (store.epoch, store.next_seq, store.reserved) == (epoch, 42, 42)
        meta = "SELECT value FROM meta WHERE key = 'epoch'"
        assert await store.read(lambda c: c.execute(meta).fetchone()) == (epoch,)
        with pytest.raises(StoreError):
            await store.reopen()
        with pytest.raises(StoreError):
            await store.write(lambda c: c.execute(meta).fetchone())
        disk.remount("rw")
        await store.reopen()
        assert store.writable
        assert store.reserved > 42
        await store.write(lambda c: c.execute("UPDATE meta SET value = 7 WHERE key = 'state_seq'").close())
        seven = "SELECT value FROM meta WHERE key = 'state_seq'"
        assert await store.read(lambda c: c.execute(seven).fetchone()) == (7,)
        await store.close()

    asyncio.run(body())


@pytest.mark.faults
def test_schema_that_is_too_old_is_not_served_from_a_read_only_disk(disk: Disk) -> None:
    """An upgrade needs writes: the start says so instead of answering from half a schema."""
    path = disk.path / "x.db"
    asyncio.run(_made(path))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM _sqlite_migrations WHERE name = ?", (list(migrations.STEPS)[-1],))
        connection.commit()
    disk.remount("ro")
    with pytest.raises(StoreError):
        asyncio.run(Store(path).start())


async def _made(path: Path) -> None:
    store = Store(path)
    await store.start()
    await store.close()

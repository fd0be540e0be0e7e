"""The store: durable writes, readers that cannot write, and seqs that no crash reuses."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from telemetry.store import space
from telemetry.store.db import BLOCK, Store, StoreError


async def opened(path: Path) -> Store:
    store = Store(path)
    await store.start()
    return store


def test_pragmas_are_what_the_design_promises(tmp_path: Path) -> None:
    """FULL, WAL and incremental vacuum are in force on the one writing connection."""

    async def body() -> None:
        store = await opened(tmp_path / "x.db")
        names = ("synchronous", "journal_mode", "auto_vacuum", "wal_autocheckpoint")
        found = await store.write(lambda c: [c.execute(f"PRAGMA {name}").fetchone()[0] for name in names])
        assert found == [2, "wal", 2, 1000]
        await store.close()

    asyncio.run(body())


def test_no_sql_runs_on_the_loop_thread(tmp_path: Path) -> None:
    """Invariant 8: writes have one thread of their own, reads others."""

    async def body() -> None:
        store = await opened(tmp_path / "x.db")
        writers = {await store.write(lambda _: threading.get_ident()) for _ in range(5)}
        readers = {await store.read(lambda _: threading.get_ident()) for _ in range(5)}
        assert len(writers) == 1
        assert not writers & readers
        assert threading.get_ident() not in writers | readers
        await store.close()

    asyncio.run(body())


def test_database_file_is_private(tmp_path: Path) -> None:
    """Nobody else on the machine reads tokens' hashes or readings."""

    async def body() -> None:
        await (await opened(tmp_path / "x.db")).close()
        assert stat.S_IMODE((tmp_path / "x.db").stat().st_mode) == 0o600

    asyncio.run(body())


def test_readers_cannot_write(tmp_path: Path) -> None:
    """A read that turns into a write is an error, never a lock on the writer."""

    async def body() -> None:
        store = await opened(tmp_path / "x.db")
        with pytest.raises(StoreError, match="readonly"):
            await store.read(lambda c: c.execute("DELETE FROM meta"))
        await store.close()

    asyncio.run(body())


def test_failed_write_leaves_nothing_and_the_next_one_works(tmp_path: Path) -> None:
    """Half a transaction is rolled back, also when the error is not SQLite's."""

    async def body() -> None:
        store = await opened(tmp_path / "x.db")

        def half(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO meta VALUES ('half', 1)")
            raise ZeroDivisionError

        def broken(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO meta VALUES ('half', 1)")
            connection.execute("INSERT INTO nowhere VALUES (1)")

        with pytest.raises(ZeroDivisionError):
            await store.write(half)
        with pytest.raises(StoreError):
            await store.write(broken)
        count = "SELECT count(*) FROM meta WHERE key = 'half'"
        assert await store.write(lambda c: c.execute(count).fetchone()) == (0,)
        await store.close()

    asyncio.run(body())


def test_seqs_are_reserved_on_disk_before_they_are_handed_out(tmp_path: Path) -> None:
    """A run that ends without a word never has its seqs reused; an orderly end gives the rest back."""

    async def body() -> None:
        store = await opened(tmp_path / "x.db")
        assert (store.next_seq, store.reserved) == (1, 1 + BLOCK)
        await store.close()
        store = await opened(tmp_path / "x.db")
        assert store.next_seq == 1 + BLOCK
        await store.close(last_seq=1 + BLOCK + 5)
        store = await opened(tmp_path / "x.db")
        assert store.next_seq == 1 + BLOCK + 6
        await store.close()

    asyncio.run(body())


def test_reservation_grows_inside_commits(tmp_path: Path) -> None:
    """Half a block before the end, a commit reserves the next one."""

    async def body() -> None:
        store = await opened(tmp_path / "x.db")
        assert await store.write(lambda c: store.reserve(c, 10)) == 1 + BLOCK
        assert await store.write(lambda c: store.reserve(c, BLOCK - 10)) == BLOCK - 10 + 1 + BLOCK
        await store.close()

    asyncio.run(body())


def test_file_is_no_longer_than_it_must_be_when_it_is_closed(tmp_path: Path) -> None:
    """Room that the journal has used and may use again is kept only while something may arrive."""
    path = tmp_path / "x.db"

    async def body() -> None:
        store = Store(path)
        await store.start()
        await store.write(lambda c: c.execute("CREATE TABLE bulk (data BLOB)").close())
        await store.write(lambda c: c.execute("INSERT INTO bulk VALUES (zeroblob(2000000))").close())
        await store.write(lambda c: c.execute("DELETE FROM bulk").close())
        assert (await store.read(space.pages)).free > 1_900_000
        await store.close(0)
        assert path.stat().st_size < 500_000

    asyncio.run(body())


def test_epoch_stays_with_the_database(tmp_path: Path) -> None:
    """One log, one name; another file has another."""

    async def body() -> None:
        epochs = []
        for name in ("x.db", "x.db", "y.db"):
            store = await opened(tmp_path / name)
            epochs.append(store.epoch)
            await store.close()
        assert epochs[0] == epochs[1] != epochs[2]
        assert epochs[0]

    asyncio.run(body())


def test_error_names_the_file(tmp_path: Path) -> None:
    """A file that is no database stops the start with its name in the message."""
    (tmp_path / "x.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match=r"x\.db"):
        asyncio.run(Store(tmp_path / "x.db").start())


def test_who_reads_while_the_server_stops_hears_that(tmp_path: Path) -> None:
    """A request that came just before: it is answered ``try_later``, and is no fault."""

    async def body() -> None:
        store = await opened(tmp_path / "x.db")
        await store.close()
        with pytest.raises(StoreError, match="the server stops"):
            await store.read(lambda _: None)

    asyncio.run(body())

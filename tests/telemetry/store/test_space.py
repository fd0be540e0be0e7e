"""The space of a database on the disk: what of it is used, and free pages that go back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from telemetry.store import space
from telemetry.store.db import Connection, Store

SIZE = 6 << 20


def filled(path: Path) -> Store:
    """A store with 6 MiB of which all is deleted again; not closed."""

    async def body() -> None:
        await store.start()
        await store.write(lambda c: c.execute("CREATE TABLE ballast (data BLOB)").close())
        for _ in range(6):
            await store.write(lambda c: c.execute("INSERT INTO ballast VALUES (randomblob(1 << 20))").close())
        await store.write(lambda c: c.execute("DELETE FROM ballast").close())
        await store.empty_log()

    store = Store(path)
    asyncio.run(body())
    return store


def test_pages_that_are_given_back_shorten_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space, "STEP", -1.0)
    store = filled(tmp_path / "x.db")

    async def body() -> None:
        before = await store.read(space.pages)
        assert before.free >= SIZE
        assert before.file == space.files(store.path).database
        steps = 0
        while await store.write(lambda c: space.give_back(c, 1 << 20)):
            steps += 1
        after = await store.read(space.pages)
        assert after.used <= before.used
        assert (1 << 20) - space.PAGES * 4096 <= after.free <= 1 << 20
        assert steps >= (SIZE - (1 << 20)) // (space.PAGES * 4096) - 1
        await store.empty_log()
        assert space.files(store.path).database == after.file == (tmp_path / "x.db").stat().st_size < 3 << 20
        await store.close()

    asyncio.run(body())


def test_giving_back_ends_where_it_cannot_go_on() -> None:
    class Full:
        """A file of which nothing can be cut off: as one without auto_vacuum."""

        def execute(self, statement: str) -> Full:
            self.said = statement
            return self

        def fetchone(self) -> tuple[int]:
            return ({"PRAGMA page_size": 4096, "PRAGMA page_count": 100, "PRAGMA freelist_count": 50}[self.said],)

        def fetchall(self) -> list[tuple[int]]:
            return []

    connection: Connection = Full()  # type: ignore[assignment]
    assert space.give_back(connection, 0) is False


def test_files_are_summed_and_missing_ones_are_empty(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    assert space.files(path) == (0, 0, 0, 0)
    for suffix, size in (("", 5), ("-wal", 7), (".reserve", 11), ("-shm", 13), (".lock", 17), (".trial", 19)):
        Path(f"{path}{suffix}").write_bytes(b"x" * size)
    (tmp_path / "x.db.damaged-20260101").mkdir()
    (tmp_path / "x-backup.db").write_bytes(b"x" * 100)
    assert space.files(path) == space.Files(5, 7, 11, 72)
    assert space.disk_free(path) > 0

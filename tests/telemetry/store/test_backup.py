"""A copy while readings come in: one file, a consistent prefix, or nothing at all."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from telemetry.store import ledger, tracking
from telemetry.store.backup import BackupError, Copy
from telemetry.store.checking import Check
from tests.telemetry.kit import T0, Kit, core


async def filled(kit: Kit) -> None:
    for part in range(3):
        await kit.send([(n * 1_000, n / 4) for n in range(part * 2_000, part * 2_000 + 2_000)])
        await kit.maintenance.seal(everything=True)
    await kit.send([(9_000_000, 1.0)])


async def touched(kit: Kit) -> list[tracking.Touched]:
    found = await kit.store.write(lambda c: tracking.page(c, None))
    assert found
    return found


def content(path: Path, *tables: str) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables}


def test_the_copy_is_one_sound_file_with_what_was_committed_when_it_ended(tmp_path: Path) -> None:
    to = tmp_path / "copy.db"

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await filled(kit)
            copy = Copy(tmp_path / "x.db", to)
            await kit.store.write(tracking.begin)
            count = 10_000
            while copy.step():
                assert not to.exists()
                await kit.send([(count * 1_000, 2.0)])
                await kit.send([(count * 1_000, 2.0)], "new", f"device-{count}")
                count += 1
            copy.hold()
            committed = kit.store.committed
            await kit.send([(count * 1_000, 2.0)], "later")
            copy.renew(await touched(kit))
            copy.finish()
            copy.close()
        with closing(sqlite3.connect(to)) as connection:
            assert [one for some in Check(alone=True).run(connection) for one in some] == []
            sums = ledger.accounts(connection)
            assert sums.stored == 6_000
            assert sums.unsealed == 1 + 2 * (count - 10_000)
            newest = connection.execute("SELECT max(first_seq + count - 1) FROM journal").fetchone()[0]
            assert newest == committed
            names = {name for (name,) in connection.execute("SELECT name FROM series")}
            assert f"device-{count - 1}/new" in names
            assert "a/later" not in names

    asyncio.run(body())
    assert sorted(one.name for one in tmp_path.iterdir() if "copy" in one.name) == ["copy.db"]
    same = ("chunks", "chunk_data", "sealed", "rollup_1m", "users")
    assert content(to, *same) == content(tmp_path / "x.db", *same)


def test_chunks_that_change_meanwhile_are_those_of_the_moment_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New, late and repeated readings are sealed, and a span is deleted, between any two pages."""
    from telemetry.store import chunks, copying, correcting, corrections

    monkeypatch.setattr(copying, "PAGE_ROWS", 3)
    monkeypatch.setattr(chunks, "MAX", 200)
    monkeypatch.setattr(chunks, "FULL", 100)
    to = tmp_path / "copy.db"

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await filled(kit)
            copy = Copy(tmp_path / "x.db", to)
            await kit.store.write(tracking.begin)
            at = 0
            while copy.step():
                at += 1
                await kit.send([(10_000_000 + at * 1_000, 1.0), (at * 40_000 % 6_000_000, -1.0), (at * 7_001, 5.0)])
                await kit.maintenance.seal(everything=True)
                if at % 10 == 0:
                    span = T0 + at * 9_000, T0 + at * 9_000 + 20_000
                    row = corrections.Correction(0, 1, *span, "delete", None, None, "why", "anna", T0)
                    row = await kit.store.write(partial(corrections.add, row=row))
                    await kit.store.write(partial(_delete, row=row))
            assert at > 100
            copy.hold()
            copy.renew(await touched(kit))
            copy.finish()
            copy.close()
            await kit.store.write(tracking.end)
            assert await kit.store.write(lambda c: tracking.page(c, None)) is None

    def _delete(connection: sqlite3.Connection, row: corrections.Correction) -> None:
        found = corrections.find(connection, row.id)
        assert found is not None
        while correcting.step(connection, found):
            found = corrections.find(connection, row.id)
            assert found is not None
        corrections.finish(connection, row.id, "done", 1)

    asyncio.run(body())
    with closing(sqlite3.connect(to)) as connection:
        assert [one for some in Check(alone=True).run(connection) for one in some] == []
    with closing(sqlite3.connect(to)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    same = [name for name in names if not name.startswith("sqlite_") and name != "meta"]
    assert {"hidden", "journal", "rollup_15m", "chunk_data"} <= set(same)
    assert content(to, *same) == content(tmp_path / "x.db", *same)


def test_a_copy_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await filled(kit)
            copy = Copy(tmp_path / "x.db", tmp_path / "copy.db")
            copy.step()
            copy.close()

    asyncio.run(body())
    assert [one for one in tmp_path.iterdir() if "copy" in one.name] == []


def test_a_file_that_exists_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("mine")
    with pytest.raises(BackupError, match="exists already"):
        Copy(tmp_path / "x.db", tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "mine"


@pytest.mark.parametrize(
    "change", ["UPDATE chunk_data SET crc = crc + 1", "UPDATE chunks SET count = 1", "UPDATE journal SET received = 0"]
)
def test_damage_stops_the_copy(tmp_path: Path, change: str) -> None:
    """A backup that looks complete and is not would be worse than none."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await filled(kit)

    asyncio.run(body())
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection, connection:
        connection.execute(change)
    copy = Copy(tmp_path / "x.db", tmp_path / "copy.db")
    with pytest.raises(BackupError, match="checksums"):
        list(iter(copy.step, False))
    copy.close()
    assert not (tmp_path / "copy.db").exists()


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="No such file"):
        Copy(tmp_path / "x.db", tmp_path / "nowhere" / "copy.db")

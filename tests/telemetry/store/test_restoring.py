"""Restoring: only what is sound takes the place of a database, and what was there stays."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from telemetry.store.audit import AuditRow
from telemetry.store.backup import Copy
from telemetry.store.db import BLOCK
from telemetry.store.restoring import RestoreError, restore
from tests.telemetry.kit import core

STAMP = "20260102-030405"
NOTE = AuditRow(0, 1_700_000_000_000, "command line", "terminal", "", "restore", "x.db", None, None)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    to = tmp_path / "backup.db"

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(n * 1_000, n / 4) for n in range(3_000)])
            await kit.maintenance.seal(everything=True)
            copy = Copy(tmp_path / "x.db", to)
            while copy.step():
                pass
            copy.hold()
            copy.finish()
            copy.close()
            await kit.send([(9_000_000, 1.0)])

    asyncio.run(body())
    return to


def meta(path: Path) -> dict[str, object]:
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute("SELECT key, value FROM meta"))


def test_a_backup_becomes_the_database_under_another_epoch(backup: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    to = tmp_path / "new" / "y.db"
    to.parent.mkdir()
    assert restore(backup, to, STAMP, NOTE, force=False, told=lambda *some: told.append(some)) is None
    assert told
    old, new = meta(backup), meta(to)
    assert new["epoch"] != old["epoch"]
    assert new["seq_reserved"] == int(str(old["seq_reserved"])) + BLOCK
    assert [one.name for one in to.parent.iterdir()] == ["y.db"]

    async def body() -> None:
        async with core(to) as kit:
            assert len(kit.registry.series) == 1
            await kit.send([(10_000_000, 1.0)])

    asyncio.run(body())


def test_what_is_there_is_moved_aside_and_only_by_force(backup: Path, tmp_path: Path) -> None:
    database = tmp_path / "x.db"
    before = database.read_bytes()
    (tmp_path / "x.db-wal").write_bytes(b"")
    with pytest.raises(RestoreError, match="--force"):
        restore(backup, database, STAMP, NOTE, force=False)
    assert database.read_bytes() == before
    aside = restore(backup, database, STAMP, NOTE, force=True)
    assert aside == tmp_path / f"x.db.replaced-{STAMP}"
    assert aside.read_bytes() == before
    assert not (tmp_path / "x.db-wal").exists()
    again = restore(backup, database, STAMP, NOTE, force=True)
    assert again == tmp_path / f"x.db.replaced-{STAMP}-1"


def test_commits_that_are_still_in_the_log_are_kept_with_what_is_moved_aside(backup: Path, tmp_path: Path) -> None:
    database = tmp_path / "x.db"
    source = sqlite3.connect(database)
    source.execute("INSERT INTO meta VALUES ('a test', 5)")
    source.commit()
    shutil.copy(database, tmp_path / "y.db")
    shutil.copy(f"{database}-wal", tmp_path / "y.db-wal")
    source.close()
    aside = restore(backup, tmp_path / "y.db", STAMP, NOTE, force=True)
    assert aside is not None
    assert meta(aside)["a test"] == 5
    assert "a test" not in meta(tmp_path / "y.db")


def test_a_crash_in_the_middle_leaves_the_old_database(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is taken over in one act: there is never no database."""
    database = tmp_path / "x.db"
    before = database.read_bytes()

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("telemetry.store.restoring.publish", crash)
    with pytest.raises(KeyboardInterrupt):
        restore(backup, database, STAMP, NOTE, force=True)
    assert database.read_bytes() == before


@pytest.mark.parametrize("page", [3, 12, 30])
def test_a_damaged_backup_is_refused_and_nothing_touched(backup: Path, tmp_path: Path, page: int) -> None:
    data = bytearray(backup.read_bytes())
    data[page * 4096 : page * 4096 + 4096] = b"\x55" * 4096
    backup.write_bytes(data)
    before = (tmp_path / "x.db").read_bytes()
    with pytest.raises(RestoreError):
        restore(backup, tmp_path / "x.db", STAMP, NOTE, force=True)
    assert (tmp_path / "x.db").read_bytes() == before
    assert not list(tmp_path.glob("*.replaced-*"))


def test_what_is_no_backup_is_refused(backup: Path, tmp_path: Path) -> None:
    to = tmp_path / "y.db"
    with pytest.raises(RestoreError, match="no such file"):
        restore(tmp_path / "none", to, STAMP, NOTE, force=False)
    (tmp_path / "letter").write_text("Dear Mia" * 1_000)
    with pytest.raises(RestoreError, match="no database"):
        restore(tmp_path / "letter", to, STAMP, NOTE, force=False)
    with closing(sqlite3.connect(tmp_path / "other.db")) as other, other:
        other.execute("CREATE TABLE a (b)")
    with pytest.raises(RestoreError, match="no database of telltale"):
        restore(tmp_path / "other.db", to, STAMP, NOTE, force=False)
    with pytest.raises(RestoreError, match="itself"):
        restore(tmp_path / "x.db", tmp_path / "x.db", STAMP, NOTE, force=True)
    Path(f"{backup}-wal").touch()
    with pytest.raises(RestoreError, match="in use"):
        restore(backup, to, STAMP, NOTE, force=False)
    Path(f"{backup}-wal").unlink()
    with closing(sqlite3.connect(backup)) as newer, newer:
        newer.execute("UPDATE _sqlite_migrations SET name = 'm999_later' WHERE name LIKE 'm001%'")
    with pytest.raises(RestoreError, match="newer version"):
        restore(backup, to, STAMP, NOTE, force=False)
    assert not to.exists()

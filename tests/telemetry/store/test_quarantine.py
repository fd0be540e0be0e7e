"""Looking at a database before it is opened, and replacing one that is damaged; also when that is cut off."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from telemetry.store import quarantine
from telemetry.store.checking import Check
from tests.telemetry.kit import core

STAMP = "20260102-030405"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            for part in range(2):
                await kit.send([(n * 1_000, n / 4) for n in range(part * 1_000, part * 1_000 + 1_000)], mark=part)
                await kit.maintenance.seal(everything=True)
            await kit.send([(9_000_000, 7.0)], mark=9)

    asyncio.run(body())
    return tmp_path / "x.db"


def inspected(path: Path, *, known: bool = True) -> str | None:
    return quarantine.inspect(path, known=known, rebooted=True)


def meta(path: Path) -> dict[str, object]:
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute("SELECT key, value FROM meta"))


def test_a_sound_a_new_and_a_missing_database_pass(path: Path, tmp_path: Path) -> None:
    assert inspected(path) is None
    assert inspected(tmp_path / "none.db") is None
    (tmp_path / "new.db").touch()
    assert inspected(tmp_path / "new.db", known=False) is None


def test_what_cannot_be_opened_is_told(path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    for name, content, text in (
        ("empty", b"", "empty"),
        ("head", b"\0" * 100 + data[100:], "does not begin"),
        ("short", data[: len(data) // 2 // 4096 * 4096], "too short"),
        ("shorter", data[:-7], "too short"),
    ):
        (tmp_path / name).write_bytes(content)
        assert text in str(inspected(tmp_path / name))
    (tmp_path / "gone-wal").write_bytes(b"x" * 5000)
    assert "is gone" in str(inspected(tmp_path / "gone"))


def test_a_condemned_database_stays_so_with_the_first_reason(path: Path) -> None:
    quarantine.condemn(path, "first")
    quarantine.condemn(path, "second")
    assert inspected(path) == "first"


def test_a_file_of_something_else_is_foreign_a_database_is_not(path: Path, tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear Mia")
    assert quarantine.foreign(tmp_path / "letter")
    assert not quarantine.foreign(path)
    assert not quarantine.foreign(tmp_path / "none")


def test_the_new_database_has_what_a_device_needs_and_another_epoch(path: Path) -> None:
    old = meta(path)
    before = path.read_bytes()
    report = quarantine.replace(path, "a test", STAMP, 5)
    assert report.complete
    folder = path.with_name(f"x.db.damaged-{STAMP}")
    assert (folder / "x.db").read_bytes() == before
    assert not quarantine.note_of(path).exists()
    new = meta(path)
    assert new["epoch"] != old["epoch"]
    assert int(str(new["seq_reserved"])) > int(str(old["seq_reserved"]))
    assert (new["stored"], new["lost"]) == (0, old["stored"])
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM series").fetchall() == [("a/t",)]
        assert connection.execute("SELECT last_id FROM devices").fetchall() == [("9",)]
        assert connection.execute("SELECT sum(count) FROM journal").fetchone() == (1,)
        found = [one.text for some in Check(alone=True).run(connection) for one in some]
        assert found == []
        (detail,) = connection.execute("SELECT detail FROM damaged").fetchone()
        assert json.loads(detail)["reason"] == "a test"


@pytest.mark.parametrize("cut", range(5))
def test_a_replacement_that_was_cut_off_goes_on_at_the_next_start(path: Path, cut: int) -> None:
    """The states that a crash leaves: noted; a folder named; files moved; the new file made; put into place."""
    quarantine.condemn(path, "a test")
    folder = path.with_name(f"x.db.damaged-{STAMP}")
    if cut:
        quarantine.note_of(path).write_text(json.dumps({"reason": "a test", "folder": folder.name}))
    if cut >= 2:
        folder.mkdir()
        path.rename(folder / "x.db")
    if cut >= 3:
        (folder / "new.db").write_bytes(b"half of a database")
    if cut == 4:
        quarantine.replace(path, "a test", STAMP, 5)
        quarantine.note_of(path).write_text(json.dumps({"reason": "a test", "folder": folder.name}))
        made = meta(path)["epoch"]
    assert inspected(path) == "a test"
    quarantine.replace(path, "again", "20270102-030405", 6)
    assert inspected(path) is None
    assert cut < 4 or meta(path)["epoch"] == made
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM damaged").fetchone() == (1,)
        assert connection.execute("SELECT name FROM series").fetchall() == [("a/t",)]
    assert len(list(path.parent.glob("x.db.damaged-*"))) == 1


def test_two_in_the_same_second_have_two_folders(path: Path) -> None:
    quarantine.folder_for(path, STAMP).mkdir()
    assert quarantine.folder_for(path, STAMP).name == f"x.db.damaged-{STAMP}-1"


def test_a_database_of_which_nothing_can_be_read_makes_an_empty_one_that_says_so(path: Path) -> None:
    path.write_bytes(b"\0" * 8192)
    report = quarantine.replace(path, "a test", STAMP, 5)
    assert not report.complete
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM damaged").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM series").fetchone() == (0,)

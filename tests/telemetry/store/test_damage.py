"""Which errors say that the file is damaged, and which that something around it is wrong."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from telemetry.store.damage import Damaged, structural, unusable


def error_of(path: Path, statement: str) -> sqlite3.Error:
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.Error) as caught:
        connection.execute(statement).fetchall()
    return caught.value


def test_a_file_that_is_no_database_is_damage(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"nothing of the kind" * 300)
    assert structural(error_of(tmp_path / "x.db", "SELECT * FROM a"))


def test_a_missing_table_is_damage_only_while_opening(tmp_path: Path) -> None:
    error = error_of(tmp_path / "x.db", "SELECT * FROM a")
    assert not structural(error)
    assert unusable(error)


def test_a_text_that_is_no_utf8_is_damage(tmp_path: Path) -> None:
    assert structural(error_of(tmp_path / "x.db", "SELECT CAST(x'ff' AS TEXT)"))


def test_the_disk_and_our_own_mistakes_are_not() -> None:
    missing = sqlite3.OperationalError("disk I/O error")
    assert not structural(missing)
    assert not structural(OSError("gone"))
    assert not unusable(None)


def test_what_does_not_make_sense_is_damage_while_opening() -> None:
    for error in (Damaged("journal", 3), ValueError(), KeyError(), TypeError()):
        assert unusable(error)
        assert not structural(error)
    assert str(Damaged("chunks", 1, 2)) == "damaged row (1, 2) in chunks"

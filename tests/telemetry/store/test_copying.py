"""Copies in pages: complete from a sound file, and all that can be read from a damaged one."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from telemetry.store import copying
from telemetry.store.copying import Incomplete, Pages, Report

ROWS = 6_000


def made(path: Path) -> Path:
    """A table by rowid and one by two integers, each over many pages."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE one (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT")
        connection.execute("CREATE TABLE two (a INTEGER, b INTEGER, v REAL, PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID")
        connection.executemany("INSERT INTO one VALUES (?, ?)", ((n * 3, f"row {n}" * 5) for n in range(ROWS)))
        connection.executemany("INSERT INTO two VALUES (?, ?, ?)", ((n % 7, n * 11, n / 4) for n in range(ROWS)))
        connection.execute("CREATE VIEW three AS SELECT id FROM one")
    return path


def copied(source: Path, target: Path, *, strict: bool) -> tuple[Report, dict[str, set[tuple[object, ...]]]]:
    report = Report()
    with closing(copying.open_ro(source)) as old, closing(copying.create(target)) as new:
        for table in copying.copy_schema(old, new):
            copying.copy_table(old, new, Pages(table, strict=strict), table, report, strict=strict)
        copying.copy_rest(old, new)
        have = {name: set(new.execute(f"SELECT * FROM {name}")) for name in ("one", "two")}
        assert new.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert new.execute("SELECT count(*) FROM three").fetchone() == (len(have["one"]),)
    return report, have


def content(path: Path) -> dict[str, set[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        return {name: set(connection.execute(f"SELECT * FROM {name}")) for name in ("one", "two")}


def test_a_sound_file_is_copied_whole(tmp_path: Path) -> None:
    source = made(tmp_path / "a.db")
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("CREATE INDEX one_text ON one (text)")
    report, have = copied(source, tmp_path / "b.db", strict=True)
    assert have == content(source)
    assert report.complete
    assert report.copied == {"one": ROWS, "two": ROWS}


@pytest.mark.parametrize("seed", range(12))
def test_damaged_pages_cost_the_rows_on_them_and_no_others(tmp_path: Path, seed: int) -> None:
    source = made(tmp_path / "a.db")
    truth = content(source)
    chance = random.Random(seed)
    data = bytearray(source.read_bytes())
    # leaves only: what an inner page costs is another matter
    leaves = [at for at in range(4096, len(data), 4096) if data[at] in (10, 13)]
    for at in chance.sample(leaves, 3):
        data[at : at + 4096] = bytes(4096)
    source.write_bytes(data)
    report, have = copied(source, tmp_path / "b.db", strict=False)
    for name, rows in have.items():
        assert rows <= truth[name]
        assert len(truth[name] - rows) < 3 * 400
    assert report.holes
    with pytest.raises(sqlite3.DatabaseError):
        copied(source, tmp_path / "c.db", strict=True)


def test_a_file_cut_short_gives_what_is_left(tmp_path: Path) -> None:
    source = made(tmp_path / "a.db")
    truth = content(source)
    with source.open("rb+") as file:
        file.truncate(source.stat().st_size // 2 // 4096 * 4096)
    report, have = copied(source, tmp_path / "b.db", strict=False)
    assert not report.complete
    assert have["one"] <= truth["one"]
    assert len(have["one"]) > ROWS // 4


def test_rows_that_the_schema_refuses_are_left_out_and_counted(tmp_path: Path) -> None:
    source = made(tmp_path / "a.db")
    table = copying.Table("one", "", ("rowid",), ("id", "text"))
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        report = Report()
        rows: list[copying.Row] = [(-1, "fine"), (-2, None), (-3, "no utf-8: \udcff")]
        assert copying.insert(connection, table, rows, report, strict=False) == [(-1, "fine")]
        assert (report.copied, report.bad) == ({"one": 1}, {"one": 2})


def test_strict_copies_end_at_a_row_that_does_not_fit_its_checksum(tmp_path: Path) -> None:
    table = copying.Table("chunk_data", "", ("rowid",), ("id", "series", "codec", "crc", "data"))
    with closing(sqlite3.connect(":memory:")) as connection, pytest.raises(Incomplete):
        copying.insert(connection, table, [(1, 1, 1, 1, b"x")], Report(), strict=True)


def test_paging_goes_on_behind_a_key(tmp_path: Path) -> None:
    source = made(tmp_path / "a.db")
    with closing(copying.open_ro(source)) as connection:
        table = next(one for one in copying.tables(connection) if one.name == "one")
        pages = Pages(table, strict=True, after=(3 * (ROWS - 10),))
        page = pages.next(connection)
        assert page is not None
        assert [row[0] for row in page] == [3 * n for n in range(ROWS - 9, ROWS)]
        assert pages.last == (3 * (ROWS - 1),)
        assert pages.next(connection) is None

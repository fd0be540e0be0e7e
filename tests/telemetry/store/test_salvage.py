"""Salvage: what verifies comes over, what does not is counted, and a level is complete only where it is."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from telemetry.store import chunks, ledger, quarantine, rollups
from telemetry.store.checking import Check
from telemetry.store.levels import LEVELS
from telemetry.store.records import Texts
from telemetry.store.salvage import Found, Salvage, Unsalvageable
from tests.telemetry.kit import core

EVER = 1 << 60
MINUTE = 60_000
STAMP = "20260102-030405"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            for part in range(3):
                for metric in ("t", "u"):
                    await kit.send([(n * 1_000, n / 4) for n in range(part * 3_000, part * 3_000 + 3_000)], metric)
                await kit.maintenance.seal(everything=True)

    asyncio.run(body())
    return tmp_path / "x.db"


def replaced(path: Path, change: str = "") -> Path:
    """Damage rows, put the database aside; the file that is read."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(change)
    quarantine.replace(path, "a test", STAMP, 5)
    return path.with_name(f"x.db.damaged-{STAMP}") / quarantine.REPAIRED


def saved(path: Path, source: Path, steps: int | None = None) -> Found:
    salvage = Salvage(source, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        salvage.prepare()
        while (page := salvage.read()) is not None:
            connection.execute("BEGIN IMMEDIATE")
            salvage.write(connection, page)
            connection.execute("COMMIT")
            if steps is not None:
                salvage.close()
                return salvage.found
        salvage.finish(connection)
    salvage.close()
    return salvage.found


def content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        names = ("chunks", "chunk_data", "sealed", *LEVELS.values())
        return {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in names}


def consistent(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        one = ledger.accounts(connection)
        assert one.journalled == one.stored + one.duplicate + one.deleted + one.lost + one.unsealed
        return [found.text for some in Check(alone=True).run(connection) for found in some] == []


def test_a_file_that_was_sound_comes_over_whole(path: Path) -> None:
    before = content(path)
    found = saved(path, replaced(path))
    assert content(path) == before
    assert (found.readings, found.bad, found.lost) == (18_000, {}, [])
    assert consistent(path)


def test_a_salvage_that_was_cut_off_begins_again_and_skips_what_is_there(path: Path) -> None:
    before = content(path)
    source = replaced(path)
    saved(path, source, steps=1)
    saved(path, source)
    assert content(path) == before
    assert consistent(path)


def test_a_chunk_without_its_data_is_lost_and_named(path: Path) -> None:
    source = replaced(path, "UPDATE chunk_data SET crc = crc + 1 WHERE id = (SELECT max(id) FROM chunk_data)")
    found = saved(path, source)
    assert found.bad == {"chunk_data": 1}
    assert len(found.lost) == 1
    series, _, _, count = found.lost[0]
    assert found.readings == 18_000 - count
    with closing(sqlite3.connect(path)) as connection:
        have = chunks.load(connection, chunks.headers(connection, series, 0, EVER), Texts())
        assert len(have) == 9_000 - count
        assert ledger.accounts(connection).lost == count
    assert consistent(path)


@pytest.mark.parametrize(
    "change", ["UPDATE chunks SET sum_check = 0", "DELETE FROM chunks; UPDATE chunks SET count = 1"]
)
def test_a_header_that_went_bad_is_computed_from_the_data(path: Path, change: str) -> None:
    """Where none is bad, data that none of them names was replaced: it stays away."""
    before = content(path)
    found = saved(path, replaced(path, change))
    gone = "DELETE" in change
    assert found.readings == (0 if gone else 18_000)
    assert (content(path)["chunks"] == before["chunks"]) is not gone


def test_a_level_is_complete_only_where_its_rows_are(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        rows = rollups.read(connection, MINUTE, 1, 0, EVER)
    bad = int(rows["t"][20]) // MINUTE
    found = saved(path, replaced(path, f"UPDATE rollup_1m SET count = count + 1 WHERE series = 1 AND t = {bad}"))
    assert found.bad == {"rollup_1m": 1}
    with closing(sqlite3.connect(path)) as connection:
        spans = rollups.spans(connection, 1)[MINUTE]
        assert len(rollups.read(connection, MINUTE, 1, 0, EVER)) == len(rows) - 1
        assert not any(a <= bad * MINUTE < b for a, b in spans)
        assert sum((b - a) // MINUTE for a, b in spans) == len(rows) - 1
        assert len(rollups.spans(connection, 2)[MINUTE]) == 1
    assert consistent(path)


def test_what_the_new_database_has_stands(path: Path) -> None:
    """A chunk that lies where another lies already is left out, not mixed with it."""
    source = replaced(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection, closing(sqlite3.connect(source)) as old:
        header = old.execute("SELECT * FROM chunks ORDER BY series, last_ts LIMIT 1").fetchone()
        connection.execute(f"INSERT INTO chunks VALUES ({', '.join('?' * 12)})", (*header[:10], 4711, header[11]))
    found = saved(path, source)
    assert found.bad == {"chunks": 1}
    assert found.readings == 18_000 - header[3]


def test_a_file_that_is_gone_is_said(path: Path) -> None:
    with pytest.raises(Unsalvageable):
        Salvage(path.with_name("none.db"), path)

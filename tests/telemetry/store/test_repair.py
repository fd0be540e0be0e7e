"""One damaged row: mended where it can be computed again, else taken out, counted and never served."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from telemetry.store import chunks, damages, ledger, rollups
from telemetry.store.checking import Check
from telemetry.store.damage import Damaged
from telemetry.store.records import Texts
from telemetry.store.repair import repair
from tests.telemetry.kit import T0, core

MINUTE = 60_000


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Two series at one reading a second, sealed into several chunks each; and a commit that is not sealed."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            for part in range(3):
                for metric in ("t", "u"):
                    await kit.send([(n * 1_000, n / 4) for n in range(part * 3_000, part * 3_000 + 3_000)], metric)
                await kit.maintenance.seal(everything=True)
            await kit.send([(10_000_000, 7.0)])

    asyncio.run(body())
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as made:
        yield made


def findings(connection: sqlite3.Connection) -> list[Damaged]:
    return [one.row for some in Check().run(connection) for one in some if one.row is not None]


def sound(connection: sqlite3.Connection) -> bool:
    one = ledger.accounts(connection)
    assert one.journalled == one.stored + one.duplicate + one.deleted + one.lost + one.unsealed
    return [found for some in Check().run(connection) for found in some] == []


def readings(connection: sqlite3.Connection, series: int = 1) -> int:
    return len(chunks.load(connection, chunks.headers(connection, series, 0, 1 << 60), Texts()))


def mended(connection: sqlite3.Connection, text: str, table: str) -> damages.Outcome:
    """Repair what a check finds until it finds nothing; the first outcome."""
    outcomes = []
    for _ in range(5):
        if not (found := findings(connection)):
            break
        assert found[0].table == table or outcomes
        outcome = repair(connection, found[0], 1)
        assert outcome is not None
        outcomes.append(outcome)
    assert text in outcomes[0].text
    assert sound(connection)
    assert damages.rows(connection)
    return outcomes[0]


def test_a_sound_database_has_no_findings(connection: sqlite3.Connection) -> None:
    assert sound(connection)


def test_data_that_went_bad_is_taken_out_with_its_header_and_its_rollups_stay(connection: sqlite3.Connection) -> None:
    before = readings(connection)
    rows = len(rollups.read(connection, MINUTE, 1, 0, 1 << 60))
    id_, count = connection.execute("SELECT data, count FROM chunks WHERE series = 1 ORDER BY last_ts").fetchone()
    connection.execute("UPDATE chunk_data SET data = zeroblob(length(data)) WHERE id = ?", (id_,))
    with pytest.raises(Damaged):
        readings(connection)
    outcome = mended(connection, "cannot be read", "chunk_data")
    assert outcome.lost == count
    assert outcome.span is not None
    assert outcome.span[:2] == (1, T0)
    assert readings(connection) == before - count
    assert len(rollups.read(connection, MINUTE, 1, 0, 1 << 60)) == rows


def test_the_last_chunk_of_a_series_may_be_lost_too(connection: sqlite3.Connection) -> None:
    for (id_,) in connection.execute("SELECT data FROM chunks WHERE series = 1").fetchall():
        connection.execute("UPDATE chunk_data SET crc = crc + 1 WHERE id = ?", (id_,))
        repair(connection, Damaged("chunk_data", id_), 1)
    assert readings(connection) == 0
    assert rollups.sealed(connection, 1).last_ts is None
    assert sound(connection)


@pytest.mark.parametrize("column", ["first_ts", "count", "numbers", "min", "sum", "data", "sum_check"])
def test_a_header_that_went_bad_is_made_again(connection: sqlite3.Connection, column: str) -> None:
    before = readings(connection)
    connection.execute(
        f"UPDATE chunks SET {column} = {column} + 1"
        " WHERE series = 1 AND last_ts = (SELECT max(last_ts) FROM chunks WHERE series = 1)"
    )
    mended(connection, "computed again", "chunks")
    assert readings(connection) == before


def test_a_header_whose_key_went_bad_is_made_again_in_its_place(connection: sqlite3.Connection) -> None:
    before = readings(connection), readings(connection, 2)
    connection.execute("UPDATE chunks SET series = 4711 WHERE series = 1")
    for _ in range(5):
        if found := findings(connection):
            repair(connection, found[0], 1)
    assert (readings(connection), readings(connection, 2)) == before


@pytest.mark.parametrize("level", ["rollup_1m", "rollup_15m"])
def test_a_rollup_that_went_bad_is_computed_again(connection: sqlite3.Connection, level: str) -> None:
    width = {"rollup_1m": MINUTE, "rollup_15m": 15 * MINUTE}[level]
    before = rollups.read(connection, width, 1, 0, 1 << 60)
    connection.execute(f"UPDATE {level} SET max = max + 1 WHERE series = 1 AND t = (SELECT min(t) + 1 FROM {level})")
    with pytest.raises(Damaged):
        rollups.read(connection, width, 1, 0, 1 << 60)
    mended(connection, "computed again", level)
    assert (rollups.read(connection, width, 1, 0, 1 << 60) == before).all()


def test_a_rollup_without_readings_is_taken_out_and_the_level_ends_there(connection: sqlite3.Connection) -> None:
    """The quarter of an hour is computed from minutes; the minute itself from nothing."""
    for (id_,) in connection.execute("SELECT data FROM chunks WHERE series = 1").fetchall():
        connection.execute("UPDATE chunk_data SET crc = crc + 1 WHERE id = ?", (id_,))
        repair(connection, Damaged("chunk_data", id_), 1)
    quarter = T0 // (15 * MINUTE) + 2
    for table, t in (("rollup_15m", quarter), ("rollup_1m", quarter * 15 + 3)):
        connection.execute(f"UPDATE {table} SET last = last + 1 WHERE series = 1 AND t = ?", (t,))
        outcome = repair(connection, Damaged(table, 1, t), 1)
        assert outcome is not None
        assert ("taken out" in outcome.text) == (table == "rollup_1m")
    hole = (quarter * 15 + 3) * MINUTE
    assert all(not since <= hole < until for since, until in rollups.spans(connection, 1)[MINUTE])
    assert sound(connection)


def test_an_unsealed_row_of_the_journal_is_lost_and_counted(connection: sqlite3.Connection) -> None:
    (first,) = connection.execute("SELECT max(first_seq) FROM journal WHERE count > 0").fetchone()
    connection.execute("UPDATE journal SET data = zeroblob(21) WHERE first_seq = ?", (first,))
    assert mended(connection, "commit's row", "journal").lost == 1
    assert ledger.accounts(connection).lost == 1
    assert connection.execute("SELECT 1 FROM journal WHERE first_seq = ?", (first,)).fetchone() is None


def test_a_sealed_row_of_the_journal_costs_nothing(connection: sqlite3.Connection) -> None:
    connection.execute(
        "UPDATE journal SET received = received + 1 WHERE first_seq = (SELECT min(first_seq) FROM journal)"
    )
    before = readings(connection)
    assert mended(connection, "sealed row", "journal").lost == 0
    assert readings(connection) == before


def test_spans_that_make_no_sense_are_set_back(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE sealed SET spans = replace(spans, '0,', '1,') WHERE series = 1")
    mended(connection, "set back", "sealed")
    assert readings(connection) == 9_000


def test_what_is_sound_or_gone_is_left_alone(connection: sqlite3.Connection) -> None:
    (id_,) = connection.execute("SELECT min(id) FROM chunk_data").fetchone()
    assert repair(connection, Damaged("chunk_data", id_), 1) is None
    for one in (Damaged("chunks", 1, 3), Damaged("journal", 12345), Damaged("rollup_1m", 1, 3), Damaged("series", 99)):
        assert repair(connection, one, 1) is None
    with pytest.raises(sqlite3.DatabaseError, match="no way"):
        repair(connection, Damaged("users", 1), 1)

"""``check`` finds what is wrong: in the file, in a row, between rows, in the sums."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from telemetry.store.checking import Check, Finding, Inspection
from tests.telemetry.kit import T0, core


@pytest.fixture
def path(tmp_path: Path) -> Path:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            for part in range(2):
                await kit.send([(n * 1_000, n / 4) for n in range(part * 3_000, part * 3_000 + 3_000)])
                await kit.send([(n * 1_000, n / 4) for n in range(part * 3_000, part * 3_000 + 3_000)], "u")
                await kit.maintenance.seal(everything=True)
            await kit.send([(10_000_000, 7.0)])

    asyncio.run(body())
    return tmp_path / "x.db"


def findings(path: Path, *, alone: bool = True, deep: bool = True) -> list[Finding]:
    run = Inspection(path, alone=alone, deep=deep)
    found: list[Finding] = []
    while (some := run.step()) is not None:
        found += some
    run.close()
    return found


def test_a_sound_database_is_sound_and_was_looked_at(path: Path) -> None:
    run = Inspection(path, alone=True)
    while (found := run.step()) is not None:
        assert found == []
    run.close()
    assert (run.check.seen.readings, run.check.seen.chunks) == (12_000, run.check.seen.of_chunks)
    assert run.check.seen.rows > 4


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("UPDATE journal SET max_ts = max_ts + 1", "journal"),
        ("UPDATE chunks SET count = count - 1", "chunks"),
        ("UPDATE chunk_data SET crc = 1", "chunk_data"),
        ("DELETE FROM chunk_data", "chunk_data"),
        ("UPDATE rollup_1m SET count = count + 1", "rollup_1m"),
        ("DELETE FROM rollup_15m WHERE t = (SELECT min(t) + 1 FROM rollup_15m)", "has no row"),
        ("DELETE FROM chunks WHERE series = 1", "should hold"),
        ("UPDATE sealed SET count = count + 1", "sealed"),
        ("UPDATE meta SET value = value + 1 WHERE key = 'duplicate'", "accounting"),
        ("UPDATE meta SET value = value + 1 WHERE key = 'stored'", "accounting"),
        ("DROP VIEW readings_1h", "schema"),
        ("DROP INDEX chunks_age", "schema"),
    ],
)
@pytest.mark.parametrize("alone", [True, False])
def test_what_is_wrong_is_found(path: Path, change: str, text: str, alone: bool) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(change)
    found = findings(path, alone=alone)
    assert any(text in one.text for one in found), found


def test_a_wrong_rollup_with_a_right_checksum_is_found_by_a_deep_check_only(path: Path) -> None:
    from telemetry.store import rollups

    with closing(sqlite3.connect(path)) as connection, connection:
        some = rollups.read(connection, 60_000, 1, 0, 1 << 60)[5:6].copy()
        some["max"] += 1
        rollups.write(connection, 60_000, 1, some)
    assert any("is wrong at" in one.text for one in findings(path))
    assert findings(path, deep=False) == []


def test_a_header_that_does_not_fit_its_readings_is_found(path: Path) -> None:
    """As a fault of ours would make it: with a right checksum."""
    from telemetry.store import chunks

    with closing(sqlite3.connect(path)) as connection, connection:
        one = chunks.headers(connection, 1, 0, 1 << 60)[:1].copy()
        one["min"] -= 1
        connection.execute("DELETE FROM chunks WHERE series = 1 AND last_ts = ?", (int(one["last_ts"][0]),))
        connection.execute(chunks.INSERT, chunks.row_of(one))
    assert any("does not fit its readings" in one.text for one in findings(path))


def test_a_torn_page_is_a_finding_about_the_structure(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for at in range(5 * 4096, 30 * 4096, 4096):
        data[at : at + 4096] = bytes(4096)
    path.write_bytes(data)
    assert any(one.structure for one in findings(path))


def test_what_is_no_database_or_not_there_is_a_finding(tmp_path: Path) -> None:
    assert "no such file" in findings(tmp_path / "x.db", alone=False)[0].text
    (tmp_path / "x.db").write_bytes(b"nothing of the kind" * 500)
    found = findings(tmp_path / "x.db")
    assert any(one.structure for one in found)


def test_readings_that_arrive_meanwhile_disturb_nothing(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(n * 1_000, n / 4) for n in range(3_000)])
            await kit.maintenance.seal(everything=True)
            run = await asyncio.to_thread(Inspection, tmp_path / "x.db")
            found, n = [], 4_000
            while (some := await asyncio.to_thread(run.step)) is not None:
                found += some
                n += 1
                await kit.send([(n * 1_000, 1.0)])
            await asyncio.to_thread(run.close)
            assert found == []
            assert n > 4_005

    asyncio.run(body())


def test_sealing_and_correcting_meanwhile_disturb_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step is of one moment, and two moments are never compared."""
    from telemetry.store import checking, chunks, copying, correcting, corrections

    monkeypatch.setattr(copying, "PAGE_ROWS", 3)
    monkeypatch.setattr(checking, "SOME", 1)
    monkeypatch.setattr(chunks, "MAX", 400)
    monkeypatch.setattr(chunks, "FULL", 200)

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            for metric in ("t", "u"):
                await kit.send([(n * 1_000, n / 4) for n in range(9_000)], metric)
            await kit.maintenance.seal(everything=True)
            row = corrections.Correction(0, 1, T0, T0 + 5_000_000, "delete", -1.0, None, "why", "anna", T0)
            row = await kit.store.write(lambda c: corrections.add(c, row))
            run = await asyncio.to_thread(Inspection, tmp_path / "x.db")
            found, n = [], 0
            while (some := await asyncio.to_thread(run.step)) is not None:
                found += some
                n += 1
                if n % 3 == 0:
                    await kit.send([(9_000_000 + n * 500, 1.0), (n * 40_000 % 9_000_000, -1.0), (n * 7_001, 5.0)])
                    await kit.maintenance.seal(everything=True)
                elif n % 50 == 1:
                    await kit.store.write(lambda c: correcting.step(c, corrections.find(c, 1) or row))
            await asyncio.to_thread(run.close)
            assert found == []
            assert n > 200

    asyncio.run(body())


def test_check_of_an_empty_database_is_sound(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db"):
            pass

    asyncio.run(body())
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        assert [one for some in Check(alone=True).run(connection) for one in some] == []

"""Raw readings for programs of others, and what plain SQL sees: docs/sql.md, run."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from telemetry.store.outside import readings
from tests.telemetry.kit import T0, core

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = (ROOT / "docs/sql.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", DOCUMENT, re.DOTALL)
HOUR = 3_600_000


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of two sensors and a meter, five hours of them silent; the last readings not sealed."""
    where = tmp_path_factory.mktemp("outside") / "x.db"

    async def body() -> None:
        async with core(where) as kit:
            for metric, device, scale in (
                ("temperature", "boiler", 1),
                ("humidity", "boiler", 2),
                ("power", "meter", 1_000),
            ):
                minutes = [i for i in range(3 * 1_440) if not 2_000 <= i < 2_300]
                await kit.send(
                    [(60_000 * i + j, scale * (1 + i % 60 / 100)) for i in minutes for j in (0, 20_000)], metric, device
                )
            await kit.maintenance.seal(everything=True)
            await kit.send([(5 * 86_400_000, "off"), (0, 55.0), (5 * 86_400_000 + 1, True)], "temperature", "boiler")

    asyncio.run(body())
    return where


def test_five_queries_are_documented() -> None:
    assert len(QUERIES) == 5


@pytest.mark.parametrize("query", QUERIES)
def test_documented_query_answers(path: Path, query: str) -> None:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        rows = connection.execute(query).fetchall()
    assert rows
    assert all(row[0] is not None and row[-1] is not None for row in rows)


def test_the_answers_are_right(path: Path) -> None:
    last_day, energy, extremes, scatter, silent = QUERIES
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        assert len(connection.execute(last_day).fetchall()) == 25
        assert connection.execute(energy).fetchall()[1] == ("2023-11-15", round(24 * 1.295, 2))
        rows = {row[0]: row for row in connection.execute(extremes).fetchall()}
        assert rows["boiler/humidity"][2:6:2] == pytest.approx((2.0, 3.18))
        pairs = connection.execute(scatter).fetchall()
        assert pairs
        assert all(humidity == pytest.approx(2 * temperature) for _, temperature, humidity in pairs)
        assert [hours for _, _, hours in connection.execute(silent).fetchall()] == [4.0] * 3


def test_raw_readings_sealed_or_not(path: Path) -> None:
    found = list(readings(path, "boiler/temperature", T0, T0 + 6 * 86_400_000))
    assert len(found) == 2 * (3 * 1_440 - 300) + 2
    assert found[0] == (T0, 55.0)
    assert found[-2:] == [(T0 + 5 * 86_400_000, "off"), (T0 + 5 * 86_400_000 + 1, True)]
    assert found == sorted(found, key=lambda one: one[0])
    assert list(readings(path, "boiler/temperature", T0 + 60_000, T0 + 120_000)) == [
        (T0 + 60_000, 1.01),
        (T0 + 80_000, 1.01),
    ]


def test_unknown_series_and_bad_times_are_named(path: Path) -> None:
    with pytest.raises(LookupError, match="no series a/b"):
        list(readings(path, "a/b", 0, "now"))
    with pytest.raises(ValueError, match="'soon' is no time"):
        list(readings(path, "boiler/temperature", "soon", "now"))


def test_other_programs_read_the_views(path: Path) -> None:
    query = "SELECT series, count FROM readings_1d ORDER BY ts LIMIT 1"
    if shutil.which("sqlite3"):
        given = subprocess.run(["sqlite3", f"file:{path}?mode=ro", query], capture_output=True, text=True, check=True)
        assert given.stdout.startswith("boiler/")
    command = [sys.executable, "-m", "sqlite_utils", "query", str(path), query]
    given = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(given.stdout)[0]["count"] > 0

"""Rows of the registry that went bad: names are put together again, or say that they are not known."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from telemetry.registry import Registry
from telemetry.store import damages, state
from telemetry.store.damage import Damaged
from telemetry.store.repair import repair
from telemetry.store.repair_registry import adopt
from tests.telemetry.kit import T0, core

TRIGGERS = ("series_named", "series_changed", "devices_changed")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(n * 1_000, n / 4) for n in range(100)], "t", mark=5)
            await kit.send([(n * 1_000, n % 2 == 0) for n in range(100)], "on", "b/c")
            await kit.maintenance.seal(everything=True)
            await kit.send([(500_000, "late text")], "t")

    asyncio.run(body())
    return tmp_path / "x.db"


def damaged(path: Path, change: str) -> Registry:
    """Make a change that nobody made, repair what a start finds, and load."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        kept = [
            connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (n,)).fetchone()[0] for n in TRIGGERS
        ]
        for name in TRIGGERS:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(change)
        for sql in kept:
            connection.execute(sql)
        with pytest.raises(Damaged):
            state.load(connection, Registry())
        found = state.wrong(connection)
        for one in found:
            assert repair(connection, one, 1) is not None
        registry = Registry()
        state.load(connection, registry)
        assert state.wrong(connection) == []
        assert len(damages.rows(connection)) == len(found)
    return registry


@pytest.mark.parametrize(
    "change", ["device = 'x'", "metric = 'x'", "name = 'x/y'", "device = 'q', metric = 'z'", "name_check = 1"]
)
def test_a_name_is_put_together_again(path: Path, change: str) -> None:
    registry = damaged(path, f"UPDATE series SET {change} WHERE name = 'b/c/on'")
    series = registry.series["b/c/on"]
    assert (series.device, series.metric) == ("b/c", "on")


def test_a_name_that_is_lost_says_so(path: Path) -> None:
    registry = damaged(path, "UPDATE series SET device = 'x', name = 'y/u', metric = 'z' WHERE name = 'a/t'")
    assert "a/t" not in registry.series
    assert "damaged/series-1" in registry.series
    assert registry.devices["damaged"].series.keys() == {"series-1"}


@pytest.mark.parametrize("change", ["latest = 4711", "latest_ts = 4711", "kind = 'text'", "state_check = 4711"])
def test_the_latest_value_is_looked_up_again(path: Path, change: str) -> None:
    registry = damaged(path, f"UPDATE series SET {change}")
    latest = {name: one.latest for name, one in registry.series.items()}
    assert latest["a/t"] == (T0 + 500_000, "late text")
    assert latest["b/c/on"] == (T0 + 99_000, False)
    assert latest["b/c/on"][1] is False


def test_a_device_forgets_what_it_may_not_have_sent(path: Path) -> None:
    """A last id that is too high would make the device drop readings; it sends again instead."""
    registry = damaged(path, "UPDATE devices SET last_id = '99' WHERE id = 'a'")
    assert registry.devices["a"].last_id is None


def test_series_without_a_row_get_one(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM series WHERE name = 'a/t'")
        connection.execute("DELETE FROM devices WHERE id = 'b/c'")
        assert adopt(connection, {1, 2}, 5) == 1
        registry = Registry()
        state.load(connection, registry)
        assert registry.series.keys() == {"damaged/series-1", "b/c/on"}
        assert registry.devices.keys() == {"a", "b/c", "damaged"}

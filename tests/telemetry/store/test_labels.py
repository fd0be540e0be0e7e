"""The rows of labels, and what they make of a series at the next start."""

from __future__ import annotations

import sqlite3

import pytest

from telemetry.model import Series
from telemetry.registry import Registry
from telemetry.store import labels, state
from telemetry.store.labels import Label
from tests.telemetry.store.kit import database


def with_series(unit: str | None) -> sqlite3.Connection:
    connection = database()
    connection.execute("INSERT INTO devices (id, created) VALUES ('d', 0)")
    connection.execute(
        "INSERT INTO series (id, device, metric, name, kind, unit) VALUES (1, 'd', 't', 'd/t', 'number', ?)", (unit,)
    )
    return connection


def loaded(connection: sqlite3.Connection) -> Series:
    registry = Registry()
    state.load(connection, registry)
    return registry.series["d/t"]


@pytest.mark.parametrize("source", ["°F", None])
def test_a_unit_and_a_title_stand_at_the_next_start_and_in_sql(source: str | None) -> None:
    connection = with_series(source)
    labels.put(connection, 1, Label("°C", source, "Flow"), "anna", 5)
    one = loaded(connection)
    assert (one.unit, one.source_unit, one.unit_given, one.title) == ("°C", source, True, "Flow")
    assert connection.execute("SELECT unit FROM series").fetchone() == ("°C",)
    assert connection.execute("SELECT who, made FROM labels").fetchone() == ("anna", 5)


def test_taken_away_the_source_has_its_way() -> None:
    connection = with_series("°F")
    labels.put(connection, 1, Label("°C", "°F", "Flow"), "anna", 5)
    labels.put(connection, 1, Label(None, "°F", "Flow"), "anna", 6)
    one = loaded(connection)
    assert (one.unit, one.source_unit, one.unit_given, one.title) == ("°F", None, False, "Flow")
    labels.put(connection, 1, Label(None, "°F", None), "anna", 7)
    assert labels.every(connection) == {}
    assert loaded(connection).title is None


def test_a_unit_that_the_source_changed_later_stands_beside_a_title() -> None:
    connection = with_series("°F")
    labels.put(connection, 1, Label(None, "°F", "Flow"), "anna", 5)
    connection.execute("UPDATE series SET unit = 'K'")
    assert loaded(connection).unit == "K"


def test_a_label_of_a_series_that_was_merged_is_not_the_others() -> None:
    connection = with_series("°F")
    connection.execute(
        "INSERT INTO series (id, device, metric, name, kind, bound) VALUES (2, 'd', 'u', 'd/u', 'number', 0)"
    )
    connection.execute("INSERT INTO aliases (name, series) VALUES ('d/u', 1)")
    labels.put(connection, 2, Label("bar", None, "Old"), "anna", 5)
    one = loaded(connection)
    assert (one.unit, one.title) == ("°F", None)

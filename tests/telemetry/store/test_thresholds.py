"""The rows of thresholds, and what they make of a series at the next start."""

from __future__ import annotations

from telemetry.model import Threshold
from telemetry.store import thresholds
from tests.telemetry.store.kit import database
from tests.telemetry.store.test_labels import loaded, with_series

FOUND = (Threshold(-5.5, above=False), Threshold(30.0, above=True))


def test_they_stand_at_the_next_start_until_they_are_taken_away() -> None:
    connection = with_series(None)
    thresholds.put(connection, 1, FOUND, "anna", 5)
    assert loaded(connection).thresholds == FOUND
    thresholds.put(connection, 1, FOUND[:1], "bo", 6)
    assert loaded(connection).thresholds == FOUND[:1]
    assert connection.execute("SELECT who, made FROM thresholds").fetchall() == [("bo", 6)]
    thresholds.put(connection, 1, (), "anna", 7)
    assert loaded(connection).thresholds == ()
    assert connection.execute("SELECT count(*) FROM thresholds").fetchone() == (0,)


def test_those_of_a_series_that_was_merged_are_not_the_others() -> None:
    connection = with_series(None)
    connection.execute(
        "INSERT INTO series (id, device, metric, name, kind, bound) VALUES (2, 'd', 'u', 'd/u', 'number', 0)"
    )
    connection.execute("INSERT INTO aliases (name, series) VALUES ('d/u', 1)")
    thresholds.put(connection, 2, FOUND, "anna", 5)
    assert loaded(connection).thresholds == ()


def test_those_of_an_unknown_series_are_no_trouble() -> None:
    connection = database()
    thresholds.put(connection, 7, FOUND, "anna", 5)
    assert thresholds.every(connection) == {7: FOUND}

"""The rows of corrections: what stands, what waits, and in which order."""

from __future__ import annotations

from typing import Any

from telemetry.model import Mask
from telemetry.store import corrections
from telemetry.store.corrections import Correction
from tests.telemetry.store.kit import T0, database


def row(series: int, action: str = "mask", **more: Any) -> Correction:
    return Correction(0, series, T0, T0 + 5, action, 1.5, None, "why", "me", T0)._replace(**more)


def test_a_correction_is_found_as_it_was_stored() -> None:
    connection = database()
    made = corrections.add(connection, row(7, above=None))
    assert corrections.find(connection, made.id) == made == row(7, id=1, above=None)
    assert corrections.find(connection, 2) is None
    corrections.advance(connection, 1, "running", T0 + 2)
    corrections.counted(connection, 1, 5)
    corrections.counted(connection, 1, -2)
    assert corrections.find(connection, 1) == made._replace(state="running", position=T0 + 2, readings=3)


def test_masks_stand_from_the_moment_they_are_noted_until_they_are_undone() -> None:
    connection = database()
    for state in ("waiting", "running", "done", "undoing", "undone"):
        corrections.add(connection, row(1, state=state))
        corrections.add(connection, row(1, "delete", state=state))
    corrections.add(connection, row(2))
    assert corrections.active(connection, 1) == [Mask(id_, T0, T0 + 5, 1.5, None) for id_ in (1, 3, 5)]
    assert corrections.active(connection, 3) == []
    assert {series: [mask.id for mask in some] for series, some in corrections.all_active(connection).items()} == {
        1: [1, 3, 5],
        2: [11],
    }
    corrections.undo(connection, 5, "you", T0 + 9)
    assert [mask.id for mask in corrections.active(connection, 1)] == [1, 3]
    found = corrections.find(connection, 5)
    assert found is not None
    assert (found.state, found.undone_by, found.undone_at) == ("undoing", "you", T0 + 9)


def test_what_was_begun_is_done_before_what_waits() -> None:
    connection = database()
    for state in ("waiting", "undone", "running", "done", "undoing", "waiting"):
        corrections.add(connection, row(1, state=state))
    assert [one.id for one in corrections.unfinished(connection)] == [3, 5, 1, 6]


def test_the_newest_come_first_and_only_of_the_series_that_are_asked_for() -> None:
    connection = database()
    for series in (1, 2, 3, 2):
        corrections.add(connection, row(series))
    assert [one.id for one in corrections.newest(connection, None, 3)] == [4, 3, 2]
    assert [one.id for one in corrections.newest(connection, [2, 3], 9)] == [4, 3, 2]
    assert corrections.newest(connection, [], 9) == []
    assert corrections.count(connection) == 4


def test_the_indexes_are_used() -> None:
    """Every seal asks for the masks of every series."""
    connection = database()
    for query, index in (
        (f"SELECT id FROM corrections WHERE series = 1 AND {corrections.ACTIVE}", "corrections_active"),
        (f"SELECT id FROM corrections WHERE {corrections.UNFINISHED}", "corrections_unfinished"),
    ):
        (plan,) = connection.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()
        assert index in plan[3]

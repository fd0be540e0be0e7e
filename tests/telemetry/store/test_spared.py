"""What a deletion spares: times, by deletion and span."""

from __future__ import annotations

from telemetry.store import corrections, spared
from telemetry.store.corrections import Correction
from telemetry.store.records import Texts
from tests.telemetry.store.kit import database, packed


def deletion(id_: int, above: float | None = None) -> Correction:
    return Correction(id_, 1, 100, 200, "delete", above, None, "why", "anna", 0)


def test_times_that_a_deletion_would_take_are_noted_until_it_is_done() -> None:
    connection, texts = database(), Texts()
    first = corrections.add(connection, deletion(1))
    second = corrections.add(connection, deletion(2, above=5.0))
    for one in (first, second):
        spared.put(connection, one, packed([(99, 1.0), (100, 1.0), (150, 7.0), (200, 7.0)], texts))
        spared.put(connection, one, packed([(160, 2.0), (170, "on")], texts))
    assert sorted(spared.of(connection, first.id, 0, 300).tolist()) == [100, 150, 160, 170]
    assert sorted(spared.of(connection, second.id, 0, 300).tolist()) == [150]
    assert sorted(spared.of(connection, first.id, 155, 300).tolist()) == [160, 170]
    assert spared.of(connection, first.id, 0, 99).tolist() == []
    corrections.finish(connection, first.id, "done", 1)
    assert spared.of(connection, first.id, 0, 300).tolist() == []
    assert spared.of(connection, second.id, 0, 300).tolist() == [150]

"""Which levels a series gets: dense enough, complete from where they begin, steady near the border."""

from __future__ import annotations

import pytest

from telemetry.store import rollups, spread
from telemetry.store.levels import DAY, HOUR, LEVELS, MINUTE, QUARTER
from telemetry.store.records import Texts
from telemetry.store.weave import weave
from tests.telemetry.store.kit import T0, database, packed


@pytest.mark.parametrize(
    ("pace", "levels"),
    [
        (1_000, [MINUTE, QUARTER, HOUR, DAY]),
        (5_000, [QUARTER, HOUR, DAY]),
        (60_000, [HOUR, DAY]),
        (300_000, [DAY]),
        (7_200_000, []),
    ],
)
def test_a_level_needs_about_30_readings_a_bucket(pace: int, levels: list[int]) -> None:
    connection, texts = database(), Texts()
    weave(connection, packed([(T0 + pace * i, 1.0) for i in range(100)], texts), texts)
    assert sorted(rollups.spans(connection, 1)) == levels


def test_a_level_near_the_border_does_not_flap() -> None:
    """Begun at 30 a bucket, it goes on at 20, but does not begin at 20."""
    connection, texts = database(), Texts()
    weave(connection, packed([(T0 + 2_000 * i, 1.0) for i in range(60)], texts), texts)
    weave(connection, packed([(T0 + 120_000 + 3_000 * i, 1.0) for i in range(60)], texts), texts)
    assert rollups.spans(connection, 1)[MINUTE] == [(T0 // MINUTE * MINUTE, (T0 + 297_000) // MINUTE * MINUTE + MINUTE)]
    weave(connection, packed([(T0 + 3_000 * i, 1.0) for i in range(60)], texts, series=2), texts)
    assert MINUTE not in rollups.spans(connection, 2)


def test_a_level_begins_where_nothing_was_before() -> None:
    """The bucket in which it became dense has readings of which there is no row: it is left out."""
    connection, texts = database(), Texts()
    weave(connection, packed([(T0, 1.0), (T0 + 50_000, 1.0)], texts), texts)
    weave(connection, packed([(T0 + 51_000 + 1_000 * i, 1.0) for i in range(200)], texts), texts)
    ((since, _),) = rollups.spans(connection, 1)[MINUTE]
    assert since == (T0 + 50_000) // MINUTE * MINUTE + MINUTE


def test_text_has_no_rollups() -> None:
    connection, texts = database(), Texts()
    weave(connection, packed([(T0 + 1_000 * i, "on") for i in range(1_000)], texts), texts)
    assert rollups.spans(connection, 1) == {}
    assert all(connection.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,) for name in LEVELS.values())


def test_a_number_replaced_by_text_leaves_its_bucket() -> None:
    connection, texts = database(), Texts()
    points = [(T0 + 1_000 * i, 1.0) for i in range(300)]
    weave(connection, packed(points, texts), texts)
    minute = (T0 + 100_000) // MINUTE * MINUTE
    weave(connection, packed([(ts, "gone") for ts, _ in points if minute <= ts < minute + MINUTE], texts), texts)
    assert minute not in rollups.read(connection, MINUTE, 1, 0, 1 << 60)["t"].tolist()


def test_spans_that_touch_become_one() -> None:
    assert spread.union([(5, 9), (0, 3), (3, 5), (20, 30), (21, 22)]) == [(0, 9), (20, 30)]

"""Widths of buckets: readable, aligned, and fine enough."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from telemetry.resolution import LADDER, MINUTE, bucket_ms

TIMES = st.integers(946_684_800_000, 4_000_000_000_000)


def covers(width: int, first: int, last: int) -> int:
    """Aligned buckets from the one that holds ``first`` to the one that holds ``last``."""
    return len({first // width, last // width}) if last - first < width else last // width - first // width + 1


@given(TIMES, TIMES, st.integers(1, 1_000_000))
def test_bucket_is_the_finest_that_covers_the_span_within_the_points(one: int, other: int, points: int) -> None:
    first, last = min(one, other), max(one, other)
    width = bucket_ms(first, last, points)
    assert covers(width, first, last) <= points
    assert all(covers(finer, first, last) > points for finer in LADDER if finer < width)


def test_ladder_rises_and_from_a_minute_on_is_made_of_minutes() -> None:
    assert list(LADDER) == sorted(set(LADDER))
    assert all(width % MINUTE == 0 for width in LADDER if width >= MINUTE)


def test_one_point_covers_all_time() -> None:
    assert bucket_ms(0, 8_640_000_000_000_000, 1) == LADDER[-1]


def test_times_before_1970_get_a_width_too() -> None:
    """A clock that was never set may be behind zero; no width joins both sides of it."""
    assert bucket_ms(-1, 1, 1) == LADDER[-1]

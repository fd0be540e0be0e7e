"""Arrival stamps never run backwards, whatever the wall clock does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from telemetry.clock import RELEASED, SLACK, Clock, wall_ms

NOW = RELEASED + 1_000_000


class Times:
    """Both clocks, set by hand: ``wall`` in ms, ``mono`` in seconds."""

    def __init__(self, wall: int = NOW) -> None:
        self.wall = wall
        self.mono = 0.0

    def clock(self, newest: int = 0) -> Clock:
        return Clock(newest, lambda: self.wall, lambda: self.mono)


def test_arrival_is_the_wall_clock_while_that_goes_on() -> None:
    times = Times()
    clock = times.clock()
    assert clock.arrival() == NOW
    times.wall += 250
    assert clock.arrival() == NOW + 250


def test_arrival_goes_on_from_the_newest_by_the_monotonic_clock_after_a_step_back() -> None:
    times = Times()
    clock = times.clock()
    clock.arrival()
    times.wall = 0
    times.mono = 1.5
    assert clock.arrival() == NOW + 1500
    times.mono = 2.0
    assert clock.arrival() == NOW + 2000


def test_a_start_in_1970_goes_on_from_the_newest_reading_of_the_last_run() -> None:
    times = Times(wall=12_000)
    clock = times.clock(newest=NOW)
    assert not clock.trusted()
    assert clock.arrival() == NOW
    times.wall = NOW + 60_000
    assert clock.arrival() == NOW + 60_000
    assert clock.trusted()


def test_clock_before_its_release_is_not_trusted() -> None:
    assert not Times(wall=RELEASED - 1).clock().trusted()
    assert Times(wall=RELEASED).clock().trusted()


def test_a_small_step_back_is_no_reason_for_mistrust() -> None:
    times = Times()
    clock = times.clock()
    clock.arrival()
    times.wall = NOW - SLACK
    assert clock.trusted()
    times.wall -= 1
    assert not clock.trusted()


@given(st.lists(st.tuples(st.integers(-10_000_000, 10_000_000), st.floats(0, 1000)), max_size=30))
def test_arrival_never_runs_backwards(steps: list[tuple[int, float]]) -> None:
    """For any steps of the wall clock and any progress of the monotonic one."""
    times = Times()
    clock = times.clock()
    last = clock.arrival()
    for step, passed in steps:
        times.wall += step
        times.mono += passed
        stamp = clock.arrival()
        assert stamp >= last
        last = stamp


def test_wall_clock_is_in_milliseconds() -> None:
    assert wall_ms() > 1_600_000_000_000

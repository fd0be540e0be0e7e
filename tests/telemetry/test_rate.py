"""The token bucket on a clock of its own."""

from __future__ import annotations

import pytest

from telemetry.rate import Rate


class Mono:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_and_then_so_many_a_second() -> None:
    mono = Mono()
    rate = Rate(10, 5, mono)
    assert [rate.take() for _ in range(5)] == [0.0] * 5
    assert rate.take() == pytest.approx(0.1)
    taken = 0
    for _ in range(1_000):  # ten seconds, asked a hundred times a second
        mono.now += 0.01
        taken += rate.take() == 0.0
    assert taken in (99, 100)


def test_who_waits_as_long_as_told_is_taken() -> None:
    mono = Mono()
    rate = Rate(3, 1, mono)
    rate.take()
    for _ in range(100):
        mono.now += rate.take() + 1e-9
        assert rate.take() == 0.0


def test_silence_saves_up_no_more_than_the_burst() -> None:
    mono = Mono()
    rate = Rate(1000, 5, mono)
    mono.now += 1e6
    assert [rate.take() == 0.0 for _ in range(6)] == [True] * 5 + [False]

"""The samples of the forecast: kept for a year and more, and carried over restarts."""

from __future__ import annotations

from telemetry.forecast import Sample
from telemetry.store import usage
from tests.telemetry.store.kit import T0, database

HOUR = 3_600_000


def test_samples_are_read_back_from_a_time_on() -> None:
    connection = database()
    assert usage.written(connection) == 0
    samples = [Sample(T0 + i * HOUR, i, i, i, None if i % 2 else i * 10) for i in range(5)]
    for sample in reversed(samples):
        usage.add(connection, sample)
    assert usage.since(connection, T0 + HOUR) == samples[1:]
    assert usage.written(connection) == 40


def test_old_samples_go() -> None:
    connection = database()
    for at in (0, HOUR, usage.KEPT + 1):
        usage.add(connection, Sample(T0 + at, 0, 0, 0, 0))
    assert [sample.time - T0 for sample in usage.since(connection, 0)] == [HOUR, usage.KEPT + 1]

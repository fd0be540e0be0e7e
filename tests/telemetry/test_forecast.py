"""The forecast: honest about what it does not know."""

from __future__ import annotations

import pytest

from telemetry.forecast import DAY, HONEST, HORIZON, SEALED, WINDOW, Rates, Sample, full_on, rates

NOW = 1_800_000_000_000


def test_nothing_is_said_before_there_is_something_to_say() -> None:
    now = Sample(NOW, 1_000, 1_000, 9_000, 50_000)
    assert rates([], now, SEALED) == Rates()
    assert rates([Sample(NOW - HONEST + 1, 0, 0, 0, 0)], now, SEALED) == Rates()


def test_in_the_first_day_growth_is_readings_times_their_size() -> None:
    """What waits in the journal takes eight times what it will take: the file itself would mislead."""
    before = Sample(NOW - DAY // 4, 0, 0, 4_096, 1_000_000)
    now = Sample(NOW, 300_000, 280_000, 500_000, 3_000_000)
    assert rates([before], now, 200_000) == Rates(1_200_000, 1_120_000 * 2.5, 8_000_000)
    assert rates([before], now, SEALED - 1).stored_bytes is None


def test_after_a_day_growth_is_what_the_file_grew_by() -> None:
    before = Sample(NOW - 2 * DAY, 0, 0, 1_000_000, None)
    now = Sample(NOW, 300_000, 10, 3_000_000, 0)
    assert rates([before], now, 0) == Rates(150_000, 1_000_000, None)


def test_only_the_last_days_count() -> None:
    samples = [Sample(NOW - day * DAY, 1_000 * (30 - day), 0, 0, 0) for day in range(30, 0, -1)]
    found = rates(samples, Sample(NOW, 30_000, 0, 0, 0), 0)
    assert found.readings == pytest.approx(1_000)
    assert rates(samples[:20], Sample(NOW, 30_000, 0, 0, 0), 0) == Rates()
    assert rates([Sample(NOW - WINDOW, 0, 0, 0, 0)], Sample(NOW, 7, 0, 0, 0), 0).readings == 1


def test_written_bytes_start_where_they_are_known() -> None:
    """Samples of a system that does not tell, then some of one that does."""
    samples = [Sample(NOW - 2 * DAY, 0, 0, 0, None), Sample(NOW - DAY, 0, 0, 0, 1_000)]
    assert rates(samples, Sample(NOW, 0, 0, 0, 5_000), 0).written_bytes == 4_000
    assert rates(samples, Sample(NOW, 0, 0, 0, None), 0).written_bytes is None


def test_room_ends_when_growth_has_used_it() -> None:
    assert full_on(NOW, 10_000, 1_000.0) == NOW + 10 * DAY
    assert full_on(NOW, 0, 1_000.0) == full_on(NOW, -5, 1_000.0) == NOW


@pytest.mark.parametrize("growth", [None, 0.0, -3.0, 1e-9])
def test_room_that_does_not_end_has_no_date(growth: float | None) -> None:
    assert full_on(NOW, 10_000, growth) is None


def test_horizon_is_a_date() -> None:
    assert full_on(NOW, 1_000, 1_000 * DAY / HORIZON) == NOW + HORIZON

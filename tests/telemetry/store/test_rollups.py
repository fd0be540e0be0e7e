"""Rows of roll-ups: they come back exactly, are small where values have few decimals, and readable by anyone's SQL."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.store import buckets, rollups
from telemetry.store.damage import Damaged
from telemetry.store.levels import HOUR, LEVELS, MINUTE
from telemetry.store.records import Texts
from tests.telemetry.store.kit import EVER, T0, database, packed

VALUES = st.one_of(
    st.integers(-50_000, 50_000).map(lambda n: n / 100), st.floats(allow_nan=False, allow_infinity=False)
)


@given(st.lists(VALUES, min_size=1, max_size=30), st.sampled_from(sorted(LEVELS)))
def test_rows_come_back(values: list[float], width: int) -> None:
    connection = database()
    records = packed([(T0 + i * width // 4, v) for i, v in enumerate(values)], Texts())
    with np.errstate(over="ignore", invalid="ignore"):
        made = buckets.of_records(records, width)
    rollups.write(connection, width, 1, made)
    back = rollups.read(connection, width, 1, -EVER, EVER)
    for name in ("t", "count", "min", "max", "first", "last"):
        assert back[name].tolist() == made[name].tolist()
    finite = np.isfinite(made["sum"])
    assert np.allclose(back["sum"][finite], made["sum"][finite], rtol=1e-13, atol=1e-13 * np.abs(values).max())
    assert np.isinf(back["sum"][~finite]).all()


def test_decimals_are_kept_as_whole_numbers() -> None:
    connection = database()
    records = packed([(T0, 21.5), (T0 + 1, 21.47), (T0 + 2, 22.0)], Texts())
    rollups.write(connection, MINUTE, 1, buckets.of_records(records, MINUTE))
    row = connection.execute("SELECT scale, sum, min, max, first, last FROM rollup_1m").fetchone()
    assert row == (100, 6497, 2147, 2200, 2150, 2200)
    rollups.write(connection, HOUR, 1, buckets.of_records(packed([(T0, 1 / 3)], Texts()), HOUR))
    assert connection.execute("SELECT scale, max FROM rollup_1h").fetchone() == (1, 1 / 3)


def test_only_whole_buckets_in_the_span_are_read_and_deleted() -> None:
    connection = database()
    records = packed([(minute * MINUTE, 1.0) for minute in range(10)], Texts())
    rollups.write(connection, MINUTE, 1, buckets.of_records(records, MINUTE))
    assert rollups.read(connection, MINUTE, 1, 2 * MINUTE, 4 * MINUTE)["t"].tolist() == [2 * MINUTE, 3 * MINUTE]
    assert rollups.delete(connection, MINUTE, 1, 0, 4 * MINUTE) == 4
    assert len(rollups.read(connection, MINUTE, 1, -EVER, EVER)) == 6
    assert len(rollups.read(connection, MINUTE, 2, -EVER, EVER)) == 0


@pytest.mark.parametrize(
    "change",
    [
        "max = max + 1",
        "scale = 1000",
        "count = 2",
        "sum = sum + 0.5",
        "t = t + 1",
        "series = 2",
        "min = 'x'",
        "last = NULL",
    ],
)
def test_row_that_does_not_fit_its_checksum_is_never_given(change: str) -> None:
    connection = database()
    rollups.write(connection, MINUTE, 1, buckets.of_records(packed([(T0, 21.5)], Texts()), MINUTE))
    connection.execute(f"UPDATE rollup_1m SET {change}")
    series = 2 if change == "series = 2" else 1
    with pytest.raises(Damaged):
        rollups.read(connection, MINUTE, series, -EVER, EVER)


@given(st.lists(VALUES, min_size=rollups.FEW + 1, max_size=12))
def test_rows_written_one_by_one_are_the_same(values: list[float]) -> None:
    """A few rows take another way, for speed."""
    connection = database()
    made = buckets.of_records(packed([(n * MINUTE, value) for n, value in enumerate(values)], Texts()), MINUTE)
    rollups.write(connection, MINUTE, 1, made)
    query = "SELECT *, typeof(sum), typeof(min), typeof(last) FROM rollup_1m ORDER BY t"
    together = connection.execute(query).fetchall()
    connection.execute("DELETE FROM rollup_1m")
    for at in range(len(made)):
        rollups.write(connection, MINUTE, 1, made[at : at + 1])
    assert connection.execute(query).fetchall() == together
    assert len(together) == len(values)


@pytest.mark.parametrize("change", ["count = count + 1", "first_ts = 5", "spans = '{}'", "raw_from = 9", "series = 2"])
def test_state_that_does_not_fit_its_checksum_is_never_given(change: str) -> None:
    connection = database()
    rollups.put_sealed(connection, 1, rollups.Sealed(5, T0, T0 + 9, {MINUTE: [(0, MINUTE)]}))
    connection.execute(f"UPDATE sealed SET {change}")
    series = 2 if change == "series = 2" else 1
    with pytest.raises(Damaged):
        rollups.sealed(connection, series)


def test_state_of_a_series_comes_back() -> None:
    connection = database()
    assert rollups.sealed(connection, 1) is rollups.NOTHING
    state = rollups.Sealed(5, T0, T0 + 9, {MINUTE: [(0, MINUTE), (HOUR, 2 * HOUR)]})
    rollups.put_sealed(connection, 1, state)
    assert rollups.sealed(connection, 1) == state
    assert rollups.spans(connection, 1) == state.spans

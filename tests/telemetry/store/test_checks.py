"""Checksums of rows: each flipped bit changes them, and they fit three bytes."""

from __future__ import annotations

import numpy as np

from telemetry.store.checks import check


def test_every_flipped_bit_is_found() -> None:
    row = [np.array([7], dtype=np.int64), np.array([21.5]), np.array([0.0])]
    right = check(row)[0]
    for at, column in enumerate(row):
        for bit in range(64):
            flipped = (column.view(np.uint64) ^ np.uint64(1 << bit)).view(column.dtype)
            assert check([*row[:at], flipped, *row[at + 1 :]])[0] != right


def test_they_are_spread_over_24_bits() -> None:
    found = check([np.arange(100_000), np.zeros(100_000)])
    assert found.min() >= -(1 << 23)
    assert found.max() < 1 << 23
    assert len(set(found.tolist())) > 99_000
    assert (np.abs(found) > 1 << 22).mean() > 0.4


def test_few_rows_and_many_have_the_same_checksums() -> None:
    columns = [np.arange(-50, 50), np.linspace(-1e9, 1e9, 100), np.full(100, np.inf)]
    whole = check(columns).tolist()
    assert [check([column[at : at + 2] for column in columns]).tolist()[0] for at in range(100)] == whole


def test_columns_that_change_places_are_another_row() -> None:
    one, two = np.array([1.0]), np.array([2.0])
    assert check([one, two])[0] != check([two, one])[0]

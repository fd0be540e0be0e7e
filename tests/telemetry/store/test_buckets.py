"""Buckets: merging them is the same as making them at once."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from telemetry.store import buckets, chunks
from telemetry.store.records import Texts
from tests.telemetry.store.kit import packed

POINTS = st.dictionaries(st.integers(-200, 200), st.integers(-9, 9).map(float), min_size=1, max_size=60)
FIELDS = ("t", "count", "sum", "min", "max", "first", "last")


def rows(some: buckets.Buckets) -> list[tuple[float, ...]]:
    return [tuple(one[name] for name in FIELDS) for one in some]


@given(POINTS, st.sampled_from([1, 5, 60]))
def test_a_bucket_is_what_its_readings_say(points: dict[int, float], width: int) -> None:
    expected: dict[int, list[float]] = {}
    for ts, value in sorted(points.items()):
        expected.setdefault(ts // width * width, []).append(value)
    made = buckets.of_records(packed(sorted(points.items()), Texts()), width)
    assert rows(made) == [(t, len(v), sum(v), min(v), max(v), v[0], v[-1]) for t, v in expected.items()]


@given(POINTS, st.lists(st.integers(0, 60), max_size=5), st.sampled_from([5, 60]))
def test_parts_merge_to_the_whole(points: dict[int, float], cuts: list[int], width: int) -> None:
    records = packed(sorted(points.items()), Texts())
    parts = [buckets.of_records(part, 5) for part in np.split(records, sorted(cuts))]
    assert rows(buckets.merge(parts, width)) == rows(buckets.of_records(records, width))


@given(POINTS)
def test_chunks_in_one_bucket_need_no_readings(points: dict[int, float]) -> None:
    records = packed([(1_000 + ts, value) for ts, value in sorted(points.items())], Texts())
    halves = [half for half in np.array_split(records, 2) if len(half)]
    headers = np.concatenate([chunks.header_of(half, 1) for half in halves])
    assert rows(buckets.merge([buckets.of_headers(headers, 1 << 40)], 1 << 40)) == rows(
        buckets.of_records(records, 1 << 40)
    )


def test_text_is_in_no_bucket_and_booleans_are_0_and_1() -> None:
    texts = Texts()
    assert rows(buckets.of_records(packed([(1, "on"), (2, True), (3, False), (4, "off")], texts), 10)) == [
        (0, 2, 1.0, 0.0, 1.0, 1.0, 0.0)
    ]
    assert len(buckets.of_records(packed([(1, "on")], texts), 10)) == 0
    assert len(buckets.merge([], 10)) == 0

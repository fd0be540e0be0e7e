"""Folding sealed readings to buckets: statistics where they suffice, and not one reading too many or too few."""

from __future__ import annotations

import pytest

from telemetry.store import buckets, chunks, fold
from telemetry.store.records import Texts
from telemetry.store.weave import weave
from tests.telemetry.store.kit import database, packed

POINTS = [(ts, float(ts % 11)) for ts in range(0, 3_000, 7)]


@pytest.mark.parametrize("pieces", [1, 3, 40])
@pytest.mark.parametrize(("frm", "to"), [(0, 3_000), (1, 2_999), (500, 501), (700, 1_400), (2_999, 5_000)])
@pytest.mark.parametrize("width", [10, 500, 10_000])
def test_any_span_at_any_width(pieces: int, frm: int, to: int, width: int) -> None:
    connection, texts = database(), Texts()
    for at in range(pieces):
        weave(connection, packed(POINTS[at::pieces], texts), texts)
    expected = buckets.of_records(packed([one for one in POINTS if frm <= one[0] < to], texts), width)
    found = fold.fold(connection, 1, frm, to, width)
    assert found[["t", "count", "sum", "min", "max", "first", "last"]].tolist() == expected.tolist()


def test_times_that_are_left_out_are_in_no_bucket() -> None:
    connection, texts = database(), Texts()
    weave(connection, packed(POINTS, texts), texts)
    headers = chunks.headers(connection, 1, 0, 3_000)
    without = packed([POINTS[5], POINTS[6]], texts)["ts"]
    found = buckets.merge(list(fold.parts(connection, headers, 0, 3_000, 10_000, without)), 10_000)
    assert found["count"].tolist() == [len(POINTS) - 2]
    assert found["sum"].tolist() == [sum(v for _, v in POINTS) - POINTS[5][1] - POINTS[6][1]]


def test_chunks_that_lie_in_one_bucket_are_not_opened() -> None:
    connection, texts = database(), Texts()
    weave(connection, packed(POINTS, texts), texts)
    connection.execute("DELETE FROM chunk_data")
    assert fold.fold(connection, 1, 0, 3_000, 10_000)["count"].tolist() == [len(POINTS)]

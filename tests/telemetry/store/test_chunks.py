"""Chunks in the database: found by span, verified, and refused when a bit is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from telemetry.store import chunks
from telemetry.store.damage import Damaged
from telemetry.store.records import Texts
from tests.telemetry.store.kit import EVER, database, packed, plain


def filled(*spans: tuple[int, int]) -> tuple[chunks.sqlite3.Connection, Texts]:
    """A database with a chunk of series 1 for each span of times, both ends included."""
    connection, texts = database(), Texts()
    for first, last in spans:
        chunks.store(connection, packed([(ts, float(ts)) for ts in range(first, last + 1)], texts), texts.known)
    return connection, texts


@pytest.mark.parametrize(
    ("frm", "to", "expected"),
    [
        (0, 100, [9, 29, 99]),
        (9, 10, [9]),
        (10, 20, []),
        (29, 90, [29]),
        (29, 91, [29, 99]),
        (100, 200, []),
        (50, 50, []),
    ],
)
def test_headers_of_a_span(frm: int, to: int, expected: list[int]) -> None:
    connection, _ = filled((0, 9), (20, 29), (90, 99))
    assert chunks.headers(connection, 1, frm, to)["last_ts"].tolist() == expected
    assert len(chunks.headers(connection, 2, frm, to)) == 0


def test_until_ends_with_the_chunk_that_holds_or_follows() -> None:
    connection, _ = filled((0, 9), (20, 29), (90, 99))
    assert chunks.until(connection, 1, 15, 15)["last_ts"].tolist() == [29]
    assert chunks.until(connection, 1, 5, 30)["last_ts"].tolist() == [9, 29, 99]
    assert chunks.before(connection, 1, 29) == 9
    assert chunks.before(connection, 1, 9) is None


def test_newest_stops_at_the_first_that_is_large() -> None:
    connection, _ = filled((0, 50), (60, 61), (70, 79))
    assert chunks.newest(connection, 1, 10, 20)["last_ts"].tolist() == [79, 61]
    assert chunks.newest(connection, 1, 1, 20)["last_ts"].tolist() == [79]


def test_many_readings_are_cut_into_chunks_that_do_not_overlap() -> None:
    connection, texts = filled((0, 3 * chunks.FULL))
    found = chunks.headers(connection, 1, -EVER, EVER)
    assert found["count"].sum() == 3 * chunks.FULL + 1
    assert chunks.FULL <= found["count"].min() <= found["count"].max() <= chunks.MAX
    assert (found["first_ts"][1:] > found["last_ts"][:-1]).all()
    assert len(plain(chunks.load(connection, found, texts), texts)) == 3 * chunks.FULL + 1


def test_removed_chunks_leave_nothing() -> None:
    connection, _ = filled((0, 9), (20, 29))
    chunks.remove(connection, chunks.headers(connection, 1, 0, 10))
    assert connection.execute("SELECT count(*) FROM chunk_data").fetchone() == (1,)
    assert chunks.headers(connection, 1, -EVER, EVER)["last_ts"].tolist() == [29]


def test_header_without_numbers_has_no_statistics() -> None:
    connection, texts = database(), Texts()
    chunks.store(connection, packed([(1, "on"), (2, "off")], texts), texts.known)
    assert connection.execute("SELECT numbers, min, sum, last FROM chunks").fetchone() == (0, None, None, None)
    assert chunks.headers(connection, 1, 0, 10)["numbers"].tolist() == [0]


def test_overflowing_sums_and_zeros_with_a_sign_are_stored() -> None:
    connection, texts = database(), Texts()
    chunks.store(connection, packed([(1, 1.7e308), (2, 1.7e308), (3, -0.0)], texts), texts.known)
    (header,) = chunks.headers(connection, 1, 0, 10)
    assert np.isinf(header["sum"])
    assert np.signbit(chunks.load(connection, chunks.headers(connection, 1, 0, 10), texts)["value"][2])


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("UPDATE chunks SET max = max + 1", "chunks"),
        ("UPDATE chunks SET first_ts = first_ts - 1", "chunks"),
        ("UPDATE chunks SET count = count + 1", "chunks"),
        ("UPDATE chunk_data SET data = CAST(substr(data, 1, 40) || x'00' || substr(data, 42) AS BLOB)", "chunk_data"),
        ("UPDATE chunk_data SET series = 2", "chunk_data"),
        ("UPDATE chunk_data SET codec = codec + 1", "chunk_data"),
        ("DELETE FROM chunk_data", "chunk_data"),
    ],
)
def test_what_does_not_fit_its_checksum_is_never_given(change: str, table: str) -> None:
    connection, texts = filled((0, 99))
    connection.execute(change)
    with pytest.raises(Damaged) as found:
        chunks.load(connection, chunks.headers(connection, 1, -EVER, EVER), texts)
    assert found.value.table == table

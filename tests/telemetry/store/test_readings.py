"""Pages of the journal: bounded, in order, only what touches the span."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from telemetry.store import journal, readings

NEVER = lambda: False  # noqa: E731 - the shortest way to say that no one cancels


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """A journal of 10 rows; row i has seqs from 10 i + 1, ten readings, ts from 100 i to 100 i + 99."""
    one = sqlite3.connect(":memory:")
    one.execute(journal.SCHEMA)
    for i in range(10):
        one.execute(
            "INSERT INTO journal VALUES (?, 10, 0, ?, ?, NULL, ?)", (10 * i + 1, 100 * i, 100 * i + 99, b"%d" % i * 210)
        )
    yield one
    one.close()


def rows(pages: Iterator[readings.Page]) -> list[int]:
    """Which rows came, by what their BLOB says."""
    return [int(data[:1]) for page in pages for _, data in page]


@pytest.mark.parametrize(
    ("page_rows", "page_bytes"), [(1024, 1 << 20), (1, 1 << 20), (3, 1 << 20), (1024, 1), (1024, 500)]
)
def test_all_rows_come_in_order_whatever_the_page(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, page_rows: int, page_bytes: int
) -> None:
    monkeypatch.setattr(readings, "PAGE_ROWS", page_rows)
    monkeypatch.setattr(readings, "PAGE_BYTES", page_bytes)
    assert rows(readings.pages(connection, 0, 10_000, 1_000, NEVER)) == list(range(10))
    assert rows(readings.pages(connection, 0, 10_000, 60, NEVER)) == list(range(6))


@pytest.mark.parametrize(
    ("frm", "to", "expected"),
    [
        (0, 1, [0]),
        (99, 100, [0]),
        (99, 101, [0, 1]),
        (100, 200, [1]),
        (850, 5_000, [8, 9]),
        (1_000, 5_000, []),
        (0, 0, []),
    ],
)
def test_only_rows_that_touch_the_span_are_loaded(
    connection: sqlite3.Connection, frm: int, to: int, expected: list[int]
) -> None:
    """``to`` is exclusive; row i ends with ts 100 i + 99."""
    assert rows(readings.pages(connection, frm, to, 1_000, NEVER)) == expected


def test_no_page_keeps_a_read_open(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that pauses between pages must not pin the WAL: the table can be changed meanwhile."""
    monkeypatch.setattr(readings, "PAGE_BYTES", 420)
    pages = readings.pages(connection, 0, 10_000, 1_000, NEVER)
    next(pages)
    connection.execute("ALTER TABLE journal ADD COLUMN other TEXT")
    connection.commit()
    assert rows(pages) == list(range(2, 10))


def test_cancelling_ends_between_two_pages(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "PAGE_ROWS", 1)
    asked = iter([False, False, True])
    assert rows(readings.pages(connection, 0, 10_000, 1_000, lambda: next(asked))) == [0, 1]


def test_total_counts_readings_of_whole_rows(connection: sqlite3.Connection) -> None:
    assert readings.total(connection, 0, 1_000) == 100
    assert readings.total(connection, 0, 30) == 30
    assert readings.total(connection, 30, 50) == 20
    assert readings.total(connection, 1_000, 2_000) == 0

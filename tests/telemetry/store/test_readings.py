"""Pages of the journal: bounded, in order, verified, and no cursor left open."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from telemetry.store import journal, readings
from telemetry.store.damage import Damaged
from tests.telemetry.store.kit import database


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """A journal of 10 rows; row i has seqs from 10 i + 1, ten readings each."""
    one = database()
    for i in range(10):
        row = journal.Row(10 * i + 1, 10, 0, 0, 0, None, b"%d" % i * 210)
        journal.append(one, [row._replace(crc=journal.crc_of(row))])
    yield one
    one.close()


def all_pages(connection: sqlite3.Connection, upto: int) -> list[list[int]]:
    """The first seqs of the rows of every page."""
    pages: list[list[int]] = []
    after = -1
    while page := readings.page(connection, after, upto):
        pages.append([row.first_seq for row in page])
        after = page[-1].first_seq
    return pages


@pytest.mark.parametrize(
    ("page_rows", "page_bytes", "longest"),
    [(1024, 1 << 20, 10), (1, 1 << 20, 1), (3, 1 << 20, 3), (1024, 1, 1), (1024, 500, 3)],
)
def test_all_rows_come_in_order_whatever_the_page(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, page_rows: int, page_bytes: int, longest: int
) -> None:
    monkeypatch.setattr(readings, "PAGE_ROWS", page_rows)
    monkeypatch.setattr(readings, "PAGE_BYTES", page_bytes)
    for upto, rows in ((1_000, 10), (60, 6)):
        pages = all_pages(connection, upto)
        assert [seq for page in pages for seq in page] == [10 * i + 1 for i in range(rows)]
        assert max(map(len, pages)) <= longest


def test_no_page_keeps_a_read_open(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that pauses between pages must not pin the WAL: the table can be changed meanwhile."""
    monkeypatch.setattr(readings, "PAGE_BYTES", 420)
    assert readings.page(connection, -1, 1_000)
    connection.execute("ALTER TABLE journal ADD COLUMN other TEXT")


@pytest.mark.parametrize(
    "change",
    ["received = 1", "marks = '{}'", "count = 9", "max_ts = 5", "data = zeroblob(210)", "crc = 0", "first_seq = 32"],
)
def test_changed_row_is_never_given(connection: sqlite3.Connection, change: str) -> None:
    connection.execute(f"UPDATE journal SET {change} WHERE first_seq = 31")
    with pytest.raises(Damaged) as found:
        all_pages(connection, 1_000)
    assert found.value.table == "journal"


def test_row_of_an_older_version_has_no_checksum(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE journal SET crc = NULL")
    assert len(all_pages(connection, 1_000)) == 1

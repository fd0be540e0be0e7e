"""Readings still in the journal, page by page: the unsealed part of history.

Each page is a short SELECT of its own, so that no long cursor pins the WAL, and it looks at a bounded number of
rows even where none of them matches. A row's BLOB is loaded only if the row touches the span that is asked for.
Decoding is done elsewhere (``records``); this module knows SQL and nothing of what is in a BLOB.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

PAGE_ROWS = 1024
"""Rows that one SELECT looks at."""
PAGE_BYTES = 1 << 20
"""A page ends after the row whose BLOB reaches this size."""

PAGE = (
    "SELECT first_seq, count, CASE WHEN max_ts >= :frm AND min_ts < :to THEN data END"
    " FROM journal WHERE first_seq > :after AND first_seq <= :upto ORDER BY first_seq LIMIT :rows"
)
TOTAL = "SELECT ifnull(sum(count), 0) FROM journal WHERE first_seq > ? AND first_seq <= ?"


Page = list[tuple[int, bytes]]
"""Rows of the journal: how many readings, and their BLOB."""


def pages(
    connection: sqlite3.Connection, frm: int, to: int, upto: int, cancelled: Callable[[], bool]
) -> Iterator[Page]:
    """Rows that may hold readings with ``frm`` <= ts < ``to`` (ms) and seq <= ``upto``, in order of arrival.

    Ends early once ``cancelled()`` is true. Raises sqlite3.Error.
    """
    after = -1
    while not cancelled():
        last, page = _page(connection, {"frm": frm, "to": to, "after": after, "upto": upto, "rows": PAGE_ROWS})
        if last is None:
            return
        after = last
        if page:
            yield page


def _page(connection: sqlite3.Connection, span: dict[str, int]) -> tuple[int | None, Page]:
    """The seq of the last row looked at (None: there was none), and the rows that touch the span."""
    page: Page = []
    last: int | None = None
    size = 0
    found = connection.execute(PAGE, span)
    for first_seq, count, data in found:
        last = first_seq
        if data is not None:
            page.append((count, data))
            size += len(data)
            if size >= PAGE_BYTES:
                break
    found.close()
    return last, page


def total(connection: sqlite3.Connection, after: int, upto: int) -> int:
    """Readings in the journal, repeats included, in the rows that begin after ``after`` and up to ``upto`` (seqs)."""
    (count,) = connection.execute(TOTAL, (after, upto)).fetchone()
    return int(count)

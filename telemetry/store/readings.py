"""Rows of the journal, page by page and verified: what sealing takes and what history finds unsealed.

Each page is a short SELECT of its own and bounded, so that no long cursor pins the WAL. Decoding is done elsewhere
(``records``).
"""

from __future__ import annotations

import sqlite3

from telemetry.store import journal

PAGE_ROWS = 1024
PAGE_BYTES = 1 << 20
"""A page ends after the row whose BLOB reaches this size."""


def page(connection: sqlite3.Connection, after: int, upto: int) -> list[journal.Row]:
    """Rows with ``after`` < first_seq <= ``upto``, oldest first; empty at the end. Raises Damaged and sqlite3.Error."""
    rows: list[journal.Row] = []
    size = 0
    found = connection.execute(
        "SELECT * FROM journal WHERE first_seq > ? AND first_seq <= ? ORDER BY first_seq LIMIT ?",
        (after, upto, PAGE_ROWS),
    )
    for values in found:
        row = journal.verified(values)
        rows.append(row)
        size += len(row.data)
        if size >= PAGE_BYTES:
            break
    found.close()
    return rows

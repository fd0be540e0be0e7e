"""Trimming: sealed rows of the journal are deleted once no cursor can reach them any more, a bounded number a step."""

from __future__ import annotations

import sqlite3

from telemetry.store import ledger

TRIMMED = 200
"""Rows that one step deletes."""
BYTES = 8 << 20
"""The same in bytes: to delete a BLOB is to visit each of its pages."""


def trim(connection: sqlite3.Connection, keep_from: int, not_before: int, most: int, room: int | None = None) -> bool:
    """Delete sealed rows that nobody resumes from, a bounded number; whether there may be more.

    Rows stay that hold seqs from ``keep_from`` on, or that were received at or after ``not_before`` (ms) and have fewer
    than ``most`` readings after them, unless all that is sealed takes more than ``room`` bytes.
    """
    meta = ledger.get(connection)
    end = min(meta["sealed_seq"], meta["state_seq"], keep_from - 1)
    newest = _newest(connection)
    size = gone = last = 0
    spare = 0 if room is None else max(0, _sealed_bytes(connection, meta["sealed_seq"]) - room)
    """Bytes that go even if someone could resume from them."""
    rows = connection.execute(
        "SELECT first_seq, max(first_seq, first_seq + count - 1), received, length(data) FROM journal"
        " ORDER BY first_seq LIMIT ?",
        (TRIMMED,),
    ).fetchall()
    for _, final, received, length in rows:
        wanted = received >= not_before and newest - final < most
        if final > end or size >= BYTES or (wanted and size >= spare):
            break
        size += length
        gone += 1
        last = final
    if gone:
        connection.execute("DELETE FROM journal WHERE first_seq <= ?", (last,))
        ledger.put(connection, trimmed_seq=last)
    return size >= BYTES or gone == TRIMMED


def _sealed_bytes(connection: sqlite3.Connection, sealed_seq: int) -> int:
    row = connection.execute("SELECT ifnull(sum(length(data)), 0) FROM journal WHERE first_seq <= ?", (sealed_seq,))
    return int(row.fetchone()[0])


def _newest(connection: sqlite3.Connection) -> int:
    row = connection.execute(
        "SELECT first_seq + count - 1 FROM journal WHERE count > 0 ORDER BY first_seq DESC LIMIT 1"
    ).fetchone()
    return 0 if row is None else int(row[0])

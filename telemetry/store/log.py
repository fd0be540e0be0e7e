"""The journal as a log with positions: what a commit writes, and what a cursor reads back.

``commit`` is the one transaction of the pipeline; ``page`` and ``position`` serve resume and slow browsers. A cursor is
the seq of the last reading that was seen: everything after it follows.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from telemetry.model import Batch, Series
from telemetry.registry import Device
from telemetry.store import damages, journal
from telemetry.store.db import Store

PAGE_ROWS = 64
PAGE_READINGS = 5_000
"""A page ends after the row that reaches this many readings."""
MISSED_MAX = 100_000
"""Readings that a resume may have missed; older cursors load history instead."""


@dataclass(slots=True)
class Group:
    """What one commit writes: batches in order of arrival, and the devices and series that are new with them."""

    batches: Sequence[Batch]
    devices: Sequence[Device]
    series: Sequence[Series]
    received: int
    last_seq: int
    spare_seq: int = 0
    """A seq that belongs to no reading, for a row that holds only marks."""


def commit(store: Store, connection: sqlite3.Connection, group: Group) -> tuple[int, int]:
    """Write a group inside the caller's transaction; returns (bytes journalled, new end of reserved seqs)."""
    for device in group.devices:
        connection.execute(
            "INSERT INTO devices (id, name, created) VALUES (?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET name = ifnull(devices.name, excluded.name)",
            (device.id, device.name, device.created),
        )
    for one in group.series:
        connection.execute(
            "INSERT OR IGNORE INTO series (id, device, metric, name, kind, unit) VALUES (?, ?, ?, ?, ?, ?)",
            (one.id, one.device, one.metric, one.name, one.kind.value, one.unit),
        )
    if group.devices or group.series:
        damages.renew(connection)
    rows = list(journal.pack(group.batches, group.received, group.spare_seq))
    store.bounds.admit(sum(len(row.data) for row in rows))
    size = journal.append(connection, rows)
    return size, store.reserve(connection, group.last_seq)


def page(connection: sqlite3.Connection, after: int, upto: int) -> list[journal.Row]:
    """Rows that hold readings with ``after`` < seq <= ``upto``, oldest first; bounded, empty at the end."""
    rows: list[journal.Row] = []
    count = 0
    found = connection.execute(
        "SELECT * FROM journal WHERE first_seq BETWEEN ? AND ? AND count > 0 AND first_seq + count > ? + 1"
        " ORDER BY first_seq LIMIT ?",
        (_row_at(connection, after), upto, after, PAGE_ROWS),
    )
    for values in found:
        row = journal.verified(values)
        rows.append(row)
        count += row.readings
        if count >= PAGE_READINGS:
            break
    found.close()
    return rows


def records(connection: sqlite3.Connection, after: int, upto: int) -> list[journal.Record]:
    """At most PAGE_READINGS readings with ``after`` < seq <= ``upto``, in order of seq; empty at the end."""
    found: list[journal.Record] = []
    for row in page(connection, after, upto):
        found += journal.unpack(row.first_seq, row.readings, row.data, max(0, after + 1 - row.first_seq))
        if len(found) >= PAGE_READINGS:
            break
    return found[:PAGE_READINGS]


def _row_at(connection: sqlite3.Connection, seq: int) -> int:
    found = connection.execute(
        "SELECT first_seq FROM journal WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1", (seq,)
    ).fetchone()
    return int(found[0]) if found else 0


def resumable(connection: sqlite3.Connection, seq: int, not_before: int) -> bool:
    """Whether everything after ``seq`` can be replayed.

    It can if ``seq`` was committed, and what came after it was received at or after ``not_before`` (ms) and is at most
    MISSED_MAX readings.
    """
    (trimmed,) = connection.execute("SELECT value FROM meta WHERE key = 'trimmed_seq'").fetchone()
    if seq < trimmed:
        return False
    if seq:
        holds = connection.execute(
            "SELECT first_seq + count FROM journal WHERE first_seq <= ? AND count > 0 ORDER BY first_seq DESC LIMIT 1",
            (seq,),
        ).fetchone()
        if holds is None or holds[0] <= seq:
            return False
    missed = 0
    start = _row_at(connection, seq)
    for first, count, received in connection.execute(
        "SELECT first_seq, count, received FROM journal WHERE first_seq >= ? ORDER BY first_seq", (start,)
    ):
        fresh = first + count - 1 - max(seq, first - 1)
        if fresh <= 0:
            continue
        if received < not_before:
            return False
        missed += fresh
        if missed > MISSED_MAX:
            return False
    return True


def marks(connection: sqlite3.Connection, after: int) -> Iterator[tuple[str, int | str]]:
    """(device, last envelope id) of every commit after a position, oldest first."""
    rows = connection.execute(
        "SELECT marks FROM journal WHERE first_seq > ? AND marks IS NOT NULL ORDER BY first_seq", (after,)
    )
    for (text,) in rows:
        yield from json.loads(text).items()


UNSEALED = "first_seq > (SELECT value FROM meta WHERE key = 'sealed_seq')"


def unsealed_bytes(connection: sqlite3.Connection) -> int:
    """Bytes of the records that are not sealed."""
    (count,) = connection.execute(f"SELECT ifnull(sum(count), 0) FROM journal WHERE {UNSEALED}").fetchone()  # noqa: S608
    return int(count) * journal.RECORD.size


def unsealed_since(connection: sqlite3.Connection) -> int | None:
    """When the oldest row that is not sealed was received (ms); None if all is sealed."""
    row = connection.execute(f"SELECT received FROM journal WHERE {UNSEALED} ORDER BY first_seq LIMIT 1").fetchone()  # noqa: S608
    return None if row is None else int(row[0])

"""Removing a device with everything that came from it, in bounded steps: ``removals`` notes what is under way.

``begin`` forgets the device and its series at once; ``step`` then deletes what is sealed, a part at a time; ``blank``
takes its readings out of the rows of the journal that are kept for resuming: they stay as records of the series 0,
which no series is, so that the seqs of all others stay theirs. Each function runs in one transaction of the writer;
what a crash interrupts goes on by the table. Accounts change in the same transactions. Knows no numpy: migrations use
it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import NamedTuple

from telemetry.clock import monotonic
from telemetry.store import journal, ledger
from telemetry.store.levels import LEVELS

SCHEMA = (
    "CREATE TABLE removals (id INTEGER PRIMARY KEY, device TEXT NOT NULL, series TEXT NOT NULL,"
    " at INTEGER NOT NULL) STRICT"
)
OF_SERIES = ("labels", "thresholds", "aliases", "annotations", "corrections", "changes")
"""Small tables with rows of single series, in their column ``series``."""
RAW = {"chunk_data": 1, "chunks": 0, "hidden": 2, "sealed": 0, "series": 0} | dict.fromkeys(LEVELS.values(), 0)
"""Where a row of these tables names its series: so a damaged one that was kept is found."""
STEP = 0.04
"""Seconds after which a step ends."""
CHUNKS = 16
ROWS = 2_000
"""So many go at a time."""
NOBODY = 0
"""The series of a record of the journal that was blanked."""


class Removal(NamedTuple):
    """A removal that is not done; ``series`` are the ids."""

    id: int
    device: str
    series: tuple[int, ...]


class Held(NamedTuple):
    """What there is of a device in the database."""

    series: list[str]
    readings: int


def held(connection: sqlite3.Connection, device: str) -> Held:
    """The names of the series that a device feeds, and how many readings of them are sealed."""
    names = connection.execute("SELECT name FROM series WHERE device = ? ORDER BY id", (device,)).fetchall()
    (count,) = connection.execute(
        "SELECT ifnull(sum(count), 0) FROM sealed WHERE series IN (SELECT id FROM series WHERE device = ?)", (device,)
    ).fetchone()
    return Held([name for (name,) in names], int(count))


def begin(connection: sqlite3.Connection, device: str, at: int) -> Removal | None:
    """Forget a device and its series, and note that what they hold is to go; None if there is no such device."""
    ids = [id_ for (id_,) in connection.execute("SELECT id FROM series WHERE device = ?", (device,))]
    known = connection.execute("DELETE FROM devices WHERE id = ?", (device,)).rowcount
    if not known and not ids:
        return None
    text = json.dumps(ids)
    inside = "IN (SELECT value FROM json_each(?))"
    masked = connection.execute(
        "SELECT ifnull(sum(h.count), 0) FROM hidden h JOIN corrections c ON c.id = h.correction"  # noqa: S608
        f" WHERE c.action = 'mask' AND h.series {inside}",
        (text,),
    ).fetchone()[0]
    ledger.add(connection, stored=-int(masked), deleted=int(masked))
    connection.execute(f"DELETE FROM hidden WHERE series {inside}", (text,))  # noqa: S608
    connection.execute(
        f"DELETE FROM spared WHERE correction IN (SELECT id FROM corrections WHERE series {inside})",  # noqa: S608
        (text,),
    )
    connection.execute(f"DELETE FROM changes WHERE other {inside}", (text,))  # noqa: S608
    for table in OF_SERIES:
        connection.execute(f"DELETE FROM {table} WHERE series {inside}", (text,))  # noqa: S608
    connection.execute("DELETE FROM series WHERE device = ?", (device,))
    _forget_damaged(connection, device, set(ids))
    made = connection.execute("INSERT INTO removals (device, series, at) VALUES (?, ?, ?)", (device, text, at))
    return Removal(int(made.lastrowid or 0), device, tuple(ids))


def unfinished(connection: sqlite3.Connection) -> list[Removal]:
    """Those that were begun and are not done."""
    rows = connection.execute("SELECT id, device, series FROM removals ORDER BY id")
    return [Removal(id_, device, tuple(json.loads(series))) for id_, device, series in rows]


def step(connection: sqlite3.Connection, series: Sequence[int]) -> bool:
    """Delete some of what is sealed of these series; whether there may be more."""
    until = monotonic() + STEP
    for one in series:
        while _chunks(connection, one) or any(_rows(connection, table, one) for table in LEVELS.values()):
            if monotonic() > until:
                return True
        connection.execute("DELETE FROM sealed WHERE series = ?", (one,))
        connection.execute("DELETE FROM hidden WHERE series = ?", (one,))
    return False


def blank(connection: sqlite3.Connection, removal: Removal, after: int) -> int | None:
    """Take the readings and marks of a device out of sealed rows of the journal behind the row ``after``.

    The row that it came to; None if there is none left. Raises Damaged.
    """
    until = monotonic() + STEP
    ids = set(removal.series)
    (sealed_seq,) = connection.execute("SELECT value FROM meta WHERE key = 'sealed_seq'").fetchone()
    while monotonic() < until:
        values = connection.execute(
            "SELECT * FROM journal WHERE first_seq > ? AND first_seq <= ? ORDER BY first_seq LIMIT 1",
            (after, sealed_seq),
        ).fetchone()
        if values is None:
            return None
        row = journal.verified(values)
        after = row.first_seq
        left = journal.without(row, ids, removal.device)
        if left is not None:
            journal.replace(connection, left)
    return after


def finish(connection: sqlite3.Connection, removal: Removal) -> bool:
    """Note that a removal is done; False if more of it was sealed meanwhile."""
    text = json.dumps(removal.series)
    more = connection.execute(
        "SELECT 1 FROM chunks WHERE series IN (SELECT value FROM json_each(?)) LIMIT 1", (text,)
    ).fetchone()
    if more is None:
        connection.execute("DELETE FROM removals WHERE id = ?", (removal.id,))
    return more is None


def _chunks(connection: sqlite3.Connection, series: int) -> bool:
    rows = connection.execute(
        "SELECT last_ts, data, count FROM chunks WHERE series = ? ORDER BY last_ts LIMIT ?", (series, CHUNKS)
    ).fetchall()
    connection.executemany("DELETE FROM chunk_data WHERE id = ?", [(data,) for _, data, _ in rows])
    connection.executemany("DELETE FROM chunks WHERE series = ? AND last_ts = ?", [(series, ts) for ts, _, _ in rows])
    count = sum(count for _, _, count in rows)
    ledger.add(connection, stored=-count, deleted=count)
    return bool(rows)


def _rows(connection: sqlite3.Connection, table: str, series: int) -> bool:
    done = connection.execute(
        f"DELETE FROM {table} WHERE series = ?1 AND t IN (SELECT t FROM {table} WHERE series = ?1 LIMIT ?2)",  # noqa: S608
        (series, ROWS),
    )
    return done.rowcount > 0


def _forget_damaged(connection: sqlite3.Connection, device: str, ids: Collection[int]) -> None:
    """Drop the content of rows that were taken out as damaged and were the device's, or may be (the journal's)."""
    for id_, place, content in connection.execute(
        "SELECT id, place, content FROM damaged WHERE kind = 'row' AND content IS NOT NULL"
    ).fetchall():
        row = json.loads(content)
        at = RAW.get(place)
        if place == "journal" or (at is not None and row[at] in ids) or (place == "devices" and device in row):
            connection.execute("UPDATE damaged SET content = NULL WHERE id = ?", (id_,))

"""Raw readings for programs of others: ``readings(path, series, from, to)``, while a server runs or not.

    from telemetry.store.outside import readings

    for time, value in readings("telltale.db", "boiler/temperature", "2026-11-01", "now"):
        print(time, value)

The database is opened read-only. What is committed at the start is given; each piece is read on its own, so that a slow
caller does not hold up the server. ``docs/sql.md`` says what plain SQL can see.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import numpy as np

from telemetry.clock import wall_ms
from telemetry.model import Refusal, Value
from telemetry.store import chunks, masks
from telemetry.store.journal import BOOLEAN, TEXT_STATE
from telemetry.store.records import Records, Texts, settle
from telemetry.store.tail import Tail
from telemetry.timespec import moment

PIECE = 16
"""Chunks that are decoded at a time."""


def readings(path: str | Path, series: str, frm: str | int, to: str | int) -> Iterator[tuple[int, Value]]:
    """(time in ms, value) of a series with ``frm`` <= time < ``to``, by time.

    Times are ms, ISO 8601 or relative (``-6h``, ``now``). Raises LookupError for an unknown series, ValueError for a
    time that cannot be read, sqlite3.Error, and ``telemetry.store.damage.Damaged``.
    """
    first, last = _ms(frm, "from"), _ms(to, "to")
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)) as connection:
        row = connection.execute("SELECT id FROM series WHERE name = ?", (series,)).fetchone()
        if row is None:
            raise LookupError(f"there is no series {series}")
        id_, texts = int(row[0]), Texts()
        hidden = masks.active(connection, id_)
        found = Tail().find(connection, [id_], first, last, texts)
        tail = settle(found[~masks.hide(found, hidden)])
        at = first
        while (piece := _piece(connection, id_, at, last, texts)) is not None:
            end, sealed = piece
            sealed = sealed[(sealed["ts"] >= at) & (sealed["ts"] < last)]
            yield from _values(settle(np.concatenate([sealed, tail[(tail["ts"] >= at) & (tail["ts"] < end)]])), texts)
            at = end
        yield from _values(tail[tail["ts"] >= at], texts)


def _piece(connection: sqlite3.Connection, series: int, frm: int, to: int, texts: Texts) -> tuple[int, Records] | None:
    """The next sealed readings, and the time up to which that is all; None at the end."""
    connection.execute("BEGIN")  # one moment: the server may merge these chunks
    try:
        found = chunks.headers(connection, series, frm, to)[:PIECE]
        return (int(found["last_ts"][-1]) + 1, chunks.load(connection, found, texts)) if len(found) else None
    finally:
        connection.execute("ROLLBACK")


def _ms(time: str | int, name: str) -> int:
    found = moment(str(time), wall_ms(), name)
    if isinstance(found, Refusal):
        raise ValueError(found.message)  # noqa: TRY004 - the value cannot be read
    return found


def _values(some: Records, texts: Texts) -> Iterator[tuple[int, Value]]:
    for _, kind, ts, value in some.tolist():
        yield ts, texts.known[int(value)] if kind == TEXT_STATE else value != 0 if kind == BOOLEAN else value

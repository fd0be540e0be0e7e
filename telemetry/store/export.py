"""Readings of one series page by page, in order of time: sealed and unsealed, in bounded memory.

Each page is a read of its own, so that no long cursor pins the WAL. What arrives while an export runs is in it or not;
what was committed before it began is.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

import numpy as np

from telemetry.model import Value
from telemetry.store import chunks, masks
from telemetry.store.bulk import values_of
from telemetry.store.records import Texts, settle
from telemetry.store.tail import Tail

CHUNKS = 8
"""Chunks that a page reads: some 30,000 readings."""
TAIL = 65_536
"""Unsealed readings that a page may hold."""
END = "SELECT last_ts FROM chunks WHERE series = ? AND last_ts >= ? ORDER BY last_ts LIMIT 1 OFFSET ?"


class Page(NamedTuple):
    """Readings of one series; the next page begins at ``following`` (ms), None if there is none."""

    ts: list[int]
    values: list[Value]
    following: int | None


def page(connection: sqlite3.Connection, tail: Tail, series: int, frm: int, to: int) -> Page:
    """The first readings of a series with ``frm`` <= ts < ``to`` (ms). Raises Damaged and sqlite3.Error."""
    row = connection.execute(END, (series, frm, CHUNKS - 1)).fetchone()
    end = to if row is None else min(to, int(row[0]) + 1)
    texts = Texts()
    unsealed = tail.find(connection, [series], frm, end, texts)
    if len(unsealed) > TAIL:
        end = sorted(unsealed["ts"].tolist())[TAIL - 1] + 1
        unsealed = unsealed[unsealed["ts"] < end]
    sealed = chunks.load(connection, chunks.headers(connection, series, frm, end), texts)
    sealed = sealed[(sealed["ts"] >= frm) & (sealed["ts"] < end)]
    found = settle(np.concatenate([sealed, unsealed]))
    found = found[~masks.hide(found, masks.active(connection, series))]
    return Page(found["ts"].tolist(), values_of(found, texts.known), end if end < to else None)

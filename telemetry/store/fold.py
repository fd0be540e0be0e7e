"""Sealed readings of a span as buckets: from the statistics of chunks where they suffice, else from the readings."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from telemetry.store import buckets, chunks
from telemetry.store.buckets import Buckets
from telemetry.store.chunks import Headers
from telemetry.store.records import Texts

Times = NDArray[np.int64]
NEVER: Times = np.empty(0, dtype=np.int64)
DECODED = 64
"""Chunks that are decoded at a time: bounds memory to a few MB."""


def fold(connection: sqlite3.Connection, series: int, frm: int, to: int, width: int) -> Buckets:
    """The numbers with ``frm`` <= ts < ``to`` (ms) that are sealed, in buckets of ``width`` ms. Raises Damaged."""
    return buckets.merge(list(parts(connection, chunks.headers(connection, series, frm, to), frm, to, width)), width)


def parts(
    connection: sqlite3.Connection, found: Headers, frm: int, to: int, width: int, without: Times = NEVER
) -> Iterator[Buckets]:
    """The buckets piece by piece, in order of time; two neighbours may share one. Raises Damaged.

    Readings at the times ``without`` (rising) are left out.
    """
    for run, whole in _runs(found, frm, to, width, without):
        if whole:
            yield buckets.of_headers(run, width)
            continue
        for at in range(0, len(run), DECODED):
            records = chunks.load(connection, run[at : at + DECODED], Texts())
            inside = (records["ts"] >= frm) & (records["ts"] < to)
            if len(without):
                inside &= ~np.isin(records["ts"], without)
            yield buckets.of_records(records[inside], width)


def _runs(found: Headers, frm: int, to: int, width: int, without: Times) -> Iterator[tuple[Headers, bool]]:
    """Neighbouring chunks whose statistics suffice (True), and those that have to be decoded (False), by time."""
    if not len(found):
        return
    first, last = found["first_ts"], found["last_ts"]
    whole = (first >= frm) & (last < to) & (first // width == last // width) & np.isfinite(found["sum"])
    whole &= np.searchsorted(without, first) == np.searchsorted(without, last, side="right")
    edges = np.flatnonzero(whole[1:] != whole[:-1]) + 1
    for run in np.split(np.arange(len(found)), edges):
        yield found[run], bool(whole[run[0]])

"""Readings that a deletion does not take: they were sealed while it waited or was half done, and came after it.

Kept as times, in the transaction that seals them, until the deletion is done. Of equal times the last written stands,
so a time is enough.
"""

from __future__ import annotations

import sqlite3

import numpy as np
from numpy.typing import NDArray

from telemetry.store import masks
from telemetry.store.corrections import Correction
from telemetry.store.records import Records

FORM = np.dtype("<i8")


def put(connection: sqlite3.Connection, deletion: Correction, records: Records) -> None:
    """Note those of these readings (of its series, ts rising) that the deletion would take."""
    ts = records["ts"][masks.hide(records, [deletion.mask])]
    if len(ts):
        connection.execute(
            "INSERT INTO spared (correction, first_ts, last_ts, data) VALUES (?, ?, ?, ?)",
            (deletion.id, int(ts[0]), int(ts[-1]), ts.astype(FORM).tobytes()),
        )


def of(connection: sqlite3.Connection, correction: int, first: int, last: int) -> NDArray[np.int64]:
    """The times (ms) that are noted for a deletion, at least those from ``first`` to ``last``, in no order."""
    rows = connection.execute(
        "SELECT data FROM spared WHERE correction = ? AND last_ts >= ? AND first_ts <= ?", (correction, first, last)
    )
    found = [np.frombuffer(data, dtype=FORM) for (data,) in rows]
    return np.concatenate([np.empty(0, dtype=np.int64), *found])

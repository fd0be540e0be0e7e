"""For tests of the store: a migrated database in memory, records, and comparisons with plain Python."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import numpy as np

from telemetry.model import Value
from telemetry.store import journal, migrations
from telemetry.store.records import LAYOUT, Records, Texts

EVER = 1 << 60
T0 = 1_700_000_000_000


def database() -> sqlite3.Connection:
    """A new database in memory, without a transaction that is open."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrations.apply(connection)
    return connection


def packed(points: Iterable[tuple[int, Value]], texts: Texts, series: int = 1) -> Records:
    """Readings of one series as records, in the given order."""
    rows = []
    for ts, value in points:
        if isinstance(value, str):
            rows.append((series, journal.TEXT_STATE, ts, texts.index(value)))
        else:
            rows.append((series, journal.BOOLEAN if isinstance(value, bool) else journal.NUMBER, ts, value))
    return np.array(rows, dtype=LAYOUT)


def plain(records: Records, texts: Texts) -> dict[int, tuple[type, Value]]:
    """Records of one series as time -> (type, value); fails if a time comes twice or not in order."""
    found: dict[int, tuple[type, Value]] = {}
    last = -EVER
    for _, kind, ts, value in records.tolist():
        assert ts > last
        last = ts
        kind &= journal.KIND_BITS
        one = texts.known[int(value)] if kind == journal.TEXT_STATE else bool(value) if kind else value
        found[ts] = (type(one), one)
    return found

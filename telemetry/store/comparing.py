"""What is derived against what it was derived from: headers, extents and roll-ups, computed again from the readings."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from telemetry.store import buckets, chunks, ledger, rollups
from telemetry.store.chunks import Headers
from telemetry.store.damage import Damaged
from telemetry.store.levels import LEVELS
from telemetry.store.records import Records, Texts

WINDOW = 86_400_000
"""Span (ms) of one series whose roll-ups are computed again at a time."""
LOWEST = -(1 << 62)
CLOSE = 1e-9
"""How far two sums of the same readings may be apart, relative to their size: they are added in another order."""


class Finding(NamedTuple):
    """Something that is wrong. ``row`` is what ``repair`` takes; None where the file itself or a sum is wrong."""

    text: str
    row: Damaged | None = None
    structure: bool = False


def same_header(made: Headers, held: Headers) -> bool:
    """Whether two headers (arrays of one) say the same; their sums may have been added in another order."""
    exact = all(made[name][0] == held[name][0] for name in chunks.HEADER.names or () if name != "sum")
    return exact and bool(np.isclose(made["sum"][0], held["sum"][0], rtol=CLOSE, equal_nan=True))


def rollups_of(connection: sqlite3.Connection, series: int, frm: int, to: int, *, lost: bool) -> Iterator[Finding]:
    """The roll-ups of a series that begin in ``frm`` <= t < ``to`` (ms) against its readings."""
    spans = rollups.spans(connection, series)
    records: Records | None = None
    for width in (width for width in LEVELS if spans.get(width)):
        low = -(-frm // width) * width
        if low >= to:
            continue
        if records is None:
            records = chunks.load(connection, chunks.headers(connection, series, frm, to), Texts())
        inside = records[(records["ts"] >= low) & (records["ts"] < to)]
        made = buckets.of_records(inside, width)
        if to % width:
            made = made[made["t"] + width <= to]
        within = np.zeros(len(made), dtype=bool)
        for since, until in spans[width]:
            within |= (made["t"] >= since) & (made["t"] < until)
        made = made[within]
        held = rollups.read(connection, width, series, low, to)
        for t in np.setdiff1d(made["t"], held["t"]).tolist():
            yield Finding(f"{LEVELS[width]} of series {series} has no row at {t}", Damaged("sealed", series))
        _, ours, theirs = np.intersect1d(made["t"], held["t"], return_indices=True)
        mine, kept = made[ours], held[theirs]
        close = np.isclose(
            mine["sum"], kept["sum"], rtol=CLOSE, atol=CLOSE * float(np.max(np.abs(mine["sum"]), initial=0))
        )
        same = close & (mine["count"] == kept["count"])
        for name in ("min", "max", "first", "last"):
            same &= mine[name] == kept[name]
        if lost:  # readings are gone whose roll-ups stayed
            same |= kept["count"] > mine["count"]
        for t in kept["t"][~same].tolist():
            yield Finding(
                f"{LEVELS[width]} of series {series} is wrong at {t}", Damaged(LEVELS[width], series, t // width)
            )


def days_of(connection: sqlite3.Connection, series: int) -> Iterator[list[Finding]]:
    """The roll-ups of a series, a day a step; what is known of it is read again in each."""
    known = rollups.sealed(connection, series)
    day = min((a for some in known.spans.values() for a, _ in some), default=LOWEST)
    while known.first_ts is not None and known.last_ts is not None:
        day = max(day, known.first_ts)
        if day > known.last_ts:
            return
        following = day // WINDOW * WINDOW + WINDOW
        lost = ledger.get(connection).get("lost", 0)
        gone = bool(lost) or known.gone_from is not None  # the rows of what is gone stay
        yield list(rollups_of(connection, series, day, following, lost=gone))
        day = _next(connection, series, following)
        known = rollups.sealed(connection, series)


def whole_of(connection: sqlite3.Connection, series: int) -> Iterator[Finding]:
    """The chunks of a series against each other, and against what is known of it."""
    rows = connection.execute(
        "SELECT first_ts FROM (SELECT first_ts, lag(last_ts) OVER (ORDER BY last_ts) AS ended FROM chunks"
        " WHERE series = ?) WHERE first_ts <= ended LIMIT 20",
        (series,),
    )
    yield from (Finding(f"chunks of series {series} overlap at {start}") for (start,) in rows.fetchall())
    known = connection.execute(
        "SELECT count, first_ts, last_ts FROM sealed WHERE series = ? AND count", (series,)
    ).fetchone()
    there = connection.execute(
        "SELECT sum(count), min(first_ts), max(last_ts) FROM chunks WHERE series = ? HAVING count(*)", (series,)
    ).fetchone()
    if known != there:
        yield Finding(
            f"series {series} should hold (count, first, last) {known}, its chunks hold {there}",
            Damaged("sealed", series),
        )


def _next(connection: sqlite3.Connection, series: int, ts: int) -> int:
    """Where the next readings of a series are: days without any cost no step."""
    row = connection.execute(
        "SELECT first_ts FROM chunks WHERE series = ? AND last_ts >= ? ORDER BY last_ts LIMIT 1", (series, ts)
    ).fetchone()
    return 1 << 62 if row is None else max(ts, int(row[0]) // WINDOW * WINDOW)

"""From new readings to roll-ups: which levels a series gets, and which buckets have to be written.

A level is kept where a bucket holds about 30 readings or more: a row costs some 40 bytes, a compressed reading one or
two. It begins in a bucket in which nothing was sealed before, so that its rows are complete from there on, and ends
with the last reading that was dense enough.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.store import buckets, rollups
from telemetry.store.buckets import Buckets
from telemetry.store.fold import fold
from telemetry.store.levels import LEVELS
from telemetry.store.records import Records
from telemetry.store.rollups import Sealed, Spans

OPEN = 30
"""Readings per bucket from which on a level is begun …"""
KEEP = 15
"""… and down to which it goes on: a series near the border does not flap."""
NOWHERE = (1 << 62, 1 << 62)


class Gap(NamedTuple):
    """New readings where no chunk was: after the one that ends at ``after``, before the one from ``before`` on (ms)."""

    records: Records
    after: int | None
    before: int | None


def spread(connection: sqlite3.Connection, state: Sealed, series: int, gaps: list[Gap], late: Records) -> Spans:
    """Bring the roll-ups up to date; the new spans. The chunks have the readings already. Raises Damaged."""
    spans = dict(state.spans)
    gaps = [gap._replace(records=numeric) for gap in gaps if len(numeric := buckets.numbers(gap.records))]
    paces = [_pace(gap) for gap in gaps]
    for width in LEVELS:
        known = spans.get(width, [])
        direct: list[Buckets] = []
        for gap, pace in zip(gaps, paces, strict=True):
            known = _extended(known, gap, pace, width, state)
            if gap.before is None and known and int(gap.records["ts"][0]) < known[-1][1]:
                direct.append(_direct(connection, series, gap, known[-1], width))
        if not known:
            continue
        spans[width] = known
        if not len(late):
            for made in direct:
                rollups.write(connection, width, series, made)
            continue
        # what fell between or into older readings is computed from all that is there now
        anew = refresh(connection, state._replace(spans=spans), series, width, late["ts"])
        for made in direct:
            rollups.write(connection, width, series, made[~np.isin(made["t"], anew)])
    return spans


def refresh(
    connection: sqlite3.Connection, state: Sealed, series: int, width: int, ts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Compute the rows of one level anew in which readings at the times ``ts`` (ms) came or went; their starts.

    Without those of which retention deleted readings: they may have stayed as they were. Raises Damaged.
    """
    anew = np.unique(ts // width) * width
    for frm, to in _ranges(anew, width):
        for since, until in state.spans.get(width, ()):
            if max(frm, since) < min(to, until):
                renew(connection, state, series, width, max(frm, since), min(to, until))
    low, high = _frozen(state, width)
    return anew[(anew < low) | (anew >= high)]


def renew(connection: sqlite3.Connection, state: Sealed, series: int, width: int, frm: int, to: int) -> None:
    """Compute the rows of one level in [``frm``, ``to``), aligned, from the readings that are there. Raises Damaged.

    Rows of which readings were deleted by retention stay as they are: what comes late is not to be told from a repeat.
    """
    made = fold(connection, series, frm, to, width)
    low, high = _frozen(state, width)
    for since, until in ((frm, min(to, low)), (max(frm, high), to)):
        if since < until:
            rollups.delete(connection, width, series, since, until)
    there = rollups.read(connection, width, series, max(frm, low), min(to, high))["t"]
    rollups.write(connection, width, series, made[~np.isin(made["t"], there)])


def _frozen(state: Sealed, width: int) -> tuple[int, int]:
    """The buckets of which readings were deleted by retention, as [from, to) in ms; NOWHERE if there are none."""
    if state.gone_from is None or state.raw_from is None:
        return NOWHERE
    return state.gone_from // width * width, -(-state.raw_from // width) * width


def _direct(connection: sqlite3.Connection, series: int, gap: Gap, span: tuple[int, int], width: int) -> Buckets:
    """Readings after everything sealed: rows from them alone, the first one perhaps begun earlier."""
    made = buckets.of_records(gap.records, width)
    since, until = span
    made = made[(made["t"] >= since) & (made["t"] < until)]
    if len(made) and gap.after is not None and gap.after // width == made["t"][0] // width:
        start = int(made["t"][0])
        begun = rollups.read(connection, width, series, start, start + width)
        made = buckets.merge([begun, made], width)
    return made


def _extended(known: list[tuple[int, int]], gap: Gap, pace: float, width: int, state: Sealed) -> list[tuple[int, int]]:
    """The spans of a level with the buckets of a gap's readings in them, if those are dense enough."""
    ts = gap.records["ts"]
    first, last = int(ts[0]), int(ts[-1])
    begin = None if gap.after is None else gap.after // width * width + width
    """Where nothing was sealed before."""
    joined = gap.after is not None and any(since <= gap.after < until for since, until in known)
    if width / pace < (KEEP if joined else OPEN):
        return known
    since = first // width * width if begin is None else begin
    until = last // width * width + width
    if gap.before is not None:  # the bucket of the next chunk belongs to what was decided for that one
        until = gap.before // width * width
    # Where readings were deleted, this level may have had none of them
    low, high = _frozen(state, width)
    fresh = [(a, b) for a, b in ((since, min(until, low)), (max(since, high), until)) if a < b]
    return union([*known, *fresh]) if fresh else known


def _pace(gap: Gap) -> float:
    """The distance (ms) at which the readings of a gap follow each other: the median, which no pause moves."""
    ts = gap.records["ts"]
    if len(ts) > 1:
        return max(1.0, float(np.median(ts[1:] - ts[:-1])))
    return float("inf") if gap.after is None else float(max(1, int(ts[0]) - gap.after))


def union(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans by time, those that touch made one."""
    joined: list[tuple[int, int]] = []
    for since, until in sorted(spans):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(until, joined[-1][1]))
        else:
            joined.append((since, until))
    return joined


def _ranges(starts: NDArray[np.int64], width: int) -> Iterator[tuple[int, int]]:
    """Runs of neighbouring buckets as [from, to) in ms."""
    if not len(starts):
        return
    for run in np.split(starts, np.flatnonzero(np.diff(starts) != width) + 1):
        yield int(run[0]), int(run[-1]) + width

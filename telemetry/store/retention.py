"""Deleting what is too old, in bounded steps: whole chunks of readings, and rows of roll-ups.

Each function runs in one transaction of the writer and ends after ``STEP`` seconds; it is called until it has nothing
left to do. Before readings go because of their age, roll-ups that outlive them and were not kept, because the series
was too sparse, are made from them: so zoomed-out history stays. Accounts change in the same transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from telemetry.clock import monotonic
from telemetry.store import chunks, ledger, rollups
from telemetry.store.chunks import Headers
from telemetry.store.fold import fold
from telemetry.store.levels import DAY, HOUR, LEVELS, MINUTE, QUARTER
from telemetry.store.rollups import Sealed, Spans
from telemetry.store.sealing import STEP
from telemetry.store.spread import union

SOME = 16
"""Chunks that go at a time."""
ROWS = 5_000
"""Rows of roll-ups that go at a time."""
WORTH: Mapping[int, float] = {MINUTE: 12, QUARTER: 12, HOUR: 4, DAY: 0}
"""Readings per bucket from which on a level is made before its readings go: a row takes as much as a dozen readings.
Hours and days are few enough to be made for sparser series too."""
SAMPLE = 64
"""Chunks from which the size of all is guessed."""
ROW = 60
"""Bytes of a row of a roll-up, near enough."""


class Cut(NamedTuple):
    """What of one series is too old: readings before ``raw``, rows of each level before ``levels[width]`` (ms).

    None, or no entry: nothing.
    """

    series: int
    raw: int | None
    levels: Mapping[int, int]

    @property
    def outliving(self) -> list[int]:
        """The widths of the levels that are kept longer than the readings."""
        return [width for width in LEVELS if self.raw is not None and self.levels.get(width, self.raw - 1) < self.raw]


class Step(NamedTuple):
    """What a step deleted, in readings and in rows, and whether there may be more."""

    readings: int
    rows: int
    more: bool


def due(connection: sqlite3.Connection, cuts: Iterable[Cut]) -> list[Cut]:
    """Those of which something is there that is too old."""
    return [cut for cut in cuts if _due(connection, cut)]


def _due(connection: sqlite3.Connection, cut: Cut) -> bool:
    asked = [("SELECT 1 FROM chunks WHERE series = ? AND last_ts < ? LIMIT 1", cut.raw)] if cut.raw is not None else []
    for width, before in cut.levels.items():
        asked.append((f"SELECT 1 FROM {LEVELS[width]} WHERE series = ? AND t < ? LIMIT 1", before // width))  # noqa: S608
    return any(connection.execute(query, (cut.series, limit)).fetchone() for query, limit in asked)


def purge(connection: sqlite3.Connection, cut: Cut) -> Step:
    """Delete of one series what is too old. Raises Damaged and sqlite3.Error."""
    end = monotonic() + STEP
    readings = rows = 0
    while cut.raw is not None and len(found := chunks.oldest(connection, cut.series, cut.raw, SOME)):
        state = rollups.sealed(connection, cut.series)
        state = state._replace(spans=_filled(connection, cut, state, found))
        readings += _drop(connection, state, found)
        if monotonic() > end:
            return Step(readings, rows, more=True)
    for width, before in cut.levels.items():
        while True:
            gone, more = _rows(connection, cut.series, width, before)
            rows += gone
            if more and monotonic() > end:
                return Step(readings, rows, more=True)
            if not more:
                break
    return Step(readings, rows, more=False)


def purge_eldest(connection: sqlite3.Connection) -> Step:
    """Delete the oldest chunks, of whatever series. Raises Damaged and sqlite3.Error."""
    found = chunks.eldest(connection, SOME)
    readings = 0
    for series in np.unique(found["series"]).tolist():
        readings += _drop(connection, rollups.sealed(connection, series), found[found["series"] == series])
    return Step(readings, 0, more=len(found) == SOME)


def purge_hidden(connection: sqlite3.Connection) -> Step:
    """Delete readings that corrections took out: those that were deleted, then masked ones older than all others."""
    gone = 0
    for condition in ("c.action = 'delete'", "h.last_ts <= ifnull((SELECT min(last_ts) FROM chunks), h.last_ts)"):
        rows = connection.execute(
            "SELECT h.id, h.count, c.action = 'mask' FROM hidden h JOIN corrections c ON c.id = h.correction"  # noqa: S608
            f" WHERE {condition} ORDER BY h.last_ts LIMIT ?",
            (SOME,),
        ).fetchall()
        masked = sum(count for _, count, mask in rows if mask)
        connection.executemany("DELETE FROM hidden WHERE id = ?", [row[:1] for row in rows])
        ledger.add(connection, stored=-masked, deleted=masked)
        gone += sum(count for _, count, _ in rows)
        if rows:
            break
    return Step(gone, 0, more=bool(gone))


def raw_bytes(connection: sqlite3.Connection) -> int:
    """About what all chunks take: their number of readings, and the size of the newest."""
    (stored,) = connection.execute("SELECT value FROM meta WHERE key = 'stored'").fetchone()
    size, count = connection.execute(
        "SELECT ifnull(sum(length(d.data) + 150), 0), ifnull(sum(c.count), 0) FROM"
        " (SELECT data, count FROM chunks INDEXED BY chunks_age ORDER BY last_ts DESC LIMIT ?) c"
        " JOIN chunk_data d ON d.id = c.data",
        (SAMPLE,),
    ).fetchone()
    return int(stored * size / count) if count else 0


class Levels(NamedTuple):
    """About how many bytes all roll-ups take, and the finest level: its width, and by series from when to when (ms)."""

    size: int
    width: int
    spans: dict[int, tuple[int, int]]


def finest(connection: sqlite3.Connection) -> Levels | None:
    """The finest level that any series has; None without roll-ups."""
    found: dict[int, dict[int, tuple[int, int]]] = {}
    rows = 0
    for series, text in connection.execute("SELECT series, spans FROM sealed").fetchall():
        for width, spans in rollups.spans_from(text).items():
            if spans:
                found.setdefault(width, {})[series] = spans[0][0], spans[-1][1]
                rows += sum(until - since for since, until in spans) // width
    return Levels(rows * ROW, min(found), found[min(found)]) if found else None


def _filled(connection: sqlite3.Connection, cut: Cut, state: Sealed, found: Headers) -> Spans:
    """The spans, after the levels that outlive these chunks were brought up to their end."""
    spans = dict(state.spans)
    first, last = int(found["first_ts"][0]), int(found["last_ts"][-1])
    for width in cut.outliving:
        known = spans.get(width, [])
        wanted = [(first // width * width, last // width * width + width)]
        if state.gone_from is not None and state.raw_from is not None:
            # of what was there once, this level may have had nothing
            wanted = _without(wanted, [(state.gone_from // width * width, -(-state.raw_from // width) * width)])
        for since, until in _without(wanted, known):
            made = fold(connection, cut.series, since, until, width)
            if len(made) and made["count"].sum() >= WORTH[width] * len(made):
                rollups.write(connection, width, cut.series, made)
                spans[width] = known = union([*known, (since, until)])
    return spans


def _drop(connection: sqlite3.Connection, state: Sealed, found: Headers) -> int:
    """Delete chunks of one series, its oldest ones; how many readings they held."""
    series, count = int(found["series"][0]), int(found["count"].sum())
    first, last = int(found["first_ts"][0]), int(found["last_ts"][-1])
    chunks.remove(connection, found)
    row = connection.execute(
        "SELECT first_ts FROM chunks WHERE series = ? ORDER BY last_ts LIMIT 1", (series,)
    ).fetchone()
    following = None if row is None else int(row[0])
    state = state._replace(
        count=state.count - count, first_ts=following, last_ts=None if following is None else state.last_ts
    )
    if state.gone_from is None or state.raw_from is None:
        state = state._replace(gone_from=first, raw_from=last + 1)
    elif not (following is not None and following < state.gone_from):
        # as long as there is more before what was deleted earlier, that may still become roll-ups
        state = state._replace(gone_from=min(first, state.gone_from), raw_from=max(last + 1, state.raw_from))
    rollups.put_sealed(connection, series, state)
    ledger.add(connection, stored=-count, deleted=count)
    return count


def _rows(connection: sqlite3.Connection, series: int, width: int, before: int) -> tuple[int, bool]:
    """Delete rows of one level that end by ``before`` (ms), oldest first: how many, and whether there are more."""
    table = LEVELS[width]
    further = connection.execute(
        f"SELECT t FROM {table} WHERE series = ? AND t < ? ORDER BY t LIMIT 1 OFFSET ?",  # noqa: S608
        (series, before // width, ROWS),
    ).fetchone()
    upto = (before // width if further is None else int(further[0])) * width
    gone = rollups.delete(connection, width, series, -(1 << 62), upto)
    state = rollups.sealed(connection, series)
    known = state.spans.get(width, [])
    left = [(max(since, upto), until) for since, until in known if until > upto]
    if left != known:
        spans = {**state.spans, width: left}
        rollups.put_sealed(connection, series, state._replace(spans={one: some for one, some in spans.items() if some}))
    return gone, further is not None


def _without(spans: Sequence[tuple[int, int]], others: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The parts of spans that lie in none of the others."""
    left = list(spans)
    for since, until in others:
        left = [(a, b) for low, high in left for a, b in ((low, min(high, since)), (max(low, until), high)) if a < b]
    return left

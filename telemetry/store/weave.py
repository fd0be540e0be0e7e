"""Weaving: new readings of a series go into its chunks and roll-ups, wherever in time they belong.

Readings after the newest chunk become a chunk of their own, merged with small ones before it (each reading is written
about three times in its life). A late or repeated reading goes into the chunk that it falls into or before; that chunk
is written anew. Of equal times the last written stands. Everything happens in the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from telemetry.model import Mask
from telemetry.store import chunks, corrections, hidden, masks, rollups, spared, spread, taking
from telemetry.store.chunks import Headers
from telemetry.store.records import Records, Texts, settle
from telemetry.store.rollups import Sealed

TIERS = (8, 256, 4_096)
"""Chunks below one of these sizes are merged with their neighbours once they reach it together."""
REWRITTEN = 16
"""Old chunks that one transaction writes anew for late readings of a series."""
TAIL = 64
"""Chunks at the end that are looked at for merging; hardly more small ones can lie there."""
EVER = 1 << 62


class Woven(NamedTuple):
    """What became of new readings: each is stored, or replaced an older one, or was replaced by a newer one."""

    stored: int
    duplicate: int


def weave(connection: sqlite3.Connection, records: Records, known: Texts, since: int = EVER) -> Woven:
    """Take in readings of one series, in order of arrival; ``known`` holds their texts. Raises Damaged.

    They have a seq above ``since``; without one they count as the newest. Deletions that are older spare them.
    """
    series = int(records["series"][0])
    state = rollups.sealed(connection, series)
    new = settle(records)
    cut = 0 if state.end is None else int(np.searchsorted(new["ts"], state.end, side="right"))
    late, fresh = new[:cut], new[cut:]
    stored = len(fresh)
    gaps: list[spread.Gap] = []
    if len(late):
        stored += _into_old(connection, late, known, gaps)
    if len(fresh):
        gaps.append(spread.Gap(fresh, state.end, None))
        _append(connection, fresh, known)
    spans = spread.spread(connection, state, series, gaps, late)
    rollups.put_sealed(connection, series, _grown(state, new, stored, spans))
    for deletion in corrections.deleting(connection, series):
        if since >= deletion.upto:
            spared.put(connection, deletion, new)
    if standing := masks.active(connection, series):
        stored -= hidden.drop(connection, series, standing, new["ts"])
        _hide(connection, new, standing)
    return Woven(stored, len(records) - stored)


def _hide(connection: sqlite3.Connection, new: Records, standing: list[Mask]) -> None:
    """Take what masks hide of new readings out again: each stands in the place of what was there at its time."""
    ts = new["ts"][masks.hide(new, standing)]
    if not len(ts):
        return
    found = chunks.headers(connection, int(new["series"][0]), int(ts[0]), int(ts[-1]) + 1)

    def give(records: Records, texts: Texts) -> None:
        for mask in standing:
            mine = masks.hide(records, [mask])
            if mine.any():
                hidden.put(connection, mask.id, records[mine], texts.known)
                corrections.counted(connection, mask.id, int(mine.sum()))
            records = records[~mine]

    taking.take(connection, found[chunks.owners(found, ts)], lambda some: masks.hide(some, standing), give)


def bounded(connection: sqlite3.Connection, records: Records) -> int:
    """How many of these readings, by time, to weave in one transaction: late ones may fall into many old chunks."""
    state = rollups.sealed(connection, int(records["series"][0]))
    ts = np.sort(records["ts"])
    if state.last_ts is None or ts[0] > state.last_ts:
        return len(records)
    late = ts[: np.searchsorted(ts, state.last_ts, side="right")]
    ends = chunks.until(connection, int(records["series"][0]), int(late[0]), int(late[-1]))["last_ts"]
    owners = np.searchsorted(ends, late)
    touched = np.unique(owners)
    if len(touched) <= REWRITTEN:
        return len(records)
    return int(np.searchsorted(owners, touched[REWRITTEN]))


def _grown(state: Sealed, new: Records, stored: int, spans: rollups.Spans) -> Sealed:
    first, last = int(new["ts"][0]), int(new["ts"][-1])
    if state.first_ts is not None and state.last_ts is not None:
        first, last = min(first, state.first_ts), max(last, state.last_ts)
    return state._replace(count=state.count + stored, first_ts=first, last_ts=last, spans=spans)


def _into_old(connection: sqlite3.Connection, late: Records, known: Texts, gaps: list[spread.Gap]) -> int:
    """Merge late readings into the chunks that they fall into or before; how many were new times."""
    series, ts = int(late["series"][0]), late["ts"]
    found = chunks.until(connection, series, int(ts[0]), int(ts[-1]))
    if not len(found):  # retention has deleted all that was sealed
        chunks.store(connection, late, known.known)
        return len(late)
    previous = chunks.before(connection, series, int(ts[0]))
    stored = 0
    owners = np.searchsorted(found["last_ts"], ts)
    for at in np.unique(owners).tolist():
        mine = late[owners == at]
        header = found[at : at + 1]
        stored += _merge(connection, header, mine, known)
        ended = previous if at == 0 else int(found["last_ts"][at - 1])
        before = mine[mine["ts"] < header["first_ts"][0]]
        if len(before):
            gaps.append(spread.Gap(before, ended, int(header["first_ts"][0])))
    return stored


def _merge(connection: sqlite3.Connection, header: Headers, new: Records, known: Texts) -> int:
    """Write one chunk anew with more readings in it; how many were new times."""
    old = chunks.load_flagged(connection, header, known)
    merged = settle(np.concatenate([old, new]))
    chunks.remove(connection, header)
    chunks.store(connection, merged, known.known)
    return len(merged) - len(old)


def _append(connection: sqlite3.Connection, fresh: Records, known: Texts) -> None:
    """Write readings that come after everything sealed, together with small chunks before them."""
    taken = _to_merge(len(fresh), chunks.newest(connection, int(fresh["series"][0]), TAIL, TIERS[-1]))
    if len(taken):
        small = taken[::-1]
        fresh = np.concatenate([chunks.load_flagged(connection, small, known), fresh])
        chunks.remove(connection, small)
    chunks.store(connection, fresh, known.known)


def _to_merge(count: int, tail: Headers) -> Headers:
    """Of the small chunks at the end, newest first, those to merge with ``count`` readings after them; see TIERS."""
    sizes = tail["count"].tolist()
    taken = 0
    while (tier := bisect_right(TIERS, count)) < len(TIERS):
        total, more = count, taken
        while more < len(sizes) and sizes[more] < TIERS[tier]:
            total += sizes[more]
            more += 1
        if total < TIERS[tier]:
            break
        count, taken = total, more
    if count >= TIERS[-1]:  # what is small before a full chunk would stay so for ever
        taken = len(tail)
    return tail[:taken]


def pieces(records: Records) -> list[Records]:
    """Records sorted by series, apart by series; views, not copies."""
    series = records["series"]
    starts = [0, *(np.flatnonzero(series[1:] != series[:-1]) + 1).tolist(), len(records)]
    return [records[a:b] for a, b in pairwise(starts) if b > a]

"""Readings are taken out of the chunks of a series; statistics, roll-ups and extent follow in the same transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from telemetry.store import chunks, rollups, spread
from telemetry.store.chunks import Headers
from telemetry.store.levels import LEVELS
from telemetry.store.records import Records, Texts
from telemetry.store.rollups import Sealed, Spans

Pick = Callable[[Records], NDArray[np.bool_]]
"""Which readings of a chunk are wanted."""
Take = Callable[[Records, Texts], None]
"""Gets what is taken out of one chunk, with flags."""


def take(connection: sqlite3.Connection, found: Headers, pick: Pick, give: Take) -> int:
    """Take readings out of these chunks of one series; how many. Raises Damaged."""
    gone: list[NDArray[np.int64]] = []
    for at in range(len(found)):
        header = found[at : at + 1]
        texts = Texts()
        records = chunks.load_flagged(connection, header, texts)
        picked = pick(records)
        if not picked.any():
            continue
        give(records[picked], texts)
        gone.append(records["ts"][picked])
        chunks.remove(connection, header)
        if not picked.all():
            chunks.store(connection, records[~picked], texts.known)
    if not gone:
        return 0
    ts = np.concatenate(gone)
    _follow(connection, int(found["series"][0]), ts)
    return len(ts)


def _follow(connection: sqlite3.Connection, series: int, ts: NDArray[np.int64]) -> None:
    """Bring what is derived from a series up to date, after readings at the times ``ts`` went."""
    state = rollups.sealed(connection, series)
    for width in LEVELS:
        spread.refresh(connection, state, series, width, ts)
    first, last = chunks.extent(connection, series)
    left = state._replace(count=state.count - len(ts), first_ts=first, last_ts=last)
    rollups.put_sealed(connection, series, left._replace(spans=_clipped(left)))


def _clipped(state: Sealed) -> Spans:
    """The spans up to the newest reading: what comes after it is decided by what comes."""
    ends = [ts for ts in (state.last_ts, None if state.raw_from is None else state.raw_from - 1) if ts is not None]
    if not ends:
        return {}
    spans: Spans = {}
    for width, known in state.spans.items():
        end = max(ends) // width * width + width
        kept = [(since, min(until, end)) for since, until in known if since < end]
        if kept:
            spans[width] = kept
    return spans

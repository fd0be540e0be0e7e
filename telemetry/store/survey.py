"""The planner of history: what one series has in a span, raw or in buckets, at the least cost.

Up to the wanted number of readings they are given as they are. Beyond that each part of the span comes from the
coarsest source that fits the buckets: a roll-up level where it is kept, else the statistics of whole chunks, else
decoded readings. What is not sealed yet is added; where it replaces something sealed, those buckets are computed anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.store import buckets, chunks, fold, rollups
from telemetry.store.buckets import Buckets
from telemetry.store.extents import Interval, Span, Unsealed, outlived
from telemetry.store.records import Records, Texts, joined, settle

HUGE = 2.0**64
"""Values are divided by this where their sum would overflow."""


class Zoomed(NamedTuple):
    """Buckets, and the mean of each; their ``first``, ``last`` and ``sum`` are not to be used."""

    buckets: Buckets
    avg: NDArray[np.float64]


Gone = Callable[[], None]
"""Called between steps of a long read; raises when there is no one left who waits, or no time."""


def raw(connection: sqlite3.Connection, span: Span, new: Unsealed, texts: Texts, gone: Gone) -> Records:
    """All readings of the span, settled. Raises Damaged, and what ``gone`` raises."""
    found = chunks.headers(connection, *span)
    parts: list[Records] = []
    for some in _groups(found):
        gone()
        parts.append(_standing(chunks.load(connection, some, texts), span, new))
    return settle(np.concatenate([*parts, new.records]))


def last_values(
    connection: sqlite3.Connection, span: Span, new: Unsealed, texts: Texts, width: int, gone: Gone
) -> Records:
    """The last reading of each bucket of ``width`` ms, of any kind. Raises as ``raw``."""
    kept = new.records[:0]
    for some in _groups(chunks.headers(connection, *span)):
        gone()
        kept = _last(np.concatenate([kept, _standing(chunks.load(connection, some, texts), span, new)]), width)
    return _last(settle(np.concatenate([kept, new.records])), width)


def _standing(records: Records, span: Span, new: Unsealed) -> Records:
    """Those of a chunk that lie in the span and are not replaced."""
    inside = (records["ts"] >= span.frm) & (records["ts"] < span.to)
    if len(new.replaced):
        inside &= ~np.isin(records["ts"], new.replaced)
    return records[inside]


def zoomed(connection: sqlite3.Connection, span: Span, new: Unsealed, width: int, gone: Gone) -> Zoomed:
    """The numbers of the span in buckets of ``width`` ms. Raises as ``raw``."""
    parts = [*_parts(connection, _widened(connection, span), new.replaced, width, gone)]
    parts.append(buckets.of_records(new.records, width))
    made = _combined(parts, width)
    if not np.isfinite(made["sum"]).all():
        return _huge(connection, span, new, width, gone)
    return Zoomed(made, made["sum"] / made["count"])


def _parts(
    connection: sqlite3.Connection, span: Span, replaced: NDArray[np.int64], width: int, gone: Gone
) -> Iterator[Buckets]:
    left: list[Interval] = [(span.frm, span.to)]
    spans = rollups.spans(connection, span.series)
    for level in sorted(spans, reverse=True):
        if width % level:
            continue
        stale = {int(ts) // level * level for ts in replaced.tolist()}
        usable = _without(((a, b) for a, b in spans[level]), stale, level)
        rest: list[Interval] = []
        for frm, to in left:
            at = frm
            for low, high in _inside(usable, frm, to, level):
                gone()
                yield rollups.read(connection, level, span.series, low, high)
                rest.append((at, low))
                at = high
            rest.append((at, to))
        left = [(a, b) for a, b in rest if a < b]
    for frm, to in left:
        found = chunks.headers(connection, span.series, frm, to)
        for part in fold.parts(connection, found, frm, to, width, replaced):
            gone()
            yield part


def _widened(connection: sqlite3.Connection, span: Span) -> Span:
    """The span, with whole buckets at those ends where nothing finer is left than roll-ups."""
    left = outlived(connection, span)
    if left is None:
        return span
    frm = span.frm // left.width * left.width if left.first <= span.frm else span.frm
    to = -(-span.to // left.width) * left.width if left.last >= span.to - 1 else span.to
    return Span(span.series, frm, to)


def _without(spans: Iterable[Interval], stale: set[int], level: int) -> list[Interval]:
    """Spans without those buckets of a level."""
    left: list[Interval] = []
    for since, until in spans:
        at = since
        for start in sorted(start for start in stale if since <= start < until):
            left.append((at, start))
            at = start + level
        left.append((at, until))
    return [(a, b) for a, b in left if a < b]


def _inside(usable: Iterable[Interval], frm: int, to: int, level: int) -> Iterator[Interval]:
    """The whole buckets of a level that lie in [frm, to), where it is usable."""
    for since, until in usable:
        low = -(-max(frm, since) // level) * level
        high = min(to, until) // level * level
        if low < high:
            yield low, high


def _huge(connection: sqlite3.Connection, span: Span, new: Unsealed, width: int, gone: Gone) -> Zoomed:
    """As ``zoomed`` where a sum is beyond a float though its mean is not: all readings, summed on a smaller scale."""
    records = raw(connection, span, new, Texts(), gone)
    made = buckets.of_records(records, width)
    records["value"] /= HUGE
    return Zoomed(made, buckets.of_records(records, width)["sum"] / made["count"] * HUGE)


def _combined(parts: Iterable[Buckets], width: int) -> Buckets:
    """Buckets of widths that divide ``width``, in any order, as buckets of that width; first and last mean nothing."""
    found: Buckets = joined(buckets.BUCKET, parts)
    return buckets.merge([found[np.argsort(found["t"], kind="stable")]], width)


def _last(records: Records, width: int) -> Records:
    slot = records["ts"] // width
    last: Records = records[np.append(slot[1:] != slot[:-1], True)[: len(records)]]
    return last


def _groups(found: chunks.Headers) -> Iterator[chunks.Headers]:
    return (found[at : at + fold.DECODED] for at in range(0, len(found), fold.DECODED))

"""What there is of a series in a span: how many readings from when to when, sealed or not. The planner's first look."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.model import Mask
from telemetry.store import chunks, masks, rollups
from telemetry.store.records import Arrived, Records, Texts, arrived, by_series, settle
from telemetry.store.spread import union
from telemetry.store.tail import Tail

Interval = tuple[int, int]
"""From (included) to (excluded), ms."""


class Span(NamedTuple):
    """What is asked: readings of ``series`` (its id) with ``frm`` <= ts < ``to`` (ms)."""

    series: int
    frm: int
    to: int


class Outlived(NamedTuple):
    """Roll-ups of readings that are gone: at which width (ms) there are some of all of them, and from when to when."""

    width: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Extent:
    """How many readings there are, and the times of the first and the last (ms; 0 if there are none)."""

    count: int
    first: int = 0
    last: int = 0


@dataclass(slots=True)
class Unsealed:
    """The unsealed readings of one series in a span beside its sealed ones.

    ``records`` are settled and hold no mere repeats; ``replaced`` are the times at which sealed readings do not stand
    any more: a later one does, or one that a mask hides.
    """

    records: Records
    replaced: NDArray[np.int64]


def beside(
    connection: sqlite3.Connection, tail: Tail, ids: set[int], frm: int, to: int, pending: Arrived, texts: Texts
) -> dict[int, Records]:
    """What is not in the chunks with ``frm`` <= ts < ``to`` (ms), settled, by series id. Raises Damaged.

    Read it before the chunks: what is sealed in between is then found twice, which does no harm.
    """
    committed = tail.find(connection, ids, frm, to, texts)
    return by_series(settle(np.concatenate([committed, arrived(pending, ids, frm, to, texts)])))


def unsealed(
    connection: sqlite3.Connection, span: Span, records: Records, texts: Texts, hidden: Sequence[Mask] = ()
) -> Unsealed:
    """Compare unsealed readings (settled) with what is sealed at the same times, and apply masks. Raises Damaged."""
    new = _compared(connection, span, records, texts)
    if hidden:
        new.records = new.records[~masks.hide(new.records, hidden)]
    return new


def _compared(connection: sqlite3.Connection, span: Span, records: Records, texts: Texts) -> Unsealed:
    state = rollups.sealed(connection, span.series)
    nothing = np.empty(0, dtype=np.int64)
    if state.last_ts is None or not len(records) or records["ts"][0] > state.last_ts:
        return Unsealed(records, nothing)
    keep = np.ones(len(records), dtype=bool)
    replaced = np.zeros(len(records), dtype=bool)
    late = int(np.searchsorted(records["ts"], state.last_ts, side="right"))
    at = 0
    while at < late:
        header = chunks.until(connection, span.series, int(records["ts"][at]), int(records["ts"][at]))[:1]
        if not len(header):
            break
        end = int(np.searchsorted(records["ts"], header["last_ts"][0], side="right"))
        if records["ts"][end - 1] >= header["first_ts"][0]:
            old = chunks.load(connection, header, texts)
            mine = records[at:end]
            where = np.minimum(np.searchsorted(old["ts"], mine["ts"]), len(old) - 1)
            there = old[where]["ts"] == mine["ts"]
            same = there & (old[where]["kind"] == mine["kind"]) & (old[where]["value"] == mine["value"])
            keep[at:end] = ~same
            replaced[at:end] = there & ~same
        at = end
    return Unsealed(records[keep], np.ascontiguousarray(records["ts"][replaced]))


def extent(connection: sqlite3.Connection, span: Span, new: Unsealed) -> Extent:
    """How many readings, and from when to when. Raises Damaged."""
    found = _sealed_extent(connection, span)
    count = found.count - len(new.replaced) + len(new.records)
    times = [found.first, found.last] if found.count else []
    times += new.records["ts"][[0, -1]].tolist() if len(new.records) else []
    return Extent(count, min(times), max(times)) if count else Extent(0)


def _sealed_extent(connection: sqlite3.Connection, span: Span) -> Extent:
    series, frm, to = span
    if frm >= to:
        return Extent(0)
    state = rollups.sealed(connection, series)
    if state.first_ts is None or state.last_ts is None or state.first_ts >= to or state.last_ts < frm:
        return Extent(0)
    if frm <= state.first_ts and state.last_ts < to:
        return Extent(state.count, state.first_ts, state.last_ts)
    count, first, last = connection.execute(
        "SELECT ifnull(sum(count), 0), min(first_ts), max(last_ts) FROM chunks"
        " WHERE series = ? AND last_ts >= ? AND last_ts < ? AND first_ts >= ?",
        (series, frm, to, frm),
    ).fetchone()
    times = [] if first is None else [first, last]
    for edge in _edges(connection, span):
        ts = chunks.load(connection, edge, Texts())["ts"]
        inside = ts[(ts >= frm) & (ts < to)]
        count += len(inside)
        times += inside[[0, -1]].tolist() if len(inside) else []
    return Extent(count, min(times), max(times)) if times else Extent(0)


def _edges(connection: sqlite3.Connection, span: Span) -> Iterator[chunks.Headers]:
    """The chunks that reach over an end of the span: none, one or two."""
    series, frm, to = span
    seen: set[int] = set()
    for at in (frm, to):
        header = chunks.until(connection, series, at, at)[:1]
        for one in header:
            if one["first_ts"] < at and int(one["last_ts"]) not in seen:
                seen.add(int(one["last_ts"]))
                yield header


def outlived(connection: sqlite3.Connection, span: Span) -> Outlived | None:
    """What is left as roll-ups of readings that are gone from the span; None if nothing is."""
    state = rollups.sealed(connection, span.series)
    if state.gone_from is None or state.raw_from is None:
        return None
    low, high = max(span.frm, state.gone_from), min(span.to, state.raw_from)
    if low >= high:
        return None
    kept = {width: _within(spans, low, high) for width, spans in sorted(state.spans.items())}
    everywhere = union([one for spans in kept.values() for one in spans])
    covered: list[Interval] = []
    for width, spans in kept.items():
        covered = union([*covered, *spans])
        if spans and covered == everywhere:
            return Outlived(width, covered[0][0], covered[-1][1] - 1)
    return None


def _within(spans: Iterable[Interval], low: int, high: int) -> list[Interval]:
    return [(max(a, low), min(b, high)) for a, b in spans if a < high and b > low]


def joined(extent: Extent, left: Outlived) -> Extent:
    """The extent of readings and of what is left of those that are gone."""
    if not extent.count:
        return Extent(0, left.first, left.last)
    return Extent(extent.count, min(extent.first, left.first), max(extent.last, left.last))

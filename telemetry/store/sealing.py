"""Sealing: the oldest part of the journal goes into the chunks, in steps that are transactions of their own.

``take`` reads a part and sorts it by series; ``step`` weaves some series of it and notes how far it came, in the same
transaction, so that a crash between two steps loses and repeats nothing; ``finish`` moves ``sealed_seq``.
``trimming`` later deletes the rows that no cursor can reach any more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from telemetry.clock import monotonic
from telemetry.store import corrections, ledger, readings, records
from telemetry.store.records import LAYOUT, Records, Texts
from telemetry.store.tail import sort
from telemetry.store.weave import bounded, pieces, weave

PART = 8 << 20
"""Bytes of journal that are sealed at a time: with its sorted copy, some 30 MB of memory."""
EVER = 1 << 62
NO_SERIES, NO_TIME = 1 << 40, -(1 << 62)
STEP = 0.05
"""Seconds after which a step ends: commits of readings wait for it."""


@dataclass(slots=True)
class Part:
    """What one seal takes: the journal up to ``upto`` (a seq), ``count`` readings; ``series`` are still to be woven."""

    upto: int
    count: int
    series: list[Records] = field(default_factory=list)
    texts: Texts = field(default_factory=Texts)


def take(connection: sqlite3.Connection, size: int = PART) -> Part | None:
    """The next part of the journal (some ``size`` bytes) that is to be sealed; None if all is.

    A seal that a crash cut off goes on with the same part. A part ends where an unfinished deletion ends in the log, so
    that all of it came before that or after. Raises Damaged and sqlite3.Error.
    """
    meta = ledger.get(connection)
    begun = meta["sealing_upto"]
    last = begun or corrections.barrier(connection, meta["sealed_seq"]) or EVER
    found, texts = [np.empty(0, dtype=LAYOUT)], Texts()
    after = end = meta["sealed_seq"]
    taken = 0
    while (taken < size or begun) and (rows := readings.page(connection, after, last)):
        found.append(records.decode([(row.readings, row.data) for row in rows], texts))
        after = rows[-1].first_seq
        end = max(after, after + rows[-1].readings - 1)
        taken += sum(len(row.data) for row in rows)
    if end == meta["sealed_seq"]:
        return Part(begun, 0) if begun else None
    joined = sort(np.concatenate(found))
    waiting = pieces(joined[joined["series"] >= meta["sealing_series"]] if begun else joined)
    if begun and waiting and waiting[0]["series"][0] == meta["sealing_series"]:
        waiting[0] = waiting[0][waiting[0]["ts"] >= meta["sealing_ts"]]
        waiting = [some for some in waiting if len(some)]
    return Part(begun or end, len(joined), waiting, texts)


def step(connection: sqlite3.Connection, part: Part) -> list[Records]:
    """Weave the next readings of a part, as many as the time allows, inside the caller's transaction; what is left.

    The caller takes that into ``part.series`` once it is committed. Raises Damaged and sqlite3.Error.
    """
    done = _weave_some(connection, part.series, part.texts, ledger.get(connection)["sealed_seq"])
    ledger.add(connection, sealed_readings=done.taken, stored=done.stored, duplicate=done.taken - done.stored)
    series, ts = (int(done.left[0]["series"][0]), int(done.left[0]["ts"][0])) if done.left else (NO_SERIES, 0)
    ledger.put(connection, sealing_upto=part.upto, sealing_series=series, sealing_ts=ts if done.cut else NO_TIME)
    return done.left


class _Done(NamedTuple):
    taken: int
    stored: int
    left: list[Records]
    cut: bool
    """Whether the first of ``left`` is the rest of a series of which earlier readings are woven."""


def _weave_some(connection: sqlite3.Connection, series: Sequence[Records], texts: Texts, since: int = EVER) -> _Done:
    until = monotonic() + STEP
    taken = stored = 0
    left = list(series)
    while left and (not taken or monotonic() < until):
        some = left[0]
        if (cut := bounded(connection, some)) < len(some):
            some = some[np.argsort(some["ts"], kind="stable")]
        stored += weave(connection, some[:cut], texts, since).stored
        taken += cut
        if cut < len(some):
            left[0] = some[cut:]
            return _Done(taken, stored, left, cut=True)
        del left[0]
    return _Done(taken, stored, left, cut=False)


def finish(connection: sqlite3.Connection, part: Part) -> None:
    """Note that all of a part is sealed, inside the caller's transaction."""
    ledger.put(connection, sealed_seq=part.upto, sealing_upto=0, sealing_series=0, sealing_ts=0)
    ledger.add(connection, journal_base=part.count)


def load(
    connection: sqlite3.Connection, series: Sequence[Records], texts: Texts, weigh: Callable[[int], None]
) -> list[Records]:
    """Weave readings that came without a seq, as many as the time allows; what is left.

    ``weigh`` hears how many readings were new.
    """
    done = _weave_some(connection, series, texts)
    ledger.add(connection, imported=done.taken, stored=done.stored, duplicate=done.taken - done.stored)
    weigh(done.stored)
    return done.left


def apart(some: Records) -> list[Records]:
    """Readings of any series, apart by series; within a series they keep their order."""
    return pieces(sort(some))

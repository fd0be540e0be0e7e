"""Sealing: the oldest part of the journal goes into the chunks, in steps that are transactions of their own.

``take`` reads a part and sorts it by series; ``step`` weaves some series of it and notes how far it came, in the same
transaction, so that a crash between two steps loses and repeats nothing; ``finish`` moves ``sealed_seq``.
``trimming`` later deletes the rows that no cursor can reach any more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from telemetry.clock import monotonic
from telemetry.store import ledger, readings, records
from telemetry.store.records import LAYOUT, Records, Texts
from telemetry.store.tail import sort
from telemetry.store.weave import pieces, weave

PART = 8 << 20
"""Bytes of journal that are sealed at a time: with its sorted copy, some 30 MB of memory."""
EVER = 1 << 62
STEP = 0.05
"""Seconds after which a step ends: commits of readings wait for it."""


@dataclass(slots=True)
class Part:
    """What one seal takes: the journal up to ``upto`` (a seq), apart by series; ``done`` of them are woven."""

    upto: int
    count: int
    series: list[Records] = field(default_factory=list)
    texts: Texts = field(default_factory=Texts)
    done: int = 0


def take(connection: sqlite3.Connection, size: int = PART) -> Part | None:
    """The next part of the journal (some ``size`` bytes) that is to be sealed; None if all is.

    A seal that a crash cut off goes on with the same part. Raises Damaged and sqlite3.Error.
    """
    meta = ledger.get(connection)
    begun = meta["sealing_upto"]
    found, texts = [np.empty(0, dtype=LAYOUT)], Texts()
    after = end = meta["sealed_seq"]
    taken = 0
    while (taken < size or begun) and (rows := readings.page(connection, after, begun or EVER)):
        found.append(records.decode([(row.readings, row.data) for row in rows], texts))
        after = rows[-1].first_seq
        end = max(after, after + rows[-1].readings - 1)
        taken += sum(len(row.data) for row in rows)
    if end == meta["sealed_seq"]:
        return None
    joined = sort(np.concatenate(found))
    waiting = joined[joined["series"] >= meta["sealing_series"]] if begun else joined
    return Part(begun or end, len(joined), pieces(waiting), texts)


def step(connection: sqlite3.Connection, part: Part) -> int:
    """Weave the next series of a part, as many as the time allows, inside the caller's transaction; how many.

    The caller counts them into ``part.done`` once they are committed. Raises Damaged and sqlite3.Error.
    """
    until = monotonic() + STEP
    taken = stored = duplicate = 0
    at = part.done
    while at < len(part.series) and (at == part.done or monotonic() < until):
        some = part.series[at]
        woven = weave(connection, some, part.texts)
        taken += len(some)
        stored += woven.stored
        duplicate += woven.duplicate
        at += 1
    ledger.add(connection, sealed_readings=taken, stored=stored, duplicate=duplicate)
    following = int(part.series[at]["series"][0]) if at < len(part.series) else 1 << 40
    ledger.put(connection, sealing_upto=part.upto, sealing_series=following)
    return at - part.done


def finish(connection: sqlite3.Connection, part: Part) -> None:
    """Note that all of a part is sealed, inside the caller's transaction."""
    ledger.put(connection, sealed_seq=part.upto, sealing_upto=0, sealing_series=0)
    ledger.add(connection, journal_base=part.count)


def load(connection: sqlite3.Connection, series: Sequence[Records], texts: Texts, weigh: Callable[[int], None]) -> int:
    """Weave readings that came without a seq, as many series as the time allows; how many series were done.

    ``weigh`` hears how many readings were new.
    """
    until = monotonic() + STEP
    at = taken = stored = 0
    while at < len(series) and (not at or monotonic() < until):
        woven = weave(connection, series[at], texts)
        taken += len(series[at])
        stored += woven.stored
        at += 1
    ledger.add(connection, imported=taken, stored=stored, duplicate=taken - stored)
    weigh(stored)
    return at


def apart(some: Records) -> list[Records]:
    """Readings of any series, apart by series; within a series they keep their order."""
    return pieces(sort(some))

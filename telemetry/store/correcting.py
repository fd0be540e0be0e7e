"""The work on corrections and merges in bounded steps, each in the caller's transaction: a crash repeats none of it.

``step`` takes readings out, ``undo`` brings them back as older than everything that came since, ``move`` hands the
readings of one series to another. Each ends after some 50 ms. The accounting is of the same commit.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from telemetry.clock import monotonic
from telemetry.model import Mask, Value
from telemetry.store import chunks, corrections, hidden, ledger, masks, roles, spared, taking
from telemetry.store.bulk import value_of
from telemetry.store.chunks import Headers
from telemetry.store.corrections import Correction
from telemetry.store.records import LAYOUT, Records, Texts, settle
from telemetry.store.roles import Change
from telemetry.store.tail import Tail
from telemetry.store.weave import weave

CHUNKS = 64
"""Chunks that one step looks at …"""
SOME = 8
"""… so many at a time: their roll-ups are computed again together …"""
STEP = 0.04
"""… and seconds after which it ends."""
NTH = "SELECT last_ts FROM chunks WHERE series = ? AND last_ts >= ? ORDER BY last_ts LIMIT 1 OFFSET ?"
EVER = 1 << 62


def step(connection: sqlite3.Connection, one: Correction) -> bool:
    """Take out the next readings that a correction is about; whether there may be more. Raises Damaged."""
    if one.state != "running":
        corrections.advance(connection, one.id, "running", one.from_ts)
        one = one._replace(position=one.from_ts)

    def give(records: Records, texts: Texts) -> None:
        hidden.put(connection, one.id, records, texts.known)

    def work(found: Headers) -> int:
        later = spared.of(connection, one.id, int(found["first_ts"][0]), int(found["last_ts"][-1]))

        def pick(some: Records) -> NDArray[np.bool_]:
            return masks.hide(some, [one.mask]) & ~np.isin(some["ts"], later)

        return taking.take(connection, found, pick, give)

    taken, following = _over_chunks(connection, one.series, one.position, one.to_ts, work)
    corrections.counted(connection, one.id, taken)
    corrections.advance(connection, one.id, "running", one.to_ts if following is None else following)
    if one.action == "delete":
        ledger.add(connection, stored=-taken, deleted=taken)
    return following is not None


def undo(connection: sqlite3.Connection, one: Correction) -> bool:
    """Bring back the next readings that a correction took out; whether there may be more. Raises Damaged."""
    until = monotonic() + STEP
    while True:
        texts = Texts()
        rows = hidden.of(connection, one.id, 1, texts)
        if not rows:
            return False
        (row,) = rows
        hidden.remove(connection, row)
        number = len(row.records)
        stored = _as_old(connection, row.records, texts)
        if one.action == "delete":
            ledger.add(connection, deleted=-number, stored=stored, duplicate=number - stored)
        else:
            ledger.add(connection, stored=stored - number, duplicate=number - stored)
        if monotonic() > until:
            return True


def move(connection: sqlite3.Connection, one: Change) -> bool:
    """Hand the next readings of a merge to the other series; whether there may be more. Raises Damaged."""
    since = -EVER if one.since is None else one.since
    source = one.other
    if source is None:
        return False

    def work(found: Headers) -> int:
        parts, texts = [np.empty(0, dtype=LAYOUT)], Texts()

        def give(records: Records, known: Texts) -> None:
            parts.append(_retold(records, known, texts))

        taken = taking.take(connection, found, lambda some: some["ts"] >= since, give)
        moved = np.concatenate(parts)
        moved["series"] = one.series
        stored = _as_old(connection, moved, texts)
        ledger.add(connection, stored=stored - taken, duplicate=taken - stored)
        return taken

    taken, following = _over_chunks(connection, source, since, EVER, work)
    roles.moved(connection, one.id, taken)
    return following is not None


def count(connection: sqlite3.Connection, tail: Tail, series: int, mask: Mask, frm: int) -> tuple[int, int | None]:
    """How many readings from ``frm`` on a correction would take, in a part of its span, and where the next part begins.

    Raises Damaged.
    """
    row = connection.execute(NTH, (series, frm, CHUNKS - 1)).fetchone()
    end = mask.to if row is None else min(mask.to, int(row[0]) + 1)
    texts = Texts()
    unsealed = tail.find(connection, [series], frm, end, texts)
    sealed = chunks.load(connection, chunks.headers(connection, series, frm, end), texts)
    found = settle(np.concatenate([sealed[sealed["ts"] >= frm], unsealed]))
    taken = masks.hide(found, [mask]) & ~masks.hide(found, masks.active(connection, series))
    return int(taken.sum()), end if end < mask.to else None


def latest(connection: sqlite3.Connection, tail: Tail, series: int) -> tuple[int, Value] | None:
    """The newest committed reading of a series that no mask hides. Raises Damaged."""
    standing = masks.active(connection, series)
    texts = Texts()
    unsealed = settle(tail.find(connection, [series], -EVER, EVER, texts))
    at = EVER
    while True:
        header = _last_before(connection, series, at)
        frm = int(header["first_ts"][0]) if len(header) else -EVER
        recent = unsealed[(unsealed["ts"] >= frm) & (unsealed["ts"] < at)]
        found = settle(np.concatenate([chunks.load(connection, header, texts), recent]))
        found = found[~masks.hide(found, standing)]
        if len(found):
            return int(found[-1]["ts"]), value_of(found[-1], texts.known)
        if not len(header):
            return None
        at = frm


def _over_chunks(
    connection: sqlite3.Connection, series: int, frm: int, to: int, work: Callable[[Headers], int]
) -> tuple[int, int | None]:
    """Do ``work`` on the next chunks that reach into [``frm``, ``to``): the sum of its answers, and where to go on."""
    until = monotonic() + STEP
    done = seen = 0
    while frm < to and seen < CHUNKS and (not seen or monotonic() < until):
        row = connection.execute(NTH, (series, frm, SOME - 1)).fetchone()
        end = to if row is None else min(to, int(row[0]) + 1)
        found = chunks.headers(connection, series, frm, end)
        seen += max(1, len(found))
        if len(found):
            done += work(found)
        frm = end
    return done, frm if frm < to else None


def _as_old(connection: sqlite3.Connection, records: Records, texts: Texts) -> int:
    """Weave readings in that are older than what is there at the same times; by how much more is stored then."""
    if not len(records):
        return 0
    series = int(records["series"][0])
    missing = records[~hidden.standing(connection, series, np.ascontiguousarray(records["ts"]))]
    return weave(connection, missing, texts).stored if len(missing) else 0


def _retold(records: Records, known: Texts, texts: Texts) -> Records:
    """The same readings with their texts in another list."""
    told = records.copy()
    is_text = masks.texts(told)
    told["value"][is_text] = [texts.index(known.known[int(at)]) for at in told["value"][is_text].tolist()]
    return told


def _last_before(connection: sqlite3.Connection, series: int, ts: int) -> Headers:
    """The last chunk that ends before ``ts``."""
    end = chunks.before(connection, series, ts)
    return chunks.NONE if end is None else chunks.headers(connection, series, end, end + 1)

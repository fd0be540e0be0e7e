"""Repairs one row that does not fit its checksum, in a database that is otherwise sound.

What can be computed again is: a header from its data, a roll-up from the chunks or from the level below. What cannot is
moved into the table ``damaged`` as it is, and counted as ``lost``; reading then goes on and finds a gap. Each function
runs inside one transaction of the writer, as a whole or not at all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from telemetry.store import chunks, damages, hidden, ledger, rollups
from telemetry.store.buckets import Buckets, merge
from telemetry.store.chunks import header_of, row_of
from telemetry.store.codec import Undecodable, decode
from telemetry.store.damage import Damaged
from telemetry.store.damages import Outcome
from telemetry.store.fold import fold
from telemetry.store.levels import LEVELS
from telemetry.store.records import Records, Texts
from telemetry.store.repair_registry import mend_device, mend_series
from telemetry.store.rollups import Spans

WIDTHS = {name: width for width, name in LEVELS.items()}
MOST = 1 << 20
"""Readings that a damaged row can claim at most."""


def repair(connection: sqlite3.Connection, found: Damaged, now: int) -> Outcome | None:
    """Deal with a damaged row; None if it is gone or sound by now. ``now`` is in ms. Raises sqlite3.Error."""
    mend = _level if found.table in WIDTHS else MENDERS.get(found.table)
    if mend is None:
        raise sqlite3.DatabaseError(f"{found}: there is no way to repair it")
    try:
        return mend(connection, found, now)
    except Damaged as other:  # what is needed for it is damaged too
        if (other.table, other.key) == (found.table, found.key):
            raise
        repair(connection, other, now)
        return mend(connection, found, now)


def _data(connection: sqlite3.Connection, found: Damaged, now: int) -> Outcome | None:
    """The readings of a chunk are gone: so is its header. Its roll-ups stay."""
    (id_,) = found.key
    row = connection.execute("SELECT * FROM chunk_data WHERE id = ?", (id_,)).fetchone()
    if row is not None and _decoded(row) is not None:
        return None
    header = connection.execute("SELECT * FROM chunks WHERE data = ?", (id_,)).fetchone()
    if row is None and header is None:
        return None  # merged or deleted since
    connection.execute("DELETE FROM chunk_data WHERE id = ?", (id_,))
    if header is None:
        damages.note(connection, now, "row", found.table, {"key": id_}, row)
        return Outcome("readings without a header were taken out")
    return _drop(connection, header, row, now)


def _header(connection: sqlite3.Connection, found: Damaged, now: int) -> Outcome | None:
    """A header is made again from its data, which may be of another series: the key may be what went bad."""
    header = connection.execute("SELECT * FROM chunks WHERE series = ? AND last_ts = ?", found.key).fetchone()
    if header is None:
        return None
    row, records = _owned(connection, header)
    if row is None or records is None:
        return _drop(connection, header, None, now)
    connection.execute("DELETE FROM chunks WHERE series = ? AND last_ts = ?", found.key)
    made = row_of(header_of(records, row[0]))
    connection.execute("INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", made)
    for series in {found.key[0], int(records["series"][0])}:
        _count_again(connection, series)
    damages.note(connection, now, "row", found.table, {"key": found.key, "mended": True}, header)
    return Outcome("a chunk's header was computed again from its readings")


def _level(connection: sqlite3.Connection, found: Damaged, now: int) -> Outcome | None:
    """A row of a roll-up is computed again; where that cannot be exact, the level ends before it."""
    series, t = found.key
    width = WIDTHS[found.table]
    since, until = t * width, t * width + width
    row = connection.execute(f"SELECT * FROM {found.table} WHERE series = ? AND t = ?", found.key).fetchone()  # noqa: S608
    if row is None:
        return None
    rollups.delete(connection, width, series, since, until)
    exact = _again(connection, series, width, since, row[2])
    if exact is not None:
        rollups.write(connection, width, series, exact)
    else:
        _cut(connection, series, width, since, until)
    damages.note(connection, now, "row", found.table, {"key": found.key, "mended": exact is not None}, row)
    return Outcome("a row of a roll-up was computed again" if exact is not None else "a row of a roll-up was taken out")


def _journal(connection: sqlite3.Connection, found: Damaged, now: int) -> Outcome | None:
    """A commit's row is taken out; if it was not sealed yet, its readings are lost."""
    (first,) = found.key
    row = connection.execute("SELECT * FROM journal WHERE first_seq = ?", (first,)).fetchone()
    if row is None:
        return None
    following = connection.execute("SELECT min(first_seq) FROM journal WHERE first_seq > ?", (first,)).fetchone()[0]
    meta = ledger.get(connection)
    count = row[1] if 0 <= row[1] <= MOST and (following is None or first + row[1] <= following) else 0
    connection.execute("DELETE FROM journal WHERE first_seq = ?", (first,))
    damages.note(connection, now, "row", found.table, {"key": first, "readings": count}, row)
    if first <= meta["sealed_seq"]:
        return Outcome("a sealed row of the journal was taken out")
    ledger.add(connection, journal_base=count, sealed_readings=count, lost=count)
    return Outcome("a commit's row was taken out of the journal", count)


def _sealed(connection: sqlite3.Connection, found: Damaged, now: int) -> Outcome | None:
    """Where roll-ups are complete is not known any more: they are left alone, the chunks answer."""
    row = connection.execute("SELECT * FROM sealed WHERE series = ?", found.key).fetchone()
    damages.note(connection, now, "row", found.table, {"key": found.key}, row)
    connection.execute("DELETE FROM sealed WHERE series = ?", found.key)
    _count_again(connection, found.key[0])
    return Outcome("what is known of a series' roll-ups was set back")


MENDERS: dict[str, Callable[[sqlite3.Connection, Damaged, int], Outcome | None]] = {
    "chunk_data": _data,
    "chunks": _header,
    "hidden": hidden.mend,
    "journal": _journal,
    "sealed": _sealed,
    "series": mend_series,
    "devices": mend_device,
}


def _drop(
    connection: sqlite3.Connection, header: tuple[int, ...], data: tuple[object, ...] | None, now: int
) -> Outcome:
    """Take a chunk out for good; ``header`` may be wrong in every field."""
    series, last, first, count = header[:4]
    lost = count if 0 <= count <= chunks.MAX else 0
    key = {"key": [series, last], "first_ts": first, "readings": lost}
    damages.note(connection, now, "row", "chunks", key, [*header, *(data or ())])
    connection.execute("DELETE FROM chunks WHERE series = ? AND last_ts = ?", (series, last))
    ledger.add(connection, stored=-lost, lost=lost)
    _count_again(connection, series)
    return Outcome("a chunk that cannot be read was taken out", lost, (series, min(first, last), last))


def _owned(connection: sqlite3.Connection, header: tuple[int, ...]) -> tuple[tuple[int, ...] | None, Records | None]:
    """The data of a header that cannot be trusted: what it names if no other header does, else what no header names."""
    series, last, named = header[0], header[1], header[10]
    orphans = (
        "SELECT d.id FROM chunk_data d WHERE d.series = ? AND NOT EXISTS"
        " (SELECT 1 FROM chunks c WHERE c.data = d.id AND c.series = d.series)"
    )
    candidates = [named, *(id_ for (id_,) in connection.execute(orphans, (series,)))]
    for id_ in candidates:
        row = connection.execute("SELECT * FROM chunk_data WHERE id = ?", (id_,)).fetchone()
        others = connection.execute(
            "SELECT count(*) FROM chunks WHERE data = ? AND (series, last_ts) IS NOT (?, ?)", (id_, series, last)
        ).fetchone()[0]
        records = None if row is None or others else _decoded(row)
        if records is not None and len(records):
            return row, records
    return None, None


def _decoded(row: tuple[int, ...]) -> Records | None:
    _, series, codec, crc, data = row
    try:
        if crc != chunks.crc_of(series, codec, data):  # type: ignore[arg-type]
            return None
        return decode(codec, data, series, Texts())  # type: ignore[arg-type]
    except (Undecodable, TypeError, ValueError):
        return None


def _again(connection: sqlite3.Connection, series: int, width: int, since: int, count: int) -> Buckets | None:
    """The bucket from the chunks or from the next finer level, if either has as many readings as the row said."""
    try:
        whole = fold(connection, series, since, since + width, width)
        if len(whole) == 1 and whole["count"][0] == count:
            return whole
        for finer in reversed([one for one in LEVELS if one < width]):
            parts = merge([rollups.read(connection, finer, series, since, since + width)], width)
            if len(parts) == 1 and parts["count"][0] == count:
                return parts
    except Damaged:
        pass  # it is repaired when it is read itself
    return None


def _cut(connection: sqlite3.Connection, series: int, width: int, since: int, until: int) -> None:
    state = rollups.sealed(connection, series)
    kept = [
        span
        for a, b in state.spans.get(width, [])
        for span in ((a, min(b, since)), (max(a, until), b))
        if span[0] < span[1]
    ]
    spans: Spans = {**state.spans, width: kept}
    spans = {one: some for one, some in spans.items() if some}
    rollups.put_sealed(connection, series, state._replace(spans=spans))


def _count_again(connection: sqlite3.Connection, series: int) -> None:
    """Bring what is known of a series in line with its chunks."""
    state = rollups.sealed(connection, series)
    count, first, last = connection.execute(
        "SELECT ifnull(sum(count), 0), min(first_ts), max(last_ts) FROM chunks WHERE series = ?", (series,)
    ).fetchone()
    if count or state.count:
        rollups.put_sealed(connection, series, state._replace(count=count, first_ts=first, last_ts=last))

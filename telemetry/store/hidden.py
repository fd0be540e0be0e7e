"""Readings that corrections took out of the chunks: kept as such themselves, so that undo brings them back exactly.

A row belongs to one correction and holds up to a chunk's readings by time, with kinds, flags and texts. Of one series
and time the masks that stand hold one reading at most; deletions may hold older ones.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.model import Mask
from telemetry.store import chunks, codec, corrections, damages
from telemetry.store.damage import Damaged
from telemetry.store.damages import Outcome
from telemetry.store.records import Records, Texts

COLUMNS = "id, correction, series, codec, crc, count, data"
OVER = f"SELECT {COLUMNS} FROM hidden WHERE series = ? AND last_ts >= ? AND first_ts <= ? ORDER BY id"  # noqa: S608
OF = f"SELECT {COLUMNS} FROM hidden WHERE correction = ? ORDER BY id LIMIT ?"  # noqa: S608


class Hidden(NamedTuple):
    """One row, decoded: its id, its correction and its readings with their flags."""

    id: int
    correction: int
    records: Records


def put(connection: sqlite3.Connection, correction: int, records: Records, texts: list[str]) -> None:
    """Keep readings of one series, ts rising, at most a chunk, inside the caller's transaction."""
    series = int(records["series"][0])
    codec_id, data = codec.encode(records, texts)
    span = int(records["ts"][0]), int(records["ts"][-1])
    connection.execute(
        "INSERT INTO hidden (correction, series, codec, crc, count, first_ts, last_ts, data)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (correction, series, codec_id, chunks.crc_of(series, codec_id, data), len(records), *span, data),
    )


def of(connection: sqlite3.Connection, correction: int, limit: int, texts: Texts) -> list[Hidden]:
    """The first rows of a correction. Raises Damaged."""
    return [_decoded(row, texts) for row in connection.execute(OF, (correction, limit)).fetchall()]


def remove(connection: sqlite3.Connection, row: Hidden) -> None:
    """Delete a row inside the caller's transaction."""
    connection.execute("DELETE FROM hidden WHERE id = ?", (row.id,))


def drop(connection: sqlite3.Connection, series: int, masks: Sequence[Mask], ts: NDArray[np.int64]) -> int:
    """Forget what these masks hide at the times ``ts`` (rising): it was written anew; how many. Raises Damaged."""
    dropped = 0
    for row, texts in _over(connection, series, masks, ts):
        replaced = np.isin(row.records["ts"], ts)
        number = int(replaced.sum())
        if not number:
            continue
        dropped += number
        remove(connection, row)
        if number < len(row.records):
            put(connection, row.correction, row.records[~replaced], texts.known)
        corrections.counted(connection, row.correction, -number)
    return dropped


def standing(connection: sqlite3.Connection, series: int, ts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """At which of the times ``ts`` (rising) a sealed reading stands, shown or behind a mask. Raises Damaged."""
    found = np.zeros(len(ts), dtype=np.bool_)
    if not len(ts):
        return found
    headers = chunks.headers(connection, series, int(ts[0]), int(ts[-1]) + 1)
    for at in chunks.owners(headers, ts):
        found |= np.isin(ts, chunks.load(connection, headers[at : at + 1], Texts())["ts"])
    for row, _ in _over(connection, series, corrections.active(connection, series), ts):
        found |= np.isin(ts, row.records["ts"])
    return found


def mend(connection: sqlite3.Connection, found: Damaged, now: int) -> Outcome | None:
    """Take a row out that does not fit its checksum: what it held cannot be brought back any more. ``now`` is in ms."""
    row = connection.execute("SELECT * FROM hidden WHERE id = ?", found.key).fetchone()
    if row is None:
        return None
    correction, count = row[1], row[5]
    damages.note(connection, now, "row", found.table, {"key": found.key[0]}, row)
    connection.execute("DELETE FROM hidden WHERE id = ?", found.key)
    masked = connection.execute("SELECT 1 FROM corrections WHERE id = ? AND action = 'mask'", (correction,)).fetchone()
    if masked is None:  # what was deleted is counted as deleted
        return Outcome("readings that a correction had deleted were taken out")
    damages.lost(connection, count)
    corrections.counted(connection, correction, -count)
    return Outcome("readings behind a mask were taken out", count)


def readings(connection: sqlite3.Connection) -> int:
    """How many readings masks hide: they are stored, and in no chunk."""
    (number,) = connection.execute(
        "SELECT ifnull(sum(h.count), 0) FROM hidden h JOIN corrections c ON c.id = h.correction WHERE c.action = 'mask'"
    ).fetchone()
    return int(number)


def _over(
    connection: sqlite3.Connection, series: int, masks: Sequence[Mask], ts: NDArray[np.int64]
) -> list[tuple[Hidden, Texts]]:
    """The rows of these masks that may hold readings at the times ``ts``."""
    if not masks or not len(ts):
        return []
    ids = {mask.id for mask in masks}
    found = []
    for row in connection.execute(OVER, (series, int(ts[0]), int(ts[-1]))).fetchall():
        if row[1] in ids:
            texts = Texts()
            found.append((_decoded(row, texts), texts))
    return found


def _decoded(row: tuple[int, int, int, int, int, int, bytes], texts: Texts) -> Hidden:
    id_, correction, series, codec_id, crc, count, data = row
    if crc != chunks.crc_of(series, codec_id, data):
        raise Damaged("hidden", id_)
    try:
        records = codec.decode(codec_id, data, series, texts)
    except codec.Undecodable as error:
        raise Damaged("hidden", id_) from error
    if len(records) != count:
        raise Damaged("hidden", id_)
    return Hidden(id_, correction, records)

"""Chunks: the sealed readings of a series, compressed, each with statistics and checksums.

The chunks of a series never overlap in time, and inside a chunk time strictly rises. A header is small, and lies apart
from its data, so that a query over a year reads statistics and not the readings. ``chunk_data`` names its series
itself: it can be read without its header.
"""

from __future__ import annotations

import sqlite3
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from telemetry.store import codec
from telemetry.store.buckets import numbers
from telemetry.store.checks import check
from telemetry.store.damage import Damaged
from telemetry.store.journal import KIND_BITS
from telemetry.store.records import LAYOUT, Records, Texts, joined

FULL = 4_096
"""Readings at which a chunk is not made longer."""
MAX = 2 * FULL
"""Readings that a chunk may hold."""

INTEGERS = ("series", "last_ts", "first_ts", "count", "numbers", "data")
REALS = ("min", "max", "sum", "first", "last")
HEADER = np.dtype([(name, "<i8") for name in INTEGERS] + [(name, "<f8") for name in REALS])
Headers = NDArray[np.void]
"""An array of HEADER, by time; min … last are 0 where no reading is a number, sum is infinite where it overflows."""
NONE: Headers = np.empty(0, dtype=HEADER)
COLUMNS = ", ".join((*INTEGERS, *(f"ifnull({name}, 0.0)" for name in REALS), "sum_check"))

UNTIL = f"SELECT {COLUMNS} FROM chunks WHERE series = ? AND last_ts >= ? ORDER BY last_ts"  # noqa: S608 - our own names
NEWEST = f"SELECT {COLUMNS} FROM chunks WHERE series = ? ORDER BY last_ts DESC LIMIT ?"  # noqa: S608
FIRST = "SELECT first_ts, last_ts FROM chunks WHERE series = ? ORDER BY last_ts"
INSERT = "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def headers(connection: sqlite3.Connection, series: int, frm: int, to: int) -> Headers:
    """The chunks of a series that may hold readings with ``frm`` <= ts < ``to``, by time. Raises Damaged."""
    if to <= frm:
        return NONE
    # chunks do not overlap: the first one that begins too late ends the search, which SQL alone would not know
    found: list[tuple[float, ...]] = []
    cursor = connection.execute(UNTIL, (series, frm))
    for row in cursor:
        if row[2] >= to:
            break
        found.append(row)
    cursor.close()
    return _verified(found)


def until(connection: sqlite3.Connection, series: int, frm: int, to: int) -> Headers:
    """The chunks that end at or after ``frm``, by time, up to the first that ends at or after ``to``."""
    found: list[tuple[float, ...]] = []
    cursor = connection.execute(UNTIL, (series, frm))
    for row in cursor:
        found.append(row)
        if row[1] >= to:
            break
    cursor.close()
    return _verified(found)


def newest(connection: sqlite3.Connection, series: int, limit: int, below: int) -> Headers:
    """The chunks at the end of a series with fewer than ``below`` readings each, newest first; at most ``limit``."""
    found: list[tuple[float, ...]] = []
    cursor = connection.execute(NEWEST, (series, limit))
    for row in cursor:
        if row[3] >= below:
            break
        found.append(row)
    cursor.close()
    return _verified(found)


def oldest(connection: sqlite3.Connection, series: int, to: int, limit: int) -> Headers:
    """The first chunks of a series that end before ``to`` (ms), by time; at most ``limit``. Raises Damaged."""
    query = f"SELECT {COLUMNS} FROM chunks WHERE series = ? AND last_ts < ? ORDER BY last_ts LIMIT ?"  # noqa: S608
    return _verified(connection.execute(query, (series, to, limit)).fetchall())


def eldest(connection: sqlite3.Connection, limit: int) -> Headers:
    """Of all series the chunks that end first; at most ``limit``. Raises Damaged."""
    query = f"SELECT {COLUMNS} FROM chunks INDEXED BY chunks_age ORDER BY last_ts LIMIT ?"  # noqa: S608
    return _verified(connection.execute(query, (limit,)).fetchall())


def before(connection: sqlite3.Connection, series: int, ts: int) -> int | None:
    """The time of the last sealed reading before the chunk that ends at or after ``ts``."""
    row = connection.execute(
        "SELECT last_ts FROM chunks WHERE series = ? AND last_ts < ? ORDER BY last_ts DESC LIMIT 1", (series, ts)
    ).fetchone()
    return None if row is None else int(row[0])


def owners(some: Headers, ts: NDArray[np.int64]) -> list[int]:
    """Which of the chunks of a series, by time, may hold readings at the times ``ts``."""
    if not len(some):
        return []
    at = np.minimum(np.searchsorted(some["last_ts"], ts), len(some) - 1)
    inside = (some["first_ts"][at] <= ts) & (ts <= some["last_ts"][at])
    found: list[int] = np.unique(at[inside]).tolist()
    return found


def extent(connection: sqlite3.Connection, series: int) -> tuple[int | None, int | None]:
    """The times of the first and the last sealed reading of a series."""
    first = connection.execute(f"{FIRST} ASC LIMIT 1", (series,)).fetchone()
    last = connection.execute(f"{FIRST} DESC LIMIT 1", (series,)).fetchone()
    return (None, None) if first is None else (int(first[0]), int(last[1]))


def load(connection: sqlite3.Connection, wanted: Headers, texts: Texts) -> Records:
    """The readings of these chunks, by time; the flag of an untrusted clock is left out. Raises Damaged."""
    records = load_flagged(connection, wanted, texts)
    records["kind"] &= KIND_BITS
    return records


def load_flagged(connection: sqlite3.Connection, wanted: Headers, texts: Texts) -> Records:
    """As ``load``, with the flag beside the kind, as the journal has it."""
    found: list[Records] = []
    for one in wanted:
        series, id_ = int(one["series"]), int(one["data"])
        row = connection.execute("SELECT series, codec, crc, data FROM chunk_data WHERE id = ?", (id_,)).fetchone()
        if row is None or row[0] != series or row[2] != crc_of(row[0], row[1], row[3]):
            raise Damaged("chunk_data", id_)
        try:
            records = codec.decode(row[1], row[3], series, texts)
        except codec.Undecodable as error:
            raise Damaged("chunk_data", id_) from error
        if len(records) != one["count"]:
            raise Damaged("chunks", series, int(one["last_ts"]))
        found.append(records)
    return joined(LAYOUT, found)


def store(connection: sqlite3.Connection, records: Records, texts: list[str]) -> None:
    """Write settled readings of one series as chunks of FULL readings or some more in the caller's transaction.

    No chunk of the series may lie in their span.
    """
    parts = len(records) // FULL if len(records) > MAX else 1  # none below FULL: it would be merged again
    for piece in np.array_split(records, parts):
        series = int(piece["series"][0])
        codec_id, data = codec.encode(piece, texts)
        crc = crc_of(series, codec_id, data)
        id_ = connection.execute(
            "INSERT INTO chunk_data (series, codec, crc, data) VALUES (?, ?, ?, ?)", (series, codec_id, crc, data)
        ).lastrowid
        connection.execute(INSERT, row_of(header_of(piece, int(id_ or 0))))


def remove(connection: sqlite3.Connection, wanted: Headers) -> None:
    """Delete chunks inside the caller's transaction."""
    for one in wanted.tolist():
        connection.execute("DELETE FROM chunks WHERE series = ? AND last_ts = ?", one[:2])
        connection.execute("DELETE FROM chunk_data WHERE id = ?", (one[5],))


def header_of(records: Records, data: int) -> Headers:
    """The header of a chunk: an array of one."""
    counted = numbers(records)
    header = np.zeros(1, dtype=HEADER)
    header["series"], header["data"] = records["series"][0], data
    header["first_ts"], header["last_ts"] = records["ts"][0], records["ts"][-1]
    header["count"], header["numbers"] = len(records), len(counted)
    if len(counted):
        values = np.ascontiguousarray(counted["value"]) + 0.0  # SQLite keeps no sign of zero
        header["min"], header["max"] = values.min(), values.max()
        with np.errstate(over="ignore", invalid="ignore"):
            header["sum"] = values.sum()
        header["first"], header["last"] = values[0], values[-1]
        header["sum"][~np.isfinite(header["sum"])] = np.inf
    return header


def row_of(header: Headers) -> tuple[int | float | None, ...]:
    """What INSERT binds for an array of one header."""
    series, last_ts, first_ts, count, counted, data, *reals = header[0].tolist()
    stats = reals if counted else [None] * len(REALS)
    return (series, last_ts, first_ts, count, counted, *stats, data, int(check_of(header)[0]))


def check_of(some: Headers) -> NDArray[np.int64]:
    """The checksum of each header."""
    return check([some[name] for name in (*INTEGERS, *REALS)])


def crc_of(series: int, codec_id: int, data: bytes) -> int:
    """The checksum of a chunk's data, its series and its codec: CRC-32."""
    return zlib.crc32(data, zlib.crc32(struct.pack("<qq", series, codec_id)))


def _verified(rows: Sequence[tuple[float, ...]]) -> Headers:
    if not rows:
        return NONE
    found = np.array([row[:-1] for row in rows], dtype=HEADER)
    wrong = np.flatnonzero(check_of(found) != np.array([row[-1] for row in rows], dtype=np.int64))
    if len(wrong):
        raise Damaged("chunks", int(found["series"][wrong[0]]), int(found["last_ts"][wrong[0]]))
    return found

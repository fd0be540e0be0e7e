"""The journal: one row per commit, its readings packed in one BLOB in arrival order. Append-only.

Layout of ``data``, packed by ``planes`` if it is shorter than its records: ``count`` records of 21 bytes,
little-endian, unpadded, then the text tail.

    bytes  field    meaning
    0-3    series   u32, series.id
    4      flags    u8: bits 0-1 kind (0 number, 1 boolean, 2 text), bit 2 the server's clock was not trusted
    5-12   ts       i64, ms since 1970 UTC
    13-20  value    f64; boolean 0.0/1.0; text: u32 offset and u32 length (bytes) in the tail, UTF-8

The reading at index i has seq ``first_seq + i``. ``marks`` is JSON ``{device: last envelope id}`` or NULL: what
these readings acknowledged. ``received`` is the newest arrival stamp in the row (ms). ``crc`` is a CRC-32 over all of
it; NULL in rows written before there was one.
"""

from __future__ import annotations

import json
import sqlite3
import struct
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from telemetry.model import Batch, MessageId, Value
from telemetry.store import planes
from telemetry.store.damage import Damaged

RECORD = struct.Struct("<IBqd")
TEXT = struct.Struct("<IBqII")
NUMBER, BOOLEAN, TEXT_STATE = 0, 1, 2
KIND_BITS = 3
UNTRUSTED_CLOCK = 4

PACKED = 5_000
"""Rows of more readings are not packed. For small ones it saves most of the pages that commits write; a flood fills
whole pages anyway, and has better use for the time."""

SCHEMA = """
CREATE TABLE journal (
    first_seq INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    received INTEGER NOT NULL,
    min_ts INTEGER NOT NULL,
    max_ts INTEGER NOT NULL,
    marks TEXT,
    data BLOB NOT NULL
) STRICT
"""


class Record(NamedTuple):
    """One reading as the journal holds it."""

    seq: int
    series: int
    flags: int
    ts: int
    value: Value


class Row(NamedTuple):
    """One commit's row, ready to be bound."""

    first_seq: int
    readings: int
    received: int
    min_ts: int
    max_ts: int
    marks: str | None
    data: bytes
    crc: int | None = None


def pack(batches: Sequence[Batch], received: int, spare_seq: int = 0) -> Iterator[Row]:
    """The rows of one commit: one, unless seqs between the batches are missing.

    Marks without any reading make a row of none, which takes ``spare_seq`` for itself; 0 leaves it out.
    """
    run: list[Batch] = []
    expected: int | None = None
    for batch in batches:
        if batch.readings:
            if expected is not None and batch.first_seq != expected:
                yield _row(run, received)
                run = []
            expected = batch.first_seq + len(batch.readings)
        run.append(batch)
    if expected is not None or (spare_seq and any(batch.mark for batch in run)):
        yield _row(run, received, spare_seq)


def _row(batches: Sequence[Batch], received: int, first: int = 0) -> Row:
    records = bytearray()
    tail = bytearray()
    marks: dict[str, MessageId] = {}
    pack_record = RECORD.pack
    low, high = 1 << 62, -(1 << 62)
    count = 0
    for batch in batches:
        flags = UNTRUSTED_CLOCK if batch.flagged else 0
        if not count and batch.readings:
            first = batch.first_seq
        for series, ts, value in batch.readings:
            if value is True or value is False:
                records += pack_record(series.id, flags | BOOLEAN, ts, value)
            elif isinstance(value, str):
                text = value.encode()
                records += TEXT.pack(series.id, flags | TEXT_STATE, ts, len(tail), len(text))
                tail += text
            else:
                records += pack_record(series.id, flags, ts, value)
            if ts < low:
                low = ts
            if ts > high:
                high = ts
        count += len(batch.readings)
        if batch.mark:
            marks[batch.mark[0]] = batch.mark[1]
    text_marks = json.dumps(marks, ensure_ascii=False) if marks else None
    row = Row(first, count, received, low, high, text_marks, bytes(records + tail))
    return row._replace(crc=crc_of(row))


def crc_of(row: Row) -> int:
    """The checksum of a row."""
    head = struct.pack("<5q", *row[:5]) + (row.marks or "").encode()
    return zlib.crc32(row.data, zlib.crc32(head))


def opened(values: tuple[Any, ...]) -> Row:
    """A row as SELECT gave it, unpacked, not verified. Raises NoPlanes and TypeError on one that is damaged."""
    row = Row(*values)
    if len(row.data) < row.readings * RECORD.size:
        return row._replace(data=planes.unpack(row.data, row.readings))
    return row


def verified(values: tuple[Any, ...]) -> Row:
    """A row as SELECT gave it, unpacked. Raises Damaged if it does not fit its checksum."""
    try:
        row = opened(values)
    except (planes.NoPlanes, TypeError) as error:
        raise Damaged("journal", values[0]) from error
    if row.crc is not None and row.crc != crc_of(row):
        raise Damaged("journal", row.first_seq)
    return row


def unpack(first_seq: int, count: int, data: bytes, skip: int = 0) -> Iterator[Record]:
    """The readings of a row from index ``skip``, in order of arrival. Raises struct.error on a BLOB too short."""
    size = RECORD.size
    end = count * size
    for at in range(skip * size, end, size):
        series, flags, ts, value = RECORD.unpack_from(data, at)
        kind = flags & KIND_BITS
        if kind == BOOLEAN:
            value = value != 0.0
        elif kind == TEXT_STATE:
            offset, length = TEXT.unpack_from(data, at)[3:]
            value = data[end + offset : end + offset + length].decode()
        yield Record(first_seq + at // size, series, flags, ts, value)


def append(connection: sqlite3.Connection, rows: Iterable[Row]) -> int:
    """Insert rows inside the caller's transaction; returns the bytes of their BLOBs before they are packed."""
    size = 0
    for row in rows:
        connection.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row._replace(data=_packed(row)))
        size += len(row.data)
    return size


def without(row: Row, series: Collection[int], device: str) -> Row | None:
    """A row, unpacked, with the records of these series blanked and the device's mark gone; None: it has neither.

    A blank record is a 0 of the series 0 at the first time that is left. Everything else keeps its place.
    """
    head = row.readings * RECORD.size
    records = [RECORD.unpack_from(row.data, at) for at in range(0, head, RECORD.size)]
    marks = json.loads(row.marks) if row.marks else {}
    if device not in marks and not any(record[0] in series for record in records):
        return None
    times = [ts for one, _, ts, _ in records if one not in series]
    low, high = (min(times), max(times)) if times else (row.received, row.received)
    packed = bytearray()
    tail = bytearray()
    for at, (one, flags, ts, value) in zip(range(0, head, RECORD.size), records, strict=True):
        if one in series:
            packed += RECORD.pack(0, NUMBER, low, 0.0)
        elif flags & KIND_BITS == TEXT_STATE:
            offset, length = TEXT.unpack_from(row.data, at)[3:]
            packed += TEXT.pack(one, flags, ts, len(tail), length)
            tail += row.data[head + offset : head + offset + length]
        else:
            packed += RECORD.pack(one, flags, ts, value)
    marks.pop(device, None)
    text = json.dumps(marks, ensure_ascii=False) if marks else None
    made = row._replace(min_ts=low, max_ts=high, marks=text, data=bytes(packed + tail))
    return made._replace(crc=crc_of(made))


def replace(connection: sqlite3.Connection, row: Row) -> None:
    """Write a row anew, inside the caller's transaction."""
    connection.execute(
        "INSERT OR REPLACE INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row._replace(data=_packed(row))
    )


def _packed(row: Row) -> bytes:
    """The BLOB smaller than its records, or as it is: so the length says which it is."""
    if row.readings > PACKED:
        return row.data
    smaller = planes.pack(row.data, row.readings)
    return smaller if len(smaller) < row.readings * RECORD.size else row.data

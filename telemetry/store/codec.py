"""The columns of one chunk as bytes and back. A codec has an id, so that a better one can stand beside it.

Codec 2, by pcodec (https://github.com/pcodec/pcodec), little-endian; codec 1: only 64 bits, the line's step for span:

    0-4    u8: the kind (with its flag) of every reading, 255 if they differ; u32: scale; values are whole numbers,
           value * scale, or floats if it is 0
    5-20   i64: time of the first reading, i64: span to the last, ms; times are kept as their distance from a line
           between the two, rounded down
    21-32  3 x u32: bytes of the parts that follow: times, values, kinds
    33-    times, values (pcodec; i32 if all fit, else i64, f64), kinds (zlib, a byte each, if they differ), texts:
           zlib, a JSON list
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pcodec import ChunkConfig, DeltaSpec, standalone

from telemetry.store.journal import KIND_BITS, TEXT_STATE
from telemetry.store.records import LAYOUT, Records, Texts

STEPS, PCODEC = 1, 2
HEAD = struct.Struct("<BIqqIII")
MIXED = 255
SCALES = (1, 10, 100, 1_000, 10_000)
LARGE = float(1 << 46)
"""Values from here on are kept as floats."""
_CONFIG = ChunkConfig(compression_level=8)
ORDER = 4
_PREDICTED = ChunkConfig(compression_level=8, delta_spec=DeltaSpec.try_conv1(ORDER))
"""Each value foretold from the four before it: better for a noisy measurement than what pcodec chooses itself."""
MANY = 1_024
"""Readings from which on it is worth a try."""
BATCH = 256
"""pcodec works on so many at a time; 1.0 panics where fewer than ORDER are left over for a prediction."""
_NARROW = np.iinfo(np.int32)


class Undecodable(Exception):
    """The bytes are not what the codec writes, or the codec is not known here."""


def encode(records: Records, texts: list[str]) -> tuple[int, bytes]:
    """(codec id, bytes) of the readings of one series, with rising ts; ``texts`` are those the values refer to."""
    ts, kinds, values = (records[name].copy() for name in ("ts", "kind", "value"))
    first = int(ts[0])
    span = int(ts[-1]) - first
    tail = b""
    is_text = (kinds & KIND_BITS) == TEXT_STATE
    if is_text.any():
        used, index = np.unique(values[is_text], return_inverse=True)
        values = values.copy()
        values[is_text] = index
        listed = [texts[int(one)] for one in used.tolist()]
        tail = zlib.compress(json.dumps(listed, ensure_ascii=False, separators=(",", ":")).encode())
    kind = int(kinds[0])
    mixed = b"" if (kinds == kind).all() else zlib.compress(kinds.tobytes())
    times = _packed(_narrow(ts - _line(first, span, len(ts))))
    scale = _scale(values)
    packed = _best(_narrow(np.rint(values * scale).astype(np.int64))) if scale else _packed(values)
    head = HEAD.pack(MIXED if mixed else kind, scale, first, span, len(times), len(packed), len(mixed))
    return PCODEC, b"".join((head, times, packed, mixed, tail))


def decode(codec: int, data: bytes, series: int, texts: Texts) -> Records:
    """The readings as they were; the texts among them are put into ``texts``. Raises Undecodable."""
    if codec not in (STEPS, PCODEC):
        raise Undecodable(f"codec {codec} is not known to this version")
    try:
        return _decode(codec, data, series, texts)
    except (ValueError, IndexError, RuntimeError, TypeError, struct.error, zlib.error) as error:
        raise Undecodable(str(error)) from error


def _decode(codec: int, data: bytes, series: int, texts: Texts) -> Records:
    kind, scale, first, pace, *sizes = HEAD.unpack_from(data)
    at = HEAD.size
    parts: list[bytes] = []
    for size in sizes:
        parts.append(data[at : at + size])
        at += size
    times = _unpacked(parts[0], np.int64, np.int32)
    records = np.empty(len(times), dtype=LAYOUT)
    records["series"] = series
    steps = first + pace * np.arange(len(times), dtype=np.int64) if codec == STEPS else _line(first, pace, len(times))
    records["ts"] = times + steps
    records["value"] = _unpacked(parts[1], np.int64, np.int32) / scale if scale else _unpacked(parts[1], np.float64)
    records["kind"] = kind if kind != MIXED else np.frombuffer(zlib.decompress(parts[2]), np.uint8)
    if at < len(data):
        is_text = (records["kind"] & KIND_BITS) == TEXT_STATE
        index = np.array([texts.index(text) for text in json.loads(zlib.decompress(data[at:]))], dtype=np.float64)
        records["value"][is_text] = index[records["value"][is_text].astype(np.intp)]
    return records


def _scale(values: NDArray[np.float64]) -> int:
    """The smallest scale at which all values are whole and come back bit for bit; 0 if there is none."""
    if np.abs(values).max() >= LARGE or (np.signbit(values) & (values == 0)).any():
        return 0
    for scale in SCALES:
        if (np.rint(values * scale) / scale == values).all():
            return scale
    return 0


def _line(first: int, span: int, count: int) -> NDArray[np.int64]:
    """``count`` times on a straight line, from ``first`` to ``span`` ms later; whole ms, exact."""
    step, rest = divmod(span, max(1, count - 1))
    at = np.arange(count, dtype=np.int64)
    return first + step * at + rest * at // max(1, count - 1)


def _narrow(column: NDArray[np.int64]) -> NDArray[Any]:
    fits = column.min() >= _NARROW.min and column.max() <= _NARROW.max
    return column.astype(np.int32) if fits else column


def _best(column: NDArray[Any]) -> bytes:
    packed = _packed(column)
    if len(column) < MANY or column.dtype != np.int32 or 0 < len(column) % BATCH < ORDER:
        return packed
    return min(packed, _packed(column, _PREDICTED), key=len)


def _packed(column: NDArray[Any], config: ChunkConfig = _CONFIG) -> bytes:
    return bytes(standalone.simple_compress(column, config))


def _unpacked(data: bytes, *kinds: type[np.generic]) -> NDArray[Any]:
    column = standalone.simple_decompress(data)
    if not isinstance(column, np.ndarray) or column.dtype not in kinds:
        raise Undecodable("a column of another type")
    return column

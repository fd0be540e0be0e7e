"""Prometheus remote write 1.0: the protobuf message ``WriteRequest``, already unpacked from its snappy block.

Layout (prometheus.io, "Remote-Write 1.0"): WriteRequest {1: TimeSeries…}; TimeSeries {1: Label…, 2: Sample…};
Label {1: name, 2: value}; Sample {1: value, double; 2: time, int64, ms}. A field is a varint of (number << 3 | kind);
kinds: 0 varint, 1 eight bytes, 2 a length and that many bytes, 5 four bytes. Other fields (exemplars, native
histograms, metadata) are passed over. NaN, by which Prometheus marks a series as stale, is no sample.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from typing import Final

from telemetry.model import Reason, Refusal

Series = tuple[dict[str, str], list[tuple[float, int]]]
"""Labels, and (value, ms) of the samples."""
LABELS_MAX: Final = 128
_DOUBLE: Final = struct.Struct("<d")


def read(message: bytes) -> list[Series] | Refusal:
    """The series of a message, with the samples that have a finite value."""
    try:
        return [_series(one) for number, one in _fields(message) if number == 1 and isinstance(one, bytes)]
    except (ValueError, IndexError, struct.error) as error:
        return Refusal(Reason.BAD_MESSAGE, f"not a WriteRequest: {error}"[:200])


def _series(message: bytes) -> Series:
    labels: dict[str, str] = {}
    samples: list[tuple[float, int]] = []
    for number, one in _fields(message):
        if not isinstance(one, bytes):
            continue
        if number == 1:
            parts = {n: value for n, value in _fields(one) if isinstance(value, bytes)}
            if len(labels) == LABELS_MAX:
                raise ValueError("too many labels")
            labels[parts.get(1, b"").decode()] = parts.get(2, b"").decode()
        elif number == 2:
            sample = dict(_fields(one))
            value, ts = sample.get(1, 0.0), sample.get(2, 0)
            if not isinstance(value, float) or not isinstance(ts, int):
                raise ValueError("a sample is a double and a time")
            if math.isfinite(value):
                samples.append((value, ts - 2**64 if ts >= 2**63 else ts))
    return labels, samples


def _fields(message: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """(number, value) of each field. Raises ValueError and IndexError."""
    at, end = 0, len(message)
    while at < end:
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            whole, at = _varint(message, at)
            yield number, whole
        elif kind == 1:
            yield number, float(_DOUBLE.unpack_from(message, at)[0])
            at += 8
        elif kind in (2, 5):
            size, at = _varint(message, at) if kind == 2 else (4, at)
            if at + size > end:
                raise ValueError("it is cut off")
            if kind == 2:
                yield number, message[at : at + size]
            at += size
        else:
            raise ValueError(f"a field of kind {kind}")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (2**64 - 1), at
    raise ValueError("a varint has no end")

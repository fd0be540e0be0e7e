"""Mergeable buckets: what roll-ups and zoomed-out history are made of. Pure; no SQL.

A bucket holds count, sum, min, max, first and last of the numbers and booleans (0 or 1) in ``t`` <= time < ``t +
width``. Buckets are aligned to multiples of their width since 1970. Empty ones are absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemetry.store.journal import KIND_BITS, TEXT_STATE
from telemetry.store.records import Records, joined

BUCKET = np.dtype(
    [("t", "<i8"), ("count", "<i8"), ("sum", "<f8"), ("min", "<f8"), ("max", "<f8"), ("first", "<f8"), ("last", "<f8")]
)
Buckets = NDArray[np.void]
"""An array of BUCKET, ``t`` (start, ms) rising."""
NONE: Buckets = np.empty(0, dtype=BUCKET)


def numbers(records: Records) -> Records:
    """The readings that are numbers or booleans."""
    is_text = (records["kind"] & KIND_BITS) == TEXT_STATE
    return records[~is_text] if is_text.any() else records


def of_records(records: Records, width: int) -> Buckets:
    """Readings of one series, ts rising, in buckets of ``width`` ms; text is left out."""
    records = numbers(records)
    if not len(records):
        return NONE
    slot = np.ascontiguousarray(records["ts"]) // width
    starts = _starts(slot)
    values = np.ascontiguousarray(records["value"])
    made = np.empty(len(starts), dtype=BUCKET)
    ends = np.append(starts[1:], len(values))
    made["t"] = slot[starts] * width
    made["count"] = ends - starts
    with np.errstate(over="ignore", invalid="ignore"):
        made["sum"] = np.add.reduceat(values, starts)
    made["min"] = np.minimum.reduceat(values, starts)
    made["max"] = np.maximum.reduceat(values, starts)
    made["first"], made["last"] = values[starts], values[ends - 1]
    return made


def of_headers(headers: NDArray[np.void], width: int) -> Buckets:
    """Chunks, each of which lies in one bucket, by their statistics; those without numbers are left out."""
    headers = headers[headers["numbers"] > 0]
    made = np.empty(len(headers), dtype=BUCKET)
    made["t"] = headers["first_ts"] // width * width
    made["count"] = headers["numbers"]
    for name in ("sum", "min", "max", "first", "last"):
        made[name] = headers[name]
    return merge([made], width)


def merge(parts: Sequence[Buckets], width: int) -> Buckets:
    """Buckets of any widths that divide ``width``, in order of time, as buckets of ``width`` ms."""
    found = parts[0] if len(parts) == 1 else joined(BUCKET, parts)
    if not len(found):
        return NONE
    slot = found["t"] // width
    starts = _starts(slot)
    if len(starts) == len(found):
        made = found.copy()
        made["t"] = slot * width
        return made
    made = np.empty(len(starts), dtype=BUCKET)
    made["t"] = slot[starts] * width
    made["count"] = np.add.reduceat(found["count"], starts)
    with np.errstate(over="ignore", invalid="ignore"):
        made["sum"] = np.add.reduceat(found["sum"], starts)
    made["min"] = np.minimum.reduceat(found["min"], starts)
    made["max"] = np.maximum.reduceat(found["max"], starts)
    made["first"] = found["first"][starts]
    made["last"] = found["last"][np.append(starts[1:], len(found)) - 1]
    return made


def _starts(slot: NDArray[Any]) -> NDArray[np.intp]:
    return np.concatenate(([0], np.flatnonzero(slot[1:] != slot[:-1]) + 1))

"""Roll-ups: plain rows of buckets, for zoomed-out history and for anyone's SQL.

Four levels, a table each. A level is kept for a series only in its ``spans``, where it has a row for every bucket with
numbers, exact for everything that is sealed. ``t`` is the bucket's number since 1970 (``t`` times the width is ms).
Values are kept as ``value * scale`` where that is a whole number, because SQLite then needs 2 or 3 bytes instead of 8;
the views divide.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from math import inf, isfinite
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.store.buckets import BUCKET, NONE, Buckets
from telemetry.store.checks import FEW, check, check_row
from telemetry.store.damage import Damaged
from telemetry.store.levels import LEVELS

SCALES = (1, 10, 100, 1_000, 10_000)
EXACT = float(1 << 46)
"""Scaled values stay below this, so that dividing gives back the same float."""
VALUES = ("sum", "min", "max", "first", "last")

Row = tuple[float, ...]
"""What INSERT binds."""
Spans = dict[int, list[tuple[int, int]]]
"""By width (ms): where the level is complete, as [since, until) in ms, aligned, by time, apart from each other."""


class Sealed(NamedTuple):
    """What is sealed of one series: how many readings, from when to when (ms), and where each level is complete.

    ``gone_from`` <= ts < ``raw_from`` (ms): where readings were deleted because of their age or the quota. Roll-ups may
    outlive them, and are then not computed again. None: nothing was ever deleted so.
    """

    count: int  # type: ignore[assignment]  # tuple.count is not missed
    first_ts: int | None
    last_ts: int | None
    spans: Spans
    gone_from: int | None = None
    raw_from: int | None = None

    @property
    def end(self) -> int | None:
        """The time of the newest reading that was ever sealed, as far as that is known (ms)."""
        if self.last_ts is not None or self.raw_from is None:
            return self.last_ts
        return self.raw_from - 1


NOTHING = Sealed(0, None, None, {})


def sealed(connection: sqlite3.Connection, series: int) -> Sealed:
    """The state of a series; ``NOTHING`` if none of it is sealed. Raises Damaged."""
    row = connection.execute(
        "SELECT series, count, first_ts, last_ts, spans, gone_from, raw_from, crc FROM sealed WHERE series = ?",
        (series,),
    ).fetchone()
    if row is None:
        return NOTHING
    if row[-1] != sealed_crc(row[:-1]):
        raise Damaged("sealed", series)
    return Sealed(row[1], row[2], row[3], spans_from(row[4]), row[5], row[6])


def put_sealed(connection: sqlite3.Connection, series: int, state: Sealed) -> None:
    """Write the state of a series inside the caller's transaction."""
    text = json.dumps({str(width): spans for width, spans in state.spans.items()}, separators=(",", ":"))
    row = (series, state.count, state.first_ts, state.last_ts, text, state.gone_from, state.raw_from)
    connection.execute(
        "INSERT OR REPLACE INTO sealed (series, count, first_ts, last_ts, spans, gone_from, raw_from, crc)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*row, sealed_crc(row)),
    )


def sealed_crc(row: tuple[object, ...]) -> int:
    """The checksum of a row of ``sealed``: series, count, first_ts, last_ts, spans, gone_from, raw_from."""
    return zlib.crc32(repr(row).encode())


def spans_from(text: str) -> Spans:
    """Spans from their JSON."""
    return {int(width): [(a, b) for a, b in spans] for width, spans in json.loads(text).items()}


def spans(connection: sqlite3.Connection, series: int) -> Spans:
    """Where each level of a series is complete."""
    return sealed(connection, series).spans


def read(connection: sqlite3.Connection, width: int, series: int, frm: int, to: int) -> Buckets:
    """The rows of one level that begin in ``frm`` <= t < ``to`` (ms), by time. Raises Damaged."""
    table = LEVELS[width]
    rows = connection.execute(
        f"SELECT t, count, scale, sum, min, max, first, last, sum_check FROM {table}"  # noqa: S608 - our own names
        " WHERE series = ? AND t >= ? AND t < ? ORDER BY t",
        (series, -(-frm // width), -(-to // width)),
    ).fetchall()
    if not rows:
        return NONE
    try:
        # one pass, and no guessing of types; no whole number in here needs more than the 53 bits of a float
        flat = np.fromiter(chain.from_iterable(rows), np.float64, len(rows) * len(rows[0]))
    except (TypeError, ValueError) as error:
        raise Damaged(table, series, next(row[0] for row in rows if not all(map(_is_number, row)))) from error
    values, columns = flat.reshape(len(rows), -1).T.copy(), slice(3, 8)
    with np.errstate(invalid="ignore"):
        t, count, scale, sums = (values[at].astype(np.int64) for at in (0, 1, 2, 8))
    wrong = np.flatnonzero(_check(series, t, count, scale, list(values[columns])) != sums)
    if len(wrong):
        raise Damaged(table, series, int(t[wrong[0]]))
    made = np.empty(len(t), dtype=BUCKET)
    made["t"], made["count"] = t * width, count
    for name, column in zip(VALUES, values[columns] / scale, strict=True):
        made[name] = column
    return made


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def write(connection: sqlite3.Connection, width: int, series: int, some: Buckets) -> None:
    """Insert or replace rows of one level inside the caller's transaction."""
    if not len(some):
        return
    rows = _few_rows(width, series, some) if len(some) <= FEW else _rows(width, series, some)
    connection.executemany(f"INSERT OR REPLACE INTO {LEVELS[width]} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)  # noqa: S608


def _rows(width: int, series: int, some: Buckets) -> Iterable[Row]:
    values = np.stack([some[name] for name in VALUES]) + 0.0
    values[0][~np.isfinite(values[0])] = np.inf
    scale = _scale(values, some["count"])
    with np.errstate(over="ignore", invalid="ignore"):
        whole = scale > 0
        values = np.where(whole, np.rint(values * scale), values) + 0.0
    scale[~whole] = 1
    stored = [[int(v) if w else v for v, w in zip(row, whole.tolist(), strict=True)] for row in values.tolist()]
    t = some["t"] // width
    sums = _check(series, t, some["count"], scale, list(values))
    return zip(
        [series] * len(t), t.tolist(), some["count"].tolist(), scale.tolist(), *stored, sums.tolist(), strict=True
    )


def _few_rows(width: int, series: int, some: Buckets) -> Iterator[Row]:
    """As ``_rows``, for a row or two of each of a thousand series: there plain numbers are faster than arrays."""
    for start, count, total, *others in some.tolist():
        values: list[float] = [total + 0.0 if isfinite(total) else inf, *(value + 0.0 for value in others)]
        scale = _scale_of(values, count)
        stored: list[float] = [round(value * scale) for value in values] if scale else values
        key = series, start // width, count, scale or 1
        yield (*key, *stored, check_row(key, stored))


def delete(connection: sqlite3.Connection, width: int, series: int, frm: int, to: int) -> int:
    """Delete the rows of one level that begin in ``frm`` <= t < ``to`` (ms); how many."""
    return connection.execute(
        f"DELETE FROM {LEVELS[width]} WHERE series = ? AND t >= ? AND t < ?",  # noqa: S608
        (series, -(-frm // width), -(-to // width)),
    ).rowcount


def _scale(values: NDArray[np.float64], count: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of each row the smallest scale at which all its values are whole; 0 if there is none.

    The sum, itself rounded at each step, need only be nearly whole.
    """
    found = np.zeros(len(count), dtype=np.int64)
    with np.errstate(over="ignore", invalid="ignore"):
        noise = 1e-15 * count * np.maximum(np.abs(values[1]), np.abs(values[2]))
        for scale in SCALES:
            scaled = np.rint(values * scale)
            off = np.abs(scaled / scale - values)
            fits = (np.abs(scaled) < EXACT).all(axis=0) & (off[1:] == 0).all(axis=0) & (off[0] <= noise)
            found[fits & (found == 0)] = scale
            if found.all():
                break
    return found


def _scale_of(values: Sequence[float], count: int) -> int:
    """The same for one row."""
    noise = 1e-15 * count * max(abs(values[1]), abs(values[2]))
    for scale in SCALES:
        if not all(abs(value * scale) < EXACT for value in values):
            return 0
        off = [abs(round(value * scale) / scale - value) for value in values]
        if off[0] <= noise and not any(off[1:]):
            return scale
    return 0


def _check(
    series: int,
    t: NDArray[np.int64],
    count: NDArray[np.int64],
    scale: NDArray[np.int64],
    columns: list[NDArray[np.float64]],
) -> NDArray[np.int64]:
    return check([np.full(len(t), series, dtype=np.int64), t, count, scale, *columns])

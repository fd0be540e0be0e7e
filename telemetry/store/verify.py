"""Which rows fit their checksums: a page of any table at once, as ``SELECT *`` gives it. Tables without one pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from telemetry.store import journal
from telemetry.store.levels import LEVELS

Rows = Sequence[tuple[Any, ...]]
REALS = ("min", "max", "sum", "first", "last")
CHUNKS = ("series", "last_ts", "first_ts", "count", "numbers", "data", *REALS)
SEALED = ("series", "count", "first_ts", "last_ts", "spans", "gone_from", "raw_from", "crc")
ROLLUPS = ("series", "t", "count", "scale", "sum", "min", "max", "first", "last")


def sound(table: str, columns: Sequence[str], rows: Rows) -> list[bool]:
    """For each row whether its content is what was written."""
    if table == "journal":
        return [_tried(_journal, row) for row in rows]
    if table == "chunk_data":
        return [_tried(_data, row) for row in rows]
    if table == "hidden":
        at = [columns.index(name) for name in ("id", "series", "codec", "crc", "data")]
        return [_tried(_data, tuple(row[place] for place in at)) for row in rows]
    if table == "sealed":
        at = [columns.index(name) for name in SEALED]
        return [_tried(_sealed, tuple(row[place] for place in at)) for row in rows]
    if table == "chunks":
        return _summed(rows, columns, CHUNKS)
    if table in LEVELS.values():
        return _summed(rows, columns, ROLLUPS)
    return [True] * len(rows)


def _tried(test: Callable[[tuple[Any, ...]], bool], row: tuple[Any, ...]) -> bool:
    try:
        return test(row)
    except Exception:  # noqa: BLE001 - a row that went bad may hold anything, and fails its check in any way
        return False


def _journal(row: tuple[Any, ...]) -> bool:
    journal.verified(row)  # or it raises Damaged
    return True


def _data(row: tuple[Any, ...]) -> bool:
    from telemetry.store.chunks import crc_of

    _, series, codec, crc, data = row
    return bool(crc == crc_of(series, codec, data))


def _sealed(row: tuple[Any, ...]) -> bool:
    from telemetry.store.rollups import sealed_crc

    return bool(row[-1] == sealed_crc(row[:-1]))


def _summed(rows: Rows, columns: Sequence[str], covered: Sequence[str]) -> list[bool]:
    """The 24-bit checks of a page; one by one where a row is so bad that the page makes no columns."""
    at = [columns.index(name) for name in covered]
    last = columns.index("sum_check")
    try:
        fits = _fits(rows, at, last, covered)
    except Exception:  # noqa: BLE001 - as above
        return [_tried(lambda one: all(_fits([one], at, last, covered)), row) for row in rows]
    return fits


def _fits(rows: Rows, at: Sequence[int], last: int, covered: Sequence[str]) -> list[bool]:
    import numpy as np

    from telemetry.store.checks import check

    if not rows:
        return []
    whole = [name not in REALS for name in covered]
    made = [
        np.array([row[place] if row[place] is not None else 0.0 for row in rows], np.int64 if exact else np.float64)
        for place, exact in zip(at, whole, strict=True)
    ]
    kinds = all(isinstance(row[place], int) for row in rows for place, exact in zip(at, whole, strict=True) if exact)
    if not kinds:
        raise TypeError
    found: list[bool] = (check(made) == np.array([row[last] for row in rows], np.int64)).tolist()
    return found

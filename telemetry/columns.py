"""What history answers for one series: columns, raw or in buckets, and their two encodings.

Pure numpy; import it on a reader thread when it is first needed. Long lists are encoded in slices, because one
long call in C would hold the interpreter, and with it every socket, until it is done.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemetry.store.buckets import Buckets
from telemetry.store.journal import TEXT_STATE
from telemetry.store.records import LAYOUT, Records

SLICE = 1_024
"""Values encoded by one call."""

EMPTY = np.empty(0, dtype=LAYOUT)
"""The readings of a series that has none."""
Column = NDArray[np.int64] | NDArray[np.float64]


@dataclass(slots=True)
class Columns:
    """Columns of equal length for one series, ``t`` (ms) first: ``v``, or ``min max avg count`` per bucket.

    ``resolution`` is the width of a bucket in ms, None means raw. Where ``is_text`` is true, ``v`` is an index
    in ``texts``.
    """

    resolution: int | None
    columns: dict[str, Column]
    is_text: NDArray[np.bool_] | None = None
    texts: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.columns["t"])

    def values(self, name: str) -> list[Any]:
        """One column as Python values."""
        column: list[Any] = self.columns[name].tolist()
        if name == "v" and self.is_text is not None:
            column = [self.texts[int(v)] if text else v for v, text in zip(column, self.is_text.tolist(), strict=True)]
        return column


def raw(settled: Records, texts: list[str]) -> Columns:
    """Settled readings of one series as they are."""
    return _values(None, settled["ts"], settled, texts)


def last_values(last: Records, texts: list[str], width: int) -> Columns:
    """The last reading of each bucket of ``width`` ms: what a series of text shows from afar."""
    return _values(width, last["ts"] // width * width, last, texts)


def bucketed(some: Buckets, avg: NDArray[np.float64], width: int) -> Columns:
    """Buckets of ``width`` ms with their means."""
    low, high = some["min"].copy(), some["max"].copy()
    columns: dict[str, Column] = {"t": some["t"].copy(), "min": low, "max": high}
    # rounding must not put a mean outside of what it is the mean of
    return Columns(width, columns | {"avg": np.clip(avg, low, high), "count": some["count"].copy()})


def _values(resolution: int | None, t: NDArray[np.int64], settled: Records, texts: list[str]) -> Columns:
    columns: dict[str, Column] = {"t": np.ascontiguousarray(t), "v": np.ascontiguousarray(settled["value"])}
    is_text = settled["kind"] == TEXT_STATE
    return Columns(resolution, columns, is_text, texts) if is_text.any() else Columns(resolution, columns)


def as_json(answer: Mapping[str, Columns]) -> bytes:
    """The body of ``/api/history``; never NaN or infinite, because no such value is stored."""
    return (
        '{"series": {' + ", ".join(f"{json.dumps(name)}: {_one(some)}" for name, some in answer.items()) + "}}"
    ).encode()


def _one(some: Columns) -> str:
    parts = [f'"resolution": {json.dumps(some.resolution or "raw")}']
    parts += [f'"{name}": [{",".join(_slices(some, name))}]' for name in some.columns]
    return "{" + ", ".join(parts) + "}"


def _slices(some: Columns, name: str) -> Iterator[str]:
    column = some.columns[name]
    mixed = some.is_text if name == "v" else None
    for start in range(0, len(some), SLICE):
        values: list[Any] = column[start : start + SLICE].tolist()
        if mixed is not None:
            is_text = mixed[start : start + SLICE].tolist()
            values = [some.texts[int(v)] if text else v for v, text in zip(values, is_text, strict=True)]
        yield json.dumps(values, allow_nan=False, separators=(",", ":"))[1:-1]


def as_binary(answer: Mapping[str, Columns]) -> bytes:
    """4-byte length of the header, JSON header, float64 columns; all little-endian.

    The header is ``{"series": [{"series", "resolution", "columns", "n"}, …]}``; the columns follow in that order, each
    of n values. Spaces at its end let the columns begin at a multiple of 8. Text does not fit a float64: such readings
    are left out, and ``"text": true`` says so.
    """
    header: list[dict[str, object]] = []
    columns: list[bytes] = []
    for name, some in answer.items():
        kept = slice(None) if some.is_text is None else ~some.is_text
        packed = {key: column[kept].astype("<f8") for key, column in some.columns.items()}
        one: dict[str, object] = {
            "series": name,
            "resolution": some.resolution or "raw",
            "columns": list(packed),
            "n": len(packed["t"]),
        }
        header.append(one | ({"text": True} if some.is_text is not None else {}))
        columns += [column.tobytes() for column in packed.values()]
    text = json.dumps({"series": header}, separators=(",", ":")).encode()
    text += b" " * (-(4 + len(text)) % 8)
    return b"".join((len(text).to_bytes(4, "little"), text, *columns))

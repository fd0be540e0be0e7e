"""Columns of a file into records, and what the registry has to know of them. Import it on a thread: it needs numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.exchange.block import Block, Key, Refused
from telemetry.model import Value, kind_of
from telemetry.store.journal import BOOLEAN, NUMBER, TEXT_STATE
from telemetry.store.records import KINDS, LAYOUT, Records, Texts, by_series, settle


class Newest(NamedTuple):
    """What a series got: its id, the first and last time (ms), and the value at the last."""

    series: int
    first_ts: int
    last_ts: int
    value: Value


class Batch:
    """Records that are gathered block by block until they are loaded."""

    def __init__(self) -> None:
        self.texts = Texts()
        self.size = 0
        self.text = 0
        self._counted = 0
        self._parts: list[Records] = []

    def add(self, block: Block, ids: Mapping[Key, int | str], earliest: int, latest: int) -> list[Refused]:
        """Take in a block; ``ids`` says for each key the series, or why it has none. What had to be refused.

        Times lie between ``earliest`` and ``latest`` (ms), both included; a key without any such time may be missing.
        """
        if not block.ts:
            return []
        known = {key: one if isinstance(one, int) else 0 for key, one in ids.items()}
        series = np.array([known.get(key, 0) for key in block.keys], dtype=np.int64)
        ts, far = _times(block.ts)
        far |= (ts < earliest) | (ts > latest)
        wrong = far | (series == 0)
        refused: list[Refused] = []
        for at in np.flatnonzero(wrong).tolist():
            late = f"ts {block.ts[at]} is before 2000 or too far in the future"
            refused.append(Refused(block.lines[at], late if far[at] else str(ids[block.keys[at]])))
        records = np.empty(len(ts), dtype=LAYOUT)
        records["series"], records["ts"] = series, ts
        records["kind"], records["value"] = self._values(block)
        kept = records[~wrong] if refused else records
        self._parts.append(kept)
        self.size += len(kept)
        self.text += sum(map(len, self.texts.known[self._counted :]))
        self._counted = len(self.texts.known)
        return refused

    def records(self) -> Records:
        """All of it, in the order of the file."""
        return np.concatenate([np.empty(0, dtype=LAYOUT), *self._parts])

    def _values(self, block: Block) -> tuple[NDArray[np.int64] | int, NDArray[np.float64]]:
        if block.plain:
            return NUMBER, np.array(block.values, dtype=np.float64)
        kinds = [KINDS[kind_of(value)] for value in block.values]
        values = [self.texts.index(value) if isinstance(value, str) else value for value in block.values]
        return np.array(kinds), np.array(values, dtype=np.float64)


def _times(ts: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Times as a column, and which of them no column can hold."""
    try:
        return np.array(ts, dtype=np.int64), np.zeros(len(ts), dtype=np.bool_)
    except OverflowError:
        far = np.array([not -(1 << 62) < one < 1 << 62 for one in ts])
        return np.array([0 if out else one for one, out in zip(ts, far, strict=True)], dtype=np.int64), far


def newest(records: Records, texts: Texts) -> list[Newest]:
    """What each series of a batch got."""
    found: list[Newest] = []
    for series, some in by_series(settle(records)).items():
        last = some[-1]
        found.append(Newest(series, int(some["ts"][0]), int(last["ts"]), value_of(last, texts.known)))
    return found


def value_of(record: np.void, texts: Sequence[str]) -> Value:
    """The value of one record."""
    if record["kind"] == TEXT_STATE:
        return texts[int(record["value"])]
    return bool(record["value"]) if record["kind"] == BOOLEAN else float(record["value"])


def values_of(records: Records, texts: Sequence[str]) -> list[Value]:
    """The values of settled records."""
    numbers: list[float] = records["value"].tolist()
    kinds = records["kind"]
    if not kinds.any():
        return list(numbers)
    return [
        value if kind == NUMBER else value != 0.0 if kind == BOOLEAN else texts[int(value)]
        for value, kind in zip(numbers, kinds.tolist(), strict=True)
    ]

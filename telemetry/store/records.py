"""Readings as numpy arrays: decodes pages of the journal and keeps, of equal (series, time), the last written.

The decoder of the journal that is fast enough for history and sealing; ``journal`` describes the layout. Import it on a
thread of the store when it is first needed: numpy costs start-up time and memory. Knows no SQL and no buckets.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from telemetry.model import Batch, Kind, kind_of
from telemetry.store import journal

LAYOUT = np.dtype([("series", "<u4"), ("kind", "u1"), ("ts", "<i8"), ("value", "<f8")])
"""A record of the journal; ``kind`` is one of journal.NUMBER, BOOLEAN, TEXT_STATE, perhaps with journal's flag."""
Records = NDArray[np.void]
"""An array of LAYOUT; the value of a text is its index in the list of texts beside it."""
NARROW = np.iinfo(np.uint16).max
KINDS = {Kind.NUMBER: journal.NUMBER, Kind.BOOLEAN: journal.BOOLEAN, Kind.TEXT: journal.TEXT_STATE}

Page = list[tuple[int, bytes]]
"""Rows of the journal: how many readings, and their BLOB."""
Arrived = Iterable[Batch]
"""Batches that are not committed yet, oldest first."""


def joined(kind: np.dtype[np.void], parts: Iterable[NDArray[np.void]]) -> NDArray[np.void]:
    """Arrays of one structured type, one after the other; none is an array of none.

    ``np.concatenate`` alone compares their types field by field in Python, which takes longer than copying some
    hundred of them.
    """
    plain = f"V{kind.itemsize}"
    return np.concatenate([np.empty(0, dtype=plain), *(part.view(plain) for part in parts)]).view(kind)


class Texts:
    """Every text met so far, once. Records hold its index, so that they stay of one size."""

    def __init__(self) -> None:
        self.known: list[str] = []
        self._index: dict[str, int] = {}

    def index(self, text: str) -> int:
        """The index of a text, new or not."""
        at = self._index.setdefault(text, len(self.known))
        if at == len(self.known):
            self.known.append(text)
        return at


def settle(records: Records) -> Records:
    """Records in order of arrival -> by series, then time; of equal (series, ts) the last stands."""
    if len(records) < 2 or _rises(records):
        return records
    series = records["series"]
    # numpy sorts 16 bits by radix: most series have their readings in order of time and need no more than this
    narrow = series.astype(np.uint16) if series.max() <= NARROW else series
    records = records[np.argsort(narrow, kind="stable")]
    if _rises(records):
        return records
    records = records[np.lexsort((records["ts"], records["series"]))]
    series, ts = records["series"], records["ts"]
    stands = np.ones(len(records), dtype=bool)
    stands[:-1] = (series[1:] != series[:-1]) | (ts[1:] != ts[:-1])
    return records[stands]


def _rises(records: Records) -> bool:
    series, ts = records["series"], records["ts"]
    rises = (series[1:] > series[:-1]) | ((series[1:] == series[:-1]) & (ts[1:] > ts[:-1]))
    return bool(rises.all())


def by_series(settled: Records) -> dict[int, Records]:
    """Settled records, apart by series id; views, not copies."""
    if not len(settled):
        return {}
    series = settled["series"]
    starts = [0, *(np.flatnonzero(series[1:] != series[:-1]) + 1).tolist(), len(settled)]
    return {int(series[a]): settled[a:b] for a, b in pairwise(starts)}


def decode(page: Page, texts: Texts) -> Records:
    """All readings of some rows in order of arrival, with the flag beside the kind."""
    size = LAYOUT.itemsize
    records = np.frombuffer(b"".join([data[: count * size] for count, data in page]), LAYOUT)
    is_text = (records["kind"] & journal.KIND_BITS) == journal.TEXT_STATE
    if is_text.any():
        records = records.copy()
        records["value"][is_text] = _read_texts(page, np.flatnonzero(is_text), records["value"][is_text], texts)
    return records


def arrived(pending: Arrived, wanted: set[int], frm: int, to: int, texts: Texts) -> Records:
    """The readings with ``frm`` <= ts < ``to`` (ms) of some series that are not committed yet, in order of arrival."""
    rows = [
        (series.id, KINDS[kind_of(value)], ts, texts.index(value) if isinstance(value, str) else value)
        for batch in pending
        for series, ts, value in batch.readings
        if series.id in wanted and frm <= ts < to
    ]
    return np.array(rows, dtype=LAYOUT)


def _read_texts(page: Page, at: NDArray[np.intp], values: NDArray[np.float64], texts: Texts) -> list[int]:
    """Index of each text whose record is the ``at``-th of the page; offset and length lie where a value would."""
    ends = list(accumulate(count for count, _ in page))
    rows = np.searchsorted(ends, at, side="right").tolist()
    found: list[int] = []
    for row, (offset, length) in zip(rows, values.view("<u4").reshape(-1, 2).tolist(), strict=True):
        count, data = page[row]
        start = count * LAYOUT.itemsize + offset
        found.append(texts.index(data[start : start + length].decode()))
    return found

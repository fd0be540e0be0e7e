"""The unsealed tail: what is committed and not in the chunks yet, decoded once and kept sorted by series.

Read it before the chunks: what is sealed in between is then found twice, which does no harm, and never missed.
Held in memory in blocks whose sizes grow by powers, so that each commit is sorted a few times only; bounded by what may
wait to be sealed. Used by all reader threads.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable

import numpy as np

from telemetry.store import journal, readings, records
from telemetry.store.journal import KIND_BITS, TEXT_STATE
from telemetry.store.records import LAYOUT, Records, Texts, joined

EVER = 1 << 62
SOME = 64
"""Up to so many series are looked up one by one; more are picked in one pass."""


class Tail:
    """The tail of one database."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sealed = -1
        self._upto = 0
        self._blocks: list[Records] = []
        self._texts = Texts()

    def find(self, connection: sqlite3.Connection, ids: Iterable[int], frm: int, to: int, texts: Texts) -> Records:
        """Readings of the series ``ids`` with ``frm`` <= ts < ``to`` (ms), in order of arrival within a series.

        Their texts are put into ``texts``. Raises Damaged and sqlite3.Error.
        """
        with self._lock:
            self._bring_up(connection)
            blocks, known = list(self._blocks), self._texts.known
        wanted = np.array(sorted(ids), dtype=np.uint32)
        found = [piece for block in blocks for piece in _of(block, wanted)]
        some = joined(LAYOUT, found)
        picked = some[(some["ts"] >= frm) & (some["ts"] < to)]
        picked["kind"] &= KIND_BITS
        is_text = picked["kind"] == TEXT_STATE
        if is_text.any():
            picked["value"][is_text] = [texts.index(known[int(at)]) for at in picked["value"][is_text].tolist()]
        return picked

    def _bring_up(self, connection: sqlite3.Connection) -> None:
        alone = not connection.in_transaction
        if alone:
            connection.execute("BEGIN")  # one moment: no row is trimmed between the two looks
        try:
            (sealed,) = connection.execute("SELECT value FROM meta WHERE key = 'sealed_seq'").fetchone()
            if sealed != self._sealed:
                self._sealed = self._upto = sealed
                self._blocks, self._texts = [], Texts()
            while rows := readings.page(connection, self._upto, EVER):
                self._add(rows)
        finally:
            if alone:
                connection.execute("ROLLBACK")

    def _add(self, rows: list[journal.Row]) -> None:
        block = sort(records.decode([(row.readings, row.data) for row in rows], self._texts))
        while self._blocks and len(self._blocks[-1]) < 2 * len(block):
            block = sort(np.concatenate([self._blocks.pop(), block]))
        self._blocks.append(block)
        self._upto = rows[-1].first_seq


def sort(some: Records) -> Records:
    """Records by series, within a series in the order they had."""
    return some[np.argsort(some["series"], kind="stable")]


def _of(block: Records, wanted: np.ndarray[tuple[int], np.dtype[np.uint32]]) -> list[Records]:
    series = block["series"]
    if len(wanted) > SOME:
        return [block[np.isin(series, wanted)]]
    starts = np.searchsorted(series, wanted, "left").tolist()
    ends = np.searchsorted(series, wanted, "right").tolist()
    return [block[a:b] for a, b in zip(starts, ends, strict=True) if b > a]

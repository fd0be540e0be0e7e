"""Decoding of the journal into arrays, against the plain decoder of ``journal``."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from telemetry.model import Batch, Kind, Reading, Series, Value
from telemetry.store import journal, records
from telemetry.store.records import LAYOUT, Page, Texts
from tests.telemetry.store import kit

SERIES = [Series(id_, "d", str(id_), f"d/{id_}", Kind.NUMBER) for id_ in (1, 2, 70_000, 4_000_000_000)]
VALUES = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.text(max_size=8))
READINGS = st.lists(st.builds(Reading, st.sampled_from(SERIES), st.integers(0, 40), VALUES), max_size=12)
PAGES = st.lists(st.lists(READINGS.filter(len), max_size=4), max_size=4)

Key = tuple[int, int]


def packed(rows: list[list[Reading]], *, flagged: bool = False) -> Page:
    """Rows as the pipeline writes them, one batch each."""
    return [
        (row.readings, row.data)
        for readings in rows
        for row in journal.pack([Batch(readings, first_seq=1, flagged=flagged)], 0)
    ]


def unpacked(settled: Any, texts: list[str]) -> dict[Key, Value]:
    """(series id, ts) -> value; fails if a key comes twice."""
    kinds = {journal.NUMBER: float, journal.BOOLEAN: bool, journal.TEXT_STATE: lambda value: texts[int(value)]}
    found = {(series, ts): kinds[kind](value) for series, kind, ts, value in settled.tolist()}
    assert len(found) == len(settled)
    return found


def typed(model: dict[Key, Value]) -> dict[Key, tuple[type, Value]]:
    """With types, so that ``True`` is not 1.0."""
    return {key: (type(value), value) for key, value in model.items()}


def gathered(pages: list[Page], pending: list[Reading], ids: set[int], frm: int, to: int) -> tuple[Any, list[str]]:
    """What is in the pages, then what is pending: picked and settled."""
    texts = Texts()
    found = np.concatenate([np.empty(0, records.LAYOUT), *(records.decode(page, texts) for page in pages)])
    wanted = np.isin(found["series"], list(ids)) & (found["ts"] >= frm) & (found["ts"] < to)
    arrived = records.arrived([Batch(pending, first_seq=1_000)], ids, frm, to, texts)
    return records.settle(np.concatenate([found[wanted], arrived])), texts.known


@given(
    PAGES, READINGS, st.sets(st.sampled_from(SERIES).map(lambda one: one.id)), st.integers(-1, 41), st.integers(-1, 41)
)
def test_the_last_written_of_each_series_and_time_stands(
    pages: list[list[list[Reading]]], pending: list[Reading], ids: set[int], frm: int, to: int
) -> None:
    """Invariant 3, for any mix of pages, rows, kinds, repeats and uncommitted readings."""
    everything = [reading for page in pages for row in page for reading in row] + pending
    model = {(r.series.id, r.ts): r.value for r in everything if r.series.id in ids and frm <= r.ts < to}
    settled, texts = gathered([packed(rows) for rows in pages], pending, ids, frm, to)
    assert typed(unpacked(settled, texts)) == typed(model)
    keys = [(series, ts) for series, _, ts, _ in settled.tolist()]
    assert keys == sorted(keys)
    apart = records.by_series(settled)
    assert apart.keys() == {series for series, _ in keys}
    assert [row for some in apart.values() for row in some.tolist()] == settled.tolist()


def test_flag_of_an_untrusted_clock_does_not_change_a_value() -> None:
    page = packed(
        [[Reading(SERIES[0], 1, "on"), Reading(SERIES[0], 2, True), Reading(SERIES[0], 3, 2.5)]], flagged=True
    )
    settled, texts = gathered([page], [], {1}, 0, 10)
    assert (settled["kind"] & journal.UNTRUSTED_CLOCK).all()
    settled["kind"] &= journal.KIND_BITS
    assert unpacked(settled, texts) == {(1, 1): "on", (1, 2): True, (1, 3): 2.5}


def test_equal_texts_are_kept_once() -> None:
    page = packed([[Reading(SERIES[0], ts, "on" if ts % 2 else "aus") for ts in range(100)]])
    assert gathered([page], [], {1}, 0, 100)[1] == ["aus", "on"]


@given(st.lists(st.lists(st.integers(0, 99), max_size=4), max_size=4))
def test_joined_arrays_are_one_after_the_other(parts: list[list[int]]) -> None:
    """None, empty ones, and such as are every other element of a larger array."""
    arrays = [kit.packed([(ts, ts / 2) for ts in part for _ in range(2)], Texts())[::2] for part in parts]
    found = records.joined(LAYOUT, arrays)
    assert found.dtype == LAYOUT
    assert found["ts"].tolist() == [ts for part in parts for ts in part]
    assert found["value"].tolist() == [ts / 2 for part in parts for ts in part]

"""The journal's packing: what goes in comes out, in order, with marks and flags."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.model import Batch, Kind, Reading, Series, Value
from telemetry.store import journal

SERIES = [Series(n, "d", f"m{n}", f"d/m{n}", Kind.NUMBER) for n in range(1, 4)]
VALUES = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=255),
)
READINGS = st.builds(Reading, st.sampled_from(SERIES), st.integers(0, 2**53), VALUES)


def typed(value: Value) -> tuple[type, Value]:
    return type(value), value


@given(st.lists(st.lists(READINGS, max_size=5), min_size=1, max_size=6), st.booleans())
def test_pack_and_unpack_are_inverse(lists: list[list[Reading]], flagged: bool) -> None:
    """Every reading of every kind comes back at its seq, with its flag."""
    batches, seq = [], 100
    for readings in lists:
        batches.append(Batch(readings, "d", flagged=flagged, first_seq=seq))
        seq += len(readings)
    rows = list(journal.pack(batches, 5))
    found = [record for row in rows for record in journal.unpack(row.first_seq, row.readings, row.data)]
    sent = [reading for readings in lists for reading in readings]
    assert [record.seq for record in found] == list(range(100, seq))
    assert [(r.series, r.ts, typed(r.value)) for r in found] == [(r.series.id, r.ts, typed(r.value)) for r in sent]
    assert all(bool(record.flags & journal.UNTRUSTED_CLOCK) is flagged for record in found)
    assert len(rows) == bool(sent)


def test_row_knows_its_span_of_time() -> None:
    """Late data counts: the span is of values, not of order."""
    readings = [Reading(SERIES[0], ts, 0.0) for ts in (50, 10, 90)]
    (row,) = journal.pack([Batch(readings, first_seq=1)], 99)
    assert (row.min_ts, row.max_ts, row.received, row.readings) == (10, 90, 99, 3)


def test_missing_seqs_start_a_new_row() -> None:
    """In a row, index and seq go together; so a hole ends it."""
    batches = [Batch([Reading(SERIES[0], 1, 0.0)], first_seq=seq) for seq in (1, 2, 9)]
    assert [(row.first_seq, row.readings) for row in journal.pack(batches, 1)] == [(1, 2), (9, 1)]


def test_marks_are_the_last_ids_also_of_batches_without_readings() -> None:
    """An envelope of nulls is acknowledged like any other, with the row of its neighbours."""
    batches = [
        Batch([], mark=("d", 1)),
        Batch([Reading(SERIES[0], 1, 0.0)], mark=("d", 2), first_seq=1),
        Batch([], mark=("e/ö", "x")),
    ]
    (row,) = journal.pack(batches, 1)
    assert row.marks == '{"d": 2, "e/ö": "x"}'
    assert list(journal.pack(batches[:1], 1)) == []
    (alone,) = journal.pack(batches[:1], 1, spare_seq=9)
    assert (alone.first_seq, alone.readings, alone.marks, alone.data) == (9, 0, '{"d": 1}', b"")
    assert alone.min_ts > alone.max_ts, "no span of history touches it"


def test_short_blob_is_an_error_not_a_wrong_value() -> None:
    """Damage is never silently half a row."""
    (row,) = journal.pack([Batch([Reading(SERIES[0], 1, 0.0)] * 2, first_seq=1)], 1)
    with pytest.raises(struct.error):
        list(journal.unpack(1, 2, row.data[:-1]))


def test_unpack_can_begin_inside_a_row() -> None:
    """A cursor may stand in the middle of a commit."""
    (row,) = journal.pack([Batch([Reading(SERIES[0], n, float(n)) for n in range(5)], first_seq=10)], 1)
    assert [(r.seq, r.value) for r in journal.unpack(10, 5, row.data, 3)] == [(13, 3.0), (14, 4.0)]


@given(st.lists(READINGS, min_size=1, max_size=30), st.sets(st.sampled_from([1, 2, 3])))
def test_a_row_without_some_series_keeps_all_else_in_its_place(readings: list[Reading], gone: set[int]) -> None:
    batch = Batch(readings, "d", first_seq=100)
    batch.mark = ("d", 7)
    (row,) = journal.pack([batch], 5)
    left = journal.without(row, gone, "another")
    kept = [one for one in readings if one.series.id not in gone]
    if len(kept) == len(readings):
        assert left is None
        return
    assert left is not None
    assert left.crc == journal.crc_of(left)
    assert (left.first_seq, left.readings, left.marks) == (100, len(readings), row.marks)
    found = list(journal.unpack(left.first_seq, left.readings, left.data))
    assert [record.seq for record in found] == [record.seq for record in journal.unpack(100, row.readings, row.data)]
    assert [(r.series, r.ts, typed(r.value)) for r in found if r.series] == [
        (r.series.id, r.ts, typed(r.value)) for r in kept
    ]
    assert all(record.value == 0.0 for record in found if not record.series)
    tail = left.data[left.readings * journal.RECORD.size :]
    assert len(tail) == sum(len(r.value.encode()) for r in kept if isinstance(r.value, str))
    if kept:
        assert (left.min_ts, left.max_ts) == (min(r.ts for r in kept), max(r.ts for r in kept))


def test_a_row_without_a_device_has_not_its_mark_either() -> None:
    batches = [Batch([Reading(SERIES[0], 1, 2.0)], "d", first_seq=1), Batch([], "e")]
    batches[0].mark, batches[1].mark = ("d", 7), ("e", 9)
    (row,) = journal.pack(batches, 5)
    left = journal.without(row, set(), "d")
    assert left is not None
    assert left.marks == '{"e": 9}'
    assert left.data == row.data
    alone = journal.without(left, set(), "e")
    assert alone is not None
    assert alone.marks is None

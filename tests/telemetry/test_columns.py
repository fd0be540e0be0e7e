"""Shaping and encoding of one series' readings."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest

from telemetry import columns
from telemetry.columns import Columns
from telemetry.resolution import bucket_ms
from telemetry.store import buckets
from telemetry.store.journal import BOOLEAN, NUMBER, TEXT_STATE
from telemetry.store.records import LAYOUT, Records

T0 = 1_700_000_000_000
TEXTS = ["closed", 'say "hi" <ü>']


def records(*rows: tuple[int, float | bool | str]) -> Records:
    """Settled readings of one series at offsets from T0."""
    packed = []
    for at, value in rows:
        if isinstance(value, str):
            packed.append((1, TEXT_STATE, T0 + at, TEXTS.index(value)))
        else:
            packed.append((1, BOOLEAN if isinstance(value, bool) else NUMBER, T0 + at, value))
    return np.array(packed, dtype=LAYOUT)


def shape(settled: Records, texts: list[str], points: int, *, text: bool) -> Columns:
    """What history makes of one series' readings."""
    if len(settled) <= points:
        return columns.raw(settled, texts)
    width = bucket_ms(int(settled["ts"][0]), int(settled["ts"][-1]), points)
    if text:
        last = {int(one["ts"]) // width: one for one in settled}
        return columns.last_values(np.array(list(last.values()), dtype=LAYOUT), texts, width)
    made = buckets.of_records(settled, width)
    return columns.bucketed(made, made["sum"] / made["count"], width)


def shaped(some: Columns) -> dict[str, Any]:
    """All columns as Python values, times as offsets."""
    found: dict[str, Any] = {name: some.values(name) for name in some.columns}
    return {"resolution": some.resolution, **found, "t": [t - T0 for t in found["t"]]}


def test_as_many_readings_as_points_stay_raw() -> None:
    some = shape(records((0, 1.5), (7, 2.5)), [], 2, text=False)
    assert shaped(some) == {"resolution": None, "t": [0, 7], "v": [1.5, 2.5]}


def test_one_reading_more_makes_buckets() -> None:
    some = shape(records((0, 1.0), (1, 4.0), (7, 2.5)), [], 2, text=False)
    assert shaped(some) == {
        "resolution": 5,
        "t": [0, 5],
        "min": [1.0, 2.5],
        "max": [4.0, 2.5],
        "avg": [2.5, 2.5],
        "count": [2, 1],
    }


def test_gaps_are_absent() -> None:
    """Invariant 6: no bucket where there is no reading."""
    some = shape(records((0, 1.0), (1, 1.0), (90_000, 1.0)), [], 2, text=False)
    found = shaped(some)
    assert (found["resolution"], found["t"], found["count"]) == (60_000, [-20_000, 40_000], [2, 1])


def test_booleans_are_0_and_1_and_count_as_numbers() -> None:
    some = shape(records((0, True), (1, False)), [], 2, text=False)
    assert shaped(some)["v"] == [1, 0]
    some = shape(records((0, True), (1, False), (2, True), (3, True)), [], 1, text=False)
    assert shaped(some)["avg"] == [0.75]


def test_text_keeps_the_last_value_of_each_bucket() -> None:
    rows = records((0, "closed"), (1, TEXTS[1]), (7, "closed"))
    assert shaped(shape(rows, TEXTS, 3, text=True))["v"] == ["closed", TEXTS[1], "closed"]
    some = shaped(shape(rows, TEXTS, 2, text=True))
    assert some == {"resolution": 5, "t": [0, 5], "v": [TEXTS[1], "closed"]}


def test_texts_in_a_series_of_numbers_are_raw_values_but_in_no_aggregate() -> None:
    rows = records((0, 1.0), (1, "closed"), (2, 3.0))
    assert shaped(shape(rows, TEXTS, 3, text=False))["v"] == [1.0, "closed", 3.0]
    some = shaped(shape(rows, TEXTS, 1, text=False))
    assert (some["avg"], some["count"]) == ([2.0], [2])
    only_text = shape(records((0, "closed"), (1, "closed")), TEXTS, 1, text=False)
    assert len(only_text) == 0
    assert only_text.values("avg") == []


def test_no_readings_are_empty_columns() -> None:
    assert shaped(shape(columns.EMPTY, [], 10, text=False)) == {"resolution": None, "t": [], "v": []}


def decoded(body: bytes) -> tuple[list[dict[str, Any]], list[tuple[float, ...]]]:
    """The header of a binary answer, and its columns in order; fails if anything is left over."""
    (length,) = struct.unpack_from("<I", body)
    assert (4 + length) % 8 == 0
    header = json.loads(body[4 : 4 + length])["series"]
    at = 4 + length
    found = []
    for one in header:
        for _ in one["columns"]:
            found.append(struct.unpack_from(f"<{one['n']}d", body, at))
            at += 8 * one["n"]
    assert at == len(body)
    return header, found


@pytest.mark.parametrize("name", ["d/t", "d/te", "d/tem", 'ü/"quoted"', "a" * 128])
def test_binary_columns_begin_at_a_multiple_of_8(name: str) -> None:
    raw = shape(records((0, 1.5), (7, 2.5)), [], 2, text=False)
    buckets = shape(records((0, 1.0), (1, 4.0), (7, 2.5)), [], 2, text=False)
    header, found = decoded(columns.as_binary({name: raw, "e/b": buckets}))
    assert header == [
        {"series": name, "resolution": "raw", "columns": ["t", "v"], "n": 2},
        {"series": "e/b", "resolution": 5, "columns": ["t", "min", "max", "avg", "count"], "n": 2},
    ]
    assert found == [(T0, T0 + 7), (1.5, 2.5), (T0, T0 + 5), (1.0, 2.5), (4.0, 2.5), (2.5, 2.5), (2, 1)]


def test_binary_leaves_text_out_and_says_so() -> None:
    mixed = shape(records((0, 1.0), (1, "closed")), TEXTS, 5, text=False)
    header, found = decoded(columns.as_binary({"d/t": mixed}))
    assert header == [{"series": "d/t", "resolution": "raw", "columns": ["t", "v"], "n": 1, "text": True}]
    assert found == [(T0,), (1.0,)]


@pytest.mark.parametrize("length", [0, 1, columns.SLICE, columns.SLICE + 1, 2 * columns.SLICE + 5])
def test_json_is_the_same_however_many_slices_it_took(length: int) -> None:
    rows = records(*((at, "closed" if at % 3 == 0 else at / 7) for at in range(length)))
    some = shape(rows, TEXTS, 1_000_000, text=False)
    answer = json.loads(columns.as_json({'d/"t"': some, "e/b": some}))
    one = {"resolution": "raw", "t": some.values("t"), "v": some.values("v")}
    assert answer == {"series": {'d/"t"': one, "e/b": one}}


def test_json_of_buckets_has_whole_counts_and_times() -> None:
    some = shape(records((0, 1.0), (1, 4.0), (7, 2.5)), [], 2, text=False)
    body = columns.as_json({"d/t": some}).decode()
    assert f'"t": [{T0},{T0 + 5}]' in body
    assert '"count": [2,1]' in body
    assert columns.as_json({}) == b'{"series": {}}'

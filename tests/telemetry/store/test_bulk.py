"""Columns of a file as records."""

from __future__ import annotations

import pytest

from telemetry.exchange.block import Block
from telemetry.model import Value
from telemetry.store.bulk import Batch, newest, values_of
from telemetry.store.records import settle

A, B, BAD = ("a", "t"), ("b", "t"), ("#", "t")
IDS: dict[tuple[str, str], int | str] = {A: 1, B: 2, BAD: "no"}


def block(*rows: tuple[tuple[str, str], int, Value]) -> Block:
    return Block([key for key, _, _ in rows], [ts for _, ts, _ in rows], [value for _, _, value in rows], range(5, 99))


def test_values_of_every_kind_come_back() -> None:
    batch = Batch()
    values: list[Value] = [1.5, True, "x", False, "", "x", -0.0]
    assert batch.add(block(*((A, 10 + n, value) for n, value in enumerate(values))), IDS, 0, 99) == []
    found = values_of(settle(batch.records()), batch.texts.known)
    assert [repr(one) for one in found] == [repr(one) for one in values]


def test_plain_columns_and_others_follow_each_other() -> None:
    batch = Batch()
    plain = block((A, 1, 1.0), (A, 2, 2.0))
    plain.plain = True
    batch.add(plain, IDS, 0, 99)
    batch.add(block((A, 3, "x")), IDS, 0, 99)
    assert batch.size == 3
    assert values_of(batch.records(), batch.texts.known) == [1.0, 2.0, "x"]


@pytest.mark.parametrize("ts", [9, 100, 10**30, -(10**30)])
def test_a_time_out_of_bounds_is_refused_alone(ts: int) -> None:
    batch = Batch()
    refused = batch.add(block((A, 10, 1.0), (A, ts, 2.0), (A, 99, 3.0)), IDS, 10, 99)
    assert [line for line, _ in refused] == [6]
    assert batch.records()["ts"].tolist() == [10, 99]


def test_a_name_without_a_series_is_refused_with_its_reason() -> None:
    batch = Batch()
    assert batch.add(block((BAD, 10, 1.0), (B, 10, 2.0)), IDS, 0, 99) == [(5, "no")]
    assert batch.size == 1


def test_the_newest_of_each_series_is_the_last_written() -> None:
    batch = Batch()
    batch.add(block((B, 20, 1.0), (A, 30, 1.0), (A, 10, 2.0), (A, 30, "on"), (B, 5, True)), IDS, 0, 99)
    assert newest(batch.records(), batch.texts) == [(1, 10, 30, "on"), (2, 5, 20, 1.0)]


def test_an_empty_block_is_nothing() -> None:
    batch = Batch()
    assert batch.add(Block(), IDS, 0, 99) == []
    assert len(batch.records()) == 0

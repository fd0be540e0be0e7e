"""Weaving against a plain model: whatever comes in whatever order, chunks and roll-ups are what the readings say."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.model import Value
from telemetry.store import buckets, chunks, fold, rollups
from telemetry.store.levels import LEVELS
from telemetry.store.records import Records, Texts
from telemetry.store.weave import TIERS, weave
from tests.telemetry.store.kit import EVER, T0, database, packed, plain

RUNS = st.lists(
    st.tuples(
        st.integers(0, 4 * 86_400_000),  # where it begins; None of them in order
        st.sampled_from([1, 2, 3, 15, 60, 400, 3_000, 9_000]),
        st.sampled_from([100, 1_000, 5_000, 60_000, 600_000]),
        st.integers(0, 1 << 16),
        st.sampled_from(["on from here", "anywhere", "shuffled"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(RUNS)
def test_chunks_and_rollups_are_what_the_readings_say(runs: list[tuple[int, int, int, int, str, bool]]) -> None:
    connection, texts, model = database(), Texts(), dict[int, tuple[type, Value]]()
    for start, count, pace, seed, order, mixed in runs:
        random = np.random.default_rng(seed)
        begin = max(model, default=T0) + 1 if order == "on from here" else T0 + start
        times = begin + np.cumsum(random.integers(1, 2 * pace, count))
        if order == "shuffled":
            random.shuffle(times)
        values: list[Value] = np.round(random.normal(20, 5, count), 2).tolist()
        if mixed:
            values = [
                ("on" if i % 3 else "off") if i % 10 == 3 else i % 2 == 0 if i % 10 == 6 else v
                for i, v in enumerate(values)
            ]
        points = list(zip(times.tolist(), values, strict=True))
        before = len(model)
        model |= {ts: (type(value), value) for ts, value in points}
        woven = weave(connection, packed(points, texts), texts)
        assert woven == (len(model) - before, count - (len(model) - before))
    _check_chunks(connection, model)
    _check_rollups(connection)


def _check_chunks(connection: sqlite3.Connection, model: dict[int, tuple[type, Value]]) -> None:
    found = chunks.headers(connection, 1, -EVER, EVER)
    assert (found["first_ts"][1:] > found["last_ts"][:-1]).all()
    assert found["count"].max() <= chunks.MAX
    texts = Texts()
    assert plain(chunks.load(connection, found, texts), texts) == model
    state = rollups.sealed(connection, 1)
    assert (state.count, state.first_ts, state.last_ts) == (len(model), min(model), max(model))


def _check_rollups(connection: sqlite3.Connection) -> None:
    """Inside its spans each level has exactly the buckets of all readings; so has fold, everywhere."""
    everything = buckets.numbers(chunks.load(connection, chunks.headers(connection, 1, -EVER, EVER), Texts()))
    spans = rollups.spans(connection, 1)
    for width in LEVELS:
        right = buckets.of_records(everything, width)
        _same(fold.fold(connection, 1, -EVER, EVER, width), right)
        inside = np.zeros(len(right), dtype=bool)
        for since, until in spans.get(width, []):
            assert since % width == until % width == 0
            inside |= (right["t"] >= since) & (right["t"] < until)
        _same(rollups.read(connection, width, 1, -EVER, EVER), right[inside])


def _same(some: buckets.Buckets, right: buckets.Buckets) -> None:
    for name in ("t", "count", "min", "max", "first", "last"):
        assert some[name].tolist() == right[name].tolist()
    assert np.allclose(some["sum"], right["sum"])


@pytest.mark.parametrize("piece", [1, 7, 15, 90, 400, 2_500])
def test_a_reading_is_written_about_three_times_at_most(monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    """Small chunks are merged by powers, and in the end none are left but the newest ones."""
    connection, texts = database(), Texts()
    written = 0
    store = chunks.store

    def counted(connection: sqlite3.Connection, records: Records, known: list[str]) -> None:
        nonlocal written
        written += len(records)
        store(connection, records, known)

    monkeypatch.setattr(chunks, "store", counted)
    total = max(4 * TIERS[-1], 40 * piece) if piece > 1 else 3_000
    for at in range(0, total, piece):
        weave(connection, packed([(T0 + 1_000 * i, float(i % 7)) for i in range(at, at + piece)], texts), texts)
    found = chunks.headers(connection, 1, -EVER, EVER)
    assert written <= (4 if piece < TIERS[0] else 3) * total
    small = found["count"][found["count"] < TIERS[-1]]
    assert small.sum() < 2 * TIERS[-1]
    assert len(found) <= total / TIERS[-1] + 50


def test_a_sparse_series_has_only_levels_whose_buckets_are_full() -> None:
    """A reading every five minutes: 12 an hour, 288 a day."""
    connection, texts = database(), Texts()
    for at in range(0, 2_000, 3):
        weave(connection, packed([(T0 + 300_000 * i, 1.0) for i in range(at, at + 3)], texts), texts)
    assert list(rollups.spans(connection, 1)) == [86_400_000]


def test_a_level_ends_when_the_pace_falls_and_begins_again() -> None:
    connection, texts = database(), Texts()
    fast = [(T0 + 1_000 * i, 1.0) for i in range(1_000)]
    slow = [(T0 + 1_000_000 + 300_000 * i, 1.0) for i in range(1, 100)]
    again = [(T0 + 40_000_000 + 1_000 * i, 1.0) for i in range(1_000)]
    for points in (fast, slow, again):
        weave(connection, packed(points, texts), texts)
    assert len(rollups.spans(connection, 1)[60_000]) == 2
    _check_rollups(connection)


def test_imported_history_before_what_is_there_gets_rollups_too() -> None:
    connection, texts = database(), Texts()
    live = [(T0 + 10_000_000 + 1_000 * i, 1.0) for i in range(1_000)]
    weave(connection, packed(live, texts), texts)
    for at in range(0, 9_000, 1_000):
        weave(connection, packed([(T0 + 1_000 * i, 2.0) for i in range(at, at + 1_000)], texts), texts)
    (span,) = rollups.spans(connection, 1)[900_000]
    assert span[0] <= T0
    assert span[1] >= T0 + 10_999_000
    _check_rollups(connection)

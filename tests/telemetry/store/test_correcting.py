"""Corrections and merges against a plain model: whatever happens in whatever order."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.model import Mask, Value
from telemetry.store import buckets, chunks, correcting, corrections, fold, hidden, ledger, rollups, sealing
from telemetry.store.corrections import Correction
from telemetry.store.levels import LEVELS
from telemetry.store.records import Texts
from telemetry.store.roles import Change, note
from tests.telemetry.store.kit import EVER, T0, database, packed, plain

T = TypeVar("T")
Points = dict[int, Value]


class Model:
    """What should be there: readings that are shown, and what each correction holds back."""

    def __init__(self) -> None:
        self.shown: dict[int, Points] = {1: {}, 2: {}}
        self.held: dict[int, Points] = {}
        self.rows: dict[int, Correction] = {}
        self.taken = 0

    def masks(self, series: int) -> list[Mask]:
        standing = (one for one in self.rows.values() if one.action == "mask" and one.state == "done")
        return [one.mask for one in standing if one.series == series]

    def load(self, points: list[tuple[int, Value]], series: int = 1, *, old: bool = False) -> None:
        for ts, value in points:
            places = [self.shown[series], *(self.held[mask.id] for mask in self.masks(series))]
            if old and any(ts in place for place in places):
                continue
            for place in places:
                place.pop(ts, None)
            mask = next((mask for mask in self.masks(series) if mask.hides(ts, value)), None)
            (self.shown[series] if mask is None else self.held[mask.id])[ts] = value

    def correct(self, one: Correction) -> None:
        found = {ts: value for ts, value in self.shown[one.series].items() if one.mask.hides(ts, value)}
        for ts in found:
            del self.shown[one.series][ts]
        self.held[one.id] = found
        self.rows[one.id] = one._replace(state="done")

    def undo(self, id_: int) -> None:
        one = self.rows.pop(id_)
        self.load(list(self.held.pop(id_).items()), one.series, old=True)

    def merge(self, since: int) -> None:
        moved = {ts: value for ts, value in self.shown[2].items() if ts >= since}
        for ts in moved:
            del self.shown[2][ts]
        self.load(list(moved.items()), 1, old=True)


class World:
    """A database, and the same done to the model."""

    def __init__(self) -> None:
        self.connection = database()
        self.model = Model()

    def once(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self.connection.execute("BEGIN IMMEDIATE")
        result = work(self.connection)
        self.connection.execute("COMMIT")
        self.balance()
        return result

    def load(self, points: list[tuple[int, Value]], series: int = 1) -> None:
        texts = Texts()
        records = packed(points, texts, series)
        self.once(lambda connection: sealing.load(connection, [records], texts, lambda _: None))
        self.model.taken += len(points)
        self.model.load(points, series)

    def correct(self, action: str, frm: int, to: int, above: float | None = None, below: float | None = None) -> None:
        row = Correction(0, 1, frm, to, action, above, below, "why", "me", T0)
        one = self.once(lambda connection: corrections.add(connection, row))
        more = True
        while more:
            more = self.once(lambda connection: correcting.step(connection, self.row(one.id)))
        self.once(lambda connection: corrections.advance(connection, one.id, "done", 0))
        self.model.correct(one)

    def undo(self, id_: int) -> None:
        self.once(lambda connection: corrections.undo(connection, id_, "me", T0))
        more = True
        while more:
            more = self.once(lambda connection: correcting.undo(connection, self.row(id_)))
        self.once(lambda connection: corrections.advance(connection, id_, "undone", 0))
        self.model.undo(id_)

    def merge(self, since: int) -> None:
        change = Change(0, "merge", 1, 2, "b", "a", since, "me", T0, 0, "running")
        change = self.once(lambda connection: note(connection, change))
        more = True
        while more:
            more = self.once(lambda connection: correcting.move(connection, change))
        self.model.merge(since)

    def row(self, id_: int) -> Correction:
        found = corrections.find(self.connection, id_)
        assert found is not None
        return found

    def balance(self) -> None:
        """The identity of the accounting, after every commit."""
        one = ledger.accounts(self.connection)
        assert one.journalled == one.stored + one.duplicate + one.deleted + one.unsealed + one.lost
        (count,) = self.connection.execute("SELECT ifnull(sum(count), 0) FROM chunks").fetchone()
        assert one.stored == count + hidden.readings(self.connection)

    def check(self) -> None:
        model = self.model
        for series, shown in model.shown.items():
            check_series(self.connection, series, shown)
        for id_, held in model.held.items():
            texts = Texts()
            found: dict[int, tuple[type, Value]] = {}
            for row in hidden.of(self.connection, id_, 1 << 30, texts):
                found |= plain(row.records, texts)
            assert found == typed(held)
            assert self.row(id_).readings == len(held)
        deleted = sum(len(model.held[one.id]) for one in model.rows.values() if one.action == "delete")
        masked = sum(len(model.held[one.id]) for one in model.rows.values() if one.action == "mask")
        one = ledger.accounts(self.connection)
        stored = sum(map(len, model.shown.values())) + masked
        assert (one.stored, one.deleted, one.duplicate) == (stored, deleted, model.taken - stored - deleted)


def typed(points: Points) -> dict[int, tuple[type, Value]]:
    return {ts: (type(value), value) for ts, value in points.items()}


def check_series(connection: sqlite3.Connection, series: int, shown: Points) -> None:
    """Chunks, extent and every level of the roll-ups are what these readings say."""
    texts = Texts()
    found = chunks.headers(connection, series, -EVER, EVER)
    assert (found["first_ts"][1:] > found["last_ts"][:-1]).all()
    records = chunks.load(connection, found, texts)
    assert plain(records, texts) == typed(shown)
    state = rollups.sealed(connection, series)
    assert (state.count, state.first_ts, state.last_ts) == (
        len(shown),
        min(shown, default=None),
        max(shown, default=None),
    )
    numeric = buckets.numbers(records)
    for width, table in LEVELS.items():
        right = buckets.of_records(numeric, width)
        same(fold.fold(connection, series, -EVER, EVER, width), right)
        inside = np.zeros(len(right), dtype=bool)
        for since, until in state.spans.get(width, []):
            assert since % width == until % width == 0
            inside |= (right["t"] >= since) & (right["t"] < until)
        same(rollups.read(connection, width, series, -EVER, EVER), right[inside])
        (rows,) = connection.execute(f"SELECT count(*) FROM {table} WHERE series = ?", (series,)).fetchone()
        assert rows == inside.sum()


def same(some: buckets.Buckets, right: buckets.Buckets) -> None:
    for name in ("t", "count", "min", "max", "first", "last"):
        assert some[name].tolist() == right[name].tolist()
    assert np.allclose(some["sum"], right["sum"])


RUN = st.tuples(
    st.integers(0, 6_000_000),  # where it begins
    st.sampled_from([1, 2, 40, 700, 5_000]),
    st.sampled_from([100, 1_000, 5_000, 60_000]),
    st.integers(0, 1 << 16),
    st.booleans(),  # with texts and booleans
)
SPAN = st.tuples(st.integers(-1_000, 8_000_000), st.sampled_from([1, 5_000, 300_000, 4_000_000, 400_000_000]))
LIMITS = st.sampled_from([(None, None), (25.0, None), (None, 15.0), (24.0, 16.0), (0.5, None)])
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("load"), RUN, st.sampled_from([1, 1, 2])),
        st.tuples(st.sampled_from(["delete", "mask"]), SPAN, LIMITS),
        st.tuples(st.just("undo"), st.integers(0, 5), st.none()),
        st.tuples(st.just("merge"), st.integers(-1, 8_000_000), st.none()),
        st.tuples(st.just("repeat"), st.integers(0, 1 << 16), st.none()),
    ),
    min_size=2,
    max_size=12,
)


def points_of(start: int, count: int, pace: int, seed: int, *, mixed: bool) -> list[tuple[int, Value]]:
    random = np.random.default_rng(seed)
    times = (T0 + start + np.cumsum(random.integers(1, 2 * pace, count))).tolist()
    values: list[Value] = np.round(random.normal(20, 5, count), 2).tolist()
    if mixed:
        values = [
            ("on" if i % 3 else "off") if i % 10 == 3 else i % 2 == 0 if i % 10 == 6 else v
            for i, v in enumerate(values)
        ]
    return list(zip(times, values, strict=True))


def act(world: World, name: str, first: Any, second: Any) -> None:
    model = world.model
    match name, first, second:
        case "load", (start, count, pace, seed, mixed), int(series):
            world.load(points_of(start, count, pace, seed, mixed=mixed), series)
        case "repeat", int(seed), _:
            random = np.random.default_rng(seed)
            known = sorted({ts for held in (*model.shown.values(), *model.held.values()) for ts in held})
            some = random.choice(known, min(len(known), 50), replace=False).tolist() if known else []
            if some:
                world.load([(ts, float(random.integers(0, 60))) for ts in some])
        case (("delete" | "mask"), (start, length), (above, below)):
            world.correct(name, T0 + start, T0 + start + length, above, below)
        case "undo", int(at), _:
            if model.rows:
                world.undo(sorted(model.rows)[at % len(model.rows)])
        case "merge", int(since), _:
            world.merge(T0 + since)


@settings(max_examples=150, deadline=None)
@given(ACTS)
def test_readings_corrections_and_merges_in_any_order_are_what_a_model_says(
    acts: list[tuple[str, Any, Any]],
) -> None:
    world = World()
    for name, first, second in acts:
        act(world, name, first, second)
    world.check()
    for id_ in sorted(world.model.rows):
        world.undo(id_)
    world.check()

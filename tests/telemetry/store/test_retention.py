"""Deleting by age against a plain model: what is left is exact, what outlives its readings is what they said."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.store import buckets, chunks, hidden, ledger, retention, rollups
from telemetry.store.levels import DAY, HOUR, LEVELS, MINUTE, QUARTER
from telemetry.store.records import Texts
from telemetry.store.retention import Cut, due, finest, purge, purge_eldest, raw_bytes
from telemetry.store.weave import weave
from tests.telemetry.store.kit import EVER, T0, database, packed

Points = list[tuple[int, float]]
WEEK = 7 * DAY
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("append"), st.sampled_from([1, 40, 700, 6_000]), st.sampled_from([900, 20_000, 90_000, 900_000])
        ),
        st.tuples(st.just("late"), st.integers(0, WEEK), st.sampled_from([1, 50])),
        st.tuples(st.just("age"), st.integers(0, WEEK), st.just(0)),
        st.tuples(st.just("quota"), st.just(0), st.just(0)),
    ),
    max_size=9,
)


def fed(connection: sqlite3.Connection, points: Points, series: int = 1) -> None:
    """Seal some readings, with their accounts."""
    texts = Texts()
    woven = weave(connection, packed(points, texts, series), texts)
    ledger.add(connection, imported=len(points), stored=woven.stored, duplicate=woven.duplicate)


def spaced(count: int, pace: int, start: int = T0) -> Points:
    """Readings with one decimal."""
    return [(start + pace * i, i % 97 / 10) for i in range(count)]


def purged(connection: sqlite3.Connection, cut: Cut) -> int:
    """Delete all that a cut says; how many readings."""
    gone, more = 0, True
    while more:
        readings, _, more = purge(connection, cut)
        gone += readings
    return gone


@given(STEPS)
def test_what_is_left_is_exact_and_accounted_for(steps: list[tuple[str, int, int]]) -> None:
    connection, end, ever = database(), T0, dict[int, float]()
    orderly = True
    for what, one, other in steps:
        before = held(connection)
        if what == "append":
            points = spaced(one, other, end + other)
            end = points[-1][0]
            fed(connection, points)
            ever |= points
        elif what == "late":
            fed(connection, spaced(other, 7_000, T0 + one))
            end = max(end, T0 + one + 7_000 * (other - 1))
            orderly = False
        elif what == "age":
            purged(connection, Cut(1, T0 + one, {}))
            assert not len(chunks.oldest(connection, 1, T0 + one, 1))
            assert {ts: value for ts, value in before.items() if ts >= T0 + one}.items() <= held(connection).items()
        else:
            purge_eldest(connection)
            orderly = False
        check_accounts(connection)
        check_rows(connection)
        if orderly:
            check_outlived(connection, ever)


def held(connection: sqlite3.Connection) -> dict[int, float]:
    records = chunks.load(connection, chunks.headers(connection, 1, -EVER, EVER), Texts())
    assert (np.diff(records["ts"]) > 0).all()
    return dict(zip(records["ts"].tolist(), records["value"].tolist(), strict=True))


def check_accounts(connection: sqlite3.Connection) -> None:
    there, state, accounts = held(connection), rollups.sealed(connection, 1), ledger.accounts(connection)
    assert accounts.stored == state.count == len(there)
    assert accounts.journalled == accounts.stored + accounts.duplicate + accounts.deleted
    assert (state.first_ts, state.last_ts) == ((min(there), max(there)) if there else (None, None))
    orphans = "SELECT count(*) FROM chunk_data WHERE id NOT IN (SELECT data FROM chunks)"
    assert connection.execute(orphans).fetchone() == (0,)


def check_rows(connection: sqlite3.Connection) -> None:
    """Where readings were never deleted, a level has in its spans what they say, and nothing else."""
    state = rollups.sealed(connection, 1)
    records = chunks.load(connection, chunks.headers(connection, 1, -EVER, EVER), Texts())
    gone, raw = (EVER, EVER) if state.raw_from is None else (state.gone_from, state.raw_from)
    for width, spans in state.spans.items():
        made = buckets.of_records(records, width)
        for since, until in spans:
            want = made[(made["t"] >= since) & (made["t"] < until)]
            have = rollups.read(connection, width, 1, since, until)
            want, have = (some[(some["t"] + width <= gone) | (some["t"] >= raw)] for some in (want, have))
            assert want["t"].tolist() == have["t"].tolist()
            for name in ("count", "min", "max", "first", "last"):
                assert want[name].tolist() == have[name].tolist(), name
            assert have["sum"] == pytest.approx(want["sum"])


def check_outlived(connection: sqlite3.Connection, ever: dict[int, float]) -> None:
    """As long as nothing came late, every day of which readings are gone says what all of them said."""
    state = rollups.sealed(connection, 1)
    if state.raw_from is None or state.gone_from is None:
        return
    rows = rollups.read(connection, DAY, 1, -EVER, EVER)
    points = packed(sorted(ever.items()), Texts())
    want = buckets.of_records(points, DAY)
    want = want[want["t"] < state.raw_from]
    have = rows[rows["t"] < state.raw_from]
    for name in ("t", "count", "min", "max", "first", "last"):
        assert want[name].tolist() == have[name].tolist(), name


def test_levels_are_made_before_readings_go_where_they_are_worth_it() -> None:
    """One a minute: by sealing it gets hours and days; its quarters hold 15, a row of each minute would be dear."""
    connection = database()
    fed(connection, spaced(3 * 1_440, 60_000))
    assert set(rollups.spans(connection, 1)) == {HOUR, DAY}
    assert purged(connection, Cut(1, T0 + WEEK, {})) == 3 * 1_440
    assert set(rollups.spans(connection, 1)) == {QUARTER, HOUR, DAY}
    rows = rollups.read(connection, QUARTER, 1, -EVER, EVER)
    assert rows["count"].sum() == 3 * 1_440
    assert not len(rollups.read(connection, MINUTE, 1, -EVER, EVER))


def test_a_level_that_goes_sooner_than_the_readings_is_not_made() -> None:
    connection = database()
    fed(connection, spaced(1_440, 60_000))
    raw = T0 + WEEK
    purged(connection, Cut(1, raw, {QUARTER: raw + 1, HOUR: raw, DAY: raw - WEEK}))
    assert set(rollups.spans(connection, 1)) == {DAY}


def test_what_comes_again_after_it_was_deleted_changes_no_rollup() -> None:
    """Replay is harmless: it is taken, and goes again with its age."""
    connection = database()
    points = spaced(3_000, 1_000)
    fed(connection, points)
    cut = Cut(1, T0 + 2_000_000, {})
    fed(connection, spaced(3_000, 1_000, T0 + 3_000_000))
    purged(connection, Cut(1, T0 + 3_000_000, {}))
    before = {width: rollups.read(connection, width, 1, -EVER, EVER).tolist() for width in LEVELS}
    fed(connection, points[100:2_000])
    assert {width: rollups.read(connection, width, 1, -EVER, EVER).tolist() for width in LEVELS} == before
    purged(connection, cut)
    check_accounts(connection)
    assert {width: rollups.read(connection, width, 1, -EVER, EVER).tolist() for width in LEVELS} == before


def test_older_history_that_is_imported_later_gets_its_rollups_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SOME", 2)
    connection = database()
    fed(connection, spaced(1_440, 60_000))
    purged(connection, Cut(1, T0 + WEEK, {}))
    year = 365 * DAY
    fed(connection, spaced(40_000, 600_000, T0 - year))
    purged(connection, Cut(1, T0 + WEEK, {}))
    rows = rollups.read(connection, DAY, 1, -EVER, EVER)
    assert rows["count"].sum() == 40_000 + 1_440


def test_rows_go_in_slices_and_spans_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ROWS", 7)
    monkeypatch.setattr(retention, "STEP", -1.0)
    connection = database()
    fed(connection, spaced(3_600, 1_000))
    minutes = rollups.read(connection, MINUTE, 1, -EVER, EVER)
    before = int(minutes["t"][40]) + 30_000  # in the middle of a minute, which stays
    cut = Cut(1, None, {MINUTE: before})
    gone = steps = 0
    while due(connection, [cut]):
        step = purge(connection, cut)
        assert step.rows <= 7
        gone += step.rows
        steps += 1
        ((since, _),) = rollups.spans(connection, 1)[MINUTE]
        assert rollups.read(connection, MINUTE, 1, -EVER, EVER)["t"][0] == since
    assert (gone, steps) == (40, 6)
    assert len(rollups.read(connection, HOUR, 1, -EVER, EVER))


def test_a_step_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SOME", 2)
    monkeypatch.setattr(retention, "STEP", -1.0)
    connection = database()
    fed(connection, spaced(40_000, 1_000))
    count = len(chunks.headers(connection, 1, -EVER, EVER))
    steps = 0
    while due(connection, [Cut(1, T0 + WEEK, {})]):
        assert purge(connection, Cut(1, T0 + WEEK, {})).more
        steps += 1
        left = len(chunks.headers(connection, 1, -EVER, EVER))
        assert left == max(0, count - 2 * steps)
    assert steps == -(-count // 2)


def test_due_names_only_what_has_something_to_delete() -> None:
    connection = database()
    fed(connection, spaced(3_600, 1_000))
    fed(connection, spaced(3_600, 1_000), series=2)
    end = T0 + 3_600_000
    cuts = [
        Cut(1, T0, {}),
        Cut(2, end, {}),
        Cut(1, None, {MINUTE: T0 // MINUTE * MINUTE}),
        Cut(1, None, {MINUTE: T0 + MINUTE}),
        Cut(3, end, {DAY: end}),
    ]
    assert due(connection, cuts) == [cuts[1], cuts[3]]


def test_the_eldest_go_over_all_series() -> None:
    connection = database()
    for series in (1, 2, 3):
        fed(connection, spaced(200, 1_000, T0 - series * DAY), series)
    assert purge_eldest(connection)[:2] == (600, 0)
    for series in (1, 2, 3):
        fed(connection, spaced(4_000, 1_000, T0 + series * DAY), series)
    rows = connection.execute("SELECT series FROM chunks ORDER BY last_ts").fetchall()
    assert [series for (series,) in rows] == [1, 2, 3]


def test_sizes_are_guessed_well_enough() -> None:
    connection = database()
    assert raw_bytes(connection) == 0
    assert finest(connection) is None
    for series in range(1, 21):
        fed(connection, spaced(8_000, 1_000), series)
    (size,) = connection.execute("SELECT sum(length(data)) FROM chunk_data").fetchone()
    assert size < raw_bytes(connection) < 2 * size + 20 * 1_000
    found = finest(connection)
    assert found is not None
    (rows,) = connection.execute(
        " UNION ALL ".join(f"SELECT count(*) FROM {name}" for name in LEVELS.values())
    ).fetchone()
    assert found.width == MINUTE
    assert len(found.spans) == 20
    assert found.size >= rows * 50


def test_a_quota_takes_what_was_deleted_first_and_masked_readings_in_their_turn() -> None:
    """Deleting junk makes room: the good readings stay; masked ones go once they are the oldest."""
    connection, texts = database(), Texts()
    fed(connection, [(T0 + at, 1.0) for at in range(100)])
    kinds = {"delete": 1, "mask": 2}
    for action, id_ in kinds.items():
        connection.execute(
            "INSERT INTO corrections (id, series, from_ts, to_ts, action, why, who, made, readings, state, position)"
            " VALUES (?, 1, 0, 1, ?, '', '', 0, 5, 'done', 0)",
            (id_, action),
        )
        when = T0 - 1_000 if action == "mask" else T0 + 5_000
        hidden.put(connection, id_, packed([(when + at, 1.0) for at in range(5)], texts), texts.known)
    ledger.add(connection, imported=10, stored=5, deleted=5)
    assert retention.purge_hidden(connection).readings == 5
    assert connection.execute("SELECT correction FROM hidden").fetchall() == [(2,)]
    assert retention.purge_hidden(connection).readings == 5
    assert not retention.purge_hidden(connection).more
    accounts = ledger.accounts(connection)
    assert (accounts.stored, accounts.deleted, accounts.journalled) == (100, 10, 110)

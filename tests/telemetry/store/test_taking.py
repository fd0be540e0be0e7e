"""Readings that are taken out leave chunks, statistics and roll-ups as if they had never come."""

from __future__ import annotations

import sqlite3

from telemetry.model import Value
from telemetry.store import chunks, rollups, taking
from telemetry.store.levels import MINUTE
from telemetry.store.records import Records, Texts
from telemetry.store.weave import weave
from tests.telemetry.store.kit import EVER, T0, database, packed
from tests.telemetry.store.test_correcting import check_series


def filled(*parts: range) -> tuple[sqlite3.Connection, dict[int, Value]]:
    """A reading each second of each range, and the same as a dict."""
    connection = database()
    model: dict[int, Value] = {}
    for part in parts:
        points = {T0 + 1_000 * n: float(n % 50) for n in part}
        weave(connection, packed(points.items(), Texts()), Texts())
        model |= points
    return connection, model


def take(connection: sqlite3.Connection, frm: int, to: int) -> list[int]:
    given: list[int] = []

    def give(records: Records, _: Texts) -> None:
        given.extend(records["ts"].tolist())

    found = chunks.headers(connection, 1, -EVER, EVER)
    count = taking.take(connection, found, lambda some: (some["ts"] >= T0 + frm) & (some["ts"] < T0 + to), give)
    assert count == len(given)
    return given


def test_the_beginning_the_middle_and_the_end_can_go() -> None:
    for frm, to in ((0, 700_000), (700_000, 1_300_000), (1_300_000, 1 << 50), (500, 600), (0, 1 << 50)):
        connection, model = filled(range(2_000))
        gone = take(connection, frm, to)
        assert gone == [ts for ts in model if T0 + frm <= ts < T0 + to]
        check_series(connection, 1, {ts: value for ts, value in model.items() if ts not in set(gone)})


def test_what_is_not_there_changes_nothing() -> None:
    connection, model = filled(range(100))
    before = connection.execute("SELECT * FROM chunk_data").fetchall()
    assert take(connection, 200_000, 300_000) == []
    assert connection.execute("SELECT * FROM chunk_data").fetchall() == before
    check_series(connection, 1, dict(model))


def test_levels_are_complete_where_readings_come_back_after_the_end_went() -> None:
    """Where a level is kept is decided anew after the newest reading, although it was kept there before."""
    connection, model = filled(range(2_000), range(8_000, 10_000))
    take(connection, 1_000_000, 1 << 50)
    left = {ts: value for ts, value in model.items() if ts < T0 + 1_000_000}
    check_series(connection, 1, left)
    for width, spans in rollups.spans(connection, 1).items():
        assert spans[-1][1] - width < T0 + 1_000_000
    for part in (range(1_200, 1_900), range(9_000, 9_900)):
        points = {T0 + 1_000 * n: 3.0 for n in part}
        weave(connection, packed(points.items(), Texts()), Texts())
        left |= points
    check_series(connection, 1, left)
    assert T0 // MINUTE * MINUTE + 21 * MINUTE in rollups.read(connection, MINUTE, 1, -EVER, EVER)["t"]

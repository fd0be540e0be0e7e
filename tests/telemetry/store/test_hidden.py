"""Readings behind corrections: kept exactly, dropped when written anew, and never served when damaged."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from telemetry.model import Mask, Value
from telemetry.store import chunks, corrections, hidden, ledger, repair, verify
from telemetry.store.corrections import Correction
from telemetry.store.damage import Damaged
from telemetry.store.journal import UNTRUSTED_CLOCK
from telemetry.store.records import Texts
from tests.telemetry.store.kit import T0, database, packed, plain

POINTS: list[tuple[int, Value]] = [(T0, 1.5), (T0 + 1, True), (T0 + 2, "on"), (T0 + 9, "off")]


def filled(action: str = "mask") -> tuple[sqlite3.Connection, Mask]:
    """A database with one correction that holds POINTS."""
    connection, texts = database(), Texts()
    made = corrections.add(connection, Correction(0, 1, T0, T0 + 99, action, None, None, "w", "m", T0, 4, "done"))
    hidden.put(connection, made.id, packed(POINTS, texts), texts.known)
    counter = "stored" if action == "mask" else "deleted"
    ledger.add(connection, imported=4, **{counter: 4})
    return connection, made.mask


def held(connection: sqlite3.Connection) -> dict[int, Value]:
    texts = Texts()
    found: dict[int, Value] = {}
    for row in hidden.of(connection, 1, 99, texts):
        found |= {ts: value for ts, (_, value) in plain(row.records, texts).items()}
    return found


def test_kinds_flags_and_texts_come_back() -> None:
    connection, _ = filled()
    assert held(connection) == dict(POINTS)
    texts = Texts()
    flagged = packed([(T0 + 50, "on"), (T0 + 51, False)], texts)
    flagged["kind"] |= UNTRUSTED_CLOCK
    hidden.put(connection, 1, flagged, texts.known)
    (_, row) = hidden.of(connection, 1, 99, Texts())
    assert (row.records["kind"] & UNTRUSTED_CLOCK).all()
    assert hidden.readings(connection) == 6


def test_what_is_written_anew_is_dropped_from_masks_only() -> None:
    for action, dropped, left in (("mask", 2, [T0 + 1, T0 + 9]), ("delete", 0, [ts for ts, _ in POINTS])):
        connection, mask = filled(action)
        standing = corrections.active(connection, 1)
        assert standing == ([mask] if action == "mask" else [])
        times = np.array([T0 - 5, T0, T0 + 2, T0 + 3])
        assert hidden.drop(connection, 1, standing, times) == dropped
        assert sorted(held(connection)) == left
        found = corrections.find(connection, 1)
        assert found is not None
        assert found.readings == len(left)


def test_a_time_stands_if_a_chunk_or_a_mask_holds_it() -> None:
    times = np.array([T0, T0 + 1, T0 + 3, T0 + 5, T0 + 9, T0 + 200])
    for action, behind in (("mask", [True, True, False, False, True, False]), ("delete", [False] * 6)):
        connection, _ = filled(action)
        chunks.store(connection, packed([(T0 + 4, 1.0), (T0 + 5, 1.0), (T0 + 300, 1.0)], Texts()), [])
        expected = [one or at == 3 for at, one in enumerate(behind)]
        assert hidden.standing(connection, 1, times).tolist() == expected
        assert hidden.standing(connection, 2, times).tolist() == [False] * 6
        assert hidden.standing(connection, 1, times[:0]).tolist() == []


@pytest.mark.parametrize(("action", "stored", "lost"), [("mask", 0, 4), ("delete", 0, 0)])
def test_a_damaged_row_is_found_and_taken_out_and_counted(action: str, stored: int, lost: int) -> None:
    connection, _ = filled(action)
    columns = [one[1] for one in connection.execute("PRAGMA table_info(hidden)")]
    rows = connection.execute("SELECT * FROM hidden").fetchall()
    assert verify.sound("hidden", columns, rows) == [True]
    connection.execute("UPDATE hidden SET data = CAST(data || x'00' AS BLOB)")
    assert verify.sound("hidden", columns, connection.execute("SELECT * FROM hidden").fetchall()) == [False]
    with pytest.raises(Damaged) as found:
        hidden.of(connection, 1, 1, Texts())
    outcome = repair.repair(connection, found.value, T0)
    assert outcome is not None
    assert outcome.lost == lost
    assert repair.repair(connection, found.value, T0) is None
    one = ledger.accounts(connection)
    assert (one.stored, one.lost, one.journalled) == (stored, lost, one.stored + one.deleted + one.lost)
    assert held(connection) == {}

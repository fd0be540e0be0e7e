"""Accounting: counters that change with the readings, and their sum."""

from __future__ import annotations

from telemetry.store import ledger
from tests.telemetry.store.kit import database


def test_a_new_database_has_nothing() -> None:
    assert ledger.accounts(database())[:5] == (0, 0, 0, 0, 0)


def test_counters_add_up_and_positions_are_set() -> None:
    connection = database()
    ledger.add(connection, stored=5, duplicate=2, imported=7)
    ledger.add(connection, stored=-1, deleted=1)
    ledger.put(connection, sealed_seq=41)
    assert ledger.accounts(connection)[:5] == (7, 4, 2, 1, 0)
    assert ledger.get(connection)["sealed_seq"] == 41


def test_rows_after_the_last_seal_count_as_unsealed() -> None:
    connection = database()
    for first, count in ((1, 10), (11, 5), (16, 3)):
        connection.execute("INSERT INTO journal VALUES (?, ?, 0, 0, 0, NULL, x'', NULL)", (first, count))
    ledger.put(connection, sealed_seq=10, journal_base=10, sealed_readings=12, stored=12)
    assert ledger.accounts(connection)[:5] == (18, 12, 0, 0, 6)

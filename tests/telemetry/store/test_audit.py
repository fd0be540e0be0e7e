"""The table of the audit log: it only grows, whoever asks."""

from __future__ import annotations

import sqlite3

import pytest

from telemetry.store import audit, migrations


def row(subject: str) -> audit.AuditRow:
    return audit.AuditRow(0, 1_700_000_000_000, "me", "user", "::1", "user add", subject, None, '{"role":"viewer"}')


def test_entries_come_back_newest_first_and_page_by_page() -> None:
    connection = migrations.model()
    for n in range(5):
        audit.add(connection, row(f"user {n}"))
    page = audit.newest(connection, None, 2)
    assert [one.subject for one in page] == ["user 4", "user 3"]
    assert [one.subject for one in audit.newest(connection, page[-1].id, 9)] == ["user 2", "user 1", "user 0"]
    assert page[0] == row("user 4")._replace(id=5)


@pytest.mark.parametrize("statement", ["DELETE FROM audit", "UPDATE audit SET who = 'you'"])
def test_no_statement_changes_what_stands(statement: str) -> None:
    connection = migrations.model()
    audit.add(connection, row("you"))
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        connection.execute(statement)
    assert len(audit.newest(connection, None, 9)) == 1

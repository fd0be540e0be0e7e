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


def test_nothing_replaces_an_entry_either() -> None:
    """REPLACE would delete without a trigger of deletion."""
    connection = migrations.model()
    audit.add(connection, row("you"))
    statement = (
        "INSERT OR REPLACE INTO audit SELECT id, at, 'you', kind, address, action, subject, before, after FROM audit"
    )
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        connection.execute(statement)
    assert audit.newest(connection, None, 9)[0].who == "me"


def test_the_door_lets_out_what_it_names_notes_it_and_shuts() -> None:
    connection = migrations.model()
    for n in range(5):
        audit.add(connection, row(f"user {n}"))
    audit.trim(connection, [1, 3], row("the log")._replace(action="audit trim"))
    assert [one.id for one in audit.newest(connection, None, 9)] == [6, 5, 4, 2]
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        connection.execute("DELETE FROM audit WHERE id = 2")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (audit.Wanted(who="an*"), [1, 2]),
        (audit.Wanted(action="user *"), [1, 3]),
        (audit.Wanted(subject="*100%*"), [2]),
        (audit.Wanted(subject="a_b"), [3]),
        (audit.Wanted(frm=20, to=30), [2]),
        (audit.Wanted(who="*'; DROP TABLE audit; --"), []),
        (audit.Wanted(before=2), [1]),
        (audit.ALL, [1, 2, 3]),
    ],
    ids=["who", "action", "percent", "underscore", "time", "injection", "before", "all"],
)
def test_entries_are_chosen_by_pattern_and_time(wanted: audit.Wanted, expected: list[int]) -> None:
    connection = migrations.model()
    for at, who, action, subject in (
        (10, "anna", "user add", "axb"),
        (20, "anna", "series edit", "at 100% load"),
        (30, "bo", "user remove", "a_b"),
    ):
        audit.add(connection, audit.AuditRow(0, at, who, "user", "", action, subject, None, None))
    assert sorted(one.id for one in audit.newest(connection, None, 9, wanted)) == expected
    assert audit.actions(connection) == ["series edit", "user add", "user remove"]

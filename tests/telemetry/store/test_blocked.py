"""Blocked ids as rows."""

from __future__ import annotations

from telemetry.store import blocked, migrations
from telemetry.store.blocked import Blocked


def test_rows_are_kept_in_order_and_one_for_each_device() -> None:
    connection = migrations.model()
    first, second = Blocked("a", "10.0.0.1", "anna", 1), Blocked("b", "", "anna", 2)
    for row in (first, second):
        blocked.add(connection, row)
    assert blocked.every(connection) == [first, second]
    again = first._replace(who="otto", at=3)
    blocked.add(connection, again)
    assert blocked.every(connection) == [second, again]
    assert blocked.remove(connection, "b")
    assert not blocked.remove(connection, "b")
    assert blocked.every(connection) == [again]

"""The rows of names and changes, and what they make of the registry at the next start."""

from __future__ import annotations

import sqlite3

from telemetry.model import Kind, Series
from telemetry.registry import Registry
from telemetry.store import chunks, hidden, roles, state
from telemetry.store.records import Texts
from telemetry.store.roles import Change
from tests.telemetry.store.kit import T0, database, packed


def filled() -> sqlite3.Connection:
    connection = database()
    for id_, name in enumerate(("a", "b", "c"), 1):
        connection.execute("INSERT INTO devices (id, created) VALUES (?, 0)", (name,))
        connection.execute(
            "INSERT INTO series (id, device, metric, name, kind) VALUES (?, ?, 't', ?, 'number')",
            (id_, name, f"{name}/t"),
        )
    return connection


def loaded(connection: sqlite3.Connection) -> Registry:
    registry = Registry()
    state.load(connection, registry)
    return registry


def series(id_: int, device: str) -> Series:
    return Series(id_, device, "t", f"{device}/t", Kind.NUMBER)


def test_a_rename_is_there_at_the_next_start_and_can_be_taken_back() -> None:
    connection = filled()
    roles.rename(connection, 1, "a/t", "x")
    roles.rename(connection, 1, "x", "y")
    registry = loaded(connection)
    assert list(registry.series) == ["y", "b/t", "c/t"]
    assert registry.find("a/t") is registry.find("x") is registry.find("y") is registry.devices["a"].series["t"]
    assert set(registry.series["y"].former) == {"a/t", "x"}
    roles.rename(connection, 1, "y", "a/t")
    assert roles.aliases(connection) == {"x": 1, "y": 1}
    assert list(loaded(connection).series) == ["a/t", "b/t", "c/t"]


def test_a_series_that_was_taken_over_takes_no_readings_and_one_that_is_empty_is_another() -> None:
    connection = filled()
    roles.take_over(connection, series(2, "b"), series(1, "a"))
    registry = loaded(connection)
    assert registry.devices["a"].series == {}
    assert registry.devices["b"].series == {"t": registry.series["a/t"]}
    assert not registry.series["b/t"].bound
    roles.alias(connection, 2, 1, "b/t")
    roles.take_over(connection, series(1, "b"), series(3, "c"))
    roles.alias(connection, 1, 3, "a/t")
    registry = loaded(connection)
    assert list(registry.series) == ["c/t"]
    assert registry.by_id[1] is registry.by_id[2] is registry.find("a/t") is registry.find("b/t") is registry.by_id[3]
    new = registry.add_series(Series(0, "a", "u", "a/u", Kind.NUMBER))
    assert new.id == 4


def test_a_series_is_empty_without_chunks_and_without_anything_hidden() -> None:
    connection, texts = filled(), Texts()
    assert roles.empty(connection, 1)
    chunks.store(connection, packed([(T0, 1.0)], texts, 1), [])
    hidden.put(connection, 7, packed([(T0, 1.0)], texts, 2), [])
    assert [roles.empty(connection, id_) for id_ in (1, 2, 3)] == [False, False, True]


def test_changes_are_kept_and_those_at_work_found() -> None:
    connection = filled()
    rename = roles.note(connection, Change(0, "rename", 1, None, "a/t", "x", None, "me", T0))
    merge = roles.note(connection, Change(0, "merge", 1, 2, "b/t", "x", T0, "me", T0, 0, "running"))
    assert roles.newest(connection, 9) == [merge, rename]
    assert roles.newest(connection, 1) == roles.unfinished(connection) == [merge]
    roles.moved(connection, merge.id, 5)
    roles.finish(connection, merge.id, 7)
    assert roles.unfinished(connection) == []
    assert roles.find(connection, merge.id) == merge._replace(readings=5, state="done")
    assert roles.find(connection, 9) is None

"""The versions of layouts: the newest stands, undo goes back to what is kept, the oldest make room."""

from __future__ import annotations

from telemetry.store import layouts
from tests.telemetry.store.kit import database


def test_the_newest_stands_and_undo_goes_back_to_the_beginning() -> None:
    connection = database()
    assert layouts.newest(connection, "a") == layouts.EMPTY
    layouts.add(connection, "a", '{"n":1}', "anna", 5)
    layouts.add(connection, "b", '{"n":9}', "bert", 6)
    assert layouts.add(connection, "a", '{"n":2}', "anna", 7) == (2, '{"n":2}', "anna", 7, True)
    assert layouts.undo(connection, "a") == (1, '{"n":1}', "anna", 5, True)
    assert layouts.undo(connection, "a") == layouts.EMPTY
    assert layouts.undo(connection, "a") is None
    assert layouts.newest(connection, "b").body == '{"n":9}'


def test_undo_ends_at_the_oldest_version_that_is_kept() -> None:
    """What was before it is not known, and is not taken for the empty layout."""
    connection = database()
    for n in range(layouts.KEPT + 5):
        layouts.add(connection, "a", f'{{"n":{n}}}', "anna", n)
    assert connection.execute("SELECT count(*) FROM layouts").fetchone() == (layouts.KEPT,)
    undone = 0
    while layouts.undo(connection, "a") is not None:
        undone += 1
    assert undone == layouts.KEPT - 1
    assert layouts.newest(connection, "a") == (6, '{"n":5}', "anna", 5, False)

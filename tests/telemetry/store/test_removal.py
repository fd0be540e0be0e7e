"""What a removal deletes, table by table; the whole of it is in tests/telemetry/test_removal.py."""

from __future__ import annotations

import json
import sqlite3

import pytest

from telemetry.store import damages, ledger, migrations, removal


@pytest.fixture
def filled() -> sqlite3.Connection:
    """Two devices with a series each: 1 of ``boiler``, 2 of ``tank``, and rows of both in every small table."""
    connection = migrations.model()
    for id_, device in ((1, "boiler"), (2, "tank")):
        connection.execute("INSERT INTO devices (id, created) VALUES (?, 1)", (device,))
        connection.execute(
            "INSERT INTO series (id, device, metric, name, kind) VALUES (?, ?, 't', ?, 'number')",
            (id_, device, f"{device}/t"),
        )
        connection.execute("INSERT INTO labels VALUES (?, 'K', NULL, NULL, 'anna', 1)", (id_,))
        connection.execute("INSERT INTO thresholds VALUES (?, '[]', 'anna', 1)", (id_,))
        connection.execute("INSERT INTO aliases VALUES (?, ?)", (f"old {device}", id_))
        connection.execute(
            "INSERT INTO annotations (series, from_ts, text, author, created, changed)"
            " VALUES (?, 1, 'x', 'anna', 1, 1)",
            (id_,),
        )
        for action in ("mask", "delete"):
            correction = connection.execute(
                "INSERT INTO corrections (series, from_ts, to_ts, action, why, who, made, readings, state, position)"
                " VALUES (?, 0, 9, ?, 'x', 'anna', 1, 0, 'done', 9)",
                (id_, action),
            ).lastrowid
            connection.execute(
                "INSERT INTO hidden (correction, series, codec, crc, count, first_ts, last_ts, data)"
                " VALUES (?, ?, 1, 0, 3, 0, 1, x'00')",
                (correction, id_),
            )
        connection.execute(
            "INSERT INTO changes (action, series, was, name, who, made, readings, state)"
            " VALUES ('rename', ?, 'a', 'b', 'anna', 1, 0, 'done')",
            (id_,),
        )
        connection.execute("INSERT INTO rollup_1h VALUES (?, 5, 3, 1, 1, 1, 1, 1, 1, 0)", (id_,))
        connection.execute("INSERT INTO chunk_data VALUES (?, ?, 1, 0, x'00')", (id_, id_))
        connection.execute("INSERT INTO chunks VALUES (?, 9, 1, 4, 4, 1, 1, 1, 1, 1, ?, 0)", (id_, id_))
        connection.execute("INSERT INTO sealed (series, count, spans, crc) VALUES (?, 4, '{}', 0)", (id_,))
        damages.note(connection, 1, "row", "chunk_data", {}, [7, id_, 1, 0, b"\0"])
    damages.note(connection, 1, "row", "journal", {}, [1, b"\0"])
    return connection


def rows(connection: sqlite3.Connection, table: str) -> set[int]:
    column = "id" if table == "series" else "series"
    return {series for (series,) in connection.execute(f"SELECT {column} FROM {table}")}


def test_what_is_small_goes_at_once_and_what_is_large_in_steps(filled: sqlite3.Connection) -> None:
    before = ledger.get(filled)
    assert removal.held(filled, "boiler") == (["boiler/t"], 4)
    begun = removal.begin(filled, "boiler", 77)
    assert begun is not None
    assert (begun.device, begun.series) == ("boiler", (1,))
    assert removal.unfinished(filled) == [begun]
    for table in ("series", "hidden", *removal.OF_SERIES):
        assert rows(filled, table) == {2}, table
    assert [id_ for (id_,) in filled.execute("SELECT id FROM devices")] == ["tank"]
    contents = [content for (content,) in filled.execute("SELECT content FROM damaged ORDER BY id")]
    assert [content is None for content in contents] == [True, False, True]
    assert json.loads(contents[1])[1] == 2
    assert not removal.finish(filled, begun)
    assert not removal.step(filled, begun.series)
    for table in ("chunks", "chunk_data", "sealed", "rollup_1h"):
        assert rows(filled, table) == {2}, table
    assert removal.finish(filled, begun)
    assert removal.unfinished(filled) == []
    after = ledger.get(filled)
    assert after["deleted"] - before["deleted"] == 7  # four in a chunk, three behind a mask
    assert after["stored"] - before["stored"] == -7


def test_a_device_that_is_not_there_is_not_removed(filled: sqlite3.Connection) -> None:
    assert removal.begin(filled, "nobody", 1) is None
    assert removal.unfinished(filled) == []


def test_steps_end_and_go_on(filled: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "STEP", -1.0)
    monkeypatch.setattr(removal, "ROWS", 1)
    filled.executemany("INSERT INTO rollup_1m VALUES (1, ?, 3, 1, 1, 1, 1, 1, 1, 0)", [(t,) for t in range(5)])
    begun = removal.begin(filled, "boiler", 1)
    assert begun is not None
    steps = 0
    while removal.step(filled, begun.series):
        steps += 1
    assert steps >= 5
    assert rows(filled, "rollup_1m") == set()

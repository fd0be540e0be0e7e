"""The recorder's database is read, page by page, and never written."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest

from telemetry.store import homeassistant
from telemetry.store.homeassistant import Foreign, Recorder
from tests.telemetry.recorder import SCHEMA, Made


def test_pages_hold_everything_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(homeassistant, "PAGE", 3)
    made = Made(tmp_path / "ha.db")
    made.entity("sensor.t", [(float(n), str(n)) for n in range(10)])
    made.statistic("sensor.t", [{"start_ts": 3600.0 * n, "mean": n} for n in range(4)])
    recorder = Recorder(made.close())
    assert [state.state for page in recorder.states() for state in page] == [str(n) for n in range(10)]
    assert [hour.mean for page in recorder.hours() for hour in page] == [0, 1, 2, 3]
    recorder.close()


def test_the_file_and_its_folder_stay_as_they_are(tmp_path: Path) -> None:
    made = Made(tmp_path / "a b?.db")
    made.entity("sensor.t", [(1.0, "1")])
    path = made.close()
    before = hashlib.sha256(path.read_bytes()).digest()
    path.chmod(0o400)
    recorder = Recorder(path)
    assert list(recorder.states())
    recorder.close()
    assert hashlib.sha256(path.read_bytes()).digest() == before
    assert [one.name for one in tmp_path.iterdir()] == ["a b?.db"]


def test_what_lies_in_the_wal_is_read_too(tmp_path: Path) -> None:
    """Home Assistant is running."""
    made = Made(tmp_path / "ha.db")
    made.connection.execute("PRAGMA journal_mode=WAL")
    made.entity("sensor.t", [(1.0, "1")])
    made.connection.commit()
    recorder = Recorder(made.path)
    assert [len(page) for page in recorder.states()] == [1]
    made.entity("sensor.u", [(2.0, "2")])
    made.connection.commit()
    assert sum(len(page) for page in recorder.states()) == 2
    recorder.close()
    made.close()


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ("CREATE TABLE x (y)", "not one of Home Assistant"),
        (
            SCHEMA.replace("last_updated_ts FLOAT, old", "old").replace(", last_updated_ts)", ")"),
            "older Home Assistant",
        ),
    ],
)
def test_other_databases_are_told_apart(tmp_path: Path, schema: str, why: str) -> None:
    connection = sqlite3.connect(tmp_path / "x.db")
    connection.executescript(schema)
    connection.close()
    with pytest.raises(Foreign, match=why):
        Recorder(tmp_path / "x.db")


def test_damage_is_told(tmp_path: Path) -> None:
    made = Made(tmp_path / "ha.db")
    made.entity("sensor.t", [(float(n), str(n)) for n in range(5000)])
    path = made.close()
    data = bytearray(path.read_bytes())
    data[100:200] = bytes(100)
    path.write_bytes(data)
    with pytest.raises(Foreign, match="cannot be read"):
        Recorder(path)

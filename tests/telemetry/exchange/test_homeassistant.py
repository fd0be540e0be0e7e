"""What the recorder holds, as readings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from telemetry.exchange.homeassistant import pieces, value_of
from telemetry.model import Value
from telemetry.store.homeassistant import Recorder
from tests.telemetry.recorder import Made

T = 1_700_000_000.25
HOUR = 1_699_992_000.0


def lines(path: Path) -> list[dict[str, Any]]:
    recorder = Recorder(path)
    found = [json.loads(line) for piece in pieces(recorder) for line in piece.splitlines()]
    recorder.close()
    assert {one.pop("device") for one in found} <= {"homeassistant"}
    return found


@pytest.mark.parametrize(
    ("state", "value"),
    [
        ("21.5", 21.5),
        ("-3", -3.0),
        ("on", True),
        ("off", False),
        ("cooling", "cooling"),
        ("2026-11-21", "2026-11-21"),
        ("unknown", None),
        ("unavailable", None),
        ("", None),
        (None, None),
        ("1e999", None),
    ],
)
def test_a_state_is_a_number_a_switch_a_text_or_nothing(state: str | None, value: Value | None) -> None:
    assert value_of(state) == value
    assert type(value_of(state)) is type(value)


def test_states_come_with_the_unit_of_their_attributes(tmp_path: Path) -> None:
    made = Made(tmp_path / "ha.db")
    made.entity("sensor.bath_t", [(T, "21.5"), (T + 60, "unavailable"), (T + 120, "22")], unit_of_measurement="°C")
    made.entity("binary_sensor.door", [(T + 1, "on")])
    assert lines(made.close()) == [
        {"metric": "sensor.bath_t", "ts": 1_700_000_000_250, "value": 21.5, "unit": "°C"},
        {"metric": "sensor.bath_t", "ts": 1_700_000_120_250, "value": 22.0, "unit": "°C"},
        {"metric": "binary_sensor.door", "ts": 1_700_000_001_250, "value": True},
    ]


def test_statistics_stand_in_for_states_that_are_gone(tmp_path: Path) -> None:
    """Only hours that end before the oldest state: no hour is told twice."""
    made = Made(tmp_path / "ha.db")
    made.entity("sensor.t", [(HOUR + 2 * 3600 + 10, "20")])
    hours = [{"start_ts": HOUR + 3600 * n, "mean": n, "min": n - 0.5, "max": n + 0.5} for n in range(4)]
    made.statistic("sensor.t", hours, "°C")
    found = [(one["metric"], one["ts"], one["value"]) for one in lines(made.close())]
    first, second = int(HOUR) * 1000, int(HOUR) * 1000 + 3_600_000
    assert found == [
        ("sensor.t", first, 0.0),
        ("sensor.t.min", first, -0.5),
        ("sensor.t.max", first, 0.5),
        ("sensor.t", second, 1.0),
        ("sensor.t.min", second, 0.5),
        ("sensor.t.max", second, 1.5),
        ("sensor.t", second + 3_610_000, 20.0),
    ]


def test_the_sum_of_a_meter_is_a_series_of_its_own(tmp_path: Path) -> None:
    made = Made(tmp_path / "ha.db")
    made.entity("sensor.kwh", [(HOUR + 3600, "12.5")])
    made.statistic(
        "sensor.kwh",
        [{"start_ts": HOUR + 3600 * n, "state": 12 + n, "sum": 100 + n} for n in range(2)],
        "kWh",
        total=True,
    )
    end = int(HOUR + 3600) * 1000
    assert lines(made.close()) == [
        {"metric": "sensor.kwh", "ts": end, "value": 12.0, "unit": "kWh"},
        {"metric": "sensor.kwh.sum", "ts": end, "value": 100.0, "unit": "kWh"},
        {"metric": "sensor.kwh.sum", "ts": end + 3_600_000, "value": 101.0, "unit": "kWh"},
        {"metric": "sensor.kwh", "ts": end, "value": 12.5, "unit": "kWh"},
    ]


def test_statistics_without_an_entity_come_too(tmp_path: Path) -> None:
    made = Made(tmp_path / "ha.db")
    made.statistic("grid:import", [{"start_ts": HOUR, "sum": 5.0}], total=True)
    assert lines(made.close()) == [{"metric": "grid:import.sum", "ts": int(HOUR + 3600) * 1000, "value": 5.0}]


def test_attributes_that_are_no_json_do_not_matter(tmp_path: Path) -> None:
    made = Made(tmp_path / "ha.db")
    made.entity("sensor.t", [(T, "1")])
    made.connection.execute("UPDATE state_attributes SET shared_attrs = '[nonsense'")
    assert [one["value"] for one in lines(made.close())] == [1.0]

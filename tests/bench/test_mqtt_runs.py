"""Short runs of the MQTT bench against a real Mosquitto: every reading is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import mqtt_runs


@pytest.mark.parametrize("target", ["telltale", "paho-100"])
@pytest.mark.parametrize("load", mqtt_runs.LOADS, ids=[load.name for load in mqtt_runs.LOADS])
def test_every_reading_of_a_run_is_durable_before_it_ends(tmp_path: Path, target: str, load: mqtt_runs.Load) -> None:
    found = mqtt_runs.measure(tmp_path, mqtt_runs.Case("stock", 2, load), target, 0.3)
    assert found["readings_per_s"] == pytest.approx(found["messages_per_s"] * load.batch)
    assert found["messages_per_s"] > 0


def test_every_message_of_a_latency_run_reaches_the_browser(tmp_path: Path) -> None:
    found = mqtt_runs.latency(tmp_path, "stock", 100, 1.0)
    assert 0 < found["p50_ms"] <= found["p99_ms"]

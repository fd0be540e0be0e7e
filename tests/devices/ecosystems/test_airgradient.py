from __future__ import annotations

from typing import Any

import pytest

from devices.ecosystems.airgradient import AirGradient
from tests.devices.ecosystems.asking import nothing, post, publish, readings, refused, units, values


def test_device_is_the_serial_number_else_the_topic_or_host() -> None:
    one = AirGradient()
    assert readings(publish(one, "airgradient/readings/84fce6", {"serialno": "84fce6", "wifi": -61})) == [
        ("84fce6", "wifi", -61.0, None)
    ]
    assert readings(publish(one, "airgradient/readings/123", {"rco2": 500}))[0][0] == "123"
    polled = {"method": "GET", "host": "monitor.local"}
    assert readings(post(one, "/measures/current", {"rco2": 500}, **polled))[0][0] == "monitor.local"
    assert readings(post(one, "/measures/current", {"rco2": 500, "serialno": "1234"}, **polled))[0][0] == "1234"


def test_second_sensor_has_its_own_metrics_and_the_same_units() -> None:
    said = {"channels": {"1": {"pm02": 5, "atmp": 20.5}, "2": {"pm02": 6, "atmp": None}}, "pm02": 5.5}
    found = publish(AirGradient(), "airgradient/readings/s", said)
    assert values(found) == {"channels.1.pm02": 5.0, "channels.1.atmp": 20.5, "channels.2.pm02": 6.0, "pm02": 5.5}
    assert units(found)["channels.2.pm02"] == "µg/m³"


def test_counters_and_settings_are_no_readings() -> None:
    said = {"boot": 6, "bootCount": 6, "ledMode": "pm", "firmware": "3.1.3", "monitorDisplayCompensatedValues": True}
    assert nothing(publish(AirGradient(), "airgradient/readings/s", said))
    assert nothing(publish(AirGradient(), "airgradient/readings/s", b""))


@pytest.mark.parametrize("said", ["{", "404", b"\xff", "[1]"])
def test_broken_message_is_refused(said: Any) -> None:
    assert refused(publish(AirGradient(), "airgradient/readings/s", said))
    assert refused(post(AirGradient(), "/measures/current", said, method="GET", host="h"))


def test_other_topics_and_requests_are_someone_elses() -> None:
    one = AirGradient()
    assert publish(one, "airgradient/readings", {"rco2": 1}) is None
    assert publish(one, "airgradient/readings/a/b", {"rco2": 1}) is None
    assert post(one, "/measures/current", {"rco2": 1}, host="h") is None
    assert post(one, "/measures/current", {"rco2": 1}, method="GET") is None

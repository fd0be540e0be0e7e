from __future__ import annotations

from typing import Any

import pytest

from devices.ecosystems.esphome import EspHome, EspHomeBirth
from tests.devices.ecosystems.asking import publish, refused, told, units


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        ("node/sensor/co2/state", "612", {"node co2": 612}),
        ("node/sensor/co2/state", " -3.5e1\n", {"node co2": -35}),
        ("node/sensor/co2/state", "NaN", {}),
        ("node/sensor/co2/state", "None", {}),
        ("node/sensor/co2/state", "inf", {}),
        ("node/sensor/co2/state", "", {}),
        ("node/sensor/version/state", "2026.10.1", {}),
        ("node/sensor/uptime_text/state", "12:30", {}),
        ("node/text_sensor/ssid/state", "works", {}),
        ("node/sensor/raw/state", '{"a": 1}', {}),
        ("node/sensor/raw/state", "[3]", {}),
        ("node/binary_sensor/door/state", "OFF", {"node door": False}),
        ("node/binary_sensor/door/state", "on", {}),
        ("node/switch/pump/state", "ON", {"node pump": True}),
        ("node/number/set_point/state", "21.50", {"node set_point": 21.5}),
        ("node/select/mode/state", "2", {}),
        ("node/text/pin/state", "1234", {}),
        ("node/lock/door/state", "LOCKED", {}),
        ("node/cover/gate/state", "open", {}),
        ("node/cover/gate/position/state", "0.55", {"node gate.position": 0.55}),
        ("node/cover/gate/tilt/state", "1", {"node gate.tilt": 1}),
        ("node/valve/main/position/state", "0", {"node main.position": 0}),
        ("node/fan/roof/state", "ON", {"node roof": True}),
        ("node/fan/roof/speed_level/state", "3", {"node roof.speed_level": 3}),
        ("node/fan/roof/oscillation/state", "oscillate_on", {}),
        ("node/climate/hall/mode/state", "heat", {}),
        ("node/climate/hall/current_temperature/state", "20.1", {"node hall.current_temperature": 20.1}),
        ("node/climate/hall/target_temperature_low/state", "18.0", {"node hall.target_temperature_low": 18}),
        ("node/climate/hall/away/state", "OFF", {"node hall.away": False}),
        ("node/climate/hall/current_temperature/state", "nan", {}),
        ("node/event/bell/state", '{"event_type":"ring"}', {}),
        ("node/update/fw/state", '{"installed_version":"1.2","update_percentage":3}', {}),
        ("node/datetime/alarm/state", '{"year":2026,"month":3}', {}),
        (
            "node/light/led/state",
            '{"state":"OFF","color":{"r":255,"b":7},"effect":"None"}',
            {"node led.state": False, "node led.color.r": 255, "node led.color.b": 7},
        ),
        ("node/light/led/state", "ON", {"node led": True}),
        ("node/light/led/command", '{"state":"ON","brightness":3}', {}),
        ("node/climate/hall/target_temperature/command", "21", {}),
        ("a/sensor/b/switch/c/state", "ON", {"a/sensor/b c": True}),
        ("house/fan/cover/position/state", "1", {"house/fan position": 1}),
        ("node/debug", "[I][app:102]: ESPHome version 2026.10.1, 17 sensors", {}),
        ("node/debug", "\x1b[1;31m[E][mqtt:1]: 3 failures\x1b[0m", {}),
        ("esphome/discover/node", '{"ip":"10.0.0.3","port":6053}', {}),
    ],
)
def test_messages(topic: str, payload: str, expected: dict[str, Any]) -> None:
    assert told(publish(EspHome(), topic, payload)) == expected


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("sensor/temperature/state", "3"),
        ("node/thing/temperature/state", "3"),
        ("node/sensor/a b/state", "3"),
        ("node/sensor/state", "3"),
        ("homeassistant/sensor/x/state", "3"),
        ("homeassistant/status", "online"),
        ("node/status", "ok"),
        ("node/status", b"\xff"),
        ("status", "online"),
        ("node/debug", "3"),
        ("node/climate/hall/brightness/state", "3"),
        ("node/sensor/x/value", "3"),
    ],
)
def test_topics_of_others_are_left_to_them(topic: str, payload: str | bytes) -> None:
    assert publish(EspHome(), topic, payload) is None
    assert publish(EspHomeBirth(), topic, payload) is None


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        ("node/status", "online", {"node": True}),
        ("site/north/node/status", "offline", {"site/north/node": False}),
    ],
)
def test_birth_and_will_are_presence(topic: str, payload: str, expected: dict[str, bool]) -> None:
    assert publish(EspHome(), topic, payload) is None
    assert told(publish(EspHomeBirth(), topic, payload)) == expected
    known = EspHome()
    publish(known, f"{topic.removesuffix('/status')}/sensor/a/state", "1")
    assert told(publish(known, topic, payload)) == expected


def test_a_known_node_owns_its_log_and_its_cleared_status() -> None:
    decoder = EspHome()
    assert publish(decoder, "node/debug", "plain line 3") is None
    told(publish(decoder, "node/sensor/a/state", "1"))
    assert told(publish(decoder, "node/debug", "plain line 3")) == {}
    assert told(publish(decoder, "node/status", "")) == {}


@pytest.mark.parametrize(
    ("topic", "payload"),
    [("node/light/led/state", "{"), ("node/sensor/a/state", b"\xff\xfe"), ("node/light/led/state", b'{"a":"\xff"}')],
)
def test_broken_messages_are_refused(topic: str, payload: str | bytes) -> None:
    assert refused(publish(EspHome(), topic, payload))


def test_climate_is_in_celsius() -> None:
    assert units(publish(EspHome(), "n/climate/h/target_temperature/state", "3")) == {"h.target_temperature": "°C"}
    assert units(publish(EspHome(), "n/sensor/temperature/state", "3")) == {"temperature": None}


def test_nodes_are_bounded() -> None:
    decoder = EspHome()
    for number in range(10_100):
        publish(decoder, f"n{number}/sensor/a/state", "1")
    assert len(decoder._nodes) == 10_000

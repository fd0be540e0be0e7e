from __future__ import annotations

from typing import Any

import pytest

from devices.ecosystems.shelly_gen1 import ShellyGen1
from tests.devices.ecosystems.asking import publish, refused, told, units


@pytest.mark.parametrize(
    ("path", "payload", "expected"),
    [
        ("relay/1", "off", {"relay.1": (False, None)}),
        ("relay/0", "overpower", {}),
        ("relay/0/overpower_value", "2300", {"relay.0.overpower_value": (2300, "W")}),
        ("emeter/2/power", "-640.21", {"emeter.2.power": (-640.21, "W")}),
        ("emeter/0/reactive_power", "12.0", {"emeter.0.reactive_power": (12, "var")}),
        ("emeter/0/energy", "77", {"emeter.0.energy": (77, "Wmin")}),
        ("emeter/0/total", "123456.7", {"emeter.0.total": (123456.7, "Wh")}),
        ("emeter/0/total_returned", "0.0", {"emeter.0.total_returned": (0, "Wh")}),
        ("emeter/0/voltage", "231.22", {"emeter.0.voltage": (231.22, "V")}),
        ("emeter/0/pf", "0.91", {"emeter.0.pf": (0.91, None)}),
        ("roller/0", "open", {}),
        ("roller/0/pos", "55", {"roller.0.pos": (55, "%")}),
        ("roller/0/stop_reason", "normal", {}),
        ("input/0", "1", {"input.0": (1, None)}),
        ("longpush/0", "0", {"longpush.0": (0, None)}),
        ("temperature", "48.21", {"temperature": (48.21, "°C")}),
        ("temperature_f", "118.78", {"temperature_f": (118.78, "°F")}),
        ("overtemperature", "0", {"overtemperature": (0, None)}),
        ("sensor/battery", "87", {"sensor.battery": (87, "%")}),
        ("sensor/flood", "true", {"sensor.flood": (True, None)}),
        ("sensor/state", "close", {}),
        ("sensor/lux", "312", {"sensor.lux": (312, "lx")}),
        ("sensor/tilt", "-1", {"sensor.tilt": (-1, "°")}),
        ("sensor/concentration", "12", {"sensor.concentration": (12, "ppm")}),
        ("sensor/act_reasons", '["sensor","alarm"]', {}),
        ("ext_temperature/0", "20.31", {"ext_temperature.0": (20.31, "°C")}),
        ("ext_temperature_f/1", "68.5", {"ext_temperature_f.1": (68.5, "°F")}),
        ("ext_humidity/0", "40", {"ext_humidity.0": (40, "%")}),
        (
            "ext_temperatures",
            '{"0":{"hwID":"28b5a4f00c00000f","tC":21.06,"tF":69.91}}',
            {"ext_temperatures.0.tC": (21.06, "°C"), "ext_temperatures.0.tF": (69.91, "°F")},
        ),
        (
            "light/0/status",
            '{"ison":true,"source":"http","mode":"white","brightness":60}',
            {"light.0.status.ison": (True, None), "light.0.status.brightness": (60, "%")},
        ),
        ("input_event/0", '{"event":"S","event_cnt":7}', {"input_event.0.event_cnt": (7, None)}),
        (
            "status",
            '{"motion":false,"lux":33,"bat":90}',
            {
                "status.motion": (False, None),
                "status.lux": (33, "lx"),
                "status.bat": (90, "%"),
            },
        ),
        ("info", '{"wifi_sta":{"rssi":-60}}', {}),
        ("announce", '{"new_fw":true}', {}),
        ("command", "update", {}),
        ("light/0/set", '{"brightness":3}', {}),
        ("roller/0/command/pos", "50", {}),
        ("relay/0", "", {}),
    ],
)
def test_topics(path: str, payload: str, expected: dict[str, Any]) -> None:
    topic = f"shellies/shelly-x/{path}"
    values = told(publish(ShellyGen1(), topic, payload))
    assert values == {f"shelly-x {metric}": value for metric, (value, _) in expected.items()}
    assert units(publish(ShellyGen1(), topic, payload)) == {metric: unit for metric, (_, unit) in expected.items()}


@pytest.mark.parametrize(("payload", "online"), [("true", {"a": True}), ("false", {"a": False}), ("x", {}), ("", {})])
def test_online_is_presence(payload: str, online: dict[str, bool]) -> None:
    assert told(publish(ShellyGen1(), "shellies/a/online", payload)) == online


def test_topics_to_all_devices_hold_no_readings() -> None:
    assert told(publish(ShellyGen1(), "shellies/announce", '{"id":"a","new_fw":false}')) == {}
    assert told(publish(ShellyGen1(), "shellies/command", "announce")) == {}


@pytest.mark.parametrize("payload", ["{", "[1", b"\xff"])
def test_broken_messages_are_refused(payload: str | bytes) -> None:
    assert refused(publish(ShellyGen1(), "shellies/a/light/0/status", payload))


def test_a_later_generation_under_the_same_root_is_left_to_its_decoder() -> None:
    decoder = ShellyGen1()
    assert publish(decoder, "other/a/relay/0", "on") is None
    assert told(publish(decoder, "shellies/plus/online", "true")) == {"plus": True}
    assert publish(decoder, "shellies/plus/status/switch:0", '{"id":0,"output":true}') is None
    assert publish(decoder, "shellies/plus/online", "true") is None
    assert publish(decoder, "shellies/pro/events/rpc", "{}") is None
    assert publish(decoder, "shellies/pro/status/sys", "{}") is None

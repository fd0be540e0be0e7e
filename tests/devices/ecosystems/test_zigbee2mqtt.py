from __future__ import annotations

from typing import Any

import pytest

from devices.ecosystems.zigbee2mqtt import Zigbee2Mqtt
from tests.devices.ecosystems.asking import publish, refused, times, told, units


def listed(*devices: tuple[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [
        {"ieee_address": f"0x00{at}", "friendly_name": name, "definition": {"model": "x", "exposes": exposes}}
        for at, (name, exposes) in enumerate(devices)
    ] + [{"ieee_address": "0x99", "friendly_name": "Coordinator", "definition": None}]


MV = [{"type": "numeric", "name": "voltage", "property": "voltage", "unit": "mV"}]
V = [{"type": "numeric", "name": "voltage", "property": "voltage", "unit": "V"}]
LAMP = [
    {
        "type": "light",
        "features": [
            {"type": "binary", "property": "state", "value_on": "ON"},
            {"type": "numeric", "property": "brightness"},
            {"type": "composite", "property": "color", "features": [{"type": "numeric", "property": "x"}]},
        ],
    },
    {"type": "enum", "property": "effect", "values": ["1", "2"]},
    {"type": "numeric", "property": "linkquality", "unit": "lqi"},
]


@pytest.mark.parametrize("base", ["zigbee2mqtt", "home/zigbee", "z2m-2"])
@pytest.mark.parametrize(
    ("document", "payload"),
    [
        ("state", "online"),
        ("state", {"state": "online"}),
        ("info", {"version": "2.14.1", "coordinator": {}}),
        ("devices", listed(("a/b c", MV))),
    ],
)
def test_bases_are_learnt_from_the_bridge(base: str, document: str, payload: Any) -> None:
    decoder = Zigbee2Mqtt()
    assert told(publish(decoder, f"{base}/bridge/{document}", payload)) == ({base: True} if document == "state" else {})
    assert told(publish(decoder, f"{base}/a/b c", {"temperature": 1.5})) == {"a/b c temperature": 1.5}
    assert told(publish(decoder, f"{base}/a/b c/availability", {"state": "offline"})) == {"a/b c": False}


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("other/lamp", {"temperature": 1}),
        ("other/bridge/state", "running"),
        ("other/bridge/state", {"state": 3}),
        ("other/bridge/state", {"state": {"state": "online"}}),
        ("other/bridge/info", {"name": "x"}),
        ("other/bridge/devices", [{"id": 1}]),
        ("other/bridge/devices", "{"),
        ("bridge/state", "online"),
        ("zigbee2mqtt", {"a": 1}),
        ("zigbee2mqttx/a", {"a": 1}),
        ("a/b/c", {"linkquality": 3}),
        ("a/b", '{"linkquality": 3'),
    ],
)
def test_topics_of_others_are_left_to_them(topic: str, payload: Any) -> None:
    assert publish(Zigbee2Mqtt(), topic, payload) is None


def test_a_base_not_announced_yet_is_told_by_link_quality() -> None:
    assert told(publish(Zigbee2Mqtt(), "z2m/attic", {"linkquality": 90, "occupancy": False})) == {
        "attic linkquality": 90,
        "attic occupancy": False,
    }


@pytest.mark.parametrize(
    ("seen", "ts"),
    [
        ("2025-03-05T08:20:37.118Z", 1741162837118),
        ("2025-03-05T09:20:37+01:00", 1741162837000),
        (1741162842123, 1741162842123),
        ("2025-03-05T09:20:37", None),
        ("yesterday", None),
        (None, None),
        (0, None),
    ],
)
def test_last_seen_is_the_time(seen: object, ts: int | None) -> None:
    assert times(publish(Zigbee2Mqtt(), "zigbee2mqtt/a", {"contact": True, "last_seen": seen})) == {ts}
    assert told(publish(Zigbee2Mqtt(), "zigbee2mqtt/a", {"contact": True, "last_seen": seen})) == {"a contact": True}


def test_bookkeeping_is_no_reading() -> None:
    body = {
        "elapsed": 512,
        "update": {"state": "idle", "installed_version": 3},
        "device": {"friendlyName": "a", "networkAddress": 41236},
        "state_left": "ON",
        "state": "CLOSE",
        "position": 30,
        "nothing": None,
    }
    assert told(publish(Zigbee2Mqtt(), "zigbee2mqtt/a", body)) == {"a state_left": True, "a position": 30}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [("online", True), ("Offline", False), ({"state": "online"}, True), ({"state": "offline"}, False)],
)
def test_availability_is_bare_or_json(payload: Any, expected: bool) -> None:
    assert told(publish(Zigbee2Mqtt(), "zigbee2mqtt/x/y/availability", payload)) == {"x/y": expected}


@pytest.mark.parametrize("payload", ["", {"state": None}, {}, "maybe"])
def test_unclear_availability_says_nothing(payload: Any) -> None:
    assert told(publish(Zigbee2Mqtt(), "zigbee2mqtt/x/availability", payload)) == {}


@pytest.mark.parametrize(
    "topic",
    [
        "bridge/logging",
        "bridge/event",
        "bridge/health",
        "bridge/request/permit_join",
        "bridge/response/device/rename",
        "bridge/log",
        "bridge/config/permit_join",
        "bridge/groups",
        "bridge/info",
        "lamp/set",
        "lamp/set/brightness",
        "lamp/left/set",
        "lamp/get",
        "lamp/get/state",
        "x/y/set",
    ],
)
def test_commands_and_bridge_documents_hold_no_readings(topic: str) -> None:
    assert told(publish(Zigbee2Mqtt(), f"zigbee2mqtt/{topic}", {"state": "ON", "value": 3, "level": "info"})) == {}


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("zigbee2mqtt/a", "{"),
        ("zigbee2mqtt/a/b", '{"a":'),
        ("zigbee2mqtt/a", b"\xff"),
        ("zigbee2mqtt/a/availability", "{"),
        ("zigbee2mqtt/bridge/state", "{"),
        ("zigbee2mqtt/bridge/devices", "["),
        ("zigbee2mqtt/a/temperature", b"\xff"),
    ],
)
def test_broken_messages_are_refused(topic: str, payload: str | bytes) -> None:
    assert refused(publish(Zigbee2Mqtt(), topic, payload))


@pytest.mark.parametrize(
    ("key", "payload", "expected"),
    [
        ("brightness", "178", {"x/y brightness": 178}),
        ("state", "ON", {"x/y state": True}),
        ("contact", "false", {"x/y contact": False}),
        ("color_mode", "xy", {}),
        ("battery", "", {}),
        ("action", "1", {}),
        ("last_seen", "1741162842123", {}),
        ("update-installed_version", "16842834", {}),
        ("update_available", "false", {"x/y update_available": False}),
        ("color", "0.3,0.4", {}),
        ("color-x", "0.3", {"x/y color-x": 0.3}),
    ],
)
def test_attributes_are_bare_text_under_the_name(key: str, payload: str, expected: dict[str, Any]) -> None:
    assert told(publish(Zigbee2Mqtt(), f"zigbee2mqtt/x/y/{key}", payload)) == expected


def test_attributes_agree_with_json_where_the_device_is_known() -> None:
    decoder = Zigbee2Mqtt()
    told(publish(decoder, "zigbee2mqtt/bridge/devices", listed(("x/y", LAMP), ("odd/set", MV))))
    assert told(publish(decoder, "zigbee2mqtt/x/y/color-x", "0.3")) == {"x/y color.x": 0.3}
    assert told(publish(decoder, "zigbee2mqtt/x/y/effect", "1")) == {}
    assert told(publish(decoder, "zigbee2mqtt/x/y", {"color": {"x": 0.3}, "state": "OFF"})) == {
        "x/y color.x": 0.3,
        "x/y state": False,
    }
    assert told(publish(decoder, "zigbee2mqtt/odd/set", {"voltage": 2900})) == {"odd/set voltage": 2900}
    assert refused(publish(decoder, "zigbee2mqtt/x/y", "ON"))
    assert told(publish(decoder, "zigbee2mqtt/x/y", "17")) == {}


def test_voltage_has_the_unit_that_the_device_list_gives() -> None:
    decoder = Zigbee2Mqtt()
    body = {"voltage": 231, "temperature": 3, "battery": 9}
    assert units(publish(decoder, "zigbee2mqtt/plug", body))["voltage"] is None
    told(publish(decoder, "zigbee2mqtt/bridge/devices", listed(("plug", V), ("door", MV))))
    assert units(publish(decoder, "zigbee2mqtt/plug", body)) == {"voltage": "V", "temperature": "°C", "battery": "%"}
    assert units(publish(decoder, "zigbee2mqtt/door", body))["voltage"] == "mV"
    assert units(publish(decoder, "zigbee2mqtt/door/voltage", "2900")) == {"voltage": "mV"}
    assert units(publish(decoder, "zigbee2mqtt/other", body))["voltage"] is None


@pytest.mark.parametrize(
    "devices",
    [
        [],
        [1, None],
        [{"friendly_name": 3}],
        [{"friendly_name": "a", "definition": {"exposes": "x"}}],
        [{"friendly_name": "a", "definition": {"exposes": [1, {"features": [[]]}, {"property": 3}]}}],
    ],
)
def test_odd_device_lists_are_survived(devices: list[Any]) -> None:
    decoder = Zigbee2Mqtt()
    assert told(publish(decoder, "zigbee2mqtt/bridge/devices", devices)) == {}
    assert told(publish(decoder, "zigbee2mqtt/a", {"x": 1})) == {"a x": 1}


def test_bases_are_bounded() -> None:
    decoder = Zigbee2Mqtt()
    for number in range(1000):
        told(publish(decoder, f"b{number}/bridge/state", "online"))
    assert len(decoder._bases) == 100
    assert told(publish(decoder, "b999/a", {"x": 1})) == {"a x": 1}

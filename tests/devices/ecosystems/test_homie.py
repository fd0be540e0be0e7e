from __future__ import annotations

from typing import Any

import pytest

from devices.ecosystems import homie
from devices.ecosystems.base import Message
from devices.ecosystems.homie import Homie
from telemetry.decoded import Decoded
from tests.devices.ecosystems.asking import NOW, nothing, publish, readings, refused, units

DESCRIPTION = {
    "homie": "5.0",
    "version": 1,
    "name": "Plant room",
    "nodes": {
        "p": {
            "properties": {
                "f": {"datatype": "float", "unit": "bar"},
                "i": {"datatype": "integer"},
                "b": {"datatype": "boolean"},
                "e": {"datatype": "enum", "format": "1,2"},
                "s": {"datatype": "string"},
                "d": {"datatype": "duration"},
                "j": {"datatype": "json"},
                "n": {"unit": "W"},
            }
        }
    },
}


def four(datatype: str, unit: str = "", place: str = "homie/dev/node/prop") -> Homie:
    one = Homie()
    assert nothing(publish(one, f"{place}/$unit", unit))
    assert nothing(publish(one, f"{place}/$datatype", datatype))
    return one


@pytest.mark.parametrize(
    ("datatype", "said", "expected"),
    [
        ("float", "-2.5e1", -25.0),
        ("integer", "42", 42.0),
        ("percent", "55.5", 55.5),
        ("boolean", "true", True),
        ("boolean", "false", False),
        ("boolean", "TRUE", None),
        ("boolean", "1", None),
        ("boolean", "on", None),
        ("float", "nan", None),
        ("float", "inf", None),
        ("float", "", None),
        ("float", "1,5", None),
        ("float", "0x1F", None),
        ("string", "5", None),
        ("enum", "1", None),
        ("color", "255", None),
        ("datetime", "2025", None),
        ("duration", "5", None),
        ("json", "5", None),
        ("unheard-of", "5", None),
    ],
)
def test_type_of_version_4_decides(datatype: str, said: str, expected: Any) -> None:
    found = publish(four(datatype, "°C"), "homie/dev/node/prop", said)
    assert readings(found) == ([] if expected is None else [("dev", "node.prop", expected, None)])
    if expected is not None:
        assert units(found) == {"node.prop": "°C"}


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        ("f", "1.25e1", 12.5),
        ("i", "-3", -3.0),
        ("b", "true", True),
        ("b", "True", None),
        ("e", "1", None),
        ("s", "5", None),
        ("d", "5", None),
        ("j", "5", None),
        ("n", "5", None),
        ("unknown", "5", None),
    ],
)
def test_description_of_version_5_decides(name: str, said: str, expected: Any) -> None:
    one = Homie()
    assert publish(one, "homie/5/dev/$description", DESCRIPTION) == Decoded(names={"dev": "Plant room"})
    found = publish(one, f"homie/5/dev/p/{name}", said)
    assert readings(found) == ([] if expected is None else [("dev", f"p.{name}", expected, None)])


def test_newer_description_takes_the_place_of_the_older() -> None:
    one = Homie()
    publish(one, "homie/5/dev/$description", DESCRIPTION)
    publish(
        one, "homie/5/dev/$description", {"nodes": {"p": {"properties": {"i": {"datatype": "float", "unit": "V"}}}}}
    )
    assert nothing(publish(one, "homie/5/dev/p/f", "1"))
    assert units(publish(one, "homie/5/dev/p/i", "1.5")) == {"p.i": "V"}
    assert nothing(publish(one, "homie/5/dev/$description", ""))
    assert nothing(publish(one, "homie/5/dev/p/i", "1.5"))


def test_numbers_of_older_firmware_count_without_a_type_unless_they_are_retained() -> None:
    assert readings(publish(Homie(), "homie/esp/temperature/degrees", "21.5")) == [
        ("esp", "temperature.degrees", 21.5, None)
    ]
    assert readings(publish(Homie(), "homie/esp/relay/on", "true")) == [("esp", "relay.on", True, None)]
    assert nothing(Homie().message(Message("homie/esp/temperature/degrees", b"21.5", NOW, retained=True)))
    assert nothing(publish(Homie(), "homie/5/esp/temperature/degrees", "21.5"))


def test_array_nodes_are_described_once() -> None:
    one = four("boolean", place="homie/car/lights/on")
    assert readings(publish(one, "homie/car/lights_1/on", "true")) == [("car", "lights_1.on", True, None)]


@pytest.mark.parametrize("root", ["homie", "homie/5"])
@pytest.mark.parametrize(
    ("state", "online"),
    [("init", True), ("ready", True), ("alert", True), ("sleeping", True), ("disconnected", False), ("lost", False)],
)
def test_state_is_presence(root: str, state: str, online: bool) -> None:
    assert publish(Homie(), f"{root}/dev/$state", state) == Decoded(presence={"dev": online})


@pytest.mark.parametrize(
    "rest",
    [
        "dev/$state",
        "dev/$stats/uptime",
        "dev/$fw/version",
        "dev/$nodes",
        "dev/node/$name",
        "dev/node/prop/$settable",
        "dev/node/prop/set",
        "$broadcast/alert",
        "dev",
        "dev/node",
        "",
        "dev//prop",
        "5/dev/$log/info",
        "5/dev/$alert/1",
        "5/dev/node/prop/$target",
        "5/dev/node/prop/set",
        "5/$broadcast/x",
        "5",
        "5/dev",
    ],
)
def test_attributes_commands_and_odd_topics_hold_nothing(rest: str) -> None:
    assert nothing(publish(Homie(), f"homie/{rest}", "5"))


def test_name_of_a_device_is_shown() -> None:
    assert publish(Homie(), "homie/dev/$name", "The still") == Decoded(names={"dev": "The still"})


@pytest.mark.parametrize(("mark", "said", "place"), [("$homie", "4.0.0", "site/a/dev"), ("$homie", "3.0.1", "iot/dev")])
def test_another_root_is_learnt_from_the_version(mark: str, said: str, place: str) -> None:
    one = Homie()
    assert publish(one, f"{place}/node/prop", "5") is None
    assert nothing(publish(one, f"{place}/{mark}", said))
    assert readings(publish(one, f"{place}/node/prop", "5")) == [("dev", "node.prop", 5.0, None)]
    assert publish(one, f"{place.removesuffix('dev')}other/node/prop", "5") is None


def test_another_root_of_version_5_is_learnt_from_the_description() -> None:
    one = Homie()
    publish(one, "site/5/dev/$description", DESCRIPTION)
    assert readings(publish(one, "site/5/dev/p/f", "5")) == [("dev", "p.f", 5.0, None)]


@pytest.mark.parametrize(
    ("topic", "said"),
    [("a/b/$homie", "hello"), ("a/b/$description", DESCRIPTION), ("a/b/c", "5"), ("homie", "5"), ("Homie/a/b/c", "5")],
)
def test_other_topics_are_left_to_others(topic: str, said: Any) -> None:
    assert publish(Homie(), topic, said) is None


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("homie/dev/node/prop", b"\xff"),
        ("homie/dev/$state", b"\xff"),
        ("homie/5/dev/$description", "{"),
        ("homie/5/dev/$description", "[]"),
    ],
)
def test_broken_message_is_refused(topic: str, said: Any) -> None:
    assert refused(publish(Homie(), topic, said))


@pytest.mark.parametrize(
    "nodes",
    [
        None,
        5,
        [],
        {"p": None},
        {"p": {"properties": 5}},
        {"p": {"properties": {"f": 5}}},
        {"p": {"properties": {"f": {"datatype": 5, "unit": []}}}},
    ],
)
def test_odd_description_describes_nothing(nodes: Any) -> None:
    one = Homie()
    assert nothing(publish(one, "homie/5/dev/$description", {"nodes": nodes}))
    assert nothing(publish(one, "homie/5/dev/p/f", "5"))


def test_memory_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(homie, "PROPERTIES", 10)
    one = Homie()
    for index in range(50):
        publish(one, f"homie/d{index}/n/p/$datatype", "enum")
        publish(one, f"homie/5/d{index}/$description", DESCRIPTION)
        publish(one, f"root{index}/d/$homie", "4.0.0")
    assert (len(one._properties), len(one._described), len(one._roots)) == (10, 10, 10)

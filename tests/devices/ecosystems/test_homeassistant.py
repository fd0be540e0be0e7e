"""Discovery end to end in one process: configurations in, then states, availability and removals."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.ecosystems import homeassistant
from devices.ecosystems.base import Message
from devices.ecosystems.homeassistant import HomeAssistant
from telemetry.decoded import Decoded
from telemetry.model import Refusal
from tests.devices.ecosystems.asking import NOW, nothing, publish, readings, refused, units

DEVICE = {"ids": ["b1"], "name": "Boiler"}


def announce(one: HomeAssistant, name: str = "m", component: str = "sensor", **body: Any) -> str:
    topic = f"homeassistant/{component}/{name}/config"
    assert nothing(publish(one, topic, {"stat_t": "b/state", "dev": DEVICE} | body))
    return topic


def test_states_of_several_entities_stand_on_one_topic() -> None:
    one = HomeAssistant()
    announce(one, "t", val_tpl="{{ value_json.t }}", unit_of_meas="°C")
    announce(one, "h", val_tpl="{{ value_json.h | round(0) }}", unit_of_meas="%")
    announce(one, "on", "binary_sensor", val_tpl="{{ value_json.on }}", pl_on="yes", pl_off="no")
    announce(one, "gone", val_tpl="{{ value_json.gone | float(0) }}")
    found = publish(one, "b/state", {"t": 61.5, "h": 40.4, "on": "no", "unknown": 5})
    assert readings(found) == [("Boiler", "t", 61.5, None), ("Boiler", "h", 40.0, None), ("Boiler", "on", False, None)]
    assert units(found) == {"t": "°C", "h": "%", "on": None}


@pytest.mark.parametrize(
    ("body", "said", "expected"),
    [
        ({}, "21.5", 21.5),
        ({}, " 21.5\n", 21.5),
        ({}, "None", None),
        ({}, "unavailable", None),
        ({}, "55,3", None),
        ({}, "nan", None),
        ({}, "", None),
        ({"val_tpl": ""}, "5", 5.0),
        ({"val_tpl": "{{ value_json.v }}"}, '{"v": null}', None),
        ({"val_tpl": "{{ value_json.v }}"}, '{"v": "7"}', 7.0),
        ({"val_tpl": "{{ value_json.v }}"}, '{"v": 18446744073709551616}', 2.0**64),
        ({"val_tpl": "{{ value_json.v }}"}, '{"v": NaN}', None),
        ({"val_tpl": "{{ value_json.v }}"}, '{"w": 1}', None),
        ({"val_tpl": "{{ value_json }}"}, "7", 7.0),
        ({"val_tpl": "{{ 'x' * 10**9 }}"}, "7", None),
    ],
    ids=str,
)
def test_value_of_a_sensor(body: dict[str, Any], said: str, expected: float | None) -> None:
    one = HomeAssistant()
    announce(one, **body)
    assert readings(publish(one, "b/state", said)) == ([] if expected is None else [("Boiler", "m", expected, None)])


@pytest.mark.parametrize(
    ("said", "expected"), [("ON", True), ("OFF", False), ("on", None), ("1", None), ("None", None), ("", None)]
)
def test_value_of_a_switch(said: str, expected: bool | None) -> None:
    one = HomeAssistant()
    announce(one, "s", "switch")
    assert readings(publish(one, "b/state", said)) == ([] if expected is None else [("Boiler", "s", expected, None)])


def test_empty_configuration_removes_and_a_newer_one_replaces() -> None:
    one = HomeAssistant()
    topic = announce(one, "m")
    announce(one, "n")
    announce(one, "m", stat_t="elsewhere")
    assert [metric for _, metric, _, _ in readings(publish(one, "b/state", "1"))] == ["n"]
    assert [metric for _, metric, _, _ in readings(publish(one, "elsewhere", "1"))] == ["m"]
    assert nothing(publish(one, topic, b""))
    assert publish(one, "elsewhere", "1") is None
    assert nothing(publish(one, topic, b""))


def test_removed_device_takes_all_its_components_along() -> None:
    one = HomeAssistant()
    body = {
        "dev": DEVICE,
        "stat_t": "b/state",
        "avty_t": "b/up",
        "cmps": {"a": {"p": "sensor", "uniq_id": "1"}, "b": {"p": "number", "uniq_id": "2"}},
    }
    publish(one, "homeassistant/device/b1/config", body)
    assert len(readings(publish(one, "b/state", "1"))) == 2
    publish(
        one,
        "homeassistant/device/b1/config",
        body | {"cmps": {"a": {"p": "sensor"}, "b": {"p": "number", "uniq_id": "2"}}},
    )
    assert [metric for _, metric, _, _ in readings(publish(one, "b/state", "1"))] == ["b"]
    publish(one, "homeassistant/device/b1/config", b"")
    assert publish(one, "b/state", "1") is None
    assert publish(one, "b/up", "online") is None
    assert one._held == 0


def test_availability_has_words_and_templates() -> None:
    one = HomeAssistant()
    announce(one, avty_t="b/up", pl_avail="up", pl_not_avail="down")
    announce(one, "n", avty=[{"t": "b/json", "val_tpl": "{{ value_json.state }}"}])
    assert publish(one, "b/up", "down") == Decoded(presence={"Boiler": False})
    assert publish(one, "b/up", "up") == Decoded(presence={"Boiler": True})
    assert nothing(publish(one, "b/up", "UP"))
    assert publish(one, "b/json", '{"state":"offline"}') == Decoded(presence={"Boiler": False})
    assert nothing(publish(one, "b/json", '{"state":"who knows"}'))
    assert nothing(publish(one, "b/json", b""))


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("latest", [("b", "online", True), ("d", "offline", False), ("d", "online", True)]),
        ("all", [("b", "online", True), ("d", "offline", False), ("b", "online", False), ("d", "online", True)]),
        ("any", [("b", "online", True), ("d", "offline", True), ("b", "offline", False), ("d", "online", True)]),
    ],
)
def test_mode_says_how_several_topics_count(mode: str, said: list[tuple[str, str, bool]]) -> None:
    one = HomeAssistant()
    announce(one, avty=[{"t": "bridge/b"}, {"t": "bridge/d"}], avty_mode=mode)
    for topic, word, online in said:
        assert publish(one, f"bridge/{topic}", word) == Decoded(presence={"Boiler": online})


def test_one_topic_may_speak_for_many_devices() -> None:
    one = HomeAssistant()
    for index in range(3):
        announce(one, f"m{index}", dev={"ids": f"d{index}"}, avty_t="bridge/state", stat_t=f"d{index}")
    assert publish(one, "bridge/state", "offline") == Decoded(presence={"d0": False, "d1": False, "d2": False})


def test_attributes_are_understood_and_hold_nothing() -> None:
    one = HomeAssistant()
    announce(one, json_attr_t="b/attributes")
    assert nothing(publish(one, "b/attributes", {"t": 5}))


def test_units_help_the_decoder_that_knows_the_topic() -> None:
    one = HomeAssistant()
    announce(one, "t", val_tpl="{{ value_json.ENERGY.Power[0] }}", unit_of_meas="W")
    announce(one, "u", val_tpl="{{ value_json.u | round(1) }}", unit_of_meas="V")
    announce(one, "scaled", val_tpl="{{ value_json.mv / 1000 }}", unit_of_meas="V")
    announce(one, "x1", val_tpl="{{ value_json.x }}", unit_of_meas="W")
    announce(one, "x2", val_tpl="{{ value_json.x }}", unit_of_meas="kW")
    announce(one, "none", val_tpl="{{ value_json.none }}")
    announce(one, "plain", stat_t="b/plain", unit_of_meas="hPa")
    assert one.units("b/state") == {"ENERGY.Power.0": "W", "u": "V"}
    assert one.units("b/plain") == {"": "hPa"}
    assert one.units("b/other") == {}


@pytest.mark.parametrize("topic", ["ha/sensor/m/config", "site/a/ha/sensor/node/m/config", "x/device/m/config"])
def test_another_prefix_is_known_by_its_configurations(topic: str) -> None:
    one = HomeAssistant()
    body = {"stat_t": "s", "dev": DEVICE, "cmps": {"m": {"p": "sensor", "uniq_id": "1"}}}
    assert nothing(publish(one, topic, body))
    assert readings(publish(one, "s", "5")) == [("Boiler", "m", 5.0, None)]
    assert nothing(publish(one, topic, b""))
    assert publish(one, "s", "5") is None
    assert publish(one, topic, b"") is None


@pytest.mark.parametrize(
    "topic", ["homeassistant/status", "homeassistant/tag/x/config", "homeassistant/sensor/x/config"]
)
def test_other_topics_of_the_prefix_hold_nothing(topic: str) -> None:
    assert nothing(publish(HomeAssistant(), topic, '{"a": 1}' if "config" in topic else "online"))


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("b/state", "5"),
        ("homeassistant/sensor/x/state", "5"),
        ("homeassistant", "5"),
        ("a/b/c/config", {"stat_t": "s"}),
        ("a/sensor/c/config", {"x": 1}),
        ("a/sensor/c/config", "{"),
        ("a/sensor/c/config", "5"),
        ("a/sensor/c/config", b""),
    ],
)
def test_other_topics_are_left_to_others(topic: str, said: Any) -> None:
    assert publish(HomeAssistant(), topic, said) is None


@pytest.mark.parametrize(
    "said",
    ["{", b"\xff", "[1]", "5", '{"a":1,"a":2}', "[" * 50_000],
    ids=["cut", "bytes", "list", "number", "twice", "deep"],
)
def test_broken_configuration_is_refused_and_the_older_one_kept(said: Any) -> None:
    one = HomeAssistant()
    topic = announce(one)
    assert refused(publish(one, topic, said))
    assert readings(publish(one, "b/state", "5")) == [("Boiler", "m", 5.0, None)]


def test_broken_state_is_refused() -> None:
    one = HomeAssistant()
    announce(one, val_tpl="{{ value_json.t }}")
    assert refused(publish(one, "b/state", '{"t": 5'))
    assert refused(publish(one, "b/state", b"\xff"))


def test_memory_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(homeassistant, "CONFIGS", 20)
    monkeypatch.setattr(homeassistant, "ENTITIES", 60)
    one = HomeAssistant()
    for index in range(100):
        announce(one, f"m{index}", stat_t=f"s{index}", avty_t=f"a{index}")
    assert (len(one._configs), one._held) == (20, 60)
    assert publish(one, "s0", "1") is None
    assert readings(publish(one, "s99", "1")) == [("Boiler", "m99", 1.0, None)]
    many = {f"c{index}": {"p": "sensor", "uniq_id": str(index)} for index in range(100)}
    publish(one, "homeassistant/device/big/config", {"stat_t": "big", "cmps": many})
    assert one._held <= 60


def test_work_for_one_message_has_a_bound() -> None:
    """A thousand templates of the longest kind on one topic: what does not fit is left out."""
    one = HomeAssistant()
    long = "{{ value }}{# " + "x" * 4_000 + " #}"
    for index in range(100):
        announce(one, f"m{index}", val_tpl=long)
    assert len(readings(publish(one, "b/state", "5"))) == homeassistant.WORK_MAX // len(long)


TOPICS = st.sampled_from(
    [
        "homeassistant/sensor/a/config",
        "homeassistant/device/a/config",
        "p/light/n/a/config",
        "s",
        "a",
        "j",
        "homeassistant/status",
    ]
)
BODIES = st.sampled_from(
    [
        b"",
        b"5",
        b"{",
        b"\xff",
        b'{"a": 1}',
        b'{"stat_t":"s"}',
        b'{"stat_t":"s","avty_t":"a","val_tpl":"{{ value_json.a }}"}',
        b'{"cmps":{"x":{"p":"sensor","stat_t":"s"}},"avty":[{"t":"a"},{"t":"s"}]}',
        b'{"stat_t":"s","schema":"json","json_attr_t":"j"}',
        b"online",
    ]
)


@settings(max_examples=200)
@given(st.lists(st.tuples(TOPICS, BODIES), max_size=30))
def test_any_order_of_messages_leaves_a_consistent_memory(messages: list[tuple[str, bytes]]) -> None:
    one = HomeAssistant()
    for topic, body in messages:
        found = one.message(Message(topic, body, NOW))
        assert found is None or isinstance(found, Decoded | Refusal)
    for topic in list(one._configs):
        one.message(Message(topic, b"", NOW))
    assert one._held == 0
    assert [one._entities._topics, one._watches._topics, one._attributes._topics] == [{}, {}, {}]


def test_configuration_of_the_size_of_a_message_is_taken_in_bounded_time() -> None:
    one = HomeAssistant()
    parts = {f"c{index}": {"p": "sensor", "val_tpl": f"{{{{ value_json.c{index} }}}}"} for index in range(3_000)}
    assert nothing(publish(one, "homeassistant/device/big/config", json.dumps({"stat_t": "s", "cmps": parts})))
    assert one._held <= 1_001 + 1

"""Discovery's configurations as entities: names, abbreviations, base topics, words, availability."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.ecosystems.ha_config import ABBREVIATIONS, Announced, Entity, Source, Watch, announced

DEVICE = {"ids": ["id-1", "id-2"], "name": "Boiler"}


def entities(component: str, body: dict[str, Any], node: str | None = None) -> list[Entity]:
    return list(announced(component, node, "obj", body).entities)


@pytest.mark.parametrize(
    ("about", "node", "device"),
    [
        ({"name": "Boiler", "identifiers": ["x"]}, None, "Boiler"),
        ({"identifiers": ["x", "y"]}, None, "x"),
        ({"ids": "x"}, "node", "x"),
        ({"ids": 17}, None, "17"),
        ({"name": None, "ids": ["x"]}, None, "x"),
        ({"name": " ", "ids": ["", "y"]}, None, "y"),
        ({"cns": [["mac", "02:ca:fe"]]}, None, "02:ca:fe"),
        ({}, "node", "node"),
        (None, "node", "node"),
        (None, None, "obj"),
        ("text", None, "obj"),
    ],
    ids=str,
)
def test_device_is_its_name_else_its_first_identifier(about: Any, node: str | None, device: str) -> None:
    (entity,) = entities("sensor", {"stat_t": "t", "dev": about}, node)
    assert (entity.device, entity.metric) == (device, "obj")


def test_long_names_and_abbreviations_mean_the_same() -> None:
    short = {
        "stat_t": "t",
        "val_tpl": "{{ value }}",
        "unit_of_meas": "W",
        "dev": DEVICE,
        "avty_t": "a",
        "pl_avail": "up",
    }
    long = {ABBREVIATIONS[key]: value for key, value in short.items()}
    assert announced("sensor", None, "obj", short) == announced("sensor", None, "obj", long)
    assert entities("sensor", short) == [Entity("t", "Boiler", "obj", "{{ value }}", "W")]


@pytest.mark.parametrize(
    ("topic", "expected"), [("~/t", "base/x/t"), ("t/~", "t/base/x"), ("~", "base/x"), ("a/~/t", "a/~/t"), ("t", "t")]
)
def test_base_topic_stands_at_either_end(topic: str, expected: str) -> None:
    found = announced(
        "sensor", None, "obj", {"~": "base/x", "stat_t": topic, "avty": [{"t": topic}], "json_attr_t": topic}
    )
    assert [one.topic for one in found.entities] == [expected]
    assert [one.sources[0].topic for one in found.watches] == [expected]
    assert found.attributes == (expected,)


@pytest.mark.parametrize(
    ("component", "more", "on", "off"),
    [
        ("binary_sensor", {}, "ON", "OFF"),
        ("binary_sensor", {"pl_on": True, "pl_off": False}, "True", "False"),
        ("binary_sensor", {"payload_on": 1, "payload_off": 0}, "1", "0"),
        ("switch", {"pl_on": "go", "pl_off": "halt"}, "go", "halt"),
        ("switch", {"pl_on": "go", "pl_off": "halt", "stat_on": "1", "stat_off": "0"}, "1", "0"),
        ("light", {}, "ON", "OFF"),
        ("fan", {}, "ON", "OFF"),
        ("siren", {}, "ON", "OFF"),
        ("humidifier", {}, "ON", "OFF"),
    ],
    ids=str,
)
def test_words_of_what_is_on_or_off(component: str, more: dict[str, Any], on: str, off: str) -> None:
    (entity,) = entities(component, {"stat_t": "t", "dev": DEVICE, "unit_of_meas": "W"} | more)
    assert (entity.on, entity.off, entity.unit) == (on, off, None)


def test_light_with_json_has_its_state_inside() -> None:
    (entity,) = entities("light", {"stat_t": "t", "schema": "json"})
    assert entity.template == "{{ value_json.state }}"


@pytest.mark.parametrize(
    ("component", "body"),
    [
        ("sensor", {"stat_t": "t", "dev_cla": "timestamp"}),
        ("sensor", {"stat_t": "t", "dev_cla": "enum"}),
        ("sensor", {"stat_t": "t", "ops": ["1", "2"]}),
        ("sensor", {"stat_t": "t", "val_tpl": "{{ value"}),
        ("sensor", {"stat_t": "t", "val_tpl": 5}),
        ("sensor", {"stat_t": ""}),
        ("sensor", {"stat_t": ["t"]}),
        ("sensor", {}),
        ("button", {"cmd_t": "t"}),
        ("select", {"stat_t": "t"}),
        ("text", {"stat_t": "t"}),
        ("lock", {"stat_t": "t"}),
        ("cover", {"stat_t": "t"}),
        ("unheard_of", {"stat_t": "t"}),
        ("device", {"stat_t": "t"}),
        ("device", {"cmps": []}),
    ],
    ids=str,
)
def test_what_is_no_number_and_no_boolean_is_left_out(component: str, body: dict[str, Any]) -> None:
    assert entities(component, body) == []


def test_climates_and_covers_measure_more() -> None:
    body = {
        "curr_temp_t": "c/t",
        "curr_temp_tpl": "{{ value_json.t }}",
        "temp_unit": "F",
        "curr_hum_t": "c/h",
        "dev": DEVICE,
    }
    assert entities("climate", body) == [
        Entity("c/t", "Boiler", "obj.current_temperature", "{{ value_json.t }}", "°F"),
        Entity("c/h", "Boiler", "obj.current_humidity", None, "%"),
    ]
    assert entities("cover", {"stat_t": "s", "pos_t": "p", "dev": DEVICE}) == [
        Entity("p", "Boiler", "obj.position", None, "%")
    ]


def test_components_of_a_device_share_what_stands_at_the_top() -> None:
    body = {
        "dev": DEVICE,
        "~": "base",
        "stat_t": "~/state",
        "avty_t": "~/up",
        "qos": 2,
        "val_tpl": "{{ value_json.never }}",
        "cmps": {
            "a": {"p": "sensor", "val_tpl": "{{ value_json.a }}", "unit_of_meas": "W"},
            "b": {"platform": "binary_sensor", "stat_t": "~/b", "avty": {"t": "~/own"}},
            "gone": {"p": "sensor"},
            "odd": 5,
            "nameless": {"val_tpl": "{{ value }}"},
        },
    }
    found = announced("device", None, "obj", body)
    assert found.entities == (
        Entity("base/state", "Boiler", "a", "{{ value_json.a }}", "W"),
        Entity("base/b", "Boiler", "b", None, None, "ON", "OFF"),
    )
    assert {source.topic for watch in found.watches for source in watch.sources} == {"base/up", "base/own"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"avty_t": "a"}, [Source("a")]),
        (
            {"avty_t": "a", "pl_avail": 1, "pl_not_avail": 0, "avty_tpl": "{{ value }}"},
            [Source("a", "{{ value }}", "1", "0")],
        ),
        ({"avty": {"topic": "a"}}, [Source("a")]),
        (
            {
                "avty": [
                    {"t": "a"},
                    {"t": "b", "val_tpl": "{{ value_json.state }}", "pl_avail": "y", "pl_not_avail": "n"},
                ]
            },
            [Source("a"), Source("b", "{{ value_json.state }}", "y", "n")],
        ),
        ({"avty": [{"t": "a", "val_tpl": "{{"}, {"t": ""}, {"topic": 5}, 7]}, []),
        ({"avty": "a"}, []),
        ({}, []),
    ],
    ids=str,
)
def test_availability_is_one_topic_or_a_list(body: dict[str, Any], expected: list[Source]) -> None:
    found = announced("sensor", None, "obj", {"stat_t": "t", "dev": DEVICE} | body).watches
    assert list(found) == ([Watch("Boiler", tuple(expected))] if expected else [])


@pytest.mark.parametrize(
    ("mode", "expected"), [("all", "all"), ("any", "any"), ("latest", "latest"), ("x", "latest"), ([], "latest")]
)
def test_mode_of_availability(mode: Any, expected: str) -> None:
    (watch,) = announced("sensor", None, "obj", {"stat_t": "t", "avty_t": "a", "avty_mode": mode}).watches
    assert watch.mode == expected


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["~", "~/t", "{{ value }}", "t", "sensor"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["~", "p", "t", "name", "ids", "cns", "topic", "val_tpl"]), inner, max_size=4)
    ),
    max_leaves=8,
)
KEYS = st.sampled_from([*ABBREVIATIONS, *ABBREVIATIONS.values(), "~", "schema", "name"])


@given(st.sampled_from(["sensor", "device", "light", "cover", "climate", "x"]), st.dictionaries(KEYS, JSON, max_size=8))
def test_any_object_is_a_configuration(component: str, body: dict[str, Any]) -> None:
    found = announced(component, None, "obj", body)
    assert isinstance(found, Announced)
    assert all(one.topic and one.device and one.metric for one in found.entities)

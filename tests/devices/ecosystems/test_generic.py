from __future__ import annotations

from typing import Any

import pytest

from devices.ecosystems.generic import Generic
from tests.devices.ecosystems.asking import nothing, publish, readings, refused

TS = 1_741_172_500_292


@pytest.mark.parametrize(
    ("topic", "said", "expected"),
    [
        ("sensors/shed/temp", "-3e-1", [("shed", "temp", -0.3, None)]),
        ("sensors/shed/temp", " 21 \r\n", [("shed", "temp", 21.0, None)]),
        ("sensors/shed/door", "true", [("shed", "door", True, None)]),
        ("sensors/shed", "7", [("shed", "value", 7.0, None)]),
        ("sensors/shed/bme/temp", "1", [("shed", "bme.temp", 1.0, None)]),
        ("sensors/shed/acc", "[1, 2.5]", [("shed", "acc.0", 1.0, None), ("shed", "acc.1", 2.5, None)]),
        (
            "sensors/shed/bme",
            {"t": 1, "in": {"h": False}},
            [("shed", "bme.t", 1.0, None), ("shed", "bme.in.h", False, None)],
        ),
        ("sensors/shed", {"t": 1, "ts": 1741172500.2926}, [("shed", "t", 1.0, TS)]),
        ("sensors/shed", {"t": 1, "ts": TS}, [("shed", "t", 1.0, TS)]),
        ("sensors/shed", {"t": 1, "timestamp": "2025-03-05T11:01:40.292Z"}, [("shed", "t", 1.0, TS)]),
        ("sensors/shed", {"t": 1, "ts": "yesterday"}, [("shed", "t", 1.0, None)]),
        ("sensors/shed", {"t": 1, "time": 12.5}, [("shed", "t", 1.0, None), ("shed", "time", 12.5, None)]),
        ("sensors/any/thing", {"device_id": "d-1", "data": {"t": 2}}, [("d-1", "t", 2.0, None)]),
        ("sensors/any", {"device_id": 17, "t": 2, "ts": TS}, [("17", "t", 2.0, TS)]),
        ("factory/line/1", {"device_id": "d:1", "ts": TS, "data": {"a": {"b": 1}}}, [("d:1", "a.b", 1.0, TS)]),
        ("sensors/any", {"device_id": "d", "data": {"t": 1, "ts": TS}}, [("d", "t", 1.0, TS)]),
        ("sensors/shed", {"data": 5}, [("shed", "data", 5.0, None)]),
        ("sensors/shed", {"device_id": True, "t": 1}, [("shed", "t", 1.0, None)]),
        ("sensors/shed/t", "55,3", []),
        ("sensors/shed/t", "192.168.1.7", []),
        ("sensors/shed/t", "12:30", []),
        ("sensors/shed/t", "nan", []),
        ("sensors/shed/t", "ON", []),
        ("sensors/shed/t", '"21"', []),
        ("sensors/shed", {"t": "21", "n": None, "l": [{}], "bad": [1, None]}, []),
        ("sensors/shed", '{"t": NaN, "u": 1e999, "v": 18446744073709551616}', [("shed", "v", 2.0**64, None)]),
    ],
    ids=str,
)
def test_plain_topics_and_devices_inside_the_message(topic: str, said: Any, expected: list[Any]) -> None:
    assert readings(publish(Generic(), topic, said)) == expected


@pytest.mark.parametrize("leaf", ["set", "get", "command"])
def test_commands_and_cleared_topics_hold_nothing(leaf: str) -> None:
    assert nothing(publish(Generic(), f"sensors/shed/{leaf}", "1"))
    assert nothing(publish(Generic(), "sensors/shed/temp", b""))


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("sensors", "1"),
        ("sensors/", "1"),
        ("sensors//t", "1"),
        ("Sensors/a/b", "1"),
        ("a/b", {"t": 1}),
        ("a/b", "21.5"),
        ("a/b", {"device_id": "d"}),
        ("a/b", {"device_id": "d", "data": 5}),
        ("a/b", '{"device_id":'),
        ("a/b", b'"device_id"\xff'),
        ("a/b", {"device_id": None, "data": {}}),
        ("a/b", {"device_id": "", "data": {}}),
        ("a/b", {"device_id": 1.5, "data": {}}),
    ],
)
def test_other_messages_are_left_to_others(topic: str, said: Any) -> None:
    assert publish(Generic(), topic, said) is None


@pytest.mark.parametrize(
    "said",
    ["{", "[1,", b"\xff\xfe2\x001\x00", '{"a":1,"a":2}', "[" * 100_000],
    ids=["object", "list", "utf-16", "twice", "deep"],
)
def test_broken_message_is_refused(said: Any) -> None:
    assert refused(publish(Generic(), "sensors/shed/temp", said))

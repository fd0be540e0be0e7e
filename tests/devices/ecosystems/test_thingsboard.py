from __future__ import annotations

from typing import Any

import pytest

from devices.ecosystems.thingsboard import ThingsBoard
from telemetry.decoded import Decoded
from telemetry.model import Reason, Refusal
from tests.devices.ecosystems.asking import nothing, post, publish, readings, refused

ME = "v1/devices/me/telemetry"
TS = 1_741_168_000_512


@pytest.mark.parametrize("topic", [ME, "v2/t", "v2/t/j"])
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"t": 1, "on": True, "s": "5", "x": None}, [("d", "t", 1.0, None), ("d", "on", True, None)]),
        ({"ts": TS, "values": {"a": {"b": [1, 2]}}}, [("d", "a.b.0", 1.0, TS), ("d", "a.b.1", 2.0, TS)]),
        ({"ts": 1_741_168_000, "values": {"t": 1}}, [("d", "t", 1.0, None)]),
        ({"ts": None, "values": {"t": 1}}, [("d", "t", 1.0, None)]),
        ({"values": {"t": 1}}, [("d", "values.t", 1.0, None)]),
        ([{"ts": TS, "values": {"t": 1}}, {"t": 2}, 7, None], [("d", "t", 1.0, TS), ("d", "t", 2.0, None)]),
        ({}, []),
        ([], []),
    ],
    ids=str,
)
def test_telemetry_in_each_form(topic: str, said: Any, expected: list[Any]) -> None:
    assert readings(publish(ThingsBoard(), topic, said, owner="d")) == expected


def test_without_an_owner_the_refusal_says_what_to_do() -> None:
    found = publish(ThingsBoard(), ME, {"t": 1})
    assert isinstance(found, Refusal)
    assert found.code is Reason.UNKNOWN_DEVICE
    assert "broker does not tell who sent it" in found.message
    assert "/api/v1/TOKEN/telemetry" in found.message


@pytest.mark.parametrize("said", ["{", b"\xff", "5", '"x"'])
def test_broken_telemetry_is_refused(said: Any) -> None:
    assert refused(publish(ThingsBoard(), ME, said, owner="d"))
    assert refused(post(ThingsBoard(), "/api/v1/TOKEN/telemetry", said, owner="d"))


def test_gateway_names_its_devices_and_needs_no_owner() -> None:
    said = {"A": [{"ts": TS, "values": {"t": 1}}, {"t": 2}], "B/1": {"t": 3}, "C": 5, "D": []}
    assert readings(publish(ThingsBoard(), "v1/gateway/telemetry", said)) == [
        ("A", "t", 1.0, TS),
        ("A", "t", 2.0, None),
        ("B/1", "t", 3.0, None),
    ]


@pytest.mark.parametrize(("leaf", "online"), [("connect", True), ("disconnect", False)])
def test_gateway_says_who_is_there(leaf: str, online: bool) -> None:
    found = publish(ThingsBoard(), f"v1/gateway/{leaf}", {"device": "Saw 2", "type": "saw"})
    assert isinstance(found, Decoded)
    assert found.presence == {"Saw 2": online}
    assert nothing(publish(ThingsBoard(), f"v1/gateway/{leaf}", {"device": 5}))
    assert refused(publish(ThingsBoard(), f"v1/gateway/{leaf}", "{"))


@pytest.mark.parametrize(
    "topic",
    ["v1/devices/me/attributes", "v1/devices/me/attributes/request/1", "v1/devices/me/rpc/request/7",
     "v1/devices/me/claim", "v1/gateway/attributes", "v1/gateway/rpc", "v1/gateway/claim"],
)  # fmt: skip
def test_what_is_no_telemetry_is_nothing(topic: str) -> None:
    assert nothing(publish(ThingsBoard(), topic, {"device": "x", "fw": 1}))


def test_cleared_topics_are_nothing() -> None:
    assert nothing(publish(ThingsBoard(), ME, b""))
    assert nothing(publish(ThingsBoard(), "v1/gateway/telemetry", b""))


@pytest.mark.parametrize("topic", ["v1/devices/pump/telemetry", "v2/telemetry", "x/v1/devices/me/telemetry"])
def test_other_topics_are_someone_elses(topic: str) -> None:
    assert publish(ThingsBoard(), topic, {"t": 1}, owner="d") is None


def test_http_takes_the_device_of_the_token_and_never_the_token() -> None:
    for path in ("/api/v1/SECRET/telemetry", "/api/v1/SECRET/telemetry/"):
        found = post(ThingsBoard(), path, {"ts": TS, "values": {"t": 1}}, owner="d")
        assert readings(found) == [("d", "t", 1.0, TS)]
    unknown = post(ThingsBoard(), "/api/v1/SECRET/telemetry", {"t": 1})
    assert isinstance(unknown, Refusal)
    assert "SECRET" not in str(unknown)


def test_other_calls_by_http_are_nothing_or_someone_elses() -> None:
    assert nothing(post(ThingsBoard(), "/api/v1/SECRET/attributes", {"fw": 1}, owner="d"))
    assert nothing(post(ThingsBoard(), "/api/v1/SECRET/rpc/5", {"r": 1}, owner="d"))
    assert nothing(post(ThingsBoard(), "/api/v1/SECRET/attributes", b"", method="GET"))
    assert post(ThingsBoard(), "/api/v1/write", b"") is None
    assert post(ThingsBoard(), "/api/v2/u/feeds/k/data", {"value": 1}) is None

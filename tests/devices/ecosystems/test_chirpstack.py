from __future__ import annotations

from typing import Any

import pytest

from devices.ecosystems.chirpstack import ChirpStack
from telemetry.decoded import Decoded
from telemetry.model import Refusal
from tests.devices.ecosystems.asking import nothing, post, publish, readings, refused, values

EUI = "0a0b0c0d0e0f1011"
TOPIC = f"application/7d1f0a52-6b1e-4c0e-8c35-0f5e5b7a9a10/device/{EUI}/event"
TS = 1_741_164_015_118


def event(**more: Any) -> dict[str, Any]:
    info = {"deviceName": "Room 12", "devEui": EUI, "tags": {"floor": "2"}}
    return {"time": "2025-03-05T08:40:15.118204477+00:00", "deviceInfo": info} | more


def test_uplink_has_the_object_and_the_name_of_the_device() -> None:
    found = publish(ChirpStack(), f"{TOPIC}/up", event(object={"a": {"1": -1.25}, "on": True, "fw": "1.4"}, fCnt=3))
    assert readings(found) == [(EUI, "a.1", -1.25, TS), (EUI, "on", True, TS)]
    assert isinstance(found, Decoded)
    assert found.names == {EUI: "Room 12"}


def test_levels_before_the_topic_do_no_harm() -> None:
    assert values(publish(ChirpStack(), f"site/eu868/{TOPIC}/up", event(object={"t": 1}))) == {"t": 1.0}


def test_device_on_external_power_has_no_battery_level() -> None:
    topic = f"{TOPIC}/status"
    assert values(publish(ChirpStack(), topic, event(margin=-3, batteryLevel=64.5))) == {
        "margin": -3.0,
        "batteryLevel": 64.5,
    }
    powered = event(margin=10, batteryLevel=0.0, externalPowerSource=True)
    assert values(publish(ChirpStack(), topic, powered)) == {"margin": 10.0}
    unknown = event(margin=10, batteryLevel=0.0, batteryLevelUnavailable=True)
    assert values(publish(ChirpStack(), topic, unknown)) == {"margin": 10.0}


@pytest.mark.parametrize("leaf", ["join", "ack", "txack", "log", "location", "integration"])
def test_other_events_are_nothing(leaf: str) -> None:
    assert nothing(publish(ChirpStack(), f"{TOPIC}/{leaf}", event(object={"t": 1}, margin=5)))
    assert nothing(post(ChirpStack(), "/hooks/chirpstack", event(object={"t": 1}), query={"event": leaf}))


@pytest.mark.parametrize(
    "topic",
    [f"application/1/device/{EUI}/command/down", "eu868/gateway/0016c001f10a0b0c/event/stats",
     "gateway/0016c001f10a0b0c/state/conn"],
)  # fmt: skip
def test_commands_and_gateways_are_nothing(topic: str) -> None:
    assert nothing(publish(ChirpStack(), topic, event(object={"t": 1})))


def test_message_of_version_3_is_nothing() -> None:
    old = {"applicationID": "1", "deviceName": "Room 12", "devEUI": "CgsMDQ4PEBE=", "object": {"t": 1}, "fCnt": 3}
    assert nothing(publish(ChirpStack(), f"application/1/device/{EUI}/event/up", old))


def test_protobuf_is_refused_with_what_to_do() -> None:
    found = publish(ChirpStack(), f"{TOPIC}/up", b"\x0a\x24\x37\x64\xff\x12")
    assert isinstance(found, Refusal)
    assert "json=true" in found.message


def test_codec_of_the_device_unpacks_data_without_an_object() -> None:
    chirpstack = ChirpStack(lambda device: "cayennelpp" if device == EUI else None)
    assert values(publish(chirpstack, f"{TOPIC}/up", event(data="A2cA6Q=="))) == {"temperature_3": 23.3}


@pytest.mark.parametrize(
    "topic", [f"application/1/device/{EUI}/event", "application/1/device/x/rx/up", "gateway/1/event/up"]
)
def test_other_topics_are_someone_elses(topic: str) -> None:
    assert publish(ChirpStack(), topic, event(object={"t": 1})) is None


def test_http_takes_the_event_from_the_query() -> None:
    found = post(ChirpStack(), "/any", event(object={"t": 1}), query={"event": "up"})
    assert readings(found) == [(EUI, "t", 1.0, TS)]
    assert post(ChirpStack(), "/any", event(object={"t": 1})) is None
    assert post(ChirpStack(), "/any", '{"deviceInfo"', query={"event": "up"}) is None


def test_http_on_its_own_path_is_refused_if_it_is_broken() -> None:
    path = "/api/webhook/chirpstack"
    assert refused(post(ChirpStack(), path, event()))
    assert refused(post(ChirpStack(), path, "{", query={"event": "up"}))
    assert refused(post(ChirpStack(), path, {"object": {"t": 1}}, query={"event": "up"}))

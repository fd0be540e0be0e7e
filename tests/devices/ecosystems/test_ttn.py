from __future__ import annotations

from typing import Any

import pytest

from devices.ecosystems.ttn import TheThingsStack
from tests.devices.ecosystems.asking import nothing, post, publish, readings, refused

RECEIVED = "2025-03-05T08:30:45.789585559Z"
TS = 1_741_163_445_789


def uplink(device: str = "dev", **sent: Any) -> dict[str, Any]:
    message = {"received_at": RECEIVED, "f_port": 1, "f_cnt": 7, "decoded_payload": {"t": 1.5}} | sent
    return {"end_device_ids": {"device_id": device}, "received_at": "2025-03-05T08:30:46Z", "uplink_message": message}


def test_time_is_that_of_the_uplink_else_of_the_message_else_of_arrival() -> None:
    ttn = TheThingsStack()
    assert readings(publish(ttn, "v3/app@ttn/devices/dev/up", uplink())) == [("dev", "t", 1.5, TS)]
    late = uplink(received_at=None)
    assert readings(publish(ttn, "v3/app/devices/dev/up", late)) == [("dev", "t", 1.5, 1_741_163_446_000)]
    del late["received_at"]
    assert readings(publish(ttn, "v3/app/devices/dev/up", late)) == [("dev", "t", 1.5, None)]


@pytest.mark.parametrize(
    "event",
    ["join", "down/push", "down/queued", "down/sent", "down/ack", "down/nack", "down/failed", "service/data",
     "location/solved", "up/normalized"],
)  # fmt: skip
def test_what_the_network_did_is_nothing(event: str) -> None:
    assert nothing(publish(TheThingsStack(), f"v3/app@ttn/devices/dev/{event}", uplink()))


def test_simulated_uplink_is_nothing() -> None:
    assert nothing(publish(TheThingsStack(), "v3/app/devices/dev/up", uplink() | {"simulated": True}))
    assert nothing(publish(TheThingsStack(), "v3/app/devices/dev/up", {"end_device_ids": {"device_id": "dev"}}))


@pytest.mark.parametrize("said", ["{", b"\xff", "[]", '"x"', '{"a": 1, "a": 2}'])
def test_uplink_that_is_no_object_is_refused(said: Any) -> None:
    assert refused(publish(TheThingsStack(), "v3/app/devices/dev/up", said))


@pytest.mark.parametrize(
    "topic", ["v3/app/devices/dev", "v3/app/dev/up", "x/v3/app/devices/dev/up", "v3/a/b/devices/d/up"]
)
def test_other_topics_are_someone_elses(topic: str) -> None:
    assert publish(TheThingsStack(), topic, uplink()) is None


def test_cleared_topic_is_nothing() -> None:
    assert nothing(publish(TheThingsStack(), "v3/app/devices/dev/up", b""))


def test_webhook_is_told_by_its_body_on_any_path() -> None:
    assert readings(post(TheThingsStack(), "/anything", uplink("w-1"))) == [("w-1", "t", 1.5, TS)]
    joined = {"end_device_ids": {"device_id": "w-1"}, "join_accept": {"received_at": RECEIVED}}
    assert nothing(post(TheThingsStack(), "/anything", joined))


def test_webhook_on_its_own_path_is_refused_if_it_is_broken() -> None:
    ttn = TheThingsStack()
    assert refused(post(ttn, "/api/webhook/ttn", "{"))
    assert refused(post(ttn, "/api/webhook/ttn", {"uplink_message": {}}))
    assert refused(post(ttn, "/hooks/ttn/up", {"end_device_ids": {"device_id": ""}}))


@pytest.mark.parametrize(
    ("path", "said"),
    [("/write", "cpu value=1"), ("/x", '{"end_device_ids"'), ("/x", {"end_device_ids": 5}), ("/x", {"a": 1})],
)
def test_other_posts_are_someone_elses(path: str, said: Any) -> None:
    assert post(TheThingsStack(), path, said) is None


def test_get_is_never_a_webhook() -> None:
    assert post(TheThingsStack(), "/api/webhook/ttn", uplink(), method="GET") is None


def test_codec_of_the_device_is_asked_by_its_id() -> None:
    ttn = TheThingsStack(lambda device: "cayennelpp" if device == "raw" else None)
    for device, expected in (("raw", [("raw", "temperature_3", 23.3, TS)]), ("other", [])):
        sent = uplink(device, decoded_payload=None, frm_payload="A2cA6Q==")
        assert readings(publish(ttn, f"v3/app/devices/{device}/up", sent)) == expected

from __future__ import annotations

from typing import Any

import pytest

from devices.ecosystems.ruuvi import Ruuvi
from telemetry.decoded import Decoded
from tests.devices.ecosystems.asking import nothing, post, publish, readings, refused, units, values

GATEWAY, TAG = "C4:10:7A:3B:55:02", "F0:9A:12:7B:44:01"
TOPIC = f"ruuvi/{GATEWAY}/{TAG}"
FORMAT_3 = "02010611FF990403291A1ECE1EFC18F94202CA0B53"
FORMAT_5 = "0201061BFF99040512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F"
FORMAT_6 = "02010603039 8FC17FF990406170C5668C79E007000C90501D9FFCD004C884F".replace(" ", "")
FORMAT_E1 = "2BFF9904E1170C5668C79E0065007004BD11CA00C90A0213E0ACFFFFFFDECDEE11FFFFFFFFFFCBB8334C884F"
IBEACON = "0201061AFF4C000215FDA50693A4E24FB1AFCFC6EB0764782500010002C5"


def heard(data: Any, **more: Any) -> dict[str, Any]:
    return {"gw_mac": GATEWAY, "rssi": -60, "aoa": [], "ts": "1741170000", "data": data, "coords": ""} | more


def test_old_format_3_is_read() -> None:
    found = publish(Ruuvi(), TOPIC, heard(FORMAT_3))
    assert values(found)["temperature"] == 26.3
    assert units(found)["pressure"] == "Pa"
    assert {one[3] for one in readings(found)} == {1_741_170_000_000}


def test_signal_goes_along_with_what_can_be_read_only() -> None:
    assert values(publish(Ruuvi(), TOPIC, heard(FORMAT_5)))["rssi"] == -60.0
    assert nothing(publish(Ruuvi(), TOPIC, heard(IBEACON)))
    assert nothing(publish(Ruuvi(), TOPIC, heard("")))
    assert nothing(publish(Ruuvi(), TOPIC, heard("0201061BFF990408" + "00" * 23)))


@pytest.mark.parametrize(
    ("stamp", "ts"),
    [
        ("1741170000", 1_741_170_000_000),
        (1741170000, 1_741_170_000_000),
        ("0", None),
        ("", None),
        ("soon", None),
        (None, None),
        (True, None),
    ],
)
def test_time_is_text_in_seconds(stamp: Any, ts: int | None) -> None:
    assert {one[3] for one in readings(publish(Ruuvi(), TOPIC, heard(FORMAT_5, ts=stamp)))} == {ts}


@pytest.mark.parametrize("data", [FORMAT_5[:-1], FORMAT_5[:-2], "xyz", "02010607FF990405010203", 5, ["00"]])
def test_broken_advertisement_is_refused(data: Any) -> None:
    assert refused(publish(Ruuvi(), TOPIC, heard(data)))


def test_short_form_is_left_once_the_long_one_was_heard() -> None:
    ruuvi = Ruuvi()
    assert values(publish(ruuvi, TOPIC, heard(FORMAT_6)))["luminosity"] == 13_026.67
    assert values(publish(ruuvi, TOPIC, heard(FORMAT_E1)))["luminosity"] == 13_027.0
    assert nothing(publish(ruuvi, TOPIC, heard(FORMAT_6)))
    assert values(publish(ruuvi, TOPIC[:-1] + "2", heard(FORMAT_6)))["pm2_5"] == 11.2


def test_what_the_gateway_decoded_has_the_same_names() -> None:
    said = {"gw_mac": GATEWAY, "rssi": -60, "ts": "1741170000", "dataFormat": 5, "temperature": 24.3, "accelX": 0.004}
    found = publish(Ruuvi(), TOPIC, said | {"voltage": 2.977, "humidity": None, "id": TAG})
    assert values(found) == {"temperature": 24.3, "acceleration_x": 0.004, "battery_voltage": 2.977, "rssi": -60.0}


def test_another_prefix_is_told_by_the_payload() -> None:
    assert values(publish(Ruuvi(), f"home/ble/{TAG}", heard(FORMAT_3)))["humidity"] == 20.5
    assert publish(Ruuvi(), f"home/ble/{TAG}", {"t": 1}) is None
    assert publish(Ruuvi(), f"home/ble/{TAG}", "{") is None
    assert publish(Ruuvi(), f"home/ble/{TAG}", b"") is None


@pytest.mark.parametrize(
    ("state", "presence"), [("online", {GATEWAY: True}), ("offline", {GATEWAY: False}), ("odd", {})]
)
def test_state_of_the_gateway(state: str, presence: dict[str, bool]) -> None:
    found = publish(Ruuvi(), f"ruuvi/{GATEWAY}/gw_status", {"state": state})
    assert isinstance(found, Decoded)
    assert found.presence == presence
    assert publish(Ruuvi(), f"site/{GATEWAY}/gw_status", {"state": state}) == found
    assert publish(Ruuvi(), "site/pump/gw_status", {"state": state}) is None


@pytest.mark.parametrize("said", ["{", b"\xff\xfe", "[]", "5"])
def test_message_that_is_no_object_is_refused(said: Any) -> None:
    assert refused(publish(Ruuvi(), TOPIC, said))
    assert refused(publish(Ruuvi(), f"ruuvi/{GATEWAY}/gw_status", said))


@pytest.mark.parametrize(
    "topic", ["ruuvi/kitchen/temperature", "ruuvi", "ruuvi/a", f"ruuvi/{GATEWAY}/{TAG}/temperature"]
)
def test_other_topics_are_someone_elses(topic: str) -> None:
    assert publish(Ruuvi(), topic, "{}") is None


def test_broken_sensor_leaves_the_others() -> None:
    tags = {
        "AA:00:00:00:00:01": {"rssi": -1, "timestamp": "1741170058", "data": FORMAT_5},
        "AA:00:00:00:00:02": {"rssi": -1, "timestamp": "1741170058", "data": FORMAT_5[:-1]},
        "AA:00:00:00:00:03": {"rssi": -1, "counter": "363", "data": FORMAT_3},
        "AA:00:00:00:00:04": {"rssi": -1, "timestamp": "1741170058", "data": IBEACON},
        "AA:00:00:00:00:05": "odd",
    }
    found = post(Ruuvi(), "/any", {"data": {"gw_mac": GATEWAY, "timestamp": "1741170061", "tags": tags}})
    assert isinstance(found, Decoded)
    assert [part.line for part in found.bad] == [2]
    assert {(one.device[-1], one.ts) for one in found.samples} == {("1", 1_741_170_058_000), ("3", None)}


def test_status_of_the_gateway_is_nothing_and_other_posts_are_someone_elses() -> None:
    assert nothing(post(Ruuvi(), "/ruuvi", {"DEVICE_ADDR": GATEWAY, "UPTIME": "11", "SENSORS_SEEN": "3"}))
    assert refused(post(Ruuvi(), "/ruuvi", "{"))
    assert post(Ruuvi(), "/any", {"tags": {}}) is None
    assert post(Ruuvi(), "/any", '{"gw_mac" "tags"') is None
    assert post(Ruuvi(), "/any", {"gw_mac": 1, "tags": 2}) is None

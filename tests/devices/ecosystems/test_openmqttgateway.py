from __future__ import annotations

from typing import Any

import pytest

from devices.ecosystems.openmqttgateway import OpenMqttGateway
from telemetry.decoded import Decoded
from tests.devices.ecosystems.asking import publish, refused, times, told, units

TAG = "A4:C1:38:AA:BB:0C"


@pytest.mark.parametrize(
    ("topic", "address"),
    [
        ("home/OpenMQTTGateway/BTtoMQTT/A4C138AABB0C", "A4:C1:38:AA:BB:0C"),
        ("home/TheengsGateway/BTtoMQTT/A4C138AABB0C", "a4:c1:38:aa:bb:0c"),
        ("garden/shed/gw_2/BTtoMQTT/A4C138AABB0C", "A4C138AABB0C"),
        ("home/OpenMQTTGateway/BTtoMQTT", "a4-c1-38-aa-bb-0c"),
        ("home/OpenMQTTGateway/BTtoMQTT/a4c138aabb0c", None),
        ("home/OpenMQTTGateway/BTtoMQTT/1de4b189115e45f6b44e509352269977", TAG),
    ],
)
def test_device_is_the_bluetooth_address(topic: str, address: str | None) -> None:
    body = {"rssi": -60} | ({} if address is None else {"id": address})
    assert told(publish(OpenMqttGateway(), topic, body)) == {f"{TAG} rssi": -60}


def test_beacon_identity_is_no_reading() -> None:
    uuid = "1de4b189115e45f6b44e509352269977"
    body = {
        "id": uuid,
        "mac_type": 1,
        "rssi": -78,
        "distance": 7.85288,
        "model_id": "IBEACON",
        "mfid": "4c00",
        "uuid": uuid,
        "servicedatauuid": "1800",
        "major": 0,
        "minor": 1,
        "txpower": -66,
        "mac": "60:87:57:4C:9B:C2",
        "manufacturerdata": "4c0002150000000000",
    }
    assert told(publish(OpenMqttGateway(), f"home/g/BTtoMQTT/{uuid}", body)) == {
        f"{uuid.upper()} rssi": -78,
        f"{uuid.upper()} distance": 7.85288,
    }


def test_old_firmware_sends_text_and_names_stay_names() -> None:
    body = {
        "id": TAG,
        "name": "12345",
        "model": "7",
        "lux": " 312 ",
        "moi": "22",
        "fer": "1e2",
        "open": True,
        "x": "3,5",
    }
    assert told(publish(OpenMqttGateway(), "home/g/BTtoMQTT/A4C138AABB0C", body)) == {
        f"{TAG} lux": 312,
        f"{TAG} moi": 22,
        f"{TAG} fer": 100,
        f"{TAG} open": True,
    }
    assert units(publish(OpenMqttGateway(), "home/g/BTtoMQTT/A4C138AABB0C", body))["fer"] == "µS/cm"


def test_the_name_that_a_tag_advertises_is_its_display_name() -> None:
    found = publish(OpenMqttGateway(), "home/g/BTtoMQTT/A4C138AABB0C", {"id": TAG, "name": "ATC", "tempc": 3})
    assert isinstance(found, Decoded)
    assert found.names == {TAG: "ATC"}


@pytest.mark.parametrize(
    ("stamp", "ts"),
    [
        ({"UTCtime": "2025-03-05T08:45:40Z"}, 1741164340000),
        ({"UTCtime": "2025-03-05T08:45:40"}, 1741164340000),
        ({"unixtime": 1741164340}, 1741164340000),
        ({"unixtime": 7}, None),
        ({}, None),
    ],
)
def test_optional_stamps_are_the_time(stamp: dict[str, Any], ts: int | None) -> None:
    assert times(publish(OpenMqttGateway(), "home/g/BTtoMQTT/A4C138AABB0C", stamp | {"id": TAG, "hum": 3})) == {ts}


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        (
            "home/g/RTL_433toMQTT/Nexus-TH/2/88",
            {
                "model": "Nexus-TH",
                "id": 88,
                "channel": 2,
                "humidity": 40,
                "rssi": -70,
                "protocol": "Nexus",
                "mic": "CRC",
            },
            {"Nexus-TH/2/88 humidity": 40, "Nexus-TH/2/88 rssi": -70},
        ),
        ("home/g/RTL_433toMQTT", {"model": "M", "id": 1, "temperature_C": 3.5}, {"M/1 temperature_C": 3.5}),
        ("home/g/RTL_433toMQTT", {"overalRssi": -90, "messageCount": 3}, {}),
        (
            "home/g/LORAtoMQTT/AABBCCDDEEFF",
            {"id": "AA:BB:CC:DD:EE:FF", "rssi": -16, "snr": 9.25, "packetSize": 9, "tempc": "55.3"},
            {
                "AA:BB:CC:DD:EE:FF rssi": -16,
                "AA:BB:CC:DD:EE:FF snr": 9.25,
                "AA:BB:CC:DD:EE:FF packetSize": 9,
                "AA:BB:CC:DD:EE:FF tempc": 55.3,
            },
        ),
        ("home/g/LORAtoMQTT", {"rssi": -121, "hex": "123456", "from": "12"}, {"g LORA.rssi": -121}),
        ("home/g/LORAtoMQTT", {"frequency": 868000000, "spreadingfactor": 7}, {}),
        ("home/g/CLIMAtoMQTT/htu", {"tempc": 25.5, "hum": 56}, {"g htu.tempc": 25.5, "g htu.hum": 56}),
        (
            "home/g/CLIMAtoMQTT/ds1820/0x28616411907650bc",
            {"temp": 27.8, "unit": "C", "type": "DS18B20", "res": "12bit", "addr": "0x28616411907650bc"},
            {"g ds1820.0x28616411907650bc.temp": 27.8},
        ),
        ("home/g/ADCtoMQTT", {"adc": 543}, {"g adc": 543}),
        (
            "home/g/SYStoMQTT",
            {"uptime": 5, "mqttport": "1883", "mac": "24:6F", "modules": ["BT"], "discovery": True, "tempc": 51},
            {"g uptime": 5, "g discovery": True, "g tempc": 51},
        ),
        (
            "home/presence/g",
            {"id": "a4:c1:38:aa:bb:0c", "rssi": -60, "distance": 1.5},
            {f"{TAG} rssi": -60, f"{TAG} distance": 1.5},
        ),
        ("home/home_presence/g", {"id": TAG, "distance": 1.5}, {f"{TAG} distance": 1.5}),
        ("home/g/433toMQTT", {"value": 1315156, "protocol": 1, "delay": 317}, {}),
        ("home/g/433toMQTT", "1315156", {}),
        ("home/g/IRtoMQTT", {"value": 16736925, "bits": 32}, {}),
        ("home/g/SRFBtoMQTT", {"raw": "2B660156032AFC2C2D05", "value": 2}, {}),
        ("home/g/BTtoMQTT", {"bleconnect": True, "interval": 55555}, {}),
        ("home/g/BTtoMQTT/A4C138AABB0C", {"id": TAG, "service": "x", "characteristic": "y", "success": True}, {}),
        ("home/g/BTtoMQTT/A4C138AABB0C", "", {}),
        ("home/g/commands/MQTTto433", {"value": 3}, {}),
        ("home/g/LWT", "offline", {"g": False}),
        ("home/TheengsGateway/LWT", "Online", {"TheengsGateway": True}),
        ("home/g/LWT", "", {}),
    ],
)
def test_modules(topic: str, payload: Any, expected: dict[str, Any]) -> None:
    assert told(publish(OpenMqttGateway(), topic, payload)) == expected


@pytest.mark.parametrize("payload", ["{", b"\xff", '{"id":"a","id":"b"}'])
def test_broken_messages_are_refused(payload: str | bytes) -> None:
    assert refused(publish(OpenMqttGateway(), "home/g/BTtoMQTT/A4C138AABB0C", payload))


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("BTtoMQTT/x", '{"id":"a"}'),
        ("home/g/BTtoMQTTx", '{"id":"a"}'),
        ("tele/plug/LWT", "Online"),
        ("plug/tele/LWT", "Online"),
        ("home/g/LWT", "asleep"),
        ("LWT", "online"),
        ("home/presence/kitchen", "ON"),
        ("home/presence/kitchen", '{"id":3,"distance":1}'),
        ("home/presence/kitchen", '{"id":"a"}'),
    ],
)
def test_topics_of_others_are_left_to_them(topic: str, payload: str) -> None:
    assert publish(OpenMqttGateway(), topic, payload) is None

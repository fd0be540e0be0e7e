from __future__ import annotations

import pytest

from devices.ecosystems.tasmota import Tasmota
from telemetry.decoded import Decoded
from tests.devices.ecosystems.asking import publish, refused, times, told, units


@pytest.mark.parametrize(
    ("topic", "device"),
    [
        ("tele/plug/SENSOR", "plug"),
        ("plug/tele/SENSOR", "plug"),
        ("house/tele/plug/SENSOR", "house/plug"),
        ("house/attic/plug/tele/SENSOR", "house/attic/plug"),
        ("tele/house/attic/plug/SENSOR", "house/attic/plug"),
    ],
)
def test_device_is_the_full_topic_without_prefix_and_leaf(topic: str, device: str) -> None:
    assert told(publish(Tasmota(), topic, {"COUNTER": {"C1": 7}})) == {f"{device} COUNTER.C1": 7}


@pytest.mark.parametrize(
    "topic",
    ["tele/SENSOR", "tele/plug/sensor", "tele/plug/", "plug/SENSOR", "telemetry/plug/SENSOR", "tele", "x/stat/y/state"],
)
def test_other_topics_are_left_to_others(topic: str) -> None:
    assert publish(Tasmota(), topic, {"a": 1}) is None


@pytest.mark.parametrize(
    ("time", "ts"),
    [
        ({"Time": "2025-03-05T09:15:00"}, None),
        ({"Time": "2025-03-05T08:15:00Z"}, 1741162500000),
        ({"Time": "2025-03-05T09:15:00+01:00"}, 1741162500000),
        ({"Time": "2025-03-05T09:15:00", "Epoch": 1741162500}, 1741162500000),
        ({"Time": 1741162500}, 1741162500000),
        ({"Time": 1741162500123}, 1741162500123),
        ({"Time": "1970-01-01T00:00:12Z"}, None),
        ({"Epoch": 12}, None),
        ({}, None),
    ],
)
def test_time_counts_only_with_a_zone_or_as_a_number(time: dict[str, object], ts: int | None) -> None:
    assert times(publish(Tasmota(), "tele/a/SENSOR", time | {"BH1750": {"Illuminance": 79}})) == {ts}


def test_three_phases_are_lists() -> None:
    body = {
        "Time": "2025-03-05T09:15:00",
        "ENERGY": {"Total": 12.5, "TotalTariff": [7.5, 5.0], "Power": [120, 0, 33], "Voltage": [231, 230, 229]},
    }
    assert told(publish(Tasmota(), "tele/em/SENSOR", body)) == {
        "em ENERGY.Total": 12.5,
        "em ENERGY.TotalTariff.0": 7.5,
        "em ENERGY.TotalTariff.1": 5.0,
        "em ENERGY.Power.0": 120,
        "em ENERGY.Power.1": 0,
        "em ENERGY.Power.2": 33,
        "em ENERGY.Voltage.0": 231,
        "em ENERGY.Voltage.1": 230,
        "em ENERGY.Voltage.2": 229,
    }
    assert units(publish(Tasmota(), "tele/em/SENSOR", body))["ENERGY.Power.1"] == "W"


def test_units_follow_the_units_that_the_message_names() -> None:
    body = {
        "BME280": {"Temperature": 70.5, "Humidity": 40, "DewPoint": 50.1, "Pressure": 29.9, "SeaPressure": 30.1},
        "VINDRIKTNING": {"PM2.5": 3},
        "PressureUnit": "inHg",
        "TempUnit": "F",
    }
    assert units(publish(Tasmota(), "tele/a/SENSOR", body)) == {
        "BME280.Temperature": "°F",
        "BME280.Humidity": "%",
        "BME280.DewPoint": "°F",
        "BME280.Pressure": "inHg",
        "BME280.SeaPressure": "inHg",
        "VINDRIKTNING.PM2.5": "µg/m³",
    }


def test_temperature_without_a_named_unit_has_none() -> None:
    assert units(publish(Tasmota(), "tele/a/SENSOR", {"DS18B20": {"Temperature": 4}})) == {"DS18B20.Temperature": None}


@pytest.mark.parametrize(
    ("leaf", "body"),
    [
        ("STATUS8", {"StatusSNS": {"Time": "2025-03-05T08:15:00Z", "AM2301": {"Temperature": 20.5}}}),
        ("STATUS10", {"StatusSNS": {"Time": "2025-03-05T08:15:00Z", "AM2301": {"Temperature": 20.5}}}),
    ],
)
def test_status_answers_give_the_series_of_sensor(leaf: str, body: dict[str, object]) -> None:
    assert told(publish(Tasmota(), f"stat/a/{leaf}", body)) == {"a AM2301.Temperature": 20.5}
    assert times(publish(Tasmota(), f"stat/a/{leaf}", body)) == {1741162500000}


def test_status_11_gives_the_series_of_state() -> None:
    body = {"StatusSTS": {"Time": "2025-03-05T09:15:00", "POWER1": "ON", "POWER2": "OFF", "Wifi": {"Signal": -60}}}
    assert told(publish(Tasmota(), "stat/a/STATUS11", body)) == {
        "a POWER1": True,
        "a POWER2": False,
        "a Wifi.Signal": -60,
    }


def test_status_of_the_configuration_holds_no_readings() -> None:
    assert told(publish(Tasmota(), "stat/a/STATUS5", {"StatusNET": {"Hostname": "a", "HTTP_API": 1}})) == {}
    assert told(publish(Tasmota(), "stat/a/STATUS", {"Status": {"Module": 1, "Power": 1}})) == {}


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        ("stat/a/POWER2", "ON", {"a POWER2": True}),
        ("stat/a/POWER", "TOGGLE", {}),
        ("stat/a/RESULT", '{"POWER":"OFF"}', {"a POWER": False}),
        (
            "stat/a/RESULT",
            '{"POWER":"ON","Dimmer":60,"Color":"999999","Channel":[60]}',
            {"a POWER": True, "a Dimmer": 60, "a Channel.0": 60},
        ),
        ("stat/a/DIMMER", '{"Dimmer":60}', {"a Dimmer": 60}),
        ("stat/a/RESULT", '{"Switch1":{"Action":"ON"}}', {"a Switch1.Action": True}),
        ("stat/a/RESULT", '{"Button1":{"Action":"SINGLE"}}', {}),
        ("stat/a/RESULT", '{"MqttPort":1883}', {}),
        ("stat/a/RESULT", '{"SetOption26":"ON"}', {}),
        ("tele/a/RESULT", '{"RfReceived":{"Sync":12280,"Low":420,"High":1220,"Data":"2E6D04","RfKey":2}}', {}),
        ("tele/a/RESULT", '{"IrReceived":{"Protocol":"NEC","Bits":32,"Data":"0x00FF30CF","Repeat":0}}', {}),
        ("tele/a/INFO3", '{"Info3":{"RestartReason":"Power On","BootCount":42}}', {"a Info3.BootCount": 42}),
        ("tele/a/LWT", "Online", {"a": True}),
        ("tele/a/LWT", "OFFLINE", {"a": False}),
        ("tele/a/LWT", "", {}),
        ("a/tele/LWT", "offline", {"a": False}),
        ("tele/a/SENSOR", "", {}),
        ("cmnd/a/Power1", "1", {}),
        ("a/cmnd/status", "8", {}),
        (
            "tele/a/SENSOR",
            '{"X":{"Id":17,"Temperature":null,"Address":"12345","Big":123456789012345678901234567890}}',
            {"a X.Big": 123456789012345678901234567890.0},
        ),
    ],
)
def test_leaves(topic: str, payload: str, expected: dict[str, object]) -> None:
    assert told(publish(Tasmota(), topic, payload)) == expected


@pytest.mark.parametrize("payload", ["{", "nan", '{"a":1}}', b"\xff\xfe", '{"a":1,"a":2}', "[" * 100_000])
def test_broken_json_is_refused(payload: str | bytes) -> None:
    assert refused(publish(Tasmota(), "tele/a/SENSOR", payload))


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("tele/zb/SENSOR", {"ZbReceived": {"0x5ADF": {"Device": "0x5ADF", "Name": "Lamp", "Dimmer": 254}}}),
        ("tele/zb/SENSOR", {"ZbReceived": {"Lamp": {"Device": "0x5ADF", "Dimmer": 254}}}),
        ("tele/zb/SENSOR", {"0x5ADF": {"Device": "0x5ADF", "Name": "Lamp", "Dimmer": 254}}),
        ("tele/zb/5ADF/SENSOR", {"ZbReceived": {"0x5ADF": {"Device": "0x5ADF", "Name": "Lamp", "Dimmer": 254}}}),
        ("tele/zb/5ADF_1/SENSOR", {"ZbReceived": {"0x5ADF": {"Device": "0x5ADF", "Name": "Lamp", "Dimmer": 254}}}),
        ("tele/zb/Lamp/SENSOR", {"ZbReceived": {"Lamp": {"Device": "0x5ADF", "Name": "Lamp", "Dimmer": 254}}}),
        ("tele/zb/ZbReceived", {"0x5ADF": {"Device": "0x5ADF", "Name": "Lamp", "Dimmer": 254}}),
        ("tele/zb/5ADF/ZbReceived", {"Name": "Lamp", "Dimmer": 254}),
        ("zb/tele/SENSOR", {"ZbReceived": {"0x5ADF": {"Device": "0x5ADF", "Name": "Lamp", "Dimmer": 254}}}),
    ],
)
def test_zigbee_device_is_one_under_every_option(topic: str, body: dict[str, object]) -> None:
    assert told(publish(Tasmota(), topic, body)) == {"zb/Lamp Dimmer": 254}


def test_zigbee_device_without_a_name_has_its_short_address() -> None:
    body = {"ZbReceived": {"0x5ADF": {"Device": "0x5ADF", "Temperature": 21, "Voltage": 2.9, "Endpoint": 1}}}
    assert told(publish(Tasmota(), "tele/zb/SENSOR", body)) == {"zb/0x5ADF Temperature": 21, "zb/0x5ADF Voltage": 2.9}
    assert told(publish(Tasmota(), "tele/zb/5ADF/SENSOR", body)) == {
        "zb/0x5ADF Temperature": 21,
        "zb/0x5ADF Voltage": 2.9,
    }
    assert units(publish(Tasmota(), "tele/zb/SENSOR", body)) == {"Temperature": "°C", "Voltage": "V"}


def test_two_zigbee_devices_in_one_message_stay_two() -> None:
    body = {"ZbReceived": {"0x0001": {"Device": "0x0001", "Power": 1}, "0x0002": {"Device": "0x0002", "Power": 0}}}
    assert told(publish(Tasmota(), "tele/zb/SENSOR", body)) == {"zb/0x0001 Power": 1, "zb/0x0002 Power": 0}


def test_lorawan_bridge_names_its_nodes_alike() -> None:
    body = {"LwReceived": {"0x4AD6": {"Node": 1, "Device": "0x4AD6", "RSSI": -50.0, "Battery": 3.0}}}
    assert told(publish(Tasmota(), "tele/core2/SENSOR", body)) == {
        "core2/0x4AD6 Node": 1,
        "core2/0x4AD6 RSSI": -50,
        "core2/0x4AD6 Battery": 3,
    }


def test_discovery_tells_prefixes_words_and_name() -> None:
    decoder = Tasmota()
    assert publish(decoder, "shed/out/SENSOR", {"ANALOG": {"A0": 3}}) is None
    document = {
        "dn": "Shed plug",
        "t": "shed",
        "ft": "%topic%/%prefix%/",
        "tp": ["in", "answer", "out"],
        "state": ["AUS", "EIN", "UM"],
        "ofln": "weg",
        "onln": "da",
    }
    found = publish(decoder, "tasmota/discovery/DC4F22000001/config", document)
    assert isinstance(found, Decoded)
    assert (found.samples, found.names) == ([], {"shed": "Shed plug"})
    assert told(publish(decoder, "shed/out/SENSOR", {"ANALOG": {"A0": 3}})) == {"shed ANALOG.A0": 3}
    assert told(publish(decoder, "shed/answer/POWER", "EIN")) == {"shed POWER": True}
    assert told(publish(decoder, "shed/out/STATE", {"POWER": "AUS"})) == {"shed POWER": False}
    assert told(publish(decoder, "shed/out/LWT", "weg")) == {"shed": False}
    assert told(publish(decoder, "shed/in/POWER", "EIN")) == {}
    assert publish(decoder, "barn/out/SENSOR", {"ANALOG": {"A0": 3}}) is None


@pytest.mark.parametrize(
    "payload", ["", "{", "[]", '{"t":1,"ft":2}', '{"t":"a","ft":"%prefix%/%topic%/","tp":[1,2,3]}']
)
def test_broken_discovery_teaches_nothing(payload: str) -> None:
    assert told(publish(Tasmota(), "tasmota/discovery/DC4F22000001/config", payload)) == {}


def test_values_of_a_discovery_document_are_no_readings() -> None:
    body = {"sn": {"Time": "2025-03-05T09:15:00", "AM2301": {"Temperature": 3}}, "ver": 1}
    assert told(publish(Tasmota(), "tasmota/discovery/DC4F22000001/sensors", body)) == {}

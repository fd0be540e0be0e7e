from __future__ import annotations

from typing import Any

import pytest

from devices.ecosystems.rtl_433 import Rtl433
from tests.devices.ecosystems.asking import publish, refused, times, told, units


@pytest.mark.parametrize(
    ("time", "ts"),
    [
        ("2025-03-05 09:45:12", None),
        ("2025-03-05T08:45:40Z", 1741164340000),
        ("2025-03-05 09:45:40+0100", 1741164340000),
        ("2025-03-05T09:45:40.125+0100", 1741164340125),
        ("1741164360.512334", 1741164360512),
        ("1741164360", 1741164360000),
        (1741164360, 1741164360000),
        ("@0.524288s", None),
        ("0.5", None),
        (None, None),
    ],
)
def test_time_counts_only_with_a_zone_or_as_seconds(time: object, ts: int | None) -> None:
    body = {"time": time, "model": "Nexus-TH", "id": 3, "temperature_C": 3.5}
    assert times(publish(Rtl433(), "rtl_433/pi/events", body)) == {ts}


@pytest.mark.parametrize(
    ("parts", "device"),
    [
        ({"model": "Nexus-TH"}, "Nexus-TH"),
        ({"model": "Nexus-TH", "channel": 0, "id": 0}, "Nexus-TH/0/0"),
        (
            {"id": "0a1b", "channel": "C", "subtype": "motion", "model": "X10-Security", "type": "alarm"},
            "alarm/X10-Security/motion/C/0a1b",
        ),
        ({"model": "Odd model/2#", "id": -7}, "Odd_model_2_/-7"),
        ({"model": "M", "channel": "", "id": 5}, "M/5"),
    ],
)
def test_device_is_written_as_in_the_topics(parts: dict[str, Any], device: str) -> None:
    assert told(publish(Rtl433(), "rtl_433/pi/events", parts | {"humidity": 40})) == {f"{device} humidity": 40}


def test_units_come_from_the_keys() -> None:
    body = {
        "model": "M",
        "temperature_F": 70,
        "pressure_PSI": 32,
        "rain_in": 1,
        "wind_max_km_h": 3,
        "wind_avg_mi_h": 3,
        "rain_rate_mm_h": 3,
        "energy_kWh": 3,
        "power_W": 3,
        "battery_V": 3,
        "pm2_5_ug_m3": 3,
        "moisture": 3,
        "button": 3,
    }
    assert list(units(publish(Rtl433(), "rtl_433/pi/events", body)).values()) == [
        *("°F", "psi", "in", "km/h", "mph", "mm/h", "kWh", "W", "V", "µg/m³", "%", None),
    ]


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        ("rtl_433/pi/devices/Nexus-TH/1/88/humidity", "41", {"Nexus-TH/1/88 humidity": 41}),
        ("rtl_433/pi/devices/TPMS/Toyota/fb26ac5a/pressure_kPa", "248.2", {"TPMS/Toyota/fb26ac5a pressure_kPa": 248.2}),
        ("rtl_433/pi/devices/M/1/values/2", "7", {"M/1 values.2": 7}),
        ("rtl_433/pi/devices/M/1/id", "1", {}),
        ("rtl_433/pi/devices/M/1/channel", "1", {}),
        ("rtl_433/pi/devices/M/1/mic", "CRC", {}),
        ("rtl_433/pi/devices/M/1/temperature_C", "nan", {}),
        ("rtl_433/pi/devices/M/1/temperature_C", "", {}),
        ("rtl_433/devices/M/1/temperature_C", "2.5", {"M/1 temperature_C": 2.5}),
        ("rtl_433/M/1/temperature_C", "2.5", {"M/1 temperature_C": 2.5}),
        ("rtl_433/11524/temperature_C", "2.5", {"11524 temperature_C": 2.5}),
        ("rtl_433/pi/count", "2", {}),
        ("rtl_433/pi/availability", "offline", {"rtl_433/pi": False}),
        ("rtl_433/pi/availability", "", {}),
        ("rtl_433/pi/states", '{"enabled":252,"frames":{"count":12}}', {}),
        ("rtl_433/pi/events", '{"frames":{"count":12}}', {}),
        ("rtl_433/M/5", '{"model":"M","id":5,"temperature_C":2}', {"M/5 temperature_C": 2}),
        (
            "rtl_433/pi/events",
            '{"model":"M","mod":"FSK","freq1":868.3,"protocol":3,"rows":[{"len":3}],"codes":[1,2]}',
            {"M freq1": 868.3, "M codes.0": 1, "M codes.1": 2},
        ),
    ],
)
def test_topics(topic: str, payload: str, expected: dict[str, Any]) -> None:
    assert told(publish(Rtl433(), topic, payload)) == expected


@pytest.mark.parametrize("payload", ['{"model":"M","temperature_C":nan}', "{", "x", b"\xff"])
def test_broken_events_are_refused(payload: str | bytes) -> None:
    assert refused(publish(Rtl433(), "rtl_433/pi/events", payload))


def test_broken_text_is_refused() -> None:
    assert refused(publish(Rtl433(), "rtl_433/pi/devices/M/1/humidity", b"\xff"))


def test_a_topic_that_the_user_chose_is_told_by_the_event() -> None:
    decoder = Rtl433()
    assert publish(decoder, "attic/radio/availability", "online") is None
    assert publish(decoder, "attic/radio/devices/M/5/flags", "1") is None
    event = {"time": "2025-03-05T08:45:40Z", "model": "M", "id": 5, "flags": 1}
    assert told(publish(decoder, "attic/radio/events", event)) == {"M/5 flags": 1}
    assert told(publish(decoder, "attic/radio/availability", "online")) == {"attic/radio": True}
    assert told(publish(decoder, "attic/radio/devices/M/5/flags", "1")) == {"M/5 flags": 1}
    assert told(publish(decoder, "weather/M/5", event)) == {"M/5 flags": 1}


def test_a_value_elsewhere_is_told_by_its_key() -> None:
    assert told(publish(Rtl433(), "x/devices/M/5/temperature_C", "-3.5")) == {"M/5 temperature_C": -3.5}


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("x/events", '{"model":"M","temperature":3}'),
        ("x/events", '{"model":"M","time":"12:30","temperature":3}'),
        ("x/events", '{"model":3,"time":"12:30","id":3}'),
        ("x/events", '{"model":"M","time":"12:30","id":3'),
        ("x/devices/M/5/temperature", "3"),
        ("x/devices/M/5/temperature_C", "warm"),
        ("rtl433/x", "3"),
    ],
)
def test_topics_of_others_are_left_to_them(topic: str, payload: str) -> None:
    assert publish(Rtl433(), topic, payload) is None

from __future__ import annotations

from typing import Any

import pytest

from devices.ecosystems.shelly_gen2 import ShellyGen2, ShellyGen2Will
from tests.devices.ecosystems.asking import publish, refused, times, told, units


@pytest.mark.parametrize(
    ("component", "status", "expected"),
    [
        (
            "em1:1",
            {"id": 1, "act_power": -3.2, "aprt_power": 9.1, "pf": 0.3},
            {"act_power": "W", "aprt_power": "VA", "pf": None},
        ),
        ("em1data:0", {"id": 0, "total_act_energy": 9.1}, {"total_act_energy": "Wh"}),
        (
            "emdata:0",
            {"id": 0, "a_total_act_ret_energy": 1.5, "total_act": 3.0},
            {"a_total_act_ret_energy": "Wh", "total_act": "Wh"},
        ),
        (
            "pm1:0",
            {"id": 0, "apower": 2, "freq": 50, "aenergy": {"total": 5}},
            {"apower": "W", "freq": "Hz", "aenergy.total": "Wh"},
        ),
        ("temperature:100", {"id": 100, "tC": 4.5, "tF": 40.1}, {"tC": "°C", "tF": "°F"}),
        ("temperature:101", {"id": 101, "tC": None, "tF": None, "errors": ["read"]}, {}),
        ("humidity:0", {"id": 0, "rh": 55.5}, {"rh": "%"}),
        ("devicepower:0", {"id": 0, "battery": {"V": 2.9, "percent": 70}}, {"battery.V": "V", "battery.percent": "%"}),
        ("voltmeter:100", {"id": 100, "voltage": 4.321, "xvoltage": 43.2}, {"voltage": "V", "xvoltage": None}),
        ("input:0", {"id": 0, "state": False}, {"state": None}),
        ("input:1", {"id": 1, "state": None}, {}),
        ("input:2", {"id": 2, "percent": 33.3, "xpercent": 0.3}, {"percent": "%", "xpercent": None}),
        (
            "input:3",
            {"id": 3, "counts": {"total": 4, "by_minute": [1, 2], "xby_minute": [1]}, "freq": 0.5},
            {"counts.total": None, "freq": "Hz"},
        ),
        (
            "cover:0",
            {"id": 0, "state": "open", "current_pos": 50, "target_pos": None, "pos_control": True},
            {"current_pos": "%", "pos_control": None},
        ),
        ("light:0", {"id": 0, "output": True, "brightness": 40}, {"output": None, "brightness": "%"}),
        ("rgb:0", {"id": 0, "rgb": [255, 0, 9]}, {"rgb.0": None, "rgb.1": None, "rgb.2": None}),
        (
            "thermostat:0",
            {"id": 0, "target_C": 21, "current_C": 19.5, "output": False},
            {"target_C": "°C", "current_C": "°C", "output": None},
        ),
        ("smoke:0", {"id": 0, "alarm": False, "mute": False}, {"alarm": None, "mute": None}),
        ("number:200", {"value": 17, "source": "rpc"}, {"value": None}),
        (
            "em:0",
            {"id": 0, "n_current": 0.1, "b_voltage": 229, "c_freq": 50, "total_aprt_power": 7},
            {"n_current": "A", "b_voltage": "V", "c_freq": "Hz", "total_aprt_power": "VA"},
        ),
        ("sys", {"uptime": 12, "ram_free": 3, "unixtime": 1741162951}, {"uptime": "s"}),
        ("wifi", {"rssi": -60, "sta_ip": "10.0.0.3"}, {"rssi": "dBm"}),
        ("cloud", {"connected": True}, {}),
        ("ble", {}, {}),
    ],
)
def test_components(component: str, status: dict[str, Any], expected: dict[str, str | None]) -> None:
    topic = f"hall/boiler/status/{component}"
    wanted = {f"{component}.{key}": unit for key, unit in expected.items()}
    assert units(publish(ShellyGen2(), topic, status)) == wanted
    assert set(told(publish(ShellyGen2(), topic, status))) == {f"hall/boiler {metric}" for metric in wanted}
    assert all(one is None for one in ([*times(publish(ShellyGen2(), topic, status))] if wanted else []))
    notice = {"src": "shellyx-1", "method": "NotifyStatus", "params": {"ts": 1741162951.07, component: status}}
    assert units(publish(ShellyGen2(), "hall/boiler/events/rpc", notice)) == wanted
    assert (times(publish(ShellyGen2(), "hall/boiler/events/rpc", notice)) if wanted else {1741162951070}) == {
        1741162951070
    }


@pytest.mark.parametrize("ts", [None, 3.2, "1741162951", True])
def test_a_clock_that_was_never_set_is_no_time(ts: object) -> None:
    body = {"src": "a", "method": "NotifyFullStatus", "params": {"ts": ts, "switch:0": {"id": 0, "output": True}}}
    assert times(publish(ShellyGen2(), "a/events/rpc", body)) == {None}


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        ("a/events/rpc", '{"method":"NotifyEvent","params":{"ts":1741162951.07,"events":[{"id":0}]}}', {}),
        ("a/events/rpc", '{"method":"NotifyStatus"}', {}),
        ("a/events/rpc", '{"method":"NotifyStatus","params":{"ts":1,"switch:0":3}}', {}),
        ("shellyplus1-a8032ab00001/online", "false", {"shellyplus1-a8032ab00001": False}),
        ("a/rpc", '{"id":1,"src":"me","method":"Switch.Set","params":{"on":true}}', {}),
        ("me/rpc", '{"id":1,"src":"a","dst":"me","result":{"output":true,"apower":3}}', {}),
        ("me/rpc", '{"id":1,"src":"a","dst":"me","error":{"code":404}}', {}),
        ("a/command/switch:0", "on", {}),
        ("a/status/switch:0", "", {}),
    ],
)
def test_messages_without_readings(topic: str, payload: str, expected: dict[str, Any]) -> None:
    assert told(publish(ShellyGen2(), topic, payload)) == expected


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("a/status/temperature", '{"value":3}'),
        ("a/status/wifi", "connected"),
        ("a/status", "online"),
        ("status/switch:0", '{"output":true}'),
        ("a/events/rpc", '{"method":"Other"}'),
        ("a/events/rpc", "[1]"),
        ("a/online", "1"),
        ("a/online", ""),
        ("online", "true"),
        ("a/rpc", "7"),
        ("a/rpc", '{"value":7}'),
        ("a/command", "on"),
        ("a/debug/log", "line"),
        ("a", "1"),
    ],
)
def test_topics_of_others_are_left_to_them(topic: str, payload: str) -> None:
    assert publish(ShellyGen2(), topic, payload) is None
    assert publish(ShellyGen2Will(), topic, payload) is None


def test_will_under_a_prefix_that_the_user_chose() -> None:
    decoder = ShellyGen2()
    assert publish(decoder, "hall/boiler/online", "true") is None
    assert told(publish(ShellyGen2Will(), "hall/boiler/online", "true")) == {"hall/boiler": True}
    publish(decoder, "hall/boiler/status/switch:0", {"id": 0, "output": True})
    assert told(publish(decoder, "hall/boiler/online", "false")) == {"hall/boiler": False}


def test_a_known_prefix_owns_its_other_topics() -> None:
    decoder = ShellyGen2()
    told(publish(decoder, "hall/boiler/status/switch:0", {"id": 0, "output": True}))
    for topic, payload in (("online", ""), ("rpc", "x"), ("command", "on"), ("debug/log", "shelly_mgos.cpp: 3")):
        assert told(publish(decoder, f"hall/boiler/{topic}", payload)) == {}


@pytest.mark.parametrize(
    ("topic", "payload"), [("a/status/switch:0", "{"), ("a/status/switch:0", b"\xff"), ("a/events/rpc", '{"method"')]
)
def test_broken_messages_are_refused(topic: str, payload: str | bytes) -> None:
    assert refused(publish(ShellyGen2(), topic, payload))

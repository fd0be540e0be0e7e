from __future__ import annotations

from typing import Any

import pytest

from devices.ecosystems.deconz import Deconz
from telemetry.decoded import Decoded
from tests.devices.ecosystems.asking import nothing, post, readings, refused, units, values

UNIQUE = "00:15:8d:00:02:aa:bb:cc-01-0402"
DEVICE = "00:15:8d:00:02:aa:bb:cc"


def heard(said: Any) -> Any:
    return post(Deconz(), "/", said, method="WS", host="gateway")


def changed(**more: Any) -> dict[str, Any]:
    return {"t": "event", "e": "changed", "r": "sensors", "id": "7", "uniqueid": UNIQUE} | more


@pytest.mark.parametrize(
    ("state", "expected", "unit"),
    [
        ({"temperature": -512}, {"temperature": -5.12}, "°C"),
        ({"floortemperature": 2250}, {"floortemperature": 22.5}, "°C"),
        ({"humidity": 4512}, {"humidity": 45.12}, "%"),
        ({"moisture": 3100}, {"moisture": 31.0}, "%"),
        ({"consumption": 12_345}, {"consumption": 12.345}, "kWh"),
        ({"power": 42}, {"power": 42.0}, "W"),
        ({"current": 150}, {"current": 150.0}, "mA"),
        ({"pressure": 1008}, {"pressure": 1008.0}, "hPa"),
        ({"lux": 120}, {"lux": 120.0}, "lx"),
        ({"battery": 87}, {"battery": 87.0}, "%"),
        ({"presence": True}, {"presence": True}, None),
        ({"airquality": "good"}, {}, None),
        ({"temperature": None}, {}, None),
    ],
)
def test_numbers_are_scaled_to_their_unit(state: dict[str, Any], expected: dict[str, Any], unit: str | None) -> None:
    found = heard(changed(state=state | {"lastupdated": "2025-03-05T10:30:00.560"}))
    assert values(found) == expected
    assert set(units(found).values()) <= {unit}
    assert {one[3] for one in readings(found)} <= {1_741_170_600_560}


def test_list_of_numbers_is_one_metric_each() -> None:
    found = heard(changed(r="lights", state={"xy": [0.4, 0.35], "colormode": "xy", "bri": 254, "effect": None}))
    assert values(found) == {"xy.0": 0.4, "xy.1": 0.35, "bri": 254.0}


@pytest.mark.parametrize("stamp", ["none", None, "", 5, "2025-13-05T10:30:00"])
def test_time_that_cannot_be_read_is_that_of_arrival(stamp: Any) -> None:
    assert readings(heard(changed(state={"temperature": 100, "lastupdated": stamp}))) == [
        (DEVICE, "temperature", 1.0, None)
    ]


@pytest.mark.parametrize(
    ("part", "reachable", "presence"),
    [("config", False, {DEVICE: False}), ("state", True, {DEVICE: True}), ("state", None, {}), ("config", 1, {})],
)
def test_whether_it_can_be_reached_is_presence_not_a_reading(part: str, reachable: Any, presence: Any) -> None:
    found = heard(changed(**{part: {"reachable": reachable}}))
    assert isinstance(found, Decoded)
    assert found.presence == presence
    assert found.samples == []


def test_configuration_holds_no_reading_but_the_battery() -> None:
    config = {"battery": 87, "offset": 0, "on": True, "heatsetpoint": 2100, "temperature": 2600, "pending": []}
    assert values(heard(changed(config=config))) == {"battery": 87.0}
    assert values(heard(changed(config={"battery": None}))) == {}


def test_name_of_a_device_is_learned() -> None:
    found = heard(changed(attr={"id": "56", "name": "Attic", "swversion": "2019"}))
    assert isinstance(found, Decoded)
    assert (found.names, found.samples) == ({DEVICE: "Attic"}, [])


@pytest.mark.parametrize(
    ("unique", "device"),
    [
        ("00:17:88:01:08:01:02:03-02-fc00", "00:17:88:01:08:01:02:03"),
        ("90:fd:9f:ff:fe:0a:1b:2c-01", "90:fd:9f:ff:fe:0a:1b:2c"),
        ("00:00:00:00:00:41:2d:3f-f2", "00:00:00:00:00:41:2d:3f"),
        ("F0:49:C1:BE-293E-4540-80A4-5F:BB:34:38:CA:A1", "F0:49:C1:BE-293E-4540-80A4-5F:BB:34:38:CA:A1"),
        ("my-virtual-sensor", "my-virtual-sensor"),
    ],
)
def test_device_is_the_address_in_the_unique_id(unique: str, device: str) -> None:
    found = heard(changed(uniqueid=unique, state={"status": 1}))
    assert [one[0] for one in readings(found)] == [device]


@pytest.mark.parametrize(
    "said",
    [
        changed(e="added", sensor={"state": {"temperature": 1}}, state={"temperature": 1}),
        changed(e="deleted"),
        changed(e="scene-called", r="scenes", gid="1", scid="2"),
        changed(r="groups", state={"all_on": True, "any_on": True}),
        changed(uniqueid=None, state={"temperature": 1}),
        changed(t="other", state={"temperature": 1}),
        changed(state=[1, 2], config="x", attr=None),
    ],
)
def test_what_is_no_change_of_a_device_is_nothing(said: Any) -> None:
    assert nothing(heard(said))


@pytest.mark.parametrize("said", ["{", "[]", b"\xff"])
def test_broken_frame_is_refused(said: Any) -> None:
    assert refused(heard(said))


def test_requests_by_http_are_someone_elses() -> None:
    assert post(Deconz(), "/", changed(state={"temperature": 1})) is None

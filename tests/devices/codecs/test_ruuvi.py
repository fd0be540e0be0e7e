"""The test vectors that Ruuvi publishes with each format, with reserved bytes as they are sent (FF)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codecs import ruuvi

LOWEST = {"temperature": -163.835, "humidity": 0.0, "pressure": 50_000}


def decoded(data: str) -> dict[str, Any]:
    found = ruuvi.decode(bytes.fromhex(data))
    assert found is not None
    return {one.metric: one.value for one in found}


def acceleration(x: float, y: float, z: float) -> dict[str, float]:
    return {"acceleration_x": x, "acceleration_y": y, "acceleration_z": z}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            "03291A1ECE1EFC18F94202CA0B53",
            {"temperature": 26.3, "humidity": 20.5, "pressure": 102_766, "battery_voltage": 2.899}
            | acceleration(-1.0, -1.726, 0.714),
        ),
        (
            "0300FF6300008001800180010000",
            {"temperature": -127.99, "humidity": 0.0, "pressure": 50_000, "battery_voltage": 0.0}
            | acceleration(-32.767, -32.767, -32.767),
        ),
        (
            "0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F",
            {"temperature": 24.3, "humidity": 53.49, "pressure": 100_044, "battery_voltage": 2.977, "tx_power": 4}
            | {"movement_counter": 66, "measurement_sequence": 205}
            | acceleration(0.004, -0.004, 1.036),
        ),
        (
            "057FFFFFFEFFFE7FFF7FFF7FFFFFDEFEFFFECBB8334C884F",
            {"temperature": 163.835, "humidity": 163.835, "pressure": 115_534, "battery_voltage": 3.646}
            | {"tx_power": 20, "movement_counter": 254, "measurement_sequence": 65_534}
            | acceleration(32.767, 32.767, 32.767),
        ),
        (
            "058001000000008001800180010000000000CBB8334C884F",
            LOWEST
            | {"battery_voltage": 1.6, "tx_power": -40, "movement_counter": 0, "measurement_sequence": 0}
            | acceleration(-32.767, -32.767, -32.767),
        ),
        ("058000FFFFFFFF800080008000FFFFFFFFFFFFFFFFFFFFFF", {}),
        (
            "C512FC5394C37CAC364200CDCBB8334C884F",
            {"temperature": 24.3, "humidity": 53.49, "pressure": 100_044, "battery_voltage": 2.977, "tx_power": 4}
            | {"movement_counter": 66, "measurement_sequence": 205},
        ),
        (
            "06170C5668C79E007000C90501D9FFCD004C884F",
            {"temperature": 29.5, "humidity": 55.3, "pressure": 101_102, "pm2_5": 11.2, "co2": 201, "voc": 10}
            | {"nox": 2, "luminosity": 13_026.67, "measurement_sequence": 205, "calibrating": False},
        ),
        (
            "067FFF9C40FFFE27109C40FAFAFEFFFF074C8F4F",
            {"temperature": 163.835, "humidity": 100.0, "pressure": 115_534, "pm2_5": 1000.0, "co2": 40_000}
            | {"voc": 500, "nox": 500, "luminosity": 65_535.0, "measurement_sequence": 255, "calibrating": True},
        ),
        ("068000FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", {"measurement_sequence": 255, "calibrating": True}),
        (
            "E1170C5668C79E0065007004BD11CA00C90A0213E0ACFFFFFFDECDEE11FFFFFFFFFFCBB8334C884F",
            {"temperature": 29.5, "humidity": 55.3, "pressure": 101_102, "pm1_0": 10.1, "pm2_5": 11.2}
            | {"pm4_0": 121.3, "pm10_0": 455.4, "co2": 201, "voc": 20, "nox": 4, "luminosity": 13_027.0}
            | {"measurement_sequence": 14_601_710, "calibrating": True},
        ),
        (
            "E1800100000000000000000000000000000000000000FFFFFF00000000FFFFFFFFFFCBB8334C884F",
            LOWEST
            | {"pm1_0": 0.0, "pm2_5": 0.0, "pm4_0": 0.0, "pm10_0": 0.0, "co2": 0, "voc": 0, "nox": 0}
            | {"luminosity": 0.0, "measurement_sequence": 0, "calibrating": False},
        ),
        ("E18000" + 25 * "FF" + "FE" + 11 * "FF", {"calibrating": False}),
    ],
)
def test_published_vectors_hold(data: str, expected: dict[str, Any]) -> None:
    found = decoded(data)
    assert found.keys() == expected.keys()
    for metric, value in expected.items():
        assert found[metric] == pytest.approx(value, rel=1e-12), metric


def test_ninth_bit_of_an_index_stands_in_the_flags() -> None:
    found = decoded("06170C5668C79E007000C90501D9FFCDC04C884F")
    assert (found["voc"], found["nox"]) == (11, 3)


def test_format_that_is_not_known_is_none_and_a_short_one_an_error() -> None:
    assert ruuvi.decode(bytes.fromhex("08" + "00" * 23)) is None
    assert ruuvi.decode(b"") is None
    with pytest.raises(ValueError, match="format 5 has 24 bytes, not 4"):
        ruuvi.decode(bytes.fromhex("05010203"))


@pytest.mark.parametrize(
    ("advertisement", "found"),
    [
        ("0201061BFF9904050F8149C5BE7DFFF403EC0024A3F65D05DDF09A127B4401", "050F81"),
        ("1BFF9904050F8149C5BE7DFFF403EC0024A3F65D05DDF09A127B44010201060000", "050F81"),
        ("0201061AFF4C000215FDA50693A4E24FB1AFCFC6EB0764782500010002C5", None),
        ("02010603FF9904", ""),
        ("02010600000000", None),
        ("", None),
    ],
)
def test_data_of_ruuvi_is_found_among_the_parts(advertisement: str, found: str | None) -> None:
    data = ruuvi.manufacturer_data(bytes.fromhex(advertisement))
    assert (None if data is None else data[:3].hex().upper()) == found


@pytest.mark.parametrize("advertisement", ["0201061BFF990405", "03FF99"])
def test_advertisement_that_is_cut_off_is_an_error(advertisement: str) -> None:
    with pytest.raises(ValueError, match="cut off"):
        ruuvi.manufacturer_data(bytes.fromhex(advertisement))


@given(st.binary(max_size=60))
def test_any_bytes_are_fields_or_an_error(data: bytes) -> None:
    for read in (ruuvi.manufacturer_data, ruuvi.decode):
        try:
            read(data)
        except ValueError:
            continue

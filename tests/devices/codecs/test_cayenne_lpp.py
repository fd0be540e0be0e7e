from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codecs import cayenne_lpp
from telemetry.model import Refusal
from tests.devices.codecs.vectors import vectors


def said(data: bytes) -> str:
    found = cayenne_lpp.decode(data)
    if isinstance(found, Refusal):
        return found.code.value
    return ", ".join(f"{one.metric} {one.value}{' ' + one.unit if one.unit else ''}" for one in found)


@pytest.mark.parametrize(("frame", "result"), vectors(cayenne_lpp))
def test_examples_of_the_docstring_hold(frame: str, result: str) -> None:
    assert said(bytes.fromhex(frame)) == result


@pytest.mark.parametrize(
    ("frame", "result"),
    [
        ("", ""),
        ("00 00 01", "digital_in_0 1.0"),
        ("ff 01 00", "digital_out_255 0.0"),
        ("02 02 fe 0c", "analog_in_2 -5.0"),
        ("02 03 00 7b", "analog_out_2 1.23"),
        ("01 64 ff ff ff ff", "generic_sensor_1 4294967295.0"),
        ("03 65 ff ff", "luminosity_3 65535.0 lx"),
        ("05 66 01", "presence_5 1.0"),
        ("01 67 80 00", "temperature_1 -3276.8 °C"),
        ("04 68 ff", "relative_humidity_4 127.5 %"),
        ("06 73 ff ff", "barometric_pressure_6 6553.5 hPa"),
        ("01 86 01 2c fe d4 00 00", "gyrometer_1.x 3.0 °/s, gyrometer_1.y -3.0 °/s, gyrometer_1.z 0.0 °/s"),
        ("01 74 01 4a 02 75 03 e8", "voltage_1 3.3 V, current_2 1.0 A"),
        ("01 79 ff 38", "altitude_1 -200.0 m"),
        ("01 7a ff fc 18", "load_1 -1.0 kg"),
        ("01 87 01 02 03", "colour_1.r 1.0, colour_1.g 2.0, colour_1.b 3.0"),
        ("01", "bad_message"),
        ("01 88 07 58 43 01 69 20 ff ff", "bad_message"),
    ],
)
def test_every_kind_of_number_is_read(frame: str, result: str) -> None:
    """Sizes, signs and scales of myDevices' types and of the libraries' further ones."""
    assert said(bytes.fromhex(frame)) == result


@given(st.binary(max_size=64))
def test_any_bytes_are_values_or_a_refusal(data: bytes) -> None:
    found = cayenne_lpp.decode(data)
    if not isinstance(found, Refusal):
        assert len({one.metric for one in found}) <= len(data)

"""What Ruuvi's sensors advertise by Bluetooth: data formats 3, 5, C5, 6 and E1, in the units that the formats name.

Layout: an advertisement is a list of ``length (1), type (1), data``; the data of type FF begins with the maker,
``99 04`` for Ruuvi, and the number of the format. Numbers are big-endian. "Not available" is the highest number of an
unsigned field and the lowest of a signed one: such a field is missing, never a number. Format 3 has no such marks, and
its temperature is a sign, whole degrees and hundredths. Format 6 is a short form of E1 for old receivers.

    FF 99 04 03 | humidity 1, temperature 1+1, pressure 2, acceleration 3*2, battery 2
    FF 99 04 05 | climate 6, acceleration 3*2, power 2, movements 1, sequence 2, mac 6
    FF 99 04 C5 | climate 6, power 2, movements 1, sequence 2, mac 6
    FF 99 04 06 | climate 6, pm2.5 2, co2 2, voc 1, nox 1, light 1, - 1, sequence 1, flags 1, mac 3
    FF 99 04 E1 | climate 6, pm1 2, pm2.5 2, pm4 2, pm10 2, co2 2, voc 1, nox 1, light 3, - 3, sequence 3, flags 1,
                  - 5, mac 6

climate is temperature 2, humidity 2, pressure 2; power is 11 bits of mV above 1600 and 5 bits of 2 dBm above -40; flags
are calibrating (bit 0) and the lowest bits of voc (bit 6) and nox (bit 7).
Source: ruuvi/docs, communication/bluetooth-advertisements, with the test vectors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

MANUFACTURER = b"\x99\x04"
_MANUFACTURER_DATA = 0xFF
_LIGHT_STEP = math.log(65_536) / 254
"""Format 6 holds the logarithm of the light in 254 steps up to 65,535 lx."""


class Field(NamedTuple):
    """One value of an advertisement."""

    metric: str
    value: float | bool
    unit: str | None = None


def manufacturer_data(advertisement: bytes) -> bytes | None:
    """What Ruuvi put into an advertisement, from the number of the format on; None where the maker is another.

    Raises ValueError if the advertisement ends inside a part.
    """
    at = 0
    while at < len(advertisement) and advertisement[at]:
        part = advertisement[at + 1 : at + 1 + advertisement[at]]
        if len(part) < advertisement[at]:
            raise ValueError("the advertisement is cut off")
        if part[0] == _MANUFACTURER_DATA and part[1:3] == MANUFACTURER:
            return part[3:]
        at += 1 + len(part)
    return None


def decode(data: bytes) -> list[Field] | None:
    """The values of a format; None for one that is not known. Raises ValueError if the data is too short for it."""
    if not data or data[0] not in FORMATS:
        return None
    size, read = FORMATS[data[0]]
    if len(data) < size:
        raise ValueError(f"format {data[0]:X} has {size} bytes, not {len(data)}")
    return list(read(data))


def _unsigned(data: bytes, at: int, size: int = 2) -> int | None:
    raw = int.from_bytes(data[at : at + size])
    return None if raw == (1 << 8 * size) - 1 else raw


def _signed(data: bytes, at: int) -> int | None:
    raw = int.from_bytes(data[at : at + 2], signed=True)
    return None if raw == -0x8000 else raw


def _field(metric: str, raw: int | None, scale: int = 1, unit: str | None = None) -> Iterator[Field]:
    if raw is not None:
        yield Field(metric, raw / scale if scale != 1 else raw, unit)


def _climate(data: bytes) -> Iterator[Field]:
    yield from _field("temperature", _signed(data, 1), 200, "°C")
    yield from _field("humidity", _unsigned(data, 3), 400, "%")
    pressure = _unsigned(data, 5)
    yield from _field("pressure", None if pressure is None else pressure + 50_000, 1, "Pa")


def _acceleration(data: bytes, at: int) -> Iterator[Field]:
    for index, axis in enumerate("xyz"):
        yield from _field(f"acceleration_{axis}", _signed(data, at + 2 * index), 1000, "g")


def _power(data: bytes, at: int) -> Iterator[Field]:
    """Battery, transmitter, movements and sequence, which stand behind each other."""
    raw = int.from_bytes(data[at : at + 2])
    volts, sent = raw >> 5, raw & 31
    yield from _field("battery_voltage", None if volts == 0x7FF else volts + 1600, 1000, "V")
    yield from _field("tx_power", None if sent == 31 else 2 * sent - 40, 1, "dBm")
    yield from _field("movement_counter", _unsigned(data, at + 2, 1))
    yield from _field("measurement_sequence", _unsigned(data, at + 3))


def _format_3(data: bytes) -> Iterator[Field]:
    degrees = (data[2] & 0x7F) * 100 + data[3]
    yield Field("temperature", (-degrees if data[2] & 0x80 else degrees) / 100, "°C")
    yield Field("humidity", data[1] / 2, "%")
    yield Field("pressure", int.from_bytes(data[4:6]) + 50_000, "Pa")
    yield from _acceleration(data, 6)
    yield Field("battery_voltage", int.from_bytes(data[12:14]) / 1000, "V")


def _format_5(data: bytes) -> Iterator[Field]:
    yield from _climate(data)
    yield from _acceleration(data, 7)
    yield from _power(data, 13)


def _format_c5(data: bytes) -> Iterator[Field]:
    yield from _climate(data)
    yield from _power(data, 7)


def _indexes(data: bytes, at: int, flags: int) -> Iterator[Field]:
    for metric, index, bit in (("voc", at, 6), ("nox", at + 1, 7)):
        raw = data[index] << 1 | flags >> bit & 1
        yield from _field(metric, None if raw == 0x1FF else raw)


def _format_6(data: bytes) -> Iterator[Field]:
    yield from _climate(data)
    yield from _field("pm2_5", _unsigned(data, 7), 10, "µg/m³")
    yield from _field("co2", _unsigned(data, 9), 1, "ppm")
    yield from _indexes(data, 11, data[16])
    light = _unsigned(data, 13, 1)
    if light is not None:
        yield Field("luminosity", round(math.expm1(light * _LIGHT_STEP), 2), "lx")
    yield Field("measurement_sequence", data[15])
    yield Field("calibrating", bool(data[16] & 1))


def _format_e1(data: bytes) -> Iterator[Field]:
    yield from _climate(data)
    for index, metric in enumerate(("pm1_0", "pm2_5", "pm4_0", "pm10_0")):
        yield from _field(metric, _unsigned(data, 7 + 2 * index), 10, "µg/m³")
    yield from _field("co2", _unsigned(data, 15), 1, "ppm")
    yield from _indexes(data, 17, data[28])
    yield from _field("luminosity", _unsigned(data, 19, 3), 100, "lx")
    yield from _field("measurement_sequence", _unsigned(data, 25, 3))
    yield Field("calibrating", bool(data[28] & 1))


FORMATS: dict[int, tuple[int, Callable[[bytes], Iterator[Field]]]] = {
    0x03: (14, _format_3),
    0x05: (24, _format_5),
    0x06: (20, _format_6),
    0xC5: (18, _format_c5),
    0xE1: (40, _format_e1),
}
"""Number of the format -> its size in bytes and its reader."""

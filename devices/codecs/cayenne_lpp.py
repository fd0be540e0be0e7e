"""Cayenne LPP: the bytes that a LoRaWAN device packs its values into, named as The Things Stack names them.

Layout: one value after the other, each ``channel (1), type (1), data``; numbers are big-endian. A value is named by
its type in lower case and its channel, ``temperature_3``; one of several parts has a metric for each,
``gps_1.latitude``. Types 0 to 3, 101 to 104, 113, 115, 134 and 136 are myDevices' own; the others are those of the
libraries that extend it. Refused, as a whole: a type that is not in ``TYPES``, because its length is not known; data
that ends inside a value.

    03 67 00 e9 05 67 ff f6        -> temperature_3 23.3 °C, temperature_5 -1.0 °C
    01 88 07 58 43 01 69 20 ff ff 38 -> gps_1.latitude 48.1347 °, gps_1.longitude 9.2448 °, gps_1.altitude -2.0 m
    03 67 00 c8 05 67              -> bad_message
    03 fe 00                       -> bad_message

Sources: TheThingsNetwork/go-cayenne-lib (types.go, decoder.go), the payload formatter page of The Things Stack (names),
pycayennelpp 2.4.0 (sizes and scales of the extended types).
"""

from __future__ import annotations

from typing import NamedTuple

from telemetry.model import Reason, Refusal

NAME = "cayennelpp"
"""What the configuration calls this codec."""


class Part(NamedTuple):
    """One number of a value: its size in bytes, what it is divided by, its unit and its name."""

    size: int
    scale: int = 1
    unit: str | None = None
    signed: bool = False
    name: str = ""


class Value(NamedTuple):
    """One number as it was found: the metric, the value and its unit."""

    metric: str
    value: float
    unit: str | None


def _axes(scale: int, unit: str) -> tuple[Part, ...]:
    return tuple(Part(2, scale, unit, signed=True, name=axis) for axis in "xyz")


TYPES: dict[int, tuple[str, tuple[Part, ...]]] = {
    0: ("digital_in", (Part(1),)),
    1: ("digital_out", (Part(1),)),
    2: ("analog_in", (Part(2, 100, signed=True),)),
    3: ("analog_out", (Part(2, 100, signed=True),)),
    100: ("generic_sensor", (Part(4),)),
    101: ("luminosity", (Part(2, 1, "lx"),)),
    102: ("presence", (Part(1),)),
    103: ("temperature", (Part(2, 10, "°C", signed=True),)),
    104: ("relative_humidity", (Part(1, 2, "%"),)),
    113: ("accelerometer", _axes(1000, "g")),
    115: ("barometric_pressure", (Part(2, 10, "hPa"),)),
    116: ("voltage", (Part(2, 100, "V"),)),
    117: ("current", (Part(2, 1000, "A"),)),
    118: ("frequency", (Part(4, 1, "Hz"),)),
    120: ("percentage", (Part(1, 1, "%"),)),
    121: ("altitude", (Part(2, 1, "m", signed=True),)),
    122: ("load", (Part(3, 1000, "kg", signed=True),)),
    125: ("concentration", (Part(2, 1, "ppm"),)),
    128: ("power", (Part(2, 1, "W"),)),
    130: ("distance", (Part(4, 1000, "m"),)),
    131: ("energy", (Part(4, 1000, "kWh"),)),
    132: ("direction", (Part(2, 1, "°"),)),
    133: ("unixtime", (Part(4, 1, "s"),)),
    134: ("gyrometer", _axes(100, "°/s")),
    135: ("colour", tuple(Part(1, name=one) for one in "rgb")),
    136: (
        "gps",
        (
            Part(3, 10_000, "°", signed=True, name="latitude"),
            Part(3, 10_000, "°", signed=True, name="longitude"),
            Part(3, 100, "m", signed=True, name="altitude"),
        ),
    ),
    142: ("switch", (Part(1),)),
}
"""Type -> its name and its parts."""


def decode(data: bytes) -> list[Value] | Refusal:
    """The values of one frame, all or nothing."""
    values: list[Value] = []
    at = 0
    while at < len(data):
        channel, kind = data[at], data[at + 1] if at + 1 < len(data) else None
        if kind is None:
            return _broken("it ends after a channel", at)
        if kind not in TYPES:
            return _broken(f"type {kind} is not known", at)
        at += 2
        name, parts = TYPES[kind]
        for part in parts:
            raw = data[at : at + part.size]
            if len(raw) < part.size:
                return _broken(f"it ends inside {name}_{channel}", at)
            metric = f"{name}_{channel}.{part.name}" if part.name else f"{name}_{channel}"
            values.append(Value(metric, int.from_bytes(raw, signed=part.signed) / part.scale, part.unit))
            at += part.size
    return values


def _broken(why: str, at: int) -> Refusal:
    return Refusal(Reason.BAD_MESSAGE, f"not Cayenne LPP: {why} (byte {at})")

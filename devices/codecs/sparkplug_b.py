"""The payload of Sparkplug B, read and written: a protobuf message of metrics.

Layout (Sparkplug 3.0, chapter 6): Payload {1 timestamp, 2 metric…, 3 seq}; Metric {1 name, 2 alias, 3 timestamp,
4 datatype, 5 is_historical, 6 is_transient, 7 is_null, 9 properties, and one value of 10 int (u32), 11 long (u64),
12 float, 13 double, 14 boolean, 15 string, 16 bytes, 17 data set, 18 template}. PropertySet {1 key…, 2 value…},
PropertyValue {1 type, 2 is_null, …, 8 string}. Times are ms since 1970 UTC. Signed integers stand in the unsigned
fields, in two's complement of their own width or, as some encoders write them, of the field's.

    10 01 20 03 50 f9 ff ff ff 0f  ->  alias 1, Int32, -7
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from devices.codecs import protobuf
from devices.codecs.protobuf import BYTES, FIXED32, FIXED64, VARINT
from telemetry.model import Reason, Refusal


class Type(IntEnum):
    """The data types that hold one number, a truth or a text; those above are times, blobs, tables and arrays."""

    INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, FLOAT, DOUBLE, BOOLEAN, STRING, DATE_TIME, TEXT = range(
        1, 15
    )


BITS = {Type.INT8: 8, Type.INT16: 16, Type.INT32: 32, Type.INT64: 64}
BITS |= {Type.UINT8: 8, Type.UINT16: 16, Type.UINT32: 32, Type.UINT64: 64}
SIGNED = {Type.INT8, Type.INT16, Type.INT32, Type.INT64}
UNITS = {"engunit", "engineeringunits", "engineering units", "engineering_units", "unit", "units", "uom"}
"""Keys of properties, in lower case, that name the unit; ``engUnit`` is the usual one."""
_WHOLE: Mapping[int, tuple[str, Callable[[int], int]]] = {
    2: ("alias", int),
    3: ("timestamp", int),
    4: ("datatype", int),
    5: ("historical", bool),
    6: ("transient", bool),
    10: ("value", int),
    11: ("value", int),
    14: ("value", bool),
}
"""Field that is a varint -> attribute of the metric, and how it is read."""
_FLOAT, _DOUBLE = struct.Struct("<f"), struct.Struct("<d")


@dataclass(slots=True)
class Metric:
    """One metric. ``value`` is as it stands in its field: integers unsigned; None for null and for what is no number.

    ``datatype`` is 0 where the message does not say; ``reading`` interprets the value by the type.
    """

    name: str | None = None
    alias: int | None = None
    timestamp: int | None = None
    datatype: int = 0
    historical: bool = False
    transient: bool = False
    value: int | float | bool | str | None = None
    unit: str | None = None

    def reading(self, datatype: int) -> float | bool | None:
        """The value as a reading of a type (0: not known), or None for texts, times and blobs."""
        value = self.value
        if isinstance(value, str) or value is None or datatype not in (0, *range(1, Type.STRING)):
            return None
        if datatype == Type.BOOLEAN:
            return bool(value)
        if not isinstance(value, int) or isinstance(value, bool) or datatype not in BITS:
            return value
        bits = BITS[Type(datatype)]
        whole = value & ((1 << bits) - 1)
        return whole - (1 << bits) if datatype in SIGNED and whole >> (bits - 1) else whole


@dataclass(slots=True)
class Payload:
    """A message: its time (ms) and its metrics."""

    timestamp: int | None = None
    metrics: Sequence[Metric] = field(default_factory=list)
    seq: int | None = None


def decode(data: bytes) -> Payload | Refusal:
    """The payload, or ``bad_message``."""
    found = Payload()
    metrics: list[Metric] = []
    try:
        for number, kind, value in protobuf.fields(data):
            if kind == VARINT and number in (1, 3) and isinstance(value, int):
                setattr(found, "timestamp" if number == 1 else "seq", value)
            elif kind == BYTES and number == 2 and isinstance(value, bytes):
                metrics.append(_metric(value))
    except ValueError as error:
        return Refusal(Reason.BAD_MESSAGE, f"not a Sparkplug B payload: {error}"[:200])
    found.metrics = metrics
    return found


def _metric(data: bytes) -> Metric:
    found, null = Metric(), False
    for number, kind, value in protobuf.fields(data):
        if isinstance(value, int):
            if number == 7:
                null = bool(value)
            elif number in _WHOLE:
                name, read = _WHOLE[number]
                setattr(found, name, read(value))
        elif kind == FIXED32 and number == 12:
            found.value = _FLOAT.unpack(value)[0]
        elif kind == FIXED64 and number == 13:
            found.value = _DOUBLE.unpack(value)[0]
        elif kind == BYTES:
            _texts(found, number, value)
    if null:
        found.value = None
    return found


def _texts(found: Metric, number: int, value: bytes) -> None:
    match number:
        case 1:
            found.name = value.decode()
        case 9:
            found.unit = _unit(value)
        case 15:
            found.value = value.decode()
        case 16 | 17 | 18:
            found.value = None


def _unit(data: bytes) -> str | None:
    """The unit in a PropertySet, whose keys and values are two lists."""
    keys: list[str] = []
    values: list[str | None] = []
    for number, _, value in protobuf.fields(data):
        if isinstance(value, bytes):
            if number == 1:
                keys.append(value.decode())
            elif number == 2:
                texts = [one.decode() for n, _, one in protobuf.fields(value) if n == 8 and isinstance(one, bytes)]
                values.append(texts[-1] if texts else None)
    for key, text in zip(keys, values, strict=False):
        if key.lower() in UNITS and text:
            return text
    return None


def encode(payload: Payload) -> bytes:
    """The bytes of a payload. Integers may be negative; a None becomes ``is_null``."""
    found = [protobuf.field(1, VARINT, payload.timestamp)] if payload.timestamp is not None else []
    found += [protobuf.field(2, BYTES, _encoded(one)) for one in payload.metrics]
    if payload.seq is not None:
        found.append(protobuf.field(3, VARINT, payload.seq))
    return b"".join(found)


def _encoded(metric: Metric) -> bytes:
    found = [] if metric.name is None else [protobuf.field(1, BYTES, metric.name.encode())]
    for number, value in ((2, metric.alias), (3, metric.timestamp)):
        if value is not None:
            found.append(protobuf.field(number, VARINT, value))
    flags = ((4, metric.datatype), (5, metric.historical), (6, metric.transient), (7, metric.value is None))
    found += [protobuf.field(number, VARINT, int(value)) for number, value in flags if value]
    if metric.unit is not None:
        unit = protobuf.field(1, VARINT, Type.STRING) + protobuf.field(8, BYTES, metric.unit.encode())
        found.append(protobuf.field(9, BYTES, protobuf.field(1, BYTES, b"engUnit") + protobuf.field(2, BYTES, unit)))
    if metric.value is not None:
        found.append(_value(metric.datatype, metric.value))
    return b"".join(found)


def _value(datatype: int, value: float | str) -> bytes:
    if isinstance(value, str):
        return protobuf.field(15, BYTES, value.encode())
    if datatype == Type.BOOLEAN:
        return protobuf.field(14, VARINT, int(value))
    if datatype == Type.FLOAT:
        return protobuf.field(12, FIXED32, _FLOAT.pack(value))
    if datatype == Type.DOUBLE:
        return protobuf.field(13, FIXED64, _DOUBLE.pack(value))
    if datatype in (Type.INT64, Type.UINT64, Type.DATE_TIME):
        return protobuf.field(11, VARINT, int(value))
    return protobuf.field(10, VARINT, int(value) & (2**32 - 1))

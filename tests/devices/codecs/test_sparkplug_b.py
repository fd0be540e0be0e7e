"""Sparkplug B payloads: one that Eclipse Tahu wrote, every type there and back, and broken ones."""

from __future__ import annotations

import base64
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codecs import protobuf, sparkplug_b
from devices.codecs.protobuf import BYTES, VARINT
from devices.codecs.sparkplug_b import Metric, Payload, Type
from telemetry.model import Refusal

TAHU = (
    "CICFoqzWMhIVCgJpOBABGIGFoqzWMiABUPn///8PEhMKA2k4YhACGIGFoqzWMiABUPkBEhYKA2kxNhADGIGFoqzWMiACUICA/v8PEhsKA2k2NBAEGIGF"
    "oqzWMiAEWPv//////////wESFgoDdTMyEAUYgYWirNYyIAdYgNCs8w4SEwoBZhAGGIGFoqzWMiAJZQAAwD8SFwoBZBAHGIGFoqzWMiAKaQAAAAAAAAJA"
    "EhAKAWIQCBiBhaKs1jIgC3ABEhEKAXMQCRiBhaKs1jIgDHoBeBIQCgFuEAoYgYWirNYyIAM4ARIrCgFlEAsYgYWirNYyIApKEgoHZW5nVW5pdBIHCAxC"
    "A2tQYWkAAAAAAAAIQBIWCgF0EAwYgYWirNYyIBOSAQUSAwoBehIUCgJkcxANGIGFoqzWMiAQigECCAEYAw=="
)
"""Written by tahu 0.1.2: every type, an Int8 widened to 32 bits and one that is not, a null, a template, a data set."""


def decoded(data: bytes) -> Payload:
    found = sparkplug_b.decode(data)
    assert isinstance(found, Payload), found
    return found


def test_payload_of_the_reference_implementation_is_read() -> None:
    found = decoded(base64.b64decode(TAHU))
    assert (found.timestamp, found.seq) == (1_741_165_200_000, 3)
    assert {one.name: one.reading(one.datatype) for one in found.metrics} == {
        "i8": -7,
        "i8b": -7,
        "i16": -32768,
        "i64": -5,
        "u32": 4_000_000_000,
        "f": 1.5,
        "d": 2.25,
        "b": True,
        "s": None,
        "n": None,
        "e": 3.0,
        "t": None,
        "ds": None,
    }
    assert {one.name: one.unit for one in found.metrics if one.unit} == {"e": "kPa"}
    assert {one.timestamp for one in found.metrics} == {1_741_165_200_001}


def test_example_of_the_docstring_holds() -> None:
    (metric,) = decoded(protobuf.field(2, BYTES, bytes.fromhex("1001200350f9ffffff0f"))).metrics
    assert (metric.alias, metric.datatype, metric.reading(Type.INT32)) == (1, Type.INT32, -7)


BOUNDS = {
    Type.INT8: (-(2**7), 2**7 - 1),
    Type.INT16: (-(2**15), 2**15 - 1),
    Type.INT32: (-(2**31), 2**31 - 1),
    Type.INT64: (-(2**63), 2**63 - 1),
    Type.UINT8: (0, 2**8 - 1),
    Type.UINT16: (0, 2**16 - 1),
    Type.UINT32: (0, 2**32 - 1),
    Type.UINT64: (0, 2**64 - 1),
}


@pytest.mark.parametrize("datatype", BOUNDS, ids=lambda one: one.name)
def test_every_integer_comes_back(datatype: Type) -> None:
    low, high = BOUNDS[datatype]
    for value in {low, -1 if low else 1, 0, high}:
        (metric,) = decoded(sparkplug_b.encode(Payload(1, [Metric("m", datatype=datatype, value=value)]))).metrics
        assert metric.reading(datatype) == value


TEXTS = st.none() | st.text(max_size=20)
METRICS = st.builds(
    Metric,
    TEXTS,
    st.none() | st.integers(0, 2**64 - 1),
    st.none() | st.integers(0, 2**64 - 1),
    st.just(Type.DOUBLE),
    st.booleans(),
    st.booleans(),
    st.none() | st.floats(allow_nan=False),
    st.none() | st.text(min_size=1, max_size=9),
)


@given(st.lists(METRICS, max_size=5), st.none() | st.integers(0, 2**63), st.none() | st.integers(0, 255))
def test_what_is_written_is_read(metrics: list[Metric], timestamp: int | None, seq: int | None) -> None:
    assert decoded(sparkplug_b.encode(Payload(timestamp, metrics, seq))) == Payload(timestamp, metrics, seq)


@pytest.mark.parametrize(
    ("datatype", "value"),
    [(Type.FLOAT, 0.5), (Type.BOOLEAN, True), (Type.BOOLEAN, False), (Type.STRING, "ü"), (Type.DATE_TIME, 17)],
    ids=str,
)
def test_other_types_come_back(datatype: Type, value: float | str) -> None:
    (metric,) = decoded(sparkplug_b.encode(Payload(1, [Metric("m", datatype=datatype, value=value)]))).metrics
    assert metric.value == value
    expected = None if datatype in (Type.STRING, Type.DATE_TIME) else value
    assert metric.reading(datatype) is expected or metric.reading(datatype) == expected


def test_nan_is_left_to_the_gate() -> None:
    (metric,) = decoded(sparkplug_b.encode(Payload(1, [Metric("m", datatype=Type.DOUBLE, value=math.nan)]))).metrics
    assert math.isnan(metric.reading(Type.DOUBLE) or 0)


@pytest.mark.parametrize("datatype", [13, 14, 15, 16, 17, 18, 19, 22, 31, 34, 99, 2**63])
def test_times_blobs_and_unknown_types_are_no_readings(datatype: int) -> None:
    assert Metric("m", value=1).reading(datatype) is None


@pytest.mark.parametrize(
    "data",
    [b"\x12\x05\x0a", b"\x12", protobuf.field(2, BYTES, protobuf.field(1, BYTES, b"\xff")), b'{"online":true}'],
    ids=["metric", "length", "name", "json"],
)
def test_broken_payload_is_refused(data: bytes) -> None:
    assert isinstance(sparkplug_b.decode(data), Refusal)


def test_unknown_fields_are_passed_over() -> None:
    metric = protobuf.field(1, BYTES, b"m") + protobuf.field(40, VARINT, 1) + protobuf.field(41, BYTES, b"x")
    found = decoded(protobuf.field(2, BYTES, metric) + protobuf.field(5, BYTES, b"body"))
    assert [one.name for one in found.metrics] == ["m"]


@given(st.binary(max_size=120))
def test_any_bytes_are_a_payload_or_refused(data: bytes) -> None:
    assert isinstance(sparkplug_b.decode(data), Payload | Refusal)

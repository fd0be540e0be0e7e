"""CBOR of devices: the content of JSON, the examples of RFC 8949, and nothing that costs more than its bytes."""

from __future__ import annotations

import json
import math
import time
from itertools import count

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codecs import cbor_codec
from telemetry.model import Reason, Refusal
from tests.clients import SCALE
from tests.devices.codecs.vectors import vectors

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def refused(data: bytes) -> bool:
    found = cbor_codec.decode(data)
    if isinstance(found, Refusal):
        assert found.code is Reason.BAD_MESSAGE
        assert len(found.message) <= 200
    return isinstance(found, Refusal)


def test_examples_of_the_docstring_hold() -> None:
    examples = vectors(cbor_codec)
    assert len(examples) == 2
    for text, result in examples:
        data = bytes.fromhex(text)
        if result.startswith("bad_message"):
            assert refused(data)
        else:
            assert cbor_codec.decode(data) == json.loads(result)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("00", 0),
        ("1818", 24),
        ("1bffffffffffffffff", 2**64 - 1),
        ("3bffffffffffffffff", -(2**64)),
        ("f90001", 5.960464477539063e-08),
        ("f97bff", 65504.0),
        ("fa47c35000", 100000.0),
        ("fb3ff199999999999a", 1.1),
        ("f97c00", math.inf),  # a number, which the gate refuses
        ("f4", False),
        ("f5", True),
        ("f6", None),
        ("62c3bc61", None),
        ("62c3bc", "ü"),
        ("83010203", [1, 2, 3]),
        ("9f010203ff", [1, 2, 3]),
        ("a26161016162820203", {"a": 1, "b": [2, 3]}),
        ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
        ("7f657374726561646d696e67ff", "streaming"),
        ("80", []),
        ("a0", {}),
    ],
)
def test_examples_of_the_rfc(data: str, value: object) -> None:
    """RFC 8949, appendix A, what devices may use of it; the truncated text is cut off."""
    if data == "62c3bc61":
        assert refused(bytes.fromhex(data))
    else:
        assert cbor_codec.decode(bytes.fromhex(data)) == value


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("82a2200a0001a0", [{-1: 10, 0: 1}, {}]),
        ("9fbf006174ffff", [{0: "t"}]),
        ("81a1006174", [{0: "t"}]),
    ],
)
def test_labels_of_senml_are_taken_in_the_records_of_a_list(data: str, value: object) -> None:
    assert cbor_codec.decode(bytes.fromhex(data)) == value


@pytest.mark.parametrize(
    "data",
    [
        "",
        "18",
        "a1",
        "ff",
        "9f",
        "1c",
        "62ffff",
        "c074323031332d30332d32315432303a30343a30305a",
        "c11a514b67b0",
        "c249010000000000000000",
        "d81c01",
        "d9d9f7a0",
        "a1c20101",
        "a2616101616102",
        "81a200010002",
        "a10001",
        "81a119010000",
        "81a10901",
        "a1f501",
        "a18001",
        "0000",
        "9b7fffffffffffffff",
        "bb7fffffffffffffff",
        "5b7fffffffffffffff",
        "81bb7fffffffffffffff",
        "9f81ff",
        "bf6161ff",
        "81bf00ff",
    ],
    ids=count(),
)
def test_what_devices_may_not_send_is_refused(data: str) -> None:
    """Cut off, tags, integer keys, keys twice, trailing bytes, counts that lie."""
    assert refused(bytes.fromhex(data))


@pytest.mark.parametrize("data", [b"\x81", b"\xa1\x61a", b"\x9f", b"\xbf\x61a", b"\xd9\xd9\xf7", b"\x81\xa1\x00"])
def test_deep_nesting_is_refused_quickly(data: bytes) -> None:
    before = time.perf_counter()
    assert refused(data * (200_000 // len(data)))
    assert time.perf_counter() - before < 2 * SCALE


def test_depth_that_is_allowed_is_read() -> None:
    assert not refused(b"\x81" * (cbor_codec.DEPTH - 1) + b"\x01")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    refused(data)


@given(VALUES, st.data())
def test_broken_messages_never_raise(value: object, data: st.DataObject) -> None:
    """A message with one byte changed, and cut off."""
    good = bytearray(cbor2.dumps(value))
    at = data.draw(st.integers(0, len(good) - 1))
    good[at] = data.draw(st.integers(0, 255))
    refused(bytes(good))
    refused(bytes(good[:at]))


@given(VALUES)
def test_what_json_can_say_reads_back(value: object) -> None:
    """Also by way of the library's other encodings of the same value."""
    assert cbor_codec.decode(cbor2.dumps(value)) == value
    assert cbor_codec.decode(cbor2.dumps(value, canonical=True)) == value


@given(st.dictionaries(st.text(), VALUES))
def test_what_is_encoded_reads_back(body: dict[str, object]) -> None:
    assert cbor_codec.decode(cbor_codec.encode(body)) == body


def test_keys_that_collide_are_refused_before_they_are_compared() -> None:
    """Multiples of 2^61 - 1 have one hash, and so have all lists of them: a map of such keys costs its square."""
    prime = 2**61 - 1
    keys = [(a * prime, b * prime) for a in range(8) for b in range(8)]
    assert len({hash(key) for key in keys}) == 1
    message = cbor2.dumps(dict.fromkeys(keys, 1))
    assert refused(message)
    assert refused(message[:40])
    answer = cbor_codec.decode(message)
    assert isinstance(answer, Refusal)
    assert "not tuple" in answer.message

"""Prometheus' remote write: the protobuf message."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codecs.remote_write import read
from telemetry.model import Refusal
from tests.devices.codecs.test_snappy import size

STALE = struct.unpack("<d", bytes.fromhex("020000000000f07f"))[0]


def field(number: int, data: bytes) -> bytes:
    return bytes((number << 3 | 2,)) + size(len(data)) + data


def label(name: str, value: str) -> bytes:
    return field(1, field(1, name.encode()) + field(2, value.encode()))


def sample(value: float, ts: int) -> bytes:
    return field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + size(ts % 2**64))


def series(*parts: bytes) -> bytes:
    return field(1, b"".join(parts))


def test_series_have_labels_and_samples() -> None:
    message = series(label("__name__", "up"), label("job", "ö"), sample(1.5, 1000), sample(-2, -5))
    message += series(label("__name__", "down"))
    assert read(message) == [({"__name__": "up", "job": "ö"}, [(1.5, 1000), (-2.0, -5)]), ({"__name__": "down"}, [])]


@pytest.mark.parametrize("value", [STALE, float("nan"), float("inf"), -float("inf")])
def test_marks_of_staleness_and_infinities_are_no_samples(value: float) -> None:
    assert read(series(label("__name__", "up"), sample(value, 1), sample(1, 2))) == [({"__name__": "up"}, [(1.0, 2)])]


def test_what_it_does_not_know_is_passed_over() -> None:
    """Exemplars and histograms of a series, metadata of the message, and fields that are left at zero."""
    extra = field(3, b"\x01\x02") + field(4, b"x") + b"\x28\x05" + b"\x35\x00\x00\x00\x00"
    message = field(3, b"meta") + series(label("__name__", "up"), extra, field(2, b"\x10\x07"), field(2, b""))
    assert read(message) == [({"__name__": "up"}, [(0.0, 7), (0.0, 0)])]


@pytest.mark.parametrize(
    "message",
    [
        b"\x0a",
        b"\x0a\x05ab",
        b"\x0b",
        b"\xff" * 12,
        series(b"\x0a\x7f"),
        series(field(2, b"\x09\x00")),
        series(field(2, b"\x08\x01")),
        series(field(1, field(1, b"\xff"))),
        series(*(label(f"l{n}", "x") for n in range(200))),
    ],
    ids=range(9),
)
def test_a_broken_message_is_refused(message: bytes) -> None:
    assert isinstance(read(message), Refusal)


@given(st.binary(max_size=60))
def test_no_bytes_break_it(message: bytes) -> None:
    assert isinstance(read(message), Refusal | list)

"""Rows as planes: every record comes back bit for bit, whatever it holds, and common ones take little room."""

from __future__ import annotations

import random
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.store import planes
from telemetry.store.journal import RECORD
from tests.telemetry.store.kit import T0

BITS = st.one_of(
    st.floats(),  # not a number too: what is bound to a text is no number either
    st.integers(-100_000, 100_000).map(lambda n: n / 100),
    st.integers(-(10**12), 10**12).map(lambda n: n / 10_000),
    st.integers(0, 2**64 - 1).map(lambda n: struct.unpack("<d", struct.pack("<Q", n))[0]),
    st.sampled_from([0.0, -0.0, 1e11, -1e11, 1e300, 5e-324]),
)
RECORDS = st.lists(
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 63), st.integers(-(2**63), 2**63 - 1), BITS).map(
        lambda one: RECORD.pack(*one)
    ),
    max_size=40,
)


@given(RECORDS, st.binary(max_size=50))
def test_what_goes_in_comes_out(records: list[bytes], tail: bytes) -> None:
    data = b"".join(records) + tail
    assert planes.unpack(planes.pack(data, len(records)), len(records)) == data


def test_flags_that_planes_use_themselves_are_kept() -> None:
    data = RECORD.pack(1, 0xC3, T0, 1.5) + b"tail"
    assert planes.unpack(planes.pack(data, 1), 1) == data


def test_rows_of_older_versions_are_read() -> None:
    data = RECORD.pack(1, 0, T0, 1.5)
    assert planes.unpack(zlib.compress(data), 1) == data


def test_a_second_of_a_hundred_sensors_is_small() -> None:
    """Under 5 bytes a reading, of 21; the records themselves only deflate to 9."""
    chance = random.Random(1)
    rows = [RECORD.pack(n, 0, T0 + 10 * n + chance.randrange(10), chance.randrange(3_000) / 100) for n in range(100)]
    data = b"".join(rows)
    assert len(planes.pack(data, 100)) < 500
    assert len(zlib.compress(data, 9)) > 850


@given(st.binary(max_size=60), st.integers(0, 5))
def test_damage_is_an_error(noise: bytes, count: int) -> None:
    with pytest.raises(planes.NoPlanes):
        planes.unpack(b"\x01" + noise, count)


def test_planes_cut_short_are_an_error() -> None:
    data = b"".join(RECORD.pack(n, 0, T0, n / 10) for n in range(9))
    short = zlib.decompress(planes.pack(data, 9)[1:])[:-1]
    with pytest.raises(planes.NoPlanes):
        planes.unpack(b"\x01" + zlib.compress(short), 9)

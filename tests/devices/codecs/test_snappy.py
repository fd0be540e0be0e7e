"""Snappy blocks: every element of the format, and what a hostile one may cost."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codecs.snappy import unpack
from telemetry.model import Reason, Refusal

LIMIT = 1 << 20


def size(number: int) -> bytes:
    """A varint."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))


def literal(data: bytes) -> bytes:
    """A literal in the shortest form."""
    length = len(data) - 1
    if length < 60:
        return bytes((length << 2,)) + data
    wide = (length.bit_length() + 7) // 8
    return bytes((59 + wide << 2,)) + length.to_bytes(wide, "little") + data


@pytest.mark.parametrize("length", [1, 59, 60, 61, 255, 256, 257, 65_536, 65_537, 300_000])
def test_literals_of_every_width(length: int) -> None:
    data = bytes(n * 7 % 256 for n in range(length))
    assert unpack(size(length) + literal(data), LIMIT) == data


@pytest.mark.parametrize(
    ("elements", "plain"),
    [
        (literal(b"abcd") + bytes((0b000_000_01, 4)), b"abcdabcd"),  # 4 bytes from 4 before
        (literal(b"ab") + bytes((0b000_111_01, 2)), b"ab" + b"ab" * 5 + b"a"),  # 11 bytes that overlap themselves
        (literal(b"x" * 300) + bytes((0b001_000_01, 0x2C)), b"x" * 304),  # upper bits of the offset in the tag
        (literal(b"a") + bytes((63 << 2 | 2, 1, 0)), b"a" * 65),
        (literal(b"abc") + bytes((0 << 2 | 2, 3, 0)), b"abca"),
        (literal(b"abc") + bytes((2 << 2 | 3, 3, 0, 0, 0)), b"abcabc"),
        (b"", b""),
    ],
    ids=range(7),
)
def test_copies_of_every_kind(elements: bytes, plain: bytes) -> None:
    assert unpack(size(len(plain)) + elements, LIMIT) == plain


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"\xff\xff\xff\xff\xff\xff",
        size(5),
        size(5) + literal(b"abcdef"),
        size(9) + literal(b"abc"),
        size(3) + b"\x08ab",
        size(8) + literal(b"abcd") + b"\x01\x05",
        size(8) + literal(b"abcd") + b"\x01\x00",
        size(8) + literal(b"abcd") + b"\x01",
        size(5) + literal(b"abcd") + b"\x01\x04",
        size(70_000) + b"\xf4\xff",
        size(4) + b"\xfc\xff\xff\xff\xff",
    ],
    ids=range(12),
)
def test_a_broken_block_is_refused(packed: bytes) -> None:
    found = unpack(packed, LIMIT)
    assert isinstance(found, Refusal)
    assert found.code is Reason.BAD_MESSAGE


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    """Two bytes of a copy make 64: a megabyte of them would make 21."""
    bomb = size(22 * LIMIT) + literal(b"a") + b"\xfe\x01\x00" * 350_000
    began = time.monotonic()
    found = unpack(bomb, LIMIT)
    assert isinstance(found, Refusal)
    assert found.code is Reason.TOO_LARGE
    assert time.monotonic() - began < 0.5
    lying = unpack(size(100) + literal(b"a") + b"\xfe\x01\x00" * 350_000, LIMIT)
    assert isinstance(lying, Refusal)


@given(st.binary(max_size=80))
def test_no_bytes_break_it(packed: bytes) -> None:
    found = unpack(packed, 1_000)
    assert isinstance(found, Refusal) or len(found) <= 1_000

"""The wire format of protocol buffers: fields in, fields out, without a schema.

Layout (protobuf.dev, "Encoding"): a message is a row of fields; each begins with a varint of (number << 3 | kind).
Kinds: 0 a varint, 1 eight bytes, 2 a length and that many bytes, 5 four bytes; numbers are little-endian. A varint has
7 bits a byte, lowest first, and the high bit while more follow. Groups (kinds 3 and 4), long out of use, are refused.

    08 96 01  ->  field 1, varint 150
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5
Field = tuple[int, int, int | bytes]
"""(number, kind, value); the value of kind 0 is an unsigned 64-bit integer, of the others bytes."""


def fields(message: bytes) -> Iterator[Field]:
    """The fields of a message in their order. Raises ValueError where it is broken or cut off."""
    at, end = 0, len(message)
    while at < end:
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if not number:
            raise ValueError("a field has the number 0")
        if kind == VARINT:
            value, at = _varint(message, at)
            yield number, kind, value
            continue
        if kind == BYTES:
            size, at = _varint(message, at)
        elif kind in (FIXED64, FIXED32):
            size = 8 if kind == FIXED64 else 4
        else:
            raise ValueError(f"field {number} is of kind {kind}")
        if size > end - at:
            raise ValueError(f"field {number} is cut off")
        yield number, kind, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at == len(message):
            raise ValueError("a number is cut off")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (2**64 - 1), at
    raise ValueError("a number has no end")


def varint(value: int) -> bytes:
    """The bytes of an unsigned integer; a negative one in two's complement of 64 bits."""
    value &= 2**64 - 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def field(number: int, kind: int, value: int | bytes) -> bytes:
    """The bytes of one field; ``value`` as ``fields`` gives it."""
    head = varint(number << 3 | kind)
    if isinstance(value, int):
        return head + varint(value)
    return head + (varint(len(value)) if kind == BYTES else b"") + value

"""Snappy's block format, unpacked: what Prometheus packs remote writes in.

Layout (google/snappy, format_description.txt): the length of the plain bytes as a varint, then elements. The low two
bits of a tag: 00 literal, length-1 in the upper six bits (60 … 63: in the next 1 … 4 bytes, little-endian);
01 copy of 4 … 11 bytes, 11 bits of offset; 10 copy of 1 … 64, 2 bytes of offset; 11 the same with 4 bytes.

    04 0c 61 62 63 64  ->  "abcd"
"""

from __future__ import annotations

from telemetry.model import Reason, Refusal


def unpack(packed: bytes, limit: int) -> bytes | Refusal:
    """The plain bytes, at most ``limit``."""
    try:
        return _unpack(packed, limit)
    except (IndexError, ValueError) as error:
        return Refusal(Reason.BAD_MESSAGE, f"not snappy: {error}")


def _unpack(packed: bytes, limit: int) -> bytes | Refusal:
    size, at = _varint(packed)
    if size > limit:
        return Refusal(Reason.TOO_LARGE, f"more than {limit} bytes when unpacked")
    plain = bytearray()
    end = len(packed)
    while at < end:
        tag = packed[at]
        at += 1
        kind, length = tag & 3, (tag >> 2) + 1
        if kind == 0:
            if length > 60:
                wide = length - 60
                length = int.from_bytes(packed[at : at + wide], "little") + 1
                at += wide
            if at + length > end or len(plain) + length > size:
                raise ValueError("a literal is too long")
            plain += packed[at : at + length]
            at += length
            continue
        wide = (0, 1, 2, 4)[kind]
        offset = int.from_bytes(packed[at : at + wide], "little")
        if at + wide > end:
            raise ValueError("it is cut off")
        at += wide
        if kind == 1:
            length, offset = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | offset
        _copy(plain, offset, length, size)
    if len(plain) != size:
        raise ValueError("its length is another one")
    return bytes(plain)


def _copy(plain: bytearray, offset: int, length: int, size: int) -> None:
    """Append ``length`` bytes from ``offset`` bytes before the end; they may overlap what they make."""
    start = len(plain) - offset
    if offset == 0 or start < 0 or len(plain) + length > size:
        raise ValueError("a copy points outside")
    piece = plain[start : start + length]
    if len(piece) < length:
        piece = (piece * (length // len(piece) + 1))[:length]
    plain += piece


def _varint(packed: bytes) -> tuple[int, int]:
    value = 0
    for at in range(5):
        value |= (packed[at] & 0x7F) << 7 * at
        if not packed[at] & 0x80:
            return value, at + 1
    raise ValueError("its length has no end")

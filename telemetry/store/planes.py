"""A row of the journal, made small: its records as columns, column by column as planes of bytes, then deflated. Pure.

Half as long as the records deflated as they are, at the same cost: a value of few decimals becomes a whole number
(value * scale), of which most planes are alike. Exact to the last bit; works on records of any kind.

    bytes  field
    0      u8: PLANES. A zlib stream, which older versions wrote, begins with 0x78
    1-     zlib: byte 0 of every record, byte 1 of every record, … byte 20; then the text tail as it is. Bits 6-7 of
           ``flags`` say what ``value`` is: 0 its own bits, else i64, value * SCALES[that]
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from math import copysign

PLANES = 1
SIZE, FLAGS, VALUE = 21, 4, 13
"""Bytes of a record (``journal.RECORD``), and where in it the fields are."""
SCALES = (0, 100, 10_000)
SHIFT = 6
LARGE = 1e11
"""Values from here on stay as they are: ``value * scale`` would not be exact."""
FAST = 1
"""zlib's level: a better one saves 3 % more."""


class NoPlanes(ValueError):
    """The bytes are not what ``pack`` writes."""


def pack(data: bytes, count: int) -> bytes:
    """``count`` records and their text tail, smaller as a rule."""
    end = count * SIZE
    flags = data[FLAGS:end:SIZE]
    if flags and max(flags) >> SHIFT:
        return zlib.compress(data, FAST)
    raw = bytearray(8 * count)
    for at in range(8):
        raw[at::8] = data[VALUE + at : end : SIZE]
    codes, words = _scaled(struct.unpack(f"<{count}d", raw), struct.unpack(f"<{count}q", raw))
    values = struct.pack(f"<{count}q", *words)
    planes = [data[at:end:SIZE] for at in range(VALUE)]
    planes[FLAGS] = bytes(flag | code << SHIFT for flag, code in zip(flags, codes, strict=True))
    planes += [values[at::8] for at in range(8)]
    return bytes((PLANES,)) + zlib.compress(b"".join((*planes, data[end:])), FAST)


def unpack(packed: bytes, count: int) -> bytes:
    """The records and their text tail as they were. Raises NoPlanes."""
    try:
        return _unpacked(packed, count)
    except (zlib.error, struct.error, IndexError, ValueError) as error:
        raise NoPlanes(str(error)) from error


def _unpacked(packed: bytes, count: int) -> bytes:
    if packed[0] != PLANES:
        return zlib.decompress(packed)
    planes = zlib.decompress(packed[1:])
    end = count * SIZE
    data = bytearray(end)
    for at in range(VALUE):
        data[at::SIZE] = planes[at * count : (at + 1) * count]
    coded = data[FLAGS::SIZE]
    data[FLAGS::SIZE] = bytes(flag & ((1 << SHIFT) - 1) for flag in coded)
    raw = bytearray(8 * count)
    for at in range(8):
        raw[at::8] = planes[(VALUE + at) * count : (VALUE + at + 1) * count]
    scales = [SCALES[code >> SHIFT] for code in coded]
    words, floats = struct.unpack(f"<{count}q", raw), struct.unpack(f"<{count}d", raw)
    whole = zip(words, floats, scales, strict=True)
    values = struct.pack(f"<{count}d", *[word / scale if scale else own for word, own, scale in whole])
    for at in range(8):
        data[VALUE + at :: SIZE] = values[at::8]
    return bytes(data) + planes[end:]


def _scaled(values: Sequence[float], bits: Sequence[int]) -> tuple[bytearray, list[int]]:
    """Which of SCALES makes each value whole, and the whole number; 0 and the bits where none does."""
    codes, words = bytearray(len(values)), list(bits)
    for at, value in enumerate(values):
        if not -LARGE < value < LARGE:
            continue
        for code in (1, 2):
            word = round(value * SCALES[code])
            if word / SCALES[code] == value:
                if word or copysign(1.0, value) > 0:
                    codes[at], words[at] = code, word
                break
    return codes, words

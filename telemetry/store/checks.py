"""A checksum for many small rows of numbers at once: 24 bits, so that SQLite keeps it in 3 bytes.

Not cryptographic; it finds flipped bits and torn pages. BLOBs have a CRC-32 instead.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

START = 0x9E3779B97F4A7C15
PRIME = 0xFF51AFD7ED558CCD
_START, _PRIME = np.uint64(START), np.uint64(PRIME)
_HALF = np.uint64(33)
_TOP = np.uint64(40)


FEW = 4
"""Up to so many rows plain integers are faster than arrays."""
_WORD = (1 << 64) - 1


def check(columns: Iterable[NDArray[Any]]) -> NDArray[np.int64]:
    """The checksums of rows given as columns of int64 or float64, each of the same length; -2^23 … 2^23-1."""
    columns = list(columns)
    if len(columns[0]) <= FEW:
        return np.array([_check_row(row) for row in zip(*map(_words, columns), strict=True)], dtype=np.int64)
    mixed: NDArray[np.uint64] | np.uint64 = _START
    with np.errstate(over="ignore"):
        for column in columns:
            mixed = (mixed ^ np.ascontiguousarray(column).view(np.uint64)) * _PRIME
            mixed = mixed ^ (mixed >> _HALF)
    return np.asarray((mixed >> _TOP).astype(np.int64) - (1 << 23))


def check_row(whole: Sequence[int], reals: Sequence[float]) -> int:
    """The same for one row: its whole numbers, then its floats."""
    layout = f"<{len(whole)}q{len(reals)}d"
    return _check_row(struct.unpack(f"<{len(whole) + len(reals)}Q", struct.pack(layout, *whole, *reals)))


def _words(column: NDArray[Any]) -> list[int]:
    words: list[int] = np.ascontiguousarray(column).view(np.uint64).tolist()
    return words


def _check_row(row: Iterable[int]) -> int:
    mixed = START
    for word in row:
        mixed = ((mixed ^ word) * PRIME) & _WORD
        mixed ^= mixed >> 33
    return (mixed >> 40) - (1 << 23)

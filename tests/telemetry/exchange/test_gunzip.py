"""gzip in pieces of any size, and never more than a bounded piece of content at a time."""

from __future__ import annotations

import gzip

import pytest

from telemetry.exchange.block import NotReadable
from telemetry.exchange.gunzip import PIECE, Gunzip

CONTENT = bytes(range(256)) * 50


@pytest.mark.parametrize("piece", [1, 7, 1000, 1 << 20])
@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(CONTENT, mtime=0),
        gzip.compress(CONTENT[:9], mtime=0) + gzip.compress(CONTENT[9:], mtime=0) + b"\0" * 9,
    ],
)
def test_content_comes_whole(piece: int, data: bytes) -> None:
    some = Gunzip()
    found = b"".join(part for at in range(0, len(data), piece) for part in some.feed(data[at : at + piece]))
    some.end()
    assert found == CONTENT


def test_a_bomb_comes_in_bounded_pieces() -> None:
    sizes = [len(part) for part in Gunzip().feed(gzip.compress(bytes(50 * PIECE), mtime=0))]
    assert sum(sizes) == 50 * PIECE
    assert max(sizes) <= PIECE


def test_damage_is_told() -> None:
    data = bytearray(gzip.compress(CONTENT, mtime=0))
    data[30] ^= 255
    with pytest.raises(NotReadable, match="damaged"):
        list(Gunzip().feed(bytes(data)))


def test_a_cut_is_told() -> None:
    some = Gunzip()
    list(some.feed(gzip.compress(CONTENT, mtime=0)[:-9]))
    with pytest.raises(NotReadable, match="cut off"):
        some.end()

"""Which images are taken, by their bytes: real small files, broken ones, and those that unpack to too much."""

from __future__ import annotations

import base64
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.images import MAX_SIDE, Picture, key_of, picture_of

# a 2 x 3 pixel baseline JPEG's head up to its frame header, and 3 x 2 pixels as lossy, lossless and extended WebP
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
JPEG += b"\xff\xc0\x00\x0b\x08\x00\x03\x00\x02\x01\x01\x11\x00"
LOSSY = b"RIFF\x16\x00\x00\x00WEBPVP8 \x0a\x00\x00\x00\x10\x00\x00\x9d\x01\x2a\x03\x00\x02\x00\x00\x00"
LOSSLESS = b"RIFF\x12\x00\x00\x00WEBPVP8L\x06\x00\x00\x00\x2f" + struct.pack("<I", 2 | 1 << 14) + bytes(5)
EXTENDED = b"RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x01\x00\x00"


def png(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG of one grey, or with the data of another size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = data or b"".join(b"\x00" + bytes(width) for _ in range(min(height, 10)))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("body", "picture"),
    [
        pytest.param(png(4, 5), Picture("image/png", 4, 5), id="png"),
        pytest.param(JPEG, Picture("image/jpeg", 2, 3), id="jpeg"),
        pytest.param(LOSSY, Picture("image/webp", 3, 2), id="webp"),
        pytest.param(LOSSLESS, Picture("image/webp", 3, 2), id="webp-lossless"),
        pytest.param(EXTENDED, Picture("image/webp", 3, 2), id="webp-extended"),
    ],
)
def test_an_image_is_known_by_its_bytes(body: bytes, picture: Picture) -> None:
    assert picture_of(body) == picture


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", id="svg"),
        pytest.param(b"<!doctype html><script>alert(1)</script>", id="html"),
        pytest.param(b"GIF89a\x01\x00\x01\x00\x80\x00\x00", id="gif"),
        pytest.param(png(4, 5)[:20], id="cut-png"),
        pytest.param(JPEG[:12], id="cut-jpeg"),
        pytest.param(png(MAX_SIDE + 1, 1), id="too-wide"),
        pytest.param(png(MAX_SIDE, MAX_SIDE), id="too-many-pixels"),
        pytest.param(png(0, 5), id="no-width"),
    ],
)
def test_what_is_no_image_or_too_large_is_not_taken(body: bytes) -> None:
    assert picture_of(body) is None


@given(st.binary(max_size=80), st.sampled_from([b"", JPEG[:4], LOSSY[:16], png(1, 1)[:16], b"\xff\xd8\xff\xff\xff"]))
def test_no_bytes_make_it_fail(body: bytes, head: bytes) -> None:
    found = picture_of(head + body)
    assert found is None or found.width * found.height > 0


def test_the_same_image_has_the_same_name() -> None:
    assert key_of(JPEG) == key_of(bytes(JPEG))
    assert key_of(JPEG) != key_of(LOSSY)
    assert base64.b16decode(key_of(JPEG), casefold=True)

"""Images that people upload: which they are, by their own bytes, and how large.

PNG (W3C PNG 3, IHDR), JPEG (ITU T.81, SOF markers) and WebP (RFC 9649) are taken. An SVG is not: it can hold scripts.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

MAX_BYTES = 1 << 20
"""Bytes of one image."""
MAX_SIDE = 8_192
"""Pixels of a side: what a browser makes of an image takes 4 bytes a pixel, however few it has in the file."""
MAX_PIXELS = 24_000_000
"""Pixels of an image."""


class Picture(NamedTuple):
    """What an image is, and its sides in pixels."""

    media: str
    width: int
    height: int


def picture_of(body: bytes) -> Picture | None:
    """What the bytes are; None where they are none of the images that are taken, or too large when unpacked."""
    found = _png(body) or _webp(body) or _jpeg(body)
    if found is None or not (0 < found.width <= MAX_SIDE and 0 < found.height <= MAX_SIDE):
        return None
    return found if found.width * found.height <= MAX_PIXELS else None


def key_of(body: bytes) -> str:
    """The name of an image: 128 bits of the hash of its content."""
    return hashlib.sha256(body).hexdigest()[:32]


def _png(body: bytes) -> Picture | None:
    if not body.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR") or len(body) < 33:
        return None
    return Picture("image/png", int.from_bytes(body[16:20], "big"), int.from_bytes(body[20:24], "big"))


def _webp(body: bytes) -> Picture | None:
    if body[:4] != b"RIFF" or body[8:12] != b"WEBP" or len(body) < 30:
        return None
    chunk = body[12:16]
    if chunk == b"VP8X":
        return Picture("image/webp", _little(body, 24, 3) + 1, _little(body, 27, 3) + 1)
    if chunk == b"VP8L" and body[20] == 0x2F:
        bits = _little(body, 21, 4)
        return Picture("image/webp", (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1)
    if chunk == b"VP8 " and body[23:26] == b"\x9d\x01\x2a":
        return Picture("image/webp", _little(body, 26, 2) & 0x3FFF, _little(body, 28, 2) & 0x3FFF)
    return None


def _little(body: bytes, at: int, size: int) -> int:
    return int.from_bytes(body[at : at + size], "little")


def _jpeg(body: bytes) -> Picture | None:
    """Walk the segments up to the one that tells the size; each but the first has its length behind its marker."""
    at = 2
    if body[:3] != b"\xff\xd8\xff":
        return None
    while at + 9 <= len(body) and body[at] == 0xFF:
        marker = body[at + 1]
        if marker == 0xFF:  # filler
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            return Picture(
                "image/jpeg", int.from_bytes(body[at + 7 : at + 9], "big"), int.from_bytes(body[at + 5 : at + 7], "big")
            )
        else:
            at += 2 + max(2, int.from_bytes(body[at + 2 : at + 4], "big"))
    return None

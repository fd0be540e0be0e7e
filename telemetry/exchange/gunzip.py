"""gzip in pieces: any number of members, in bounded memory whatever they unpack to."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from telemetry.exchange.block import NotReadable

MAGIC = b"\x1f\x8b"
PIECE = 1 << 20
"""Bytes of content that are unpacked at a time."""


class Gunzip:
    """The content of a gzip file, as it comes."""

    def __init__(self) -> None:
        self._member = _new()
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The content of the next piece of the file. Raises NotReadable."""
        while data:
            if self._member.eof:
                data = data.lstrip(b"\0")  # padding between members, and at the end
                if data:
                    self._member = _new()
                continue
            self._begun = True
            try:
                content = self._member.decompress(data, PIECE)
            except zlib.error as error:
                raise NotReadable(f"the gzip data is damaged: {error}") from None
            if content:
                yield content
            data = self._member.unused_data or self._member.unconsumed_tail

    def end(self) -> None:
        """Nothing follows. Raises NotReadable if a member was cut off."""
        if self._begun and not self._member.eof:
            raise NotReadable("the gzip data is cut off")


def _new() -> zlib._Decompress:
    return zlib.decompressobj(zlib.MAX_WBITS | 16)

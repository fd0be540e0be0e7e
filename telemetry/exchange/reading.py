"""A file of readings, as it comes: its bytes in, blocks of readings out, in bounded memory.

gzip, a byte order mark and the format are recognised by content: a first line that begins with ``{`` makes it NDJSON,
any other is the header of a CSV. Lines end with LF or CRLF. A file can be taken up again at an earlier ``Block.end``.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator
from typing import Protocol

from telemetry.exchange.block import START, Block, NotReadable, Position, Refused
from telemetry.exchange.csv_table import Csv
from telemetry.exchange.gunzip import MAGIC, Gunzip
from telemetry.exchange.ndjson import Ndjson

BLOCK = 1 << 20
"""Bytes of content at which a block is made."""
LINE_MAX = 1 << 20
"""Bytes of a line; what is longer is dropped and reported."""
BOM = b"\xef\xbb\xbf"
DATABASE = b"SQLite format 3\0"


class Format(Protocol):
    """How the lines of a format are read."""

    def parse(self, lines: list[str], first: int, *, last: bool) -> tuple[Block, int]:
        """The readings of lines, the first of which has the number ``first``; and how many lines that took."""


class Reader:
    """One file. ``skip`` is where it is to be taken up."""

    def __init__(self, skip: Position = START) -> None:
        self._skip = skip
        self._gunzip: Gunzip | None = None
        self._head = b""
        self._started = False
        self._format: Format | None = None
        self._rest = bytearray()
        self._overlong = False
        self._at = Position()

    def feed(self, data: bytes) -> Iterator[Block]:
        """The blocks that the next piece of the file completes. Raises NotReadable."""
        if not self._started:
            self._head += data
            if len(self._head) < len(DATABASE):
                return
            data = self._start()
        for piece in self._gunzip.feed(data) if self._gunzip else (data,):
            yield from self._content(piece)

    def finish(self) -> Iterator[Block]:
        """The last block; nothing follows. Raises NotReadable."""
        if not self._started:
            yield from self._content(b"".join(self._gunzipped(self._start())))
        if self._gunzip is not None:
            self._gunzip.end()
        if self._overlong:
            yield self._too_long()
        while self._rest:
            yield self._block(len(self._rest), last=True)
        if self._at.offset < self._skip.offset:
            raise NotReadable("this file is shorter than when its import was begun: give it again to start anew")

    def _gunzipped(self, data: bytes) -> Iterator[bytes]:
        return self._gunzip.feed(data) if self._gunzip else iter((data,))

    def _start(self) -> bytes:
        """Look at the first bytes; what was held back."""
        self._started = True
        if self._head.startswith(DATABASE):
            raise NotReadable(
                "this is an SQLite database: Home Assistant's is imported on the command line, with"
                " python server.py import FILE"
            )
        if self._head.startswith(MAGIC):
            self._gunzip = Gunzip()
        return self._head

    def _content(self, piece: bytes) -> Iterator[Block]:
        if self._overlong:
            end = piece.find(b"\n")
            if end < 0:
                self._drop(piece)
                return
            self._drop(piece[: end + 1])
            yield self._too_long()
            piece = piece[end + 1 :]
        self._rest += piece
        while len(self._rest) >= BLOCK:
            whole = self._rest.rfind(b"\n", 0, BLOCK) + 1 or self._rest.find(b"\n") + 1
            if not whole:
                if len(self._rest) > LINE_MAX:
                    self._overlong = True
                    self._drop(bytes(self._rest))
                    self._rest.clear()
                return
            yield self._block(whole, last=False)

    def _block(self, size: int, *, last: bool) -> Block:
        """Take ``size`` bytes, which end with a line, or are the last ones."""
        if self._format is not None and self._at.offset < self._skip.offset:
            return self._skipped(size)
        data = bytes(self._rest[:size])
        lines, refused = _decoded(data, self._at.lines + 1)
        if self._format is None:
            block, taken = self._header(lines)
        else:
            block, taken = self._format.parse(lines, self._at.lines + 1, last=last)
            if not taken:  # one record fills it all
                block, taken = self._format.parse(lines, self._at.lines + 1, last=True)
        self._take(size if taken == len(lines) else _length(data, taken), taken)
        block.refused = sorted([*block.refused, *(one for one in refused if one.line <= self._at.lines)])
        block.end = self._at
        return block

    def _header(self, lines: list[str]) -> tuple[Block, int]:
        """Learn the format from the first line that is not blank."""
        taken = next((at for at, line in enumerate(lines) if line.strip("\ufeff \r\t")), None)
        if taken is None:
            return Block(), len(lines)
        line = lines[taken].lstrip("\ufeff")
        if line.lstrip().startswith("{"):
            self._format = Ndjson()
            if line != lines[taken]:
                self._rest[: len(BOM)] = b""
                self._at = Position(len(BOM), 0, zlib.crc32(BOM))
            return Block(), taken
        try:
            header = next(csv.reader([line]))
        except csv.Error as error:
            raise NotReadable(f"the first line is no header: {error}") from None
        self._format = Csv([name.strip() for name in header])
        return Block(), taken + 1

    def _skipped(self, size: int) -> Block:
        size = min(size, self._skip.offset - self._at.offset)
        self._take(size, 0)
        if self._at.offset == self._skip.offset:
            if self._at.crc != self._skip.crc:
                raise NotReadable("this file has changed since its import was begun: give it again to start anew")
            self._at = self._skip
        return Block(end=self._at)

    def _take(self, size: int, lines: int) -> None:
        self._at = Position(
            self._at.offset + size, self._at.lines + lines, zlib.crc32(memoryview(self._rest)[:size], self._at.crc)
        )
        del self._rest[:size]

    def _drop(self, data: bytes) -> None:
        self._at = self._at._replace(offset=self._at.offset + len(data), crc=zlib.crc32(data, self._at.crc))

    def _too_long(self) -> Block:
        self._overlong = False
        self._at = self._at._replace(lines=self._at.lines + 1)
        return Block(refused=[Refused(self._at.lines, f"a line has at most {LINE_MAX} bytes")], end=self._at)


def _decoded(data: bytes, first: int) -> tuple[list[str], list[Refused]]:
    """The lines of some bytes; those that are not UTF-8 are left blank."""
    refused: list[Refused] = []
    try:
        lines = data.decode().split("\n")
    except UnicodeDecodeError:
        lines = []
        for number, line in enumerate(data.split(b"\n"), first):
            try:
                lines.append(line.decode())
            except UnicodeDecodeError:
                lines.append("")
                refused.append(Refused(number, "this is not UTF-8"))
    if not lines[-1]:
        lines.pop()
    return lines, refused


def _length(data: bytes, lines: int) -> int:
    """Bytes of the first lines."""
    at = 0
    for _ in range(lines):
        at = data.index(b"\n", at) + 1
    return at

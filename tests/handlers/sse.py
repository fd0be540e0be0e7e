"""A client for Server-Sent Events: one connection, its events in order."""

from __future__ import annotations

import http.client
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.support import SCALE, Server


@dataclass
class Event:
    """One event; a comment has only ``comment``."""

    kind: str = "message"
    id: str = ""
    data: Any = None
    comment: str = ""


class Events:
    """A listener; close it."""

    def __init__(self, server: Server, token: str, *patterns: str, **headers: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30 * SCALE)
        query = urlencode([("series", pattern) for pattern in patterns])
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request("GET", f"/api/stream?{query}", headers={"Authorization": f"Bearer {token}"} | names)
        self.answer = self.connection.getresponse()
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16) if self.answer.headers["Content-Encoding"] else None
        self._lines = self._read_lines()

    def next(self) -> Event:
        """The next event; raises StopIteration at the end of the stream."""
        event = Event()
        while line := next(self._lines):
            name, _, value = line.partition(": ")
            match name:
                case "event":
                    event.kind = value
                case "id":
                    event.id = value
                case "data":
                    event.data = json.loads(value)
                case "":
                    event.comment = value
        return event

    def until(self, key: str) -> Event:
        """The next event whose data has ``key``."""
        while True:
            event = self.next()
            if event.data is not None and key in event.data:
                return event

    def ended(self) -> bool:
        """Whether the stream comes to its end; waits for it."""
        return all(True for _ in self._lines)

    def close(self) -> None:
        self.answer.close()
        self.connection.close()

    def _read_lines(self) -> Iterator[str]:
        rest = b""
        while data := self.answer.read1(65536):
            rest += self._inflate.decompress(data) if self._inflate else data
            *lines, rest = rest.split(b"\n")
            yield from (line.decode() for line in lines)

"""``POST /api/import``: a file of readings in the body, of any size, taken in while it comes.

The connection is read no faster than the store takes the readings, so memory does not grow with the file. The answer
comes after the last byte: what was stored, and which lines were refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import cast

from tornado.http1connection import HTTP1Connection
from tornado.web import stream_request_body

from handlers.base import Access, Guard
from handlers.body_limit import DROPPED_MAX
from telemetry.exchange.block import NotReadable, Refused
from telemetry.importing import Import, Progress
from telemetry.model import Reason, Refusal
from telemetry.store.db import StoreError

log = logging.getLogger(__name__)

WAITING = 1 << 20
"""Bytes that may wait to be taken in."""
SILENT = 60.0
"""Seconds without a byte after which a client is cut off."""
LONGEST = 7 * 86_400
"""Seconds that a body may take; the silence above is what ends it."""
REPORTED = 100
"""Refused lines that the answer names; it counts them all."""


@stream_request_body
class ImportFile(Guard):
    """Readings as CSV or NDJSON, plain or gzip, ours or recordings."""

    access = Access.OPERATOR
    scoped = frozenset({"POST"})

    def prepare(self) -> None:
        """Begin to take the body in."""
        super().prepare()
        self._inlet = _Inlet()
        self._dropped = 0
        self._lines: list[Refused] = []
        self._work: asyncio.Task[Progress | Refusal] | None = None
        if self._finished or self.request.method != "POST":
            return
        cast("HTTP1Connection", self.request.connection).set_body_timeout(LONGEST)
        self._work = self.core.tasks.start(self._take_in(), "import over http")
        self._work.add_done_callback(lambda _: self._inlet.close())
        self._forget = self.core.accounts.watch(self.principal.key, self._revoked)

    async def data_received(self, chunk: bytes) -> None:
        """Hand on a piece of the body; after a failure, drop a part of what follows and then cut it off."""
        if self._work is not None and not self._inlet.closed:
            await self._inlet.put(chunk)
            return
        self._dropped += len(chunk)
        if self._dropped > DROPPED_MAX:
            self._cut()

    async def post(self) -> None:
        """The whole body is there: answer."""
        if self._work is None:
            return
        self._inlet.end()
        try:
            done = await self._work
        except asyncio.CancelledError:
            done = Refusal(Reason.TRY_LATER, "the import was stopped; given again, it goes on", retry_after=1000)
        finally:
            self._forget()
        if isinstance(done, Refusal):
            self.refuse_with(done)
            return
        lines = [{"line": line, "message": why} for line, why in self._lines]
        self.finish(
            {
                "accepted": done.accepted,
                "stored": done.stored,
                "duplicate": done.duplicate,
                "refused": done.refused,
                "lines": lines,
            }
        )

    def on_connection_close(self) -> None:
        """The client has gone; what was loaded stays."""
        if self._work is not None:
            self._revoked()
            self._forget()

    def _revoked(self) -> None:
        if self._work is not None:
            self._work.cancel()

    async def _take_in(self) -> Progress | Refusal:
        length = self.request.headers.get("Content-Length", "")
        try:
            return await Import(self.core, self.actor, "an upload", self._told, self.scope).run(
                self._read, int(length) if length.isascii() and length.isdigit() else None
            )
        except NotReadable as error:
            return Refusal(Reason.BAD_MESSAGE, str(error))
        except StoreError as error:
            log.warning("an import failed: %s", error)
            return Refusal(Reason.TRY_LATER, f"{error.advice}; given again, it goes on", retry_after=1000)

    async def _read(self) -> bytes:
        try:
            async with asyncio.timeout(SILENT):
                return await self._inlet.get()
        except TimeoutError:
            log.info("an import was cut off: its client is silent")
            self._cut()
            raise asyncio.CancelledError from None

    async def _told(self, _: Progress, refused: Sequence[Refused]) -> None:
        self._lines += refused[: REPORTED - len(self._lines)]

    def _cut(self) -> None:
        connection = cast("HTTP1Connection", self.request.connection)
        connection.stream.close()


class _Inlet:
    """Pieces on their way from the connection to the import, a bounded number of bytes."""

    def __init__(self) -> None:
        self.closed = False
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._changed = asyncio.Event()

    async def put(self, piece: bytes) -> None:
        """Add a piece; returns when there is room for the next, or nobody takes any more."""
        self._pieces.append(piece)
        self._size += len(piece)
        self._change()
        while self._size >= WAITING and not self.closed:
            await self._next_change()

    async def get(self) -> bytes:
        """The next piece, ``b""`` at the end."""
        while not self._pieces and not self._ended:
            await self._next_change()
        if not self._pieces:
            return b""
        piece = self._pieces.popleft()
        self._size -= len(piece)
        self._change()
        return piece

    def end(self) -> None:
        """Nothing follows."""
        self._ended = True
        self._change()

    def close(self) -> None:
        """Nothing more is taken."""
        self.closed = True
        self._pieces.clear()
        self._change()

    def _change(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _next_change(self) -> None:
        await self._changed.wait()

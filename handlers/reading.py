"""What the GETs of the read API share: JSON out, and errors of queries that wait for the disk.

The work itself runs on reader threads; it stops when the client has gone.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import cast

from tornado.http1connection import HTTP1Connection
from tornado.iostream import StreamClosedError

from handlers.base import Access, Guard
from telemetry.history import Busy, Cancelled, TooLong
from telemetry.store.damage import Damaged
from telemetry.store.db import StoreError

log = logging.getLogger(__name__)

RETRY_AFTER = 1_000
"""ms after which a query that was not taken may come again."""
STALLED = 600
"""Seconds that a client may take for a piece of a file."""


class ReadHandler(Guard):
    """One GET of the read API; ``answer`` does the work."""

    access = Access.VIEWER

    def initialize(self) -> None:
        """Not gone yet; ``gone.is_set`` is what the reader threads ask."""
        self.gone = threading.Event()

    def on_connection_close(self) -> None:
        """Let the reader thread know that no one waits any more."""
        self.gone.set()

    async def get(self) -> None:
        """Answer, or say why that is not possible now."""
        try:
            await self.answer()
        except (Cancelled, StreamClosedError):
            log.debug("the client of %s has gone", self.request.path)
        except TooLong as error:
            self.refuse(413, "too_large", str(error))
        except Busy:
            self.refuse(503, "try_later", "too many queries wait already", retry_after=RETRY_AFTER)
        except StoreError as error:
            log.warning("the database could not be read: %s", error)
            self.refuse(503, "try_later", "the database cannot be read now", retry_after=RETRY_AFTER)

    async def stream(self, pieces: AsyncGenerator[bytes, None], begin: Callable[[], None]) -> None:
        """Send a file; the next piece is read when the client has taken the last. ``begin`` sets the headers.

        What fails after the first piece, and the end of the credential or of the server, cuts the connection, so that
        half a file never looks like a whole one. Raises what ``pieces`` does for the first.
        """
        connection = cast("HTTP1Connection", self.request.connection).stream
        unwatch = [
            self.core.accounts.watch(self.principal.key, connection.close),
            self.core.closing.watch("server", connection.close),
        ]
        try:
            async with aclosing(pieces):
                piece = await anext(pieces, b"")
                begin()
                await self._send(piece, pieces)
        finally:
            for forget in unwatch:
                forget()

    async def _send(self, piece: bytes | None, rest: AsyncGenerator[bytes, None]) -> None:
        try:
            while piece is not None:
                self.write(piece)
                async with asyncio.timeout(STALLED):
                    await self.flush()
                piece = await anext(rest, None)
        except (StoreError, Damaged, TimeoutError) as error:
            log.warning("%s was cut off: %s", self.request.path, str(error) or "its client takes nothing")
            self.detach().close()

    @abstractmethod
    async def answer(self) -> None:
        """Write the answer. May raise Busy, Cancelled, TooLong, StoreError."""

    def give(self, body: object) -> None:
        """Finish with a JSON body."""
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")))

    def compute_etag(self) -> None:
        """No ETag: hashing a large body would hold the loop, and nothing here is cached."""

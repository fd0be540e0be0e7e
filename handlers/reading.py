"""What the GETs of the read API share: JSON out, and errors of queries that wait for the disk.

The work itself runs on reader threads; it stops when the client has gone.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from abc import abstractmethod
from collections.abc import Iterator
from typing import cast

from tornado.http1connection import HTTP1Connection
from tornado.iostream import StreamClosedError

from handlers.base import Access, Guard
from telemetry.history import Busy, Cancelled, TooLong
from telemetry.store.db import StoreError

log = logging.getLogger(__name__)

RETRY_AFTER = 1_000
"""ms after which a query that was not taken may come again."""


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

    @contextlib.contextmanager
    def permitted(self) -> Iterator[None]:
        """Cut the connection off when the credential ends: half a file must not look like a whole one."""
        stream = cast("HTTP1Connection", self.request.connection).stream
        forget = self.core.accounts.watch(self.principal.key, stream.close)
        try:
            yield
        finally:
            forget()

    @abstractmethod
    async def answer(self) -> None:
        """Write the answer. May raise Busy, Cancelled, TooLong, StoreError."""

    def give(self, body: object) -> None:
        """Finish with a JSON body."""
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")))

    def compute_etag(self) -> None:
        """No ETag: hashing a large body would hold the loop, and nothing here is cached."""

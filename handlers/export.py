"""``GET /api/export.csv`` and ``/api/export.ndjson``: readings as a file, streamed at any size.

The next piece is read when the client has taken the last one. What fails after the first byte cuts the connection, so
that half a file never looks like a whole one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import ClassVar

from tornado.iostream import StreamClosedError

from handlers.base import READ
from handlers.reading import ReadHandler
from telemetry import exporting
from telemetry.exchange.writing import Form
from telemetry.history import Busy
from telemetry.model import Refusal
from telemetry.store.damage import Damaged
from telemetry.store.db import StoreError

log = logging.getLogger(__name__)

RUNNING = 4
"""Exports that run at once; more are told to try later."""
STALLED = 600
"""Seconds that a client may take for a piece."""
MEDIA = {Form.CSV: "text/csv; charset=utf-8", Form.NDJSON: "application/x-ndjson"}


class Export(ReadHandler):
    """Readings of series by pattern, from, to; everything by default."""

    scoped = READ
    form: ClassVar[Form]
    running: ClassVar[list[object]] = []

    async def answer(self) -> None:
        """Parse, then send piece by piece."""
        patterns = self.get_query_arguments("series", strip=False)
        frm, to = self.get_query_argument("from", None), self.get_query_argument("to", None)
        query = exporting.parse(patterns, frm, to, self.form, self.core.clock.arrival())
        if isinstance(query, Refusal):
            self.refuse_with(query)
            return
        if len(self.running) >= RUNNING:
            raise Busy
        compress = "gzip" in self.request.headers.get("Accept-Encoding", "")
        unwatch = [
            self.core.accounts.watch(self.principal.key, self.gone.set),
            self.core.closing.watch("server", self.gone.set),
        ]
        self.running.append(self)
        try:
            async with aclosing(exporting.Export(self.core, query, self.scope).pieces(compress=compress)) as pieces:
                first = await anext(pieces, b"")  # what fails here has an answer yet
                self._head(compress=compress)
                await self._send(first, pieces)
        finally:
            self.running.remove(self)
            for forget in unwatch:
                forget()

    def _head(self, *, compress: bool) -> None:
        now = datetime.fromtimestamp(self.core.clock.arrival() / 1000, UTC)
        self.set_header("Content-Type", MEDIA[self.form])
        name = f"telltale-{now:%Y%m%dT%H%M%SZ}.{self.form.value}"
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        self.set_header("Vary", "Accept-Encoding")
        # Tornado would compress on the loop, and does not where this header is there
        self.set_header("Content-Encoding", "gzip" if compress else "identity")

    async def _send(self, first: bytes, rest: AsyncIterator[bytes]) -> None:
        try:
            await self._piece(first)
            async for piece in rest:
                await self._piece(piece)
        except StreamClosedError:
            log.debug("the client of %s has gone", self.request.path)
        except (StoreError, Damaged, TimeoutError) as error:
            log.warning("an export was cut off: %s", str(error) or "its client takes nothing")
            self.detach().close()

    async def _piece(self, piece: bytes) -> None:
        if self.gone.is_set():
            raise TimeoutError("its client or its permission has gone")
        self.write(piece)
        async with asyncio.timeout(STALLED):
            await self.flush()


class ExportCsv(Export):
    """Readings as CSV."""

    form = Form.CSV


class ExportNdjson(Export):
    """Readings as NDJSON."""

    form = Form.NDJSON

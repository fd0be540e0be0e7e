"""``GET /api/export.csv`` and ``/api/export.ndjson``: readings as a file, streamed at any size."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from handlers.base import READ
from handlers.reading import ReadHandler
from telemetry import exporting
from telemetry.exchange.writing import Form
from telemetry.history import Busy
from telemetry.model import Refusal

RUNNING = 4
"""Exports that run at once; more are told to try later."""
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
        self.running.append(self)
        try:
            pieces = exporting.Export(self.core, query, self.scope).pieces(compress=compress)
            await self.stream(pieces, lambda: self._head(compress=compress))
        finally:
            self.running.remove(self)

    def _head(self, *, compress: bool) -> None:
        now = datetime.fromtimestamp(self.core.clock.arrival() / 1000, UTC)
        self.set_header("Content-Type", MEDIA[self.form])
        name = f"telltale-{now:%Y%m%dT%H%M%SZ}.{self.form.value}"
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        self.set_header("Vary", "Accept-Encoding")
        # Tornado would compress on the loop, and does not where this header is there
        self.set_header("Content-Encoding", "gzip" if compress else "identity")


class ExportCsv(Export):
    """Readings as CSV."""

    form = Form.CSV


class ExportNdjson(Export):
    """Readings as NDJSON."""

    form = Form.NDJSON

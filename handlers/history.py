"""``GET /api/history``: readings of named series in a span of time, raw or in buckets; as JSON or float64 columns."""

from __future__ import annotations

from handlers.base import READ
from handlers.reading import ReadHandler
from telemetry.history import Format
from telemetry.model import Refusal


class HistoryQuery(ReadHandler):
    """Readings of named series in a span of time, raw or in buckets."""

    scoped = READ

    async def answer(self) -> None:
        """Parse, read, send."""
        query = self.core.history.parse(
            self.get_query_arguments("series", strip=False),
            self.get_query_argument("from", None),
            self.get_query_argument("to", None),
            self.get_query_argument("points", None),
        )
        if isinstance(query, Refusal):
            self.refuse_with(query)
            return
        find = self.core.registry.find
        query = query._replace(names=[name for name in query.names if (one := find(name)) and self.sees(one)])
        binary = Format.BINARY.value in self.request.headers.get("Accept", "")
        form = Format.BINARY if binary else Format.JSON
        # Tornado would compress on the loop, and does not where the body says it is done
        compress = not binary and "gzip" in self.request.headers.get("Accept-Encoding", "")
        body = await self.core.history.encoded(query, form, self.gone.is_set, compress=compress)
        self.set_header("Content-Type", form.value)
        self.set_header("Vary", "Accept, Accept-Encoding")
        if compress:
            self.set_header("Content-Encoding", "gzip")
        self.finish(body)

"""``GET /metrics``: the counters of ``telemetry.exposition`` in Prometheus' text format."""

from __future__ import annotations

from handlers.reading import ReadHandler
from telemetry.exposition import CONTENT_TYPE, Sample, text


class MetricsPage(ReadHandler):
    """Counters in Prometheus' text format."""

    async def answer(self) -> None:
        """Ask the database first, so that the rest is of one moment."""
        storage = await self.core.storage.look()
        self.set_header("Content-Type", CONTENT_TYPE)
        self.finish(text(Sample(self.core, storage)))

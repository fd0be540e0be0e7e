"""``/system`` and ``GET /api/system``: how the server itself fares, for its operators."""

from __future__ import annotations

import tornado

from handlers.base import Access, Guard
from handlers.reading import ReadHandler
from handlers.rendering import render
from telemetry.system import report


class SystemPage(Guard):
    """``/system``: versions, clock, ingest, browsers, storage, brokers; live."""

    access = Access.OPERATOR
    page = True

    def get(self) -> None:
        """Show the page; what it shows it fetches by the public contract."""
        render(self, "system.html", user=self.principal.name)


class SystemReport(ReadHandler):
    """Versions, clock, ingest and refusals with their rates, who watches and how far behind, memory; of one moment."""

    access = Access.OPERATOR

    async def answer(self) -> None:
        """From memory."""
        self.give(report(self.core, tornado.version))

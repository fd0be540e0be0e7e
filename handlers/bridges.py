"""``GET /api/bridges`` and ``/api/pollers``: brokers and devices that we ask; whether they are there, and what came."""

from __future__ import annotations

from handlers.reading import ReadHandler


class BridgeList(ReadHandler):
    """Every configured broker; an empty list: the bridge is off."""

    async def answer(self) -> None:
        """From memory."""
        self.give({"bridges": [report() for report in self.core.bridges]})


class PollerList(ReadHandler):
    """Every device of [poll] targets, and how it fares; ``problem`` is null while it answers."""

    async def answer(self) -> None:
        """From memory."""
        self.give({"pollers": self.core.pollers()})

"""``/api/storage/damage``: what was found damaged, for everyone who may read; an operator acknowledges it."""

from __future__ import annotations

from handlers.base import Access, Guard
from handlers.reading import ReadHandler


class DamageReport(ReadHandler):
    """What was found damaged, the newest first, and how far it is saved."""

    async def answer(self) -> None:
        """Answer from memory."""
        self.give(self.core.damages.report())


class Acknowledge(Guard):
    """A person has seen what was found: the banner goes away."""

    access = Access.OPERATOR

    async def post(self) -> None:
        """Keep who it was, and when."""
        self.write({"acknowledged": await self.core.damages.acknowledge(self.actor)})

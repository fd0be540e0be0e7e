"""``POST /api/series/thresholds``: says above or below which values a series stands out."""

from __future__ import annotations

from handlers.base import Access, Guard
from handlers.bodies import json_of, reply


class SeriesThresholds(Guard):
    """Gives a series its thresholds, which every page shows; an empty list takes them away."""

    access = Access.OPERATOR

    async def post(self) -> None:
        """Keep them, durably."""
        reply(self, await self.core.thresholds.put(self.actor, json_of(self)))

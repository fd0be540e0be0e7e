"""``POST /api/series/edit``: gives a series a unit or a display name."""

from __future__ import annotations

from handlers.base import Access, Guard
from handlers.bodies import json_of
from telemetry.model import Refusal


class Edit(Guard):
    """Gives a series a unit or a display name that the source does not overwrite; an empty text takes it away."""

    access = Access.OPERATOR

    async def post(self) -> None:
        """Edit, durably."""
        done = await self.core.labels.edit(self.actor, json_of(self))
        if isinstance(done, Refusal):
            self.refuse_with(done)
        else:
            self.finish(done)

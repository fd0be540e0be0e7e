"""``/api/series/rename``, ``merge`` and ``changes``: a series is a role, and these say its name and who plays it."""

from __future__ import annotations

from handlers.base import Access, Guard
from handlers.bodies import json_of, reply
from handlers.reading import ReadHandler


class Rename(Guard):
    """Gives a series another name; the old one still finds it."""

    access = Access.OPERATOR

    async def post(self) -> None:
        """Rename, durably."""
        reply(self, await self.core.roles.rename(self.actor, json_of(self)))


class Merge(Guard):
    """Lets a series go on with what another one has, and with the device that feeds it."""

    access = Access.OPERATOR

    async def post(self) -> None:
        """Merge; 202 while readings are still being moved."""
        reply(self, await self.core.roles.merge(self.actor, json_of(self)))


class Changes(ReadHandler):
    """What was renamed and merged, newest first."""

    async def answer(self) -> None:
        """Read the list."""
        self.give({"changes": await self.core.roles.changes()})

"""``/api/corrections``: spans and spikes that are deleted or masked, and undone. Who may read may read the list."""

from __future__ import annotations

from handlers.base import Access, Guard
from handlers.bodies import json_of, key_of, reply
from handlers.live_query import patterns_of_query
from handlers.reading import ReadHandler
from telemetry.model import Refusal


class CorrectionList(ReadHandler):
    """What was corrected, newest first; POST corrects, or says with ``preview=1`` how many readings it would be."""

    write_access = Access.OPERATOR

    async def answer(self) -> None:
        """Read the list."""
        patterns = patterns_of_query(self)
        if patterns is not None:
            self.give({"corrections": await self.core.corrections.listed(patterns)})

    async def post(self) -> None:
        """Correct; 201 when it is done, 202 while it goes on."""
        if self.get_query_argument("preview", "") == "1":
            number = await self.core.corrections.preview(json_of(self))
            reply(self, number if isinstance(number, Refusal) else {"readings": number})
            return
        reply(self, await self.core.corrections.add(self.actor, json_of(self)), made=True)


class CorrectionUndo(Guard):
    """Brings back what a correction took out."""

    access = Access.OPERATOR

    async def post(self, number: str) -> None:
        """Undo it; 202 while that goes on."""
        key = key_of(number)
        done = None if key is None else await self.core.corrections.undo(self.actor, key)
        reply(self, done, kind="correction")

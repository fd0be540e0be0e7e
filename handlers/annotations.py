"""``/api/annotations``: notes at a time or over a span. Everyone who may read may read them; operators write."""

from __future__ import annotations

from handlers.base import Access, Guard
from handlers.bodies import json_of, key_of, reply
from handlers.live_query import patterns_of_query
from handlers.reading import ReadHandler
from telemetry.annotations import Position, position_of
from telemetry.model import Reason, Refusal
from telemetry.store.annotations import LAST
from telemetry.timespec import LIMIT, moment

KIND = "annotation"
Window = tuple[int, int, Position]


class AnnotationList(ReadHandler):
    """What is noted in a span of time, newest first; POST adds a note."""

    write_access = Access.OPERATOR

    async def answer(self) -> None:
        """Read one page."""
        patterns, window = patterns_of_query(self), self._window()
        if patterns is None:
            return
        if isinstance(window, Refusal):
            self.refuse_with(window)
            return
        page = await self.core.annotations.page(patterns, *window)
        self.give({"annotations": page.annotations, "next": page.next})

    async def post(self) -> None:
        """Add one; 201 when it is durable."""
        done = await self.core.annotations.add(json_of(self), self.principal.name)
        if not isinstance(done, Refusal):
            self.set_header("Location", f"/api/annotations/{done['id']}")
        reply(self, done, made=True)

    def _window(self) -> Window | Refusal:
        now = self.core.clock.arrival()
        frm = moment(self.get_query_argument("from", str(-LIMIT)), now, "from")
        if isinstance(frm, Refusal):
            return frm
        to = moment(self.get_query_argument("to", str(LIMIT)), now, "to")
        if isinstance(to, Refusal):
            return to
        page = self.get_query_argument("page", None)
        before = LAST if page is None else position_of(page)
        if isinstance(before, Refusal):
            return before
        return (frm, to, before) if frm < to else Refusal(Reason.BAD_VALUE, "from must be before to", "from")


class AnnotationOne(Guard):
    """One note: PUT replaces it, DELETE takes it away."""

    access = Access.OPERATOR

    async def put(self, number: str) -> None:
        """Say something else, or stand elsewhere."""
        key = key_of(number)
        done = None if key is None else await self.core.annotations.replace(key, json_of(self), self.principal.name)
        reply(self, done, kind=KIND)

    async def delete(self, number: str) -> None:
        """Take it away; /restore brings it back."""
        key = key_of(number)
        reply(self, None if key is None else await self.core.annotations.delete(key), kind=KIND)


class AnnotationRestore(Guard):
    """Undoes DELETE, while the note is still kept."""

    access = Access.OPERATOR

    async def post(self, number: str) -> None:
        """Bring it back."""
        key = key_of(number)
        reply(self, None if key is None else await self.core.annotations.restore(key), kind=KIND)

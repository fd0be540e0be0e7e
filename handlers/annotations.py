"""``/api/annotations``: notes at a time or over a span. Everyone who may read may read them; operators write."""

from __future__ import annotations

import json

from handlers.base import ERRORS, Access, Guard
from handlers.live_query import patterns_of_query
from handlers.reading import ReadHandler
from telemetry.annotations import Body, Position, position_of
from telemetry.model import Reason, Refusal
from telemetry.store.annotations import LAST
from telemetry.timespec import LIMIT, moment

MAX_BODY = 32 << 10
"""Bytes of a body: the longest text, escaped in the longest way."""
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
        if isinstance(done, Refusal):
            self.refuse_with(done)
        else:
            self.set_status(201)
            self.set_header("Location", f"/api/annotations/{done['id']}")
            self.give(done)

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
        reply(self, done)

    async def delete(self, number: str) -> None:
        """Take it away; /restore brings it back."""
        key = key_of(number)
        reply(self, None if key is None else await self.core.annotations.delete(key))


class AnnotationRestore(Guard):
    """Undoes DELETE, while the note is still kept."""

    access = Access.OPERATOR

    async def post(self, number: str) -> None:
        """Bring it back."""
        key = key_of(number)
        reply(self, None if key is None else await self.core.annotations.restore(key))


def reply(handler: Guard, done: Body | Refusal | None) -> None:
    """Finish with the annotation as it is now, or with why not."""
    if done is None:
        handler.refuse(404, ERRORS[404][0], "there is no such annotation")
    elif isinstance(done, Refusal):
        handler.refuse_with(done)
    else:
        handler.finish(done)


def json_of(handler: Guard) -> object:
    """The JSON of a request's body; None where it is none, or too long for an annotation."""
    body = handler.request.body
    try:
        return json.loads(body) if len(body) <= MAX_BODY else None
    except (ValueError, RecursionError):
        return None


def key_of(text: str) -> int | None:
    """The id in an address, or None where it cannot be one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None

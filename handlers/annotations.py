"""``/api/annotations``: notes at a time or over a span. Everyone who may read may read them; operators write."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import ClassVar

from handlers.base import READ, Access, Guard
from handlers.bodies import json_of, key_of, reply
from handlers.export import MEDIA
from handlers.live_query import patterns_of_query
from handlers.reading import ReadHandler
from telemetry.annotations import Position, position_of
from telemetry.exchange import notes
from telemetry.exchange.writing import Form
from telemetry.model import Reason, Refusal
from telemetry.store.annotations import LAST
from telemetry.timespec import LIMIT, moment

KIND = "annotation"
Window = tuple[int, int, Position]


class AnnotationList(ReadHandler):
    """What is noted in a span of time, newest first; POST adds a note."""

    write_access = Access.OPERATOR
    scoped = frozenset({*READ, "POST"})

    async def answer(self) -> None:
        """Read one page."""
        asked = asked_by(self)
        if asked is not None:
            page = await self.core.annotations.page(*asked, scope=self.scope)
            self.give({"annotations": page.annotations, "next": page.next})

    async def post(self) -> None:
        """Add one; 201 when it is durable."""
        done = await self.core.annotations.add(self.actor, json_of(self), scope=self.scope)
        if not isinstance(done, Refusal):
            self.set_header("Location", f"/api/annotations/{done['id']}")
        reply(self, done, made=True)


class AnnotationFile(ReadHandler):
    """The notes of a span of time as a file, newest first; the next page is read when the client has taken the last."""

    scoped = READ
    form: ClassVar[Form]

    async def answer(self) -> None:
        """Send page by page."""
        asked = asked_by(self)
        if asked is not None:
            await self.stream(self._pages(*asked), self._head)

    def _head(self) -> None:
        self.set_header("Content-Type", MEDIA[self.form])
        self.set_header("Content-Disposition", f'attachment; filename="telltale-notes.{self.form.value}"')

    async def _pages(self, patterns: list[str], frm: int, to: int, before: Position) -> AsyncGenerator[bytes, None]:
        head, last = notes.head(self.form), before
        while True:
            page = await self.core.annotations.page(patterns, frm, to, last, scope=self.scope)
            yield head + notes.rows(self.form, page.annotations)
            following = None if page.next is None else position_of(page.next)
            if following is None or isinstance(following, Refusal):
                return
            head, last = b"", following


class AnnotationsCsv(AnnotationFile):
    """The notes of a span of time as CSV, newest first."""

    form = Form.CSV


class AnnotationsNdjson(AnnotationFile):
    """The notes of a span of time as NDJSON, newest first."""

    form = Form.NDJSON


def asked_by(handler: ReadHandler) -> tuple[list[str], int, int, Position] | None:
    """Which notes a query asks for: patterns, span (ms), the position before; None after it was refused."""
    patterns = patterns_of_query(handler)
    if patterns is None:
        return None
    window = _window(handler)
    if isinstance(window, Refusal):
        handler.refuse_with(window)
        return None
    return patterns, *window


def _window(handler: ReadHandler) -> Window | Refusal:
    now = handler.core.clock.arrival()
    frm = moment(handler.get_query_argument("from", str(-LIMIT)), now, "from")
    if isinstance(frm, Refusal):
        return frm
    to = moment(handler.get_query_argument("to", str(LIMIT)), now, "to")
    if isinstance(to, Refusal):
        return to
    page = handler.get_query_argument("page", None)
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
        done = None if key is None else await self.core.annotations.replace(self.actor, key, json_of(self))
        reply(self, done, kind=KIND)

    async def delete(self, number: str) -> None:
        """Take it away; /restore brings it back."""
        key = key_of(number)
        reply(self, None if key is None else await self.core.annotations.delete(self.actor, key), kind=KIND)


class AnnotationRestore(Guard):
    """Undoes DELETE, while the note is still kept."""

    access = Access.OPERATOR

    async def post(self, number: str) -> None:
        """Bring it back."""
        key = key_of(number)
        reply(self, None if key is None else await self.core.annotations.restore(self.actor, key), kind=KIND)

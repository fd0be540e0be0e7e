"""``GET /api/stream``: the live session as Server-Sent Events, for ``curl`` and networks that break WebSockets.

The first event, ``subscribed``, is the answer; every event's id is ``EPOCH:SEQ``, so that ``Last-Event-ID`` resumes.
The next frames are taken only when the connection has accepted the last ones.
"""

from __future__ import annotations

import asyncio
import contextlib

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from handlers.base import READ, Access, Guard
from handlers.live_query import patterns_of_query, visitor
from telemetry.clock import monotonic
from telemetry.hub import Frame
from telemetry.live import LiveSession, answer_json
from telemetry.live_commands import MAX_SEQ, Since

COMMENT_EVERY = 15.0
"""Seconds between two comments, which keep proxies from closing a silent connection."""


def since_of_event_id(text: str) -> Since | None:
    """The position in a ``Last-Event-ID``; None where it is not one of ours."""
    epoch, colon, seq = text.rpartition(":")
    if not colon or not seq.isascii() or not seq.isdigit() or len(seq) > 16 or int(seq) > MAX_SEQ:
        return None
    return epoch, int(seq)


class Stream(Guard, RequestHandler):
    """One listener by Server-Sent Events."""

    access = Access.VIEWER
    scoped = READ

    async def get(self) -> None:
        """Stream until the client leaves or its credential is revoked."""
        patterns = patterns_of_query(self)
        if patterns is None:
            return
        core = self.core
        self._woken = asyncio.Event()
        self._ended = False
        session = core.live_session(self._woken.set, self.principal)
        session.visitor = visitor(self, "stream")
        unwatch = core.accounts.watch(self.principal.key, self._end), core.closing.watch("server", self._end)
        core.metrics.sockets["stream"] += 1
        try:
            await self._serve(session, patterns)
        except StreamClosedError:
            pass
        except TimeoutError:
            self.detach().close()
        finally:
            core.metrics.sockets["stream"] -= 1
            for forget in unwatch:
                forget()
            session.close()

    def on_connection_close(self) -> None:
        """Stop writing to a client that is gone."""
        self._end()

    def _end(self) -> None:
        if hasattr(self, "_woken"):
            self._ended = True
            self._woken.set()

    async def _serve(self, session: LiveSession, patterns: list[str]) -> None:
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")
        answer = await session.subscribe(patterns, since_of_event_id(self.request.headers.get("Last-Event-ID", "")))
        self._event(session, Frame(session.cursor, answer_json(answer)), "event: subscribed\n")
        comment_at = monotonic() + COMMENT_EVERY
        while not self._ended:
            self._woken.clear()
            for frame in session.mailbox.take():
                self._event(session, frame)
            if monotonic() >= comment_at:
                self.write(": still here\n\n")
                comment_at = monotonic() + COMMENT_EVERY
            async with asyncio.timeout(2 * self.core.settings.live.ping_timeout):
                await self.flush()
            session.mailbox.sent()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, comment_at - monotonic())):
                    await self._woken.wait()

    def _event(self, session: LiveSession, frame: Frame, kind: str = "") -> None:
        self.write(f"{kind}id: {session.epoch}:{frame.seq}\ndata: {frame.text}\n\n")

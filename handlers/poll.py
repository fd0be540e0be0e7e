"""``GET /api/poll``: the live session by long polling: one answer with what came since a position.

Without ``epoch`` and ``seq`` it answers at once with the snapshot. With them it waits for the first push, at most
``wait`` seconds; the ``seq`` of the last push that has one is the position for the next call.
"""

from __future__ import annotations

import asyncio
import contextlib
import math

from tornado.web import RequestHandler

from handlers.base import READ, Access, Guard
from handlers.live_query import patterns_of_query, visitor
from telemetry.clock import monotonic
from telemetry.live import LiveSession, answer_json
from telemetry.live_commands import MAX_SEQ, Since

WAIT_DEFAULT = 25.0
WAIT_MAX = 60.0


class Poll(Guard, RequestHandler):
    """One call of a program that polls."""

    access = Access.VIEWER
    scoped = READ

    async def get(self) -> None:
        """Answer with the snapshot, or with what followed a position."""
        patterns = patterns_of_query(self)
        if patterns is None:
            return
        try:
            wait, since = self._wait(), self._since()
        except ValueError as error:
            self.refuse(400, "bad_value", str(error))
            return
        self._woken = asyncio.Event()
        self._ended = False
        session = self.core.live_session(self._woken.set, self.principal)
        session.visitor = visitor(self, "poll")
        core = self.core
        unwatch = core.accounts.watch(self.principal.key, self._end), core.closing.watch("server", self._end)
        self.core.metrics.sockets["poll"] += 1
        try:
            answer = await session.subscribe(patterns, since)
            pushes = await self._pushes(session, wait) if answer["recovered"] else []
            self.set_header("Content-Type", "application/json")
            self.set_header("Cache-Control", "no-store")
            self.finish(f'{answer_json(answer)[:-1]},"pushes":[{",".join(pushes)}]}}')
        finally:
            self.core.metrics.sockets["poll"] -= 1
            for forget in unwatch:
                forget()
            session.close()

    def on_connection_close(self) -> None:
        """Stop waiting for a client that is gone."""
        self._end()

    async def _pushes(self, session: LiveSession, wait: float) -> list[str]:
        """What comes first and is more than a sign of life, else the last sign of life."""
        until = monotonic() + wait
        pulse: list[str] = []
        while True:
            self._woken.clear()
            frames = session.mailbox.take()
            session.mailbox.sent()
            if news := [frame.text for frame in frames if not frame.pulse]:
                return news
            pulse = [frame.text for frame in frames[-1:]] or pulse
            if self._ended or (left := until - monotonic()) <= 0:
                return pulse
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._woken.wait()

    def _end(self) -> None:
        if hasattr(self, "_woken"):
            self._ended = True
            self._woken.set()

    def _wait(self) -> float:
        try:
            wait = float(self.get_query_argument("wait", str(WAIT_DEFAULT)))
        except ValueError:
            wait = math.nan
        if not 0 <= wait <= WAIT_MAX:
            raise ValueError(f"wait is a number of seconds from 0 to {WAIT_MAX:g}")
        return wait

    def _since(self) -> Since | None:
        epoch, seq = self.get_query_argument("epoch", None), self.get_query_argument("seq", None)
        if epoch is None and seq is None:
            return None
        if epoch is None or seq is None or not seq.isascii() or not seq.isdigit() or not 0 <= int(seq[:17]) <= MAX_SEQ:
            raise ValueError("epoch and seq belong together; seq is an integer")
        return epoch, int(seq)

"""``GET /api/devices/ID/frames`` and ``GET /api/frames``: the last raw frames, live by long polling.

For operators: a payload may hold what a viewer should not see.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math

from tornado.web import RequestHandler

from handlers.base import Access, Guard
from telemetry import names
from telemetry.frame_bodies import body

WAIT_MAX = 60.0
"""Seconds that a request may wait for a frame."""
NUMBER_MAX = 2**53


class Frames(Guard, RequestHandler):
    """The frames that belong to no device: unknown topics, broken messages; the newest first."""

    access = Access.OPERATOR

    async def get(self) -> None:
        """Answer at once, or wait for the first frame after a number."""
        await self._answer(None, {})

    async def _answer(self, device: str | None, about: dict[str, object]) -> None:
        try:
            after, wait = self._after(), self._wait()
        except ValueError as error:
            self.refuse(400, "bad_value", str(error))
            return
        frames = self.core.frames
        if after > frames.number:  # of another run, whose clock was ahead
            after = 0
        found = frames.newest(device, after)
        if not found and wait:
            await self._until(device, wait)
            found = frames.newest(device, after)
        shown = {"frames": [body(frame) for frame in found], "number": found[0].number if found else after}
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(about | shown, ensure_ascii=False, separators=(",", ":")))

    async def _until(self, device: str | None, wait: float) -> None:
        """Return at the first frame, the end of the wait, of the server, of the credential or of the connection."""
        core = self.core
        self._woken = asyncio.Event()
        ends = [
            core.frames.watch(device, self._woken.set),
            core.accounts.watch(self.principal.key, self._woken.set),
            core.closing.watch("server", self._woken.set),
        ]
        core.metrics.sockets["poll"] += 1
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._woken.wait()
        finally:
            core.metrics.sockets["poll"] -= 1
            for end in ends:
                end()

    def on_connection_close(self) -> None:
        """Stop waiting for a client that is gone."""
        if hasattr(self, "_woken"):
            self._woken.set()

    def _after(self) -> int:
        text = self.get_query_argument("after", "0")
        if not text.isascii() or not text.isdigit() or int(text[:17]) > NUMBER_MAX or len(text) > 16:
            raise ValueError("after is the number of a frame")
        return int(text)

    def _wait(self) -> float:
        try:
            wait = float(self.get_query_argument("wait", "0"))
        except ValueError:
            wait = math.nan
        if not 0 <= wait <= WAIT_MAX:
            raise ValueError(f"wait is a number of seconds from 0 to {WAIT_MAX:g}")
        return wait


class DeviceFrames(Frames):
    """The last raw frames of a device, what was made of each, and why one was refused; the newest first."""

    async def get(self, device: str) -> None:  # type: ignore[override]  # the route gives it
        """Answer at once, or wait for the first frame after a number; an id that is not known yet has none."""
        id_ = names.device_id(device)
        if id_ is None:
            self.refuse(400, "bad_value", "this is not a device id")
            return
        known = self.core.registry.devices.get(id_)
        name = None if known is None else known.name
        await self._answer(id_, {"device": id_, "name": name, "known": known is not None})

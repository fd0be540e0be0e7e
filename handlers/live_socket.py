"""``/ws/live``: a dashboard's session on a WebSocket.

Frames of a room are encoded once and their bytes written to each stream; while a stream has not taken what it was
given, nothing more is written to it and the mailbox fills to its bound. Commands go to ``LiveCommands``.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable
from functools import partial

from tornado.iostream import IOStream, StreamClosedError
from tornado.websocket import WebSocketHandler

from handlers.base import READ, Access, Guard
from handlers.live_query import visitor
from handlers.wire import websocket_frame
from telemetry.hub import Frame
from telemetry.live_commands import LiveCommands

SEND_BUFFER = 128 << 10
"""Bytes that the kernel may hold for one browser."""


def wire(frame: Frame) -> bytes:
    """The frame as a WebSocket text frame, encoded once for all sockets."""
    if frame.wire is None:
        frame.wire = websocket_frame(frame.text)
    return frame.wire


class LiveSocket(Guard, WebSocketHandler):
    """One browser (or program) that watches."""

    access = Access.VIEWER
    scoped = READ

    def open(self) -> None:
        """Start the session."""
        core = self.core
        core.metrics.sockets["live"] += 1
        self._writing = False
        self.set_nodelay(True)
        if self.ws_connection is not None and self.ws_connection.stream is not None:
            # A stalled peer's kernel buffer would grow to megabytes before we noticed anything
            self.ws_connection.stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._session = core.live_session(self._wake, self.principal)
        self._session.visitor = visitor(self, "live")
        self._commands = LiveCommands(self._session, partial(core.commanding.send, self.actor), core.tasks)
        self._unwatch = (
            core.accounts.watch(self.principal.key, partial(self._end, 4001, "credential revoked")),
            core.closing.watch("server", partial(self._end, 1001, "server stopping")),
        )

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Take a command; what comes after a close from this side is dropped."""
        if self.ws_connection is None:
            return None
        wait = self._commands.receive(message)
        return asyncio.sleep(wait) if wait else None

    def on_close(self) -> None:
        """End the session, if the upgrade came that far."""
        if not hasattr(self, "_session"):
            return
        self.core.metrics.sockets["live"] -= 1
        for unwatch in self._unwatch:
            unwatch()
        self._commands.close()
        self._session.close()

    def _end(self, code: int, reason: str) -> None:
        """Close; of the commands that wait none is begun."""
        self._commands.close()
        self.close(code, reason)

    def _wake(self) -> None:
        if self._writing or self.ws_connection is None or self.ws_connection.is_closing():
            return
        frames = self._session.mailbox.take()
        stream: IOStream | None = self.ws_connection.stream
        if not frames or stream is None:
            return
        with contextlib.suppress(StreamClosedError):
            future = stream.write(b"".join(map(wire, frames)))
            if stream.writing():
                self._writing = True
                future.add_done_callback(self._written)
            else:
                self._session.mailbox.sent()

    def _written(self, future: asyncio.Future[None]) -> None:
        self._writing = False
        if future.cancelled() or future.exception() is not None:
            return
        self._session.mailbox.sent()
        self._wake()

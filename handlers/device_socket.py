"""``/ws/device``: a device's session on a WebSocket.

Owns the socket: what may wait to be written, who replaces whom, admission. What the frames mean is in
``devices.protocol``. Nothing is awaited between two frames, so that pings are always answered; only a device that sends
too much is read more slowly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from functools import partial

from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketHandler

from devices.protocol import DeviceSession
from handlers import credentials
from handlers.base import Access, Guard
from handlers.device_port import DevicePort
from handlers.wire import websocket_frame
from telemetry.rate import Rate

REPLACED = 4000
REVOKED = 4001
STOPPING = 1001
POLICY = 1008
BURST = 5
"""Seconds' worth of messages that a device may send at once."""
SLOWED = 0.05
"""Seconds that a socket is not read after a message too many; far below the time in which it must answer a ping."""
UNREAD_MAX = 1 << 20
"""Bytes of answers that a device may leave unread before its socket is closed."""


class DeviceSocket(Guard, WebSocketHandler):
    """One device (or gateway)."""

    access = Access.DEVICE

    def check_origin(self, origin: str) -> bool:
        """As everywhere; and with a token, which no browser sends by itself, what Arduino's usual library says."""
        arduino = self.request.headers.get_list("Origin") == ["file://"] and bool(credentials.tokens(self.request))
        return arduino or super().check_origin(origin)

    async def open(self) -> None:
        """Greet the device once everything from its earlier sockets is committed or dropped."""
        core, identity = self.core, self.identity
        self._ended = False
        self._unread = 0
        self.set_nodelay(True)
        most = core.settings.devices.max_rate
        self._rate = Rate(most, BURST * most)
        self._port = DevicePort(core, identity, self._write)
        self._session = DeviceSession(self._port)
        core.metrics.sockets["device"] += 1
        self._unwatch = {
            "credential": core.accounts.watch(identity.key, partial(self._end, REVOKED, "credential revoked")),
            "server": core.closing.watch("server", partial(self._end, STOPPING, "server stopping")),
        }
        core.switchboard.connect(identity.id, self)
        if identity.pending:
            if not core.admission.knock(identity.id, self.request.remote_ip or "", self._admitted):
                self._end(POLICY, "not admitted")
                return
        else:
            await core.pipeline.settle(identity.id)
            self._port.present()
        self._session.hello(core.clock.arrival(), core.settings.server.max_message)

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Hand a frame to the session; what still comes after the server has closed is dropped."""
        if self._ended:
            return None
        self._port.overrun = wait = self._rate.take()
        self._session.receive(message)
        return asyncio.sleep(max(wait, SLOWED)) if wait else None

    def on_close(self) -> None:
        """Forget the socket, if the upgrade came that far."""
        if not hasattr(self, "_unwatch"):
            return
        core = self.core
        core.metrics.sockets["device"] -= 1
        for unwatch in self._unwatch.values():
            unwatch()
        if self._port.pending:
            core.admission.leave(self._port.device, self._admitted)
        if core.switchboard.disconnect(self._port.device, self):
            self._port.present()

    def send(self, body: dict[str, object]) -> None:
        """Write a message of the server's own accord: a command."""
        self._session.write(body)

    def replaced(self) -> None:
        """A newer socket of the device has taken over."""
        self._end(REPLACED, "replaced")

    def _end(self, code: int, reason: str) -> None:
        self._ended = True
        self.close(code, reason)

    def _admitted(self, token: str) -> None:
        """An operator accepted the device: the socket goes on, tied to its new token."""
        self._unwatch["credential"]()
        key = self.core.accounts.devices.key(self._port.device)
        self._unwatch["credential"] = self.core.accounts.watch(key, partial(self._end, REVOKED, "credential revoked"))
        self._port.pending = False
        self._session.write({"token": token})
        self._port.present()

    def _write(self, frame: str | bytes) -> None:
        connection = self.ws_connection
        if connection is None or connection.is_closing() or connection.stream is None:
            return
        data = websocket_frame(frame)
        self._unread += len(data)
        try:
            connection.stream.write(data).add_done_callback(partial(self._written, len(data)))
        except StreamClosedError:
            return
        if self._unread > UNREAD_MAX:
            self._ended = True
            connection.stream.close()  # a close frame would only wait behind the rest

    def _written(self, size: int, written: asyncio.Future[None]) -> None:
        """Count what the peer has taken; one that is gone is noticed by ``on_close``."""
        self._unread -= size
        if not written.cancelled():
            written.exception()

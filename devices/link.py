"""One socket from a device to its server: the only place where the client touches Tornado.

Owns the connection and its end. What the frames mean is not its concern.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.iostream import StreamClosedError
from tornado.netutil import Resolver
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, WebSocketError, websocket_connect

CLOSE_WAIT = 2.0
"""Seconds that the server has to answer a close."""
_RESET = struct.pack("ii", 1, 0)


class LinkError(Exception):
    """The server was not reached (``status`` is None) or refused the upgrade with an HTTP status."""

    def __init__(self, status: int | None, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(slots=True, frozen=True)
class Dial:
    """How to connect: times in seconds; ``ca_certs`` is a file for a server with its own certificate.

    A frame of more than ``max_frame`` bytes ends the socket. ``resolver`` finds the address; None: the system's.
    """

    timeout: float = 10.0
    ping_interval: float = 20.0
    ca_certs: str | None = None
    max_frame: int = 10 << 20
    resolver: Resolver | None = None


class Link:
    """An open socket. ``receive(frame)`` is called for every frame, ``closed`` is done when the socket is gone."""

    def __init__(self, receive: Callable[[str | bytes], None]) -> None:
        self._receive = receive
        self._connection: WebSocketClientConnection | None = None
        self.closed: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    async def open(self, url: str, headers: dict[str, str], dial: Dial) -> None:
        """Connect and upgrade. Raises LinkError."""
        timeout = dial.timeout
        attempt = cast(
            "asyncio.Future[WebSocketClientConnection]",
            websocket_connect(
                HTTPRequest(
                    url, headers=headers, connect_timeout=timeout, request_timeout=timeout, ca_certs=dial.ca_certs
                ),
                on_message_callback=self._on_message,
                ping_interval=dial.ping_interval or None,
                ping_timeout=dial.ping_interval or None,
                max_message_size=dial.max_frame,
                resolver=dial.resolver,
            ),
        )
        try:
            self._connection = await asyncio.shield(attempt)
        except HTTPClientError as error:
            raise LinkError(error.code if error.code != 599 else None, str(error)) from error
        except (OSError, StreamClosedError, WebSocketError, UnicodeError) as error:  # no name to look up: UnicodeError
            raise LinkError(None, str(error) or type(error).__name__) from error
        except asyncio.CancelledError:
            # the connection goes on in the background and would stay open, owned by no one
            attempt.add_done_callback(_discard)
            raise
        if (stream := self._stream()) is not None:
            # Nagle would hold a frame back for 40 ms, and its ages would be wrong by as much
            stream.set_nodelay(True)

    def _on_message(self, frame: str | bytes | None) -> None:
        if frame is not None:
            if not self.closed.done():
                self._receive(frame)
        elif not self.closed.done():
            self.closed.set_result(self._connection.close_code if self._connection else None)

    def write(self, frame: bytes, *, binary: bool) -> None:
        """Write a frame; nothing happens on a socket that is gone."""
        if self._connection is None:
            return
        with contextlib.suppress(WebSocketClosedError, StreamClosedError):
            written = self._connection.write_message(frame, binary=binary)
            # the end of the socket is told by ``closed``; unread, each error would be logged
            written.add_done_callback(_read)

    async def close(self, code: int = 1000) -> None:
        """Say goodbye, wait a little for the answer, and be gone."""
        if self._connection is None:
            return
        stream = self._stream()
        self._connection.close(code)
        await asyncio.wait({self.closed}, timeout=CLOSE_WAIT)
        if stream is not None:
            stream.close()

    def abort(self) -> None:
        """Cut the socket as a lost network does: no goodbye, and a reset for the peer."""
        stream = self._stream()
        if stream is not None and stream.socket is not None:
            with contextlib.suppress(OSError):
                stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            stream.close()

    def _stream(self) -> Any:
        protocol = self._connection.protocol if self._connection else None
        return getattr(protocol, "stream", None)


def _read(written: asyncio.Future[Any]) -> None:
    if not written.cancelled():
        written.exception()


def _discard(attempt: asyncio.Future[WebSocketClientConnection]) -> None:
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().close()

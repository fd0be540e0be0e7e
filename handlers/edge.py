"""The edge: which connections are taken at all, and for how long.

A connection beyond the limits is answered (429, 503), counted, and closed; under TLS it is closed at once, because an
answer would cost the handshake that the limit is to spare. Who sends headers or a body too slowly, or reads an answer
too slowly, is cut off by a timer that no single byte winds up again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import resource
import socket
import ssl
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPConnection, HTTPMessageDelegate, HTTPServerConnectionDelegate
from tornado.iostream import IOStream, SSLIOStream, StreamClosedError

from handlers.body_limit import BODY_TIME, UNBOUNDED
from handlers.forwarding import Forwarded
from handlers.places import trusts
from telemetry.clock import monotonic
from telemetry.metrics import Metrics
from telemetry.settings import ServerSettings
from telemetry.throttle import network_of

log = logging.getLogger(__name__)

HEADER_TIME = 15.0
"""Seconds until a connection must have sent the headers of a request, from its beginning or its last answer on."""
HEADERS_MAX = 32 << 10
"""Bytes of the request line and the headers together."""
OWN_FILES = 256
"""Open files that are kept free for the database, commands and brokers."""
SWEEP = 1.0
"""Seconds between two looks for connections that are gone."""
LEAVING_MAX, LEAVING = 64, 1.0
"""Refused connections that may still read their answer, and for how many seconds."""
LOG_EVERY = 60.0
"""Seconds between two warnings about refused connections."""
REFUSALS = {
    "address": (429, "Too Many Requests", "rate_limited", "too many connections from this address"),
    "all": (503, "Service Unavailable", "try_later", "too many connections to this server"),
}
"""Which limit was reached -> status, reason, code and message."""


class Edge(HTTPServer):
    """The HTTP server, with limits on its connections; owned by the loop thread.

    ``stalled`` is the time (s) after which the system drops a peer that does not take what it is sent.
    """

    def initialize(  # type: ignore[override]  # Configurable hands its arguments here
        self,
        application: HTTPServerConnectionDelegate,
        settings: ServerSettings,
        tls: ssl.SSLContext | None,
        *,
        metrics: Metrics,
        stalled: float,
    ) -> None:
        super().initialize(
            application,
            ssl_options=tls,
            max_header_size=HEADERS_MAX,
            idle_connection_timeout=HEADER_TIME,
            body_timeout=BODY_TIME,
            max_body_size=UNBOUNDED,
        )
        self.limit = open_files(settings.max_connections)
        self._limit_each = settings.max_connections_per_address
        self._trusted = settings.trusted_proxies
        self._metrics = metrics
        self._stalled = int(stalled * 1000)
        self._open: dict[str, set[IOStream]] = {}
        self._leaving = 0
        self._swept = self._logged = float("-inf")

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """Take a new connection, or refuse it."""
        peer = str(address[0])
        key = network_of(peer)
        if (limit := self._reached(key, self.limit if trusts(self._trusted, peer) else self._limit_each)) is not None:
            self._refuse(stream, limit, key)
            return
        self._open.setdefault(key, set()).add(stream)
        self._metrics.connections += 1
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            stream.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, self._stalled)
        super().handle_stream(stream, address)

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """A request: behind a trusted proxy, that of whom the proxy speaks for."""
        inner = super().start_request(server_conn, request_conn)
        return Forwarded(inner, request_conn, self._trusted) if self._trusted else inner

    def use(self, tls: ssl.SSLContext) -> None:
        """Give new connections this context; those that are open keep theirs."""
        self.ssl_options = tls

    async def sweep(self) -> None:
        """Run for ever: forget connections that are gone."""
        while True:
            await asyncio.sleep(SWEEP)
            self._forget_closed()

    def _reached(self, key: str, each: int) -> str | None:
        """The limit that one more connection would exceed."""
        if self._metrics.connections >= self.limit and monotonic() - self._swept > SWEEP / 100:
            self._forget_closed()
        if self._metrics.connections >= self.limit:
            return "all"
        if len(self._open.get(key, ())) >= each:
            self._metrics.connections -= self._closed(key)
        return "address" if len(self._open.get(key, ())) >= each else None

    def _closed(self, key: str) -> int:
        """Forget connections of one network that are gone; how many."""
        streams = self._open[key]
        gone = {stream for stream in streams if stream.closed()}
        streams -= gone
        if not streams:
            del self._open[key]
        return len(gone)

    def _forget_closed(self) -> None:
        self._swept = monotonic()
        self._metrics.connections -= sum([self._closed(key) for key in list(self._open)])

    def _refuse(self, stream: IOStream, limit: str, key: str) -> None:
        self._metrics.connections_refused[limit] += 1
        if monotonic() - self._logged > LOG_EVERY:
            self._logged = monotonic()
            setting = "max_connections_per_address" if limit == "address" else "max_connections"
            log.warning("%s, the last from %s ([server] %s)", REFUSALS[limit][3], key, setting)
        if isinstance(stream, SSLIOStream) or self._leaving >= LEAVING_MAX:
            stream.close()
            return
        self._leaving += 1
        with contextlib.suppress(StreamClosedError, OSError):
            stream.write(_answer(*REFUSALS[limit])).add_done_callback(lambda done: done.exception())
            stream.socket.shutdown(socket.SHUT_WR)  # a close at once would be a reset, which can overtake the answer
        asyncio.get_running_loop().call_later(LEAVING, self._gone, stream)

    def _gone(self, stream: IOStream) -> None:
        self._leaving -= 1
        stream.close()


def open_files(wanted: int) -> int:
    """How many connections of those ``wanted`` this process may have; raises its limit of open files if it can."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + OWN_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    possible = wanted if soft == resource.RLIM_INFINITY else max(soft - OWN_FILES, soft // 2)
    if possible < wanted:
        log.warning("the system allows %d connections, not %d ([server] max_connections; ulimit -n)", possible, wanted)
    return min(wanted, possible)


def _answer(status: int, reason: str, code: str, message: str) -> bytes:
    body = json.dumps({"error": {"code": code, "message": message, "retry_after": 1000}}).encode()
    head = [
        f"HTTP/1.1 {status} {reason}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Retry-After: 1",
        "Connection: close",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body

"""What a trusted proxy says of a request, put where every handler finds it: its address, scheme and Host.

Who is trusted, and what is believed, is decided in ``handlers.places``.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, cast

from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import SSLIOStream

from handlers.places import Trusted, forwarded


class Forwarded(HTTPMessageDelegate):
    """A request on its way to the application, with the address, scheme and host that trusted proxies say."""

    def __init__(self, inner: HTTPMessageDelegate, connection: HTTPConnection, trusted: Trusted) -> None:
        self._inner = inner
        self._connection = cast("Any", connection)
        self._trusted = trusted

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        # from the connection itself each time: the last request on it may have been another client's
        context = self._connection.context
        native = "https" if isinstance(self._connection.stream, SSLIOStream) else "http"
        seen = forwarded(headers, str(context.address[0]), native, self._trusted)
        context.remote_ip, context.protocol = seen.address, seen.protocol
        if seen.host is not None:
            headers["Host"] = seen.host
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._inner.data_received(chunk)

    def finish(self) -> None:
        self._inner.finish()

    def on_connection_close(self) -> None:
        self._inner.on_connection_close()

"""The largest HTTP body, for every route that does not stream it: what is above is answered 413 and not stored.

Tornado itself answers an empty 400. Here the bytes are counted as they come, whatever the headers say of them. A client
that has not sent everything does not read the answer, so a part of what is too much is read and dropped first.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import cast

from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.web import Application

from handlers.base import ERRORS, Access, Guard

DROPPED_MAX = 16 << 20
"""Bytes above the limit that are read and dropped; then the answer is sent and the connection closed."""
STREAMED = frozenset({"/api/import"})
"""Paths whose handler takes the body piece by piece, in bounded memory: it may be of any size."""
UNBOUNDED = 1 << 62
"""For ``HTTPServer(max_body_size=…)``, so that the limit here is the one that decides."""


class TooLarge(Guard):
    """A request whose body was above ``[server] max_body``, and was dropped."""

    access = Access.OPEN

    def prepare(self) -> None:
        super().prepare()
        if not self._finished:
            self.refuse(413, *ERRORS[413])


class BodyLimit(HTTPServerConnectionDelegate):
    """An application whose handlers see no body above ``limit`` bytes."""

    def __init__(self, application: Application, limit: int) -> None:
        self.application = application
        self.limit = limit

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """Count one request's body on its way to the application."""
        return _Counted(self, server_conn, request_conn)

    def on_close(self, server_conn: object) -> None:
        """Hand on that a connection is gone."""
        self.application.on_close(server_conn)


class _Counted(HTTPMessageDelegate):
    """One request: the application's until its body is too large, then nobody's until it is answered."""

    def __init__(self, owner: BodyLimit, server_conn: object, request_conn: HTTPConnection) -> None:
        self._owner = owner
        self._conns = server_conn, request_conn
        self._inner: HTTPMessageDelegate | None = owner.application.start_request(server_conn, request_conn)
        self._size = 0
        self._limit = owner.limit

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        self._head = start_line, headers
        if cast("RequestStartLine", start_line).path.partition("?")[0] in STREAMED:
            self._limit = UNBOUNDED
        return None if self._inner is None else self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self._size += len(chunk)
        if self._size <= self._limit and self._inner is not None:
            return self._inner.data_received(chunk)
        self.on_connection_close()
        if self._size > self._limit + DROPPED_MAX:
            self._refuse()
        return None

    def finish(self) -> None:
        if self._inner is None:
            self._refuse()
        else:
            self._inner.finish()

    def on_connection_close(self) -> None:
        inner, self._inner = self._inner, None
        if inner is not None:
            inner.on_connection_close()

    def _refuse(self) -> None:
        start_line, headers = self._head
        server_conn, request_conn = self._conns
        request = HTTPServerRequest(
            connection=request_conn,
            server_connection=server_conn,
            start_line=cast("RequestStartLine", start_line),
            headers=headers,
        )
        self._owner.application.get_handler_delegate(request, TooLarge).finish()

"""The largest HTTP body, for every route that does not stream it: what is above is answered 413 and not stored.

Tornado itself answers an empty 400. Here the bytes are counted as they come, whatever the headers say of them. A client
that has not sent everything does not read the answer, so a part of what is too much is read and dropped first.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import cast

from tornado.http1connection import HTTP1Connection
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
BODY_TIME, SLOWEST = 15.0, 8 << 10
"""Seconds for any body, and bytes a second that one of a known length comes at least."""
SMALL = 64 << 10
"""Bytes of a body that always find room."""
HELD_MAX = 64 << 20
"""Bytes of all larger bodies that are on their way at once: a stranger must not fill the memory."""
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


class Full(Guard):
    """A request whose body found no room beside those of others, and was dropped."""

    access = Access.OPEN

    def prepare(self) -> None:
        super().prepare()
        if not self._finished:
            self.refuse(503, "try_later", "too many large bodies at once", retry_after=1000)


class BodyLimit(HTTPServerConnectionDelegate):
    """An application whose handlers see no body above ``limit`` bytes."""

    def __init__(self, application: Application, limit: int) -> None:
        self.application = application
        self.limit = limit
        self.held = 0

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
        self._size = self._held = 0
        self._limit = owner.limit
        self._full = False

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        self._head = start_line, headers
        if cast("RequestStartLine", start_line).path.partition("?")[0] in STREAMED:
            self._limit = UNBOUNDED
        length = headers.get("Content-Length", "")
        if length.isascii() and length.isdecimal():
            wanted = min(int(length[:18]), self._limit, self._owner.limit)
            cast("HTTP1Connection", self._conns[1]).set_body_timeout(BODY_TIME + wanted / SLOWEST)
        return None if self._inner is None else self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self._size += len(chunk)
        if self._size <= self._limit and self._inner is not None and self._room():
            return self._inner.data_received(chunk)
        self.on_connection_close()
        if self._size > self._limit + DROPPED_MAX:
            self._refuse()
        return None

    def _room(self) -> bool:
        """Whether what came so far may be held; streamed bodies are not."""
        held = 0 if self._limit == UNBOUNDED else max(0, self._size - SMALL)
        if self._owner.held + held - self._held > HELD_MAX:
            self._full = True
            return False
        self._owner.held += held - self._held
        self._held = held
        return True

    def _release(self) -> None:
        self._owner.held -= self._held
        self._held = 0

    def finish(self) -> None:
        self._release()
        if self._inner is None:
            self._refuse()
        else:
            self._inner.finish()

    def on_connection_close(self) -> None:
        self._release()
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
        self._owner.application.get_handler_delegate(request, Full if self._full else TooLarge).finish()

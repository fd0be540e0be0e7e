"""Where a request carries its credentials, and its address without them for the log."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode

from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

_SECRET = re.compile(r"((?:^|[?&;])token=)[^&;]*", re.IGNORECASE)


def tokens(request: HTTPServerRequest) -> list[str]:
    """The different tokens that a request presents, as ``Authorization: Bearer`` or as ``?token=``."""
    found = arguments(request, "token")
    for header in request.headers.get_list("Authorization"):
        scheme, _, value = header.partition(" ")
        if scheme.lower() == "bearer":
            found.append(value.strip())
    return list(dict.fromkeys(found))


def arguments(request: HTTPServerRequest, name: str) -> list[str]:
    """The values of a query parameter as they were sent; broken UTF-8 comes as surrogates, which fit no grammar."""
    return [value.decode("utf-8", "surrogateescape") for value in request.query_arguments.get(name, [])]


def cookie_name(*, secure: bool) -> str:
    """The name of the login cookie; the prefix makes browsers refuse it from anywhere but https on this host."""
    return "__Host-telltale_session" if secure else "telltale_session"


def session_cookie(handler: RequestHandler, *, secure: bool) -> str | None:
    """The login cookie of a request."""
    return handler.get_cookie(cookie_name(secure=secure))


def without_token(request: HTTPServerRequest) -> str:
    """Path and query of a request, its token left out."""
    query = [(key, value) for key, value in parse_qsl(request.query) if key != "token"]
    return request.path + (f"?{urlencode(query)}" if query else "")


def redacted(request: HTTPServerRequest) -> str:
    """Method and address for one line of the log: tokens hidden, nothing that a terminal obeys."""
    address = _SECRET.sub(r"\1***", request.uri or "")
    return f"{request.method} {address}".encode("unicode_escape").decode("ascii")

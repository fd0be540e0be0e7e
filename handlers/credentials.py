"""Where a request carries its credentials, and its address without them for the log."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from urllib.parse import parse_qsl, unquote, urlencode

from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from handlers.places import Trusted, by_proxy
from telemetry.names import device_id

_SECRET = re.compile(r"((?:^|[?&;])(?:token|password|passkey|p|u|x-aio-key)=)[^&;]*", re.IGNORECASE)
_IN_PATH = re.compile(r"^(/api/v1/(?!write$)|/data/report/)[^/?]+")
HEADERS = ("X-Api-Key", "X-AIO-Key", "X-Auth-Token")
"""Headers in which senders of other ecosystems carry a key."""
QUERY = ("token", "x-aio-key")
"""Query parameters in which they do."""


def tokens(request: HTTPServerRequest) -> list[str]:
    """The different tokens that a request presents, as ``Authorization: Bearer`` or as ``?token=``."""
    found = arguments(request, "token")
    for header in request.headers.get_list("Authorization"):
        scheme, _, value = header.partition(" ")
        if scheme.lower() == "bearer":
            found.append(value.strip())
    return list(dict.fromkeys(found))


def presented(request: HTTPServerRequest, fields: Sequence[str] = (), path: Sequence[str] = ()) -> list[list[str]]:
    """What a sender of another ecosystem presents as its token; of each list any word may be it.

    ``fields`` are query parameters that together are one credential, as user and password; ``path`` are tokens that
    stood in the path.
    """
    found = [[word] for word in path]
    for name in QUERY:
        found += [[value] for value in arguments(request, name)]
    if words := [value for name in fields for value in arguments(request, name)]:
        found.append(words)
    for name in HEADERS:
        found += [[value.strip()] for value in request.headers.get_list(name)]
    for header in request.headers.get_list("Authorization"):
        scheme, _, value = header.strip().partition(" ")
        if scheme.lower() == "basic":
            user, _, password = _basic(value).partition(":")
            found.append([password, user])
        else:  # Bearer, Token, or nothing but the key
            found.append([value.strip() or scheme])
    return found


def _basic(value: str) -> str:
    try:
        return base64.b64decode(value.strip(), validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return ""


def arguments(request: HTTPServerRequest, name: str) -> list[str]:
    """The values of a query parameter as they were sent; broken UTF-8 comes as surrogates, which fit no grammar."""
    return [value.decode("utf-8", "surrogateescape") for value in request.query_arguments.get(name, [])]


def cookie_name(*, secure: bool) -> str:
    """The name of the login cookie; the prefix makes browsers refuse it from anywhere but https on this host."""
    return "__Host-telltale_session" if secure else "telltale_session"


def screen_of(request: HTTPServerRequest) -> str | None:
    """The number of the board as whose screen a request is made (``?screen=N``); its page names it in each."""
    found = arguments(request, "screen")
    return found[0] if len(found) == 1 and found[0].isascii() and found[0].isdecimal() and len(found[0]) <= 18 else None


def screen_cookie_name(board: str, *, secure: bool) -> str:
    """The name of the cookie of a screen that shows this board; a browser may have one for each."""
    return f"{'__Host-' if secure else ''}telltale_screen_{board}"


def screen_cookie(handler: RequestHandler, *, secure: bool) -> str | None:
    """The token of the screen as which a request is made; None where it is made as none, or its browser is none."""
    board = screen_of(handler.request)
    return None if board is None else handler.get_cookie(screen_cookie_name(board, secure=secure))


def session_cookie(handler: RequestHandler, *, secure: bool) -> str | None:
    """The login cookie of a request."""
    return handler.get_cookie(cookie_name(secure=secure))


def signed_on(request: HTTPServerRequest, header: str, trusted: Trusted) -> str | None:
    """Who asks, as a trusted proxy says in ``header``; None where none does, or that is off (``""``).

    The header of anyone else is nothing: everyone can write one. One that comes twice names no one.
    """
    if not header or not by_proxy(request, trusted):
        return None
    values = request.headers.get_list(header)
    # Tornado reads headers as latin-1, proxies write them in UTF-8
    name = values[0].strip().encode("latin-1", "replace").decode("utf-8", "replace") if len(values) == 1 else ""
    return device_id(name) or ("" if values else None)


def without_token(request: HTTPServerRequest) -> str:
    """Path and query of a request, its token left out."""
    query = [(key, value) for key, value in parse_qsl(request.query) if key != "token"]
    return request.path + (f"?{urlencode(query)}" if query else "")


def hidden_path(path: str) -> str:
    """A path without the token that senders of some ecosystems carry in it."""
    return _IN_PATH.sub(r"\1***", path)


def without_secrets(query: str) -> str:
    """A query or form as it came, passwords and tokens hidden."""
    return _SECRET.sub(r"\1***", query)


def redacted(request: HTTPServerRequest) -> str:
    """Method and address for one line of the log: tokens hidden, nothing that a terminal obeys."""
    address = _SECRET.sub(r"\1***", hidden_path(unquote(request.uri or "")))  # %74oken is a token too
    return f"{request.method} {address}".encode("unicode_escape").decode("ascii")

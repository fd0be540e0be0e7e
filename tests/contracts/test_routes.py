"""Default deny: every route has an access decision, and a handler that is in no route is found."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator

import pytest
from tornado.web import RequestHandler

from handlers.base import Access, Guard
from handlers.body_limit import Full, TooLarge
from handlers.routes import ROUTES
from handlers.sorry import NotFound
from tests.clients import refused
from tests.contracts import source
from tests.support import Server

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
HANDLERS = [handler for _, handler in ROUTES]
SOCKETS = [pattern for pattern, _ in ROUTES if pattern.startswith("/ws/")]


def a_path(pattern: str) -> str:
    """An address that the pattern matches: every group filled with a word."""
    path = re.sub(r"\([^()]*\)", "x", pattern)
    return path.rstrip("$").replace("\\.", ".").replace("/?", "/")


def defined_handlers() -> Iterator[type]:
    """Every handler class defined in handlers/, other than the bases."""
    for path in source.modules():
        if path.startswith("handlers/") and path != "handlers/base.py":
            module = importlib.import_module(source.dotted(path))
            for one in vars(module).values():
                if isinstance(one, type) and issubclass(one, RequestHandler) and one.__module__ == module.__name__:
                    yield one


@pytest.mark.parametrize(("pattern", "handler"), ROUTES, ids=[pattern for pattern, _ in ROUTES])
def test_route_has_an_access_decision(pattern: str, handler: type) -> None:
    assert issubclass(handler, Guard)
    assert isinstance(handler.access, Access)
    assert re.fullmatch(pattern, a_path(pattern)), f"no sample address for {pattern}"


def test_every_handler_is_in_a_route() -> None:
    bases = {base for handler in HANDLERS for base in handler.__mro__[1:]}
    bases |= {Full, TooLarge, NotFound}  # stand in for any route
    assert [one for one in defined_handlers() if one not in HANDLERS and one not in bases] == []


def test_no_address_is_routed_twice() -> None:
    patterns = [pattern for pattern, _ in ROUTES]
    assert len(patterns) == len(set(patterns))


def test_handler_without_a_decision_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="access"):
        type("Forgotten", (Guard, RequestHandler), {})


@pytest.fixture(scope="module")
def closed(module_server: Callable[..., Server]) -> Server:
    """A server that takes no device without a token."""
    return module_server({"devices.admission": "token"})


GUARDED = [(pattern, handler) for pattern, handler in ROUTES if handler.access is not Access.OPEN]


@pytest.mark.parametrize(("pattern", "handler"), GUARDED, ids=[pattern for pattern, _ in GUARDED])
def test_guarded_route_serves_nobody_without_a_credential(closed: Server, pattern: str, handler: type) -> None:
    for method in METHODS:
        reply = closed.request(method, a_path(pattern))
        assert reply.status in {302, 303, 401, 403, 405}, (method, reply.status, reply.body)
        if reply.status in {302, 303}:
            assert reply.headers["Location"].startswith("/login")


@pytest.mark.parametrize(("pattern", "handler"), GUARDED, ids=[pattern for pattern, _ in GUARDED])
def test_guarded_route_takes_no_made_up_token(closed: Server, pattern: str, handler: type) -> None:
    for token in ("x", "0" * 43, "null"):
        reply = closed.request("GET", a_path(pattern), token=token)
        assert reply.status in {401, 403, 405}, (token, reply.status, reply.body)


@pytest.mark.parametrize("pattern", SOCKETS)
def test_socket_refuses_before_the_upgrade(closed: Server, pattern: str) -> None:
    assert refused(closed.ws_url + pattern).status == 401
    assert refused(closed.ws_url + pattern, token="x").status == 401
    assert refused(closed.ws_url + pattern, origin="http://evil.example").status == 403
    upgrade = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "x" * 24,
    }
    assert closed.request("GET", pattern, headers={"Host": "evil.example", **upgrade}).status == 421


def test_credentials_of_one_kind_do_not_open_the_other(closed: Server) -> None:
    """A device's token reads nothing, a viewer's token writes nothing."""
    device, viewer = closed.device_token("boiler"), closed.api_token("viewer")
    for pattern, handler in GUARDED:
        if handler.access is not Access.DEVICE:
            assert closed.request("GET", a_path(pattern), token=device).status in {401, 403, 405}, pattern
    assert closed.request("POST", "/api/ingest", json_body={"t": 1}, token=viewer).status in {401, 403}
    assert refused(f"{closed.ws_url}/ws/device", token=viewer).status in {401, 403}


def test_operator_routes_refuse_a_viewer(closed: Server) -> None:
    viewer = closed.api_token("viewer")
    for pattern, handler in ROUTES:
        if handler.access in {Access.OPERATOR, Access.ADMIN}:
            for method in ("GET", "POST"):
                assert closed.request(method, a_path(pattern), token=viewer).status in {403, 405}, pattern
        elif handler.write_access in {Access.OPERATOR, Access.ADMIN}:
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                assert closed.request(method, a_path(pattern), token=viewer).status in {403, 405}, pattern


def test_unsafe_method_from_a_foreign_page_is_refused(closed: Server) -> None:
    """Also with a good token: a browser may hold one."""
    token = closed.api_token("admin")
    for pattern, _ in ROUTES:
        reply = closed.request(
            "POST", a_path(pattern), json_body={}, token=token, headers={"Origin": "http://evil.example"}
        )
        assert reply.status in {403, 405}, (pattern, reply.status)

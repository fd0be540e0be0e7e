"""Default deny for limited credentials: a route that does not say that it keeps to a scope is closed to them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tornado.web import RequestHandler

from handlers.base import READ, Access, Guard
from handlers.routes import ROUTES
from tests.contracts.test_routes import GUARDED, METHODS, a_path
from tests.support import Server

REACHED = {
    "/api/latest": READ,
    "/api/history": READ,
    "/api/series": READ,
    "/api/devices": READ,
    "/api/export.csv": READ,
    "/api/export.ndjson": READ,
    "/api/stream": READ,
    "/api/poll": READ,
    "/ws/live": READ,
    "/api/annotations": READ | {"POST"},
    "/api/annotations.csv": READ,
    "/api/annotations.ndjson": READ,
    "/api/import": {"POST"},
    "/api/boards": READ,
    "/api/boards/x": READ,
    "/api/images/x": READ,
    "/api/build": READ,
    "/api/openapi.json": READ,
    "/boards/x": READ,
}
"""Every route that a limited credential reaches, and how. Each has a test of what it gives there."""
FOR_PEOPLE = [(pattern, handler) for pattern, handler in GUARDED if handler.access is not Access.DEVICE]


def test_the_routes_say_what_the_table_says() -> None:
    said = {a_path(pattern): handler.scoped for pattern, handler in ROUTES if handler.scoped}
    assert said == REACHED


def test_a_route_says_nothing_unless_it_does() -> None:
    assert type("Silent", (Guard, RequestHandler), {"access": Access.VIEWER}).scoped == frozenset()


@pytest.fixture(scope="module")
def limited(module_server: Callable[..., Server]) -> tuple[Server, str, str]:
    """A server, and the tokens of an admin who reaches some series, to write and only to read."""
    one = module_server({"devices.admission": "token"})
    add = "token", "add"
    reach = "--role", "admin", "--series", "boiler/*"
    return one, one.cli_json(*add, "writes", *reach, "--write")["token"], one.cli_json(*add, "reads", *reach)["token"]


@pytest.mark.parametrize(("pattern", "handler"), FOR_PEOPLE, ids=[pattern for pattern, _ in FOR_PEOPLE])
def test_every_other_way_is_closed(limited: tuple[Server, str, str], pattern: str, handler: type) -> None:
    server, writes, reads = limited
    path = a_path(pattern)
    for method in METHODS:
        open_to_it = method in REACHED.get(path, ())
        for token, may in ((writes, open_to_it), (reads, open_to_it and method in READ)):
            if may:
                continue
            reply = server.request(method, path, token=token)
            assert reply.status in {403, 405}, (method, path, reply.status, reply.body)

"""The OpenAPI document: valid, and in step with the routes."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from openapi_spec_validator import validate

from handlers.base import Access
from handlers.openapi import DEVICE, document
from handlers.routes import ROUTES
from tests.support import Server

PAGES = {
    "/",
    "/system",
    "/people",
    "/password",
    "/audit",
    "/account",
    "/boards",
    "/boards/(?P<number>[^/]+)",
    "/data",
    "/devices",
    "/devices/(?P<device>.+)",
    "/devices/(?P<device>.+)/messages",
    "/explore",
    "/frames",
    "/login",
    "/logout",
    "/series",
    "/setup",
    "/static/(.*)",
    "/tokens",
    "/static/pack/(.*)",
}
"""For people with a browser: not part of the API."""
API = {
    re.sub(r"\(\?P<(\w+)>[^()]*\)", r"{\1}", path).replace("\\", ""): handler
    for path, handler in ROUTES
    if path not in PAGES
}
METHODS = ("get", "post", "put", "patch", "delete")


def test_document_is_valid_openapi() -> None:
    validate(document())


def test_every_route_of_the_api_is_described() -> None:
    assert set(document()["paths"]) == set(API)


@pytest.mark.parametrize("path", API)
def test_operations_are_those_of_the_handler(path: str) -> None:
    handler = API[path]
    unsupported = handler.__mro__[-2]._unimplemented_method
    has = {method for method in METHODS if getattr(handler, method) is not unsupported}
    assert set(document()["paths"][path]) - {"parameters"} == has


@pytest.mark.parametrize("path", API)
def test_security_is_that_of_the_handler(path: str) -> None:
    for method, operation in document()["paths"][path].items():
        if method == "parameters":
            continue
        expected = {Access.OPEN: [], Access.DEVICE: DEVICE}.get(API[path].access)
        assert operation.get("security") == expected


def test_document_is_served_to_viewers(server: Callable[..., Server]) -> None:
    one = server()
    assert one.get("/api/openapi.json", one.api_token("viewer")) == document()
    assert one.request("GET", "/api/openapi.json").status == 401

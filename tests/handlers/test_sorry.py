"""What a browser is shown where there is no page, or none for this role; programs get the one shape of errors."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.handlers.test_login import cookie_of, post
from tests.support import Server

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "de"}
PASSWORD = "a long enough password"


@pytest.fixture(scope="module")
def running(module_server: Callable[..., Server]) -> Server:
    return module_server()


@pytest.fixture(scope="module")
def viewer(running: Server) -> dict[str, str]:
    running.cli("user", "add", "looker", "--role", "viewer", stdin=f"{PASSWORD}\n")
    return {"Cookie": cookie_of(post(running, "/login", name="looker", password=PASSWORD))}


def test_a_person_is_told_in_his_language_that_there_is_no_such_page(running: Server) -> None:
    reply = running.request("GET", "/nothing/<b>here</b>", headers=BROWSER)
    assert (reply.status, reply.headers["Content-Type"]) == (404, "text/html; charset=UTF-8")
    assert "Diese Seite gibt es nicht." in reply.text
    assert '<a href="/">' in reply.text
    assert "here" not in reply.text
    assert "nonce" in reply.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/people", "/data", "/devices"])
def test_a_person_is_told_that_a_page_is_for_another_role(running: Server, viewer: dict[str, str], path: str) -> None:
    reply = running.request("GET", path, headers=BROWSER | viewer)
    assert reply.status == 403
    assert "Diese Seite ist nicht für Sie." in reply.text


def test_programs_get_the_one_shape_of_errors(running: Server, viewer: dict[str, str]) -> None:
    token = running.api_token()
    for path, options, status in (
        ("/nothing", {}, 404),
        ("/nothing", {"headers": BROWSER, "token": token}, 404),
        ("/people", {"headers": BROWSER, "token": token}, 403),
        ("/people", {"headers": viewer}, 403),
        ("/api/nothing", {"headers": viewer}, 404),
    ):
        reply = running.request("GET", path, **options)
        assert reply.status == status
        assert reply.error["code"]
    assert running.request("POST", "/nothing", headers=BROWSER | {"Origin": running.url}).error["code"] == "not_found"


def test_a_wrong_method_is_told_the_right_ones(running: Server) -> None:
    token = running.api_token("admin")
    for method in ("DELETE", "PROPFIND"):
        reply = running.request(method, "/api/annotations", token=token)
        assert (reply.status, reply.error["code"]) == (405, "method_not_allowed")
        if method == "DELETE":
            assert reply.headers["Allow"] == "GET, POST"

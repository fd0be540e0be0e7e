"""What is no page is never HTML: a browser that is led to an answer of the API shows text, and runs nothing."""

from __future__ import annotations

import http.client
from collections.abc import Callable

import pytest

from handlers.routes import ROUTES
from tests.contracts.test_routes import a_path
from tests.security.matrix import MATRIX
from tests.support import SCALE, Server

HTML_PAGES = {"/login", "/setup", "/password"}
"""Pages in front of the login; those behind it say so by their class."""


def kinds(server: Server, method: str, path: str, token: str | None, accept: str) -> tuple[int, str, str]:
    """Status, Content-Type, and X-Content-Type-Options of an answer, which may have no end."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30 * SCALE)
    try:
        headers = {"Accept": accept} | ({} if token is None else {"Authorization": f"Bearer {token}"})
        connection.request(method, path, b"{}" if method != "GET" else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers.get_content_type(), answer.headers.get("X-Content-Type-Options", "")
    finally:
        connection.close()


@pytest.fixture(scope="module")
def running(module_server: Callable[..., Server]) -> Server:
    return module_server({"devices.admission": "token"})


@pytest.mark.parametrize("accept", ["text/html", "*/*", "application/json"])
def test_only_pages_are_html(running: Server, accept: str) -> None:
    """Every route by its methods, with and without a credential, also where it refuses."""
    admin, device = running.api_token("admin"), running.device_token(f"d {len(accept)}")
    html: set[str] = set()
    for pattern, _ in ROUTES:
        for method in MATRIX.get(pattern, {}):
            for token in (None, admin, device, "x"):
                if method == "HEAD":
                    continue
                status, kind, sniff = kinds(running, method, a_path(pattern), token, accept)
                assert sniff == "nosniff", (method, pattern, status)
                if status >= 400 and pattern not in HTML_PAGES:
                    assert kind == "application/json", (method, pattern, status, kind)
                elif kind == "text/html" and status not in (204, 302, 303):
                    html.add(pattern)
    pages = {pattern for pattern, handler in ROUTES if getattr(handler, "page", False)}
    assert html <= pages | HTML_PAGES


def test_values_that_look_like_markup_are_escaped_text_in_json(running: Server) -> None:
    token = running.device_token("<script>alert(1)</script>")
    body = {"<img src=x onerror=alert(1)>": "<script>alert(2)</script>"}
    assert running.request("POST", "/api/ingest", json_body=body, token=token).status == 200
    viewer = running.api_token("viewer")
    for path in ("/api/latest", "/api/devices", "/api/series", "/api/history?series=*&from=-1h&to=now"):
        reply = running.request("GET", path, token=viewer, headers={"Accept": "text/html"})
        assert reply.status == 200
        assert reply.headers["Content-Type"].startswith("application/json"), path
        assert reply.headers["X-Content-Type-Options"] == "nosniff"

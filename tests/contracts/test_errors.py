"""One JSON error shape over all routes, with the headers that every answer has."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from handlers.routes import ROUTES
from tests.clients import Reply
from tests.contracts.test_routes import METHODS, a_path
from tests.support import Server


@pytest.fixture(scope="module")
def running(module_server: Callable[..., Server]) -> Server:
    return module_server({"storage.commit_interval": "0", "server.max_body": "1 KiB"})


@pytest.fixture(scope="module")
def viewer(running: Server) -> str:
    return running.api_token("viewer")


@pytest.fixture(scope="module")
def device(running: Server) -> str:
    return running.device_token("boiler")


def check(reply: Reply, status: int, code: str | None = None) -> None:
    """The status, the one shape, and headers that keep a browser from taking it for anything else."""
    assert reply.status == status, (reply.status, reply.body)
    error = reply.error
    assert set(error) <= {"code", "message", "at", "retry_after"}
    assert isinstance(error["code"], str)
    assert isinstance(error["message"], str)
    assert error["message"]
    if code is not None:
        assert error["code"] == code
    check_headers(reply)
    assert reply.headers["Content-Type"].startswith("application/json")


def check_headers(reply: Reply) -> None:
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"]
    assert "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in reply.headers["Content-Security-Policy"]
    assert "unsafe-eval" not in reply.headers["Content-Security-Policy"]


@pytest.mark.parametrize("pattern", [pattern for pattern, _ in ROUTES])
def test_every_answer_of_every_route_is_well_formed(running: Server, pattern: str) -> None:
    """Without a credential, by every method: refusals have the one shape, all answers have the headers."""
    for method in METHODS:
        reply = running.request(method, a_path(pattern))
        check_headers(reply)
        if reply.status >= 400 and method != "HEAD":
            check(reply, reply.status)


@pytest.mark.parametrize("path", ["/nothing", "/api/nothing", "/static/nothing.js", "/api/latest/x"])
def test_unknown_address_is_404(running: Server, viewer: str, path: str) -> None:
    check(running.request("GET", path, token=viewer), 404)


def test_wrong_method_is_405(running: Server, viewer: str) -> None:
    check(running.request("DELETE", "/api/latest", token=viewer), 405)


def test_missing_credential_is_401(running: Server) -> None:
    check(running.request("GET", "/api/latest"), 401)


def test_foreign_host_is_421(running: Server, viewer: str) -> None:
    check(running.request("GET", "/api/latest", token=viewer, headers={"Host": "evil.example"}), 421)
    check(running.request("GET", "/nothing", headers={"Host": "evil.example"}), 421)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "bad_message"),
        (b"\xff", "bad_message"),
        (b'{"t": NaN}', "bad_value"),
        (b'{"t": 1e999}', "bad_value"),
        (b'{"ts": 1, "values": {"t": 1}}', "bad_time"),
    ],
)
def test_bad_readings_are_400_with_their_code(running: Server, device: str, body: bytes, code: str) -> None:
    headers = {"Content-Type": "application/json"}
    check(running.request("POST", "/api/ingest", body=body, token=device, headers=headers), 400, code)


def test_body_above_the_limit_is_413(running: Server, device: str) -> None:
    body = b'{"t": "' + b"x" * 2000 + b'"}'
    headers = {"Content-Type": "application/json"}
    check(running.request("POST", "/api/ingest", body=body, token=device, headers=headers), 413, "too_large")


def test_body_of_an_unknown_type_is_415(running: Server, device: str) -> None:
    headers = {"Content-Type": "text/csv"}
    check(running.request("POST", "/api/ingest", body=b"t,1", token=device, headers=headers), 415)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?series=a/b&from=yesterday-ish",
        "?series=a/b&points=0",
        "?series=a/b&points=-1",
        "?series=a/b&points=many",
        "?series=a/b&from=now&to=-1h",
    ],
)
def test_bad_history_query_is_400(running: Server, viewer: str, query: str) -> None:
    check(running.request("GET", f"/api/history{query}", token=viewer), 400)


@pytest.mark.parametrize("query", ["series=*&wait=61", "series=*&wait=-1", "series=*&epoch=x&seq=y"])
def test_bad_poll_query_is_400(running: Server, viewer: str, query: str) -> None:
    check(running.request("GET", f"/api/poll?{query}", token=viewer), 400)

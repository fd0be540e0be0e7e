"""The security headers are on every answer, of every status."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.clients import Reply
from tests.support import Server

POLICY = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "connect-src": "'self'",
}


def headers_of(reply: Reply) -> list[str]:
    """What is wrong with the headers of an answer."""
    policy = dict(
        one.strip().partition(" ")[::2] for one in reply.headers.get("Content-Security-Policy", "").split(";") if one
    )
    wrong = [f"{name} {policy.get(name)}" for name, value in POLICY.items() if policy.get(name) != value]
    scripts = {name: policy.get(name, "") for name in ("script-src", "style-src")}
    nonce = re.compile(r"'self' 'nonce-[\w-]{16,}'")
    wrong += [f"{name} {value}" for name, value in scripts.items() if not nonce.fullmatch(value)]
    for name, value in {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }.items():
        if reply.headers.get(name) != value:
            wrong.append(f"{name}: {reply.headers.get(name)}")
    if "Server" in reply.headers:
        wrong.append("Server")
    if "Access-Control-Allow-Origin" in reply.headers:
        wrong.append("Access-Control-Allow-Origin")
    return wrong


def test_every_status_has_every_header(server: Callable[..., Server]) -> None:
    one = server({"server.max_body": "1 KiB"})
    viewer = one.api_token("viewer")
    replies = [
        one.request("GET", "/login"),
        one.request("GET", "/static/icon.svg"),
        one.request("GET", "/api/latest", token=viewer),
        one.request("HEAD", "/static/icon.svg"),
        one.request("GET", "/", headers={"Accept": "text/html"}),
        one.request("GET", "/api/history?from=x", token=viewer),
        one.request("GET", "/api/latest"),
        one.request("GET", "/data", token=viewer),
        one.request("GET", "/nothing"),
        one.request("GET", "/static/%00"),
        one.request("DELETE", "/api/latest", token=viewer),
        one.request("POST", "/api/ingest", body=b"x" * 5000, token=one.device_token("d")),
        one.request("GET", "/", headers={"Host": "evil.example"}),
        one.request("POST", "/login", body="name=a", headers={"Origin": "http://evil.example"}),
    ]
    assert {reply.status for reply in replies} >= {200, 302, 400, 401, 403, 404, 405, 413, 421}
    found = {(reply.status, number): headers_of(reply) for number, reply in enumerate(replies)}
    # A name that is not this machine's own has no secure context, and browsers would log the header as an error
    found[421, 12] = [one for one in found[421, 12] if not one.startswith("Cross-Origin-Opener-Policy")]
    assert {key: wrong for key, wrong in found.items() if wrong} == {}


def test_a_failure_of_the_server_has_them_too(server: Callable[..., Server]) -> None:
    """500: the log has the reason, the answer has none of it."""
    one = server()
    viewer = one.api_token("viewer")
    one.expect_log(r"failed|Traceback|Error")
    for path in ("/api/history?series=" + "%F0%9F", "/api/latest?series=%ff", "/api/poll?wait=1e999"):
        reply = one.request("GET", path, token=viewer)
        assert headers_of(reply) == [], (path, reply.status)
        assert "Traceback" not in reply.text

"""A server behind a proxy: whom it takes for its client, and what it makes of the scheme."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from tests.support import Server

PASSWORD = "correct horse battery"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HTTPS = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "home.example"}
BEHIND = {"server.trusted_proxies": "127.0.0.1, 10.0.0.0/8", "server.allowed_hosts": "home.example"}


def with_user(one: Server) -> Server:
    one.cli("user", "add", "me", "--role", "admin", stdin=f"{PASSWORD}\n")
    return one


def log_in(one: Server, **headers: str) -> str:
    """The cookie header of a login, or an empty text."""
    form = urlencode({"name": "me", "password": PASSWORD})
    sent = FORM | {name.replace("_", "-"): value for name, value in headers.items()}
    return one.request("POST", "/login", body=form, headers=sent).headers.get("Set-Cookie") or ""


def pending(one: Server, **headers: str) -> str:
    """The address that operators see for a device that knocks."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    reply = one.request("POST", "/api/ingest?device=new", json_body={"t": 1}, headers=sent)
    assert reply.status == 401
    (found,) = [one for one in one.get("/api/devices", one.api_token("operator"))["devices"] if one["device"] == "new"]
    return str(found["address"])


def test_behind_a_listed_proxy_the_client_is_who_it_says(server: Callable[..., Server]) -> None:
    one = server(BEHIND)
    assert pending(one, X_Forwarded_For="198.51.100.1, 203.0.113.7, 10.1.2.3") == "203.0.113.7"


def test_from_anyone_else_the_headers_are_only_words(server: Callable[..., Server]) -> None:
    one = with_user(server({"server.trusted_proxies": "127.0.0.9", "server.allowed_hosts": "home.example"}))
    assert pending(one, X_Forwarded_For="203.0.113.7") == "127.0.0.1"
    cookie = log_in(one, **HTTPS)
    assert cookie.startswith("telltale_session=")
    assert "secure" not in cookie.lower()
    assert (
        one.request("GET", "/healthz", headers={"Host": "evil.example", "X-Forwarded-Host": "localhost"}).status == 421
    )
    assert (
        one.request("GET", "/healthz", headers={"Host": "localhost", "X-Forwarded-Host": "evil.example"}).status == 200
    )


def test_https_that_a_proxy_speaks_binds_cookie_and_browser_as_our_own_would(server: Callable[..., Server]) -> None:
    one = with_user(server(BEHIND))
    assert log_in(one, Origin="http://home.example", **HTTPS) == ""  # another origin than the one that is forwarded
    cookie = log_in(one, Origin="https://home.example", **HTTPS)
    assert cookie.startswith("__Host-telltale_session=")
    assert "secure" in cookie.lower()
    session = {"Cookie": cookie.partition(";")[0]}
    assert one.request("GET", "/api/devices", headers=HTTPS | session).status == 200
    assert one.request("GET", "/api/devices", headers=session).status == 401  # the same cookie, in the open
    reply = one.request("GET", "/healthz", headers=HTTPS)
    assert reply.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert reply.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in one.request("GET", "/healthz").headers


def test_the_host_that_a_proxy_forwards_must_be_ours_too(server: Callable[..., Server]) -> None:
    one = server(BEHIND)
    headers = HTTPS | {"X-Forwarded-Host": "evil.example", "Host": "127.0.0.1"}
    assert one.request("GET", "/healthz", headers=headers).status == 421
    for broken in ("a b", "home.example, evil.example", "[::1", "home.example:x"):
        reply = one.request("GET", "/healthz", headers={"X-Forwarded-Host": broken})
        assert reply.status in (400, 421), broken


def test_requests_of_two_clients_on_one_connection_of_the_proxy_stay_apart(server: Callable[..., Server]) -> None:
    """A proxy keeps its connections, and sends on each what comes next."""
    one = server(BEHIND | {"devices.admission": "approve"})
    token = one.api_token("operator")
    connection = http.client.HTTPConnection("127.0.0.1", one.port)
    for device, address in (("a", "203.0.113.1"), ("b", "203.0.113.2"), ("c", None)):
        headers = {} if address is None else {"X-Forwarded-For": address, "X-Forwarded-Proto": "https"}
        connection.request("POST", f"/api/ingest?device={device}", json.dumps({"t": 1}), headers)
        connection.getresponse().read()
    connection.close()
    found = {one["device"]: one["address"] for one in one.get("/api/devices", token)["devices"]}
    assert found == {"a": "203.0.113.1", "b": "203.0.113.2", "c": "127.0.0.1"}


@pytest.mark.parametrize("path", ["/ws/live", "/ws/device"])
def test_sockets_come_by_the_proxy_too(server: Callable[..., Server], path: str) -> None:
    one = server(BEHIND)
    token = one.api_token() if path == "/ws/live" else one.device_token("boiler")
    opened = one.live if path == "/ws/live" else one.device
    socket = opened(token, headers=HTTPS, origin="https://home.example")
    assert socket.connection.response is not None
    assert socket.connection.response.status_code == 101

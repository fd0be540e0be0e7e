"""Names this server answers to, and origins that may use it."""

from __future__ import annotations

import socket

import pytest
from tornado.httputil import HTTPHeaders, HTTPInputError, HTTPServerRequest, RequestStartLine

from handlers.places import known_host, known_origin, trustworthy


def request(*headers: tuple[str, str], host: str | None = "10.0.0.5:8080", protocol: str = "http") -> HTTPServerRequest:
    sent = HTTPHeaders()
    if host is not None:
        sent.add("Host", host)
    for name, value in headers:
        sent.add(name, value)
    made = HTTPServerRequest(start_line=RequestStartLine("GET", "/", "HTTP/1.0"), headers=sent)
    made.protocol = protocol
    return made


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.0.0.5:8080",
        "[::1]",
        "[fe80::1]:8080",
        "localhost",
        "LOCALHOST:80",
        "localhost.",
        "x.localhost:1",
        "raspberrypi.local",
        "Pi.Local:8080",
        socket.gethostname(),
        "listed.example:8080",
    ],
)
def test_addresses_local_names_and_listed_names_are_this_server(host: str) -> None:
    assert known_host(request(host=host), ("listed.example",))


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",
        "notlisted.example",
        "x.listed.example",
        "local",
        "localhost.evil.example",
        "10.0.0.5.evil.example",
        "localhost:80:80",
        "localhost:x",
        "",
        ":80",
        "[::1",
        "*",
    ],
)
def test_any_other_name_is_not(host: str) -> None:
    """A page on a hostile site may have pointed it here."""
    assert not known_host(request(host=host), ("listed.example",))


def test_no_host_and_two_hosts_are_none() -> None:
    assert not known_host(request(host=None), ())
    with pytest.raises(HTTPInputError):
        request(("Host", "localhost"), host="localhost")


@pytest.mark.parametrize(
    ("host", "protocol", "origin"),
    [
        ("10.0.0.5:8080", "http", "http://10.0.0.5:8080"),
        ("pi.local", "http", "http://pi.local"),
        ("pi.local:80", "http", "http://pi.local"),
        ("Pi.Local", "https", "https://pi.local:443"),
        ("pi.local", "http", "https://home.example"),
        ("pi.local", "http", "file://"),
    ],
)
def test_own_and_listed_origins_may(host: str, protocol: str, origin: str) -> None:
    allowed = ("https://home.example:443", "file://")
    assert known_origin(request(("Origin", origin), host=host, protocol=protocol), allowed)


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://10.0.0.5",
        "http://10.0.0.5:8081",
        "https://10.0.0.5:8080",
        "http://10.0.0.5:8080.evil.example",
        "http://10.0.0.5:8080/",
        "null",
        "",
        "file://",
        "http://10.0.0.5:8080, http://evil.example",
        "http://10.0.0.5:8080 http://evil.example",
    ],
)
def test_other_origins_may_not(origin: str) -> None:
    """Other names, sibling ports, another scheme, ``null``, lists."""
    assert not known_origin(request(("Origin", origin)), ("https://home.example:443",))


def test_two_origins_may_not() -> None:
    own = ("Origin", "http://10.0.0.5:8080")
    assert known_origin(request(own), ())
    assert not known_origin(request(own, own), ())


@pytest.mark.parametrize(
    ("site", "fine"), [("none", True), ("same-origin", True), ("same-site", False), ("cross-site", False)]
)
def test_without_an_origin_the_browsers_own_word_counts(site: str, fine: bool) -> None:
    assert known_origin(request(("Sec-Fetch-Site", site)), ()) == fine


def test_programs_send_no_origin() -> None:
    assert known_origin(request(), ())


@pytest.mark.parametrize(
    ("name", "trusted"),
    [("localhost", True), ("127.0.0.1", True), ("[::1]", True), ("pi.local", False), ("192.168.1.5", False)],
)
def test_browsers_trust_plain_http_to_the_machine_itself_only(name: str, *, trusted: bool) -> None:
    assert trustworthy(name) is trusted

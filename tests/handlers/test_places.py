"""Names this server answers to, and origins that may use it."""

from __future__ import annotations

import socket
from ipaddress import ip_network
from types import SimpleNamespace

import pytest
from tornado.httputil import HTTPHeaders, HTTPInputError, HTTPServerRequest, RequestStartLine

from handlers.places import by_proxy, forwarded, known_host, known_origin, strict, trustworthy


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


PROXIES = (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "headers", "seen"),
    [
        ("192.0.2.1", {}, ("192.0.2.1", "http", "pi.local")),
        ("192.0.2.1", {"X-Forwarded-For": "203.0.113.7"}, ("192.0.2.1", "http", "pi.local")),
        ("192.0.2.1", {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "e"}, ("192.0.2.1", "http", "pi.local")),
        ("127.0.0.1", {}, ("127.0.0.1", "http", "pi.local")),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.7"}, ("203.0.113.7", "http", "pi.local")),
        ("127.0.0.1", {"X-Forwarded-For": "1.1.1.1, 203.0.113.7"}, ("203.0.113.7", "http", "pi.local")),
        ("127.0.0.1", {"X-Forwarded-For": "1.1.1.1, 203.0.113.7, 10.0.0.2"}, ("203.0.113.7", "http", "pi.local")),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.3, 10.0.0.2"}, ("10.0.0.3", "http", "pi.local")),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.7:4711"}, ("203.0.113.7", "http", "pi.local")),
        ("127.0.0.1", {"X-Forwarded-For": "[2001:db8::7]:4711"}, ("2001:db8::7", "http", "pi.local")),
        ("::ffff:127.0.0.1", {"X-Forwarded-For": "2001:db8::7"}, ("2001:db8::7", "http", "pi.local")),
        ("fd00::1", {"X-Forwarded-For": "203.0.113.7"}, ("203.0.113.7", "http", "pi.local")),
        ("127.0.0.1", {"X-Forwarded-For": "1.1.1.1, unknown"}, ("127.0.0.1", "http", "pi.local")),
        ("127.0.0.1", {"X-Forwarded-For": "1.1.1.1, unknown, 10.0.0.2"}, ("10.0.0.2", "http", "pi.local")),
        ("127.0.0.1", {"X-Forwarded-For": ""}, ("127.0.0.1", "http", "pi.local")),
        ("127.0.0.1", {"X-Forwarded-Proto": "HTTPS"}, ("127.0.0.1", "https", "pi.local")),
        ("127.0.0.1", {"X-Forwarded-Proto": "gopher"}, ("127.0.0.1", "http", "pi.local")),
        ("127.0.0.1", {"X-Forwarded-Proto": "https, http"}, ("127.0.0.1", "http", "pi.local")),
        (
            "127.0.0.1",
            {"X-Forwarded-For": "203.0.113.7, 10.0.0.2", "X-Forwarded-Proto": "https, http"},
            ("203.0.113.7", "https", "pi.local"),
        ),
        ("127.0.0.1", {"X-Forwarded-Host": "home.example:8443"}, ("127.0.0.1", "http", "home.example:8443")),
        ("127.0.0.1", {"X-Forwarded-Host": "evil.example, home.example"}, ("127.0.0.1", "http", "home.example")),
    ],
)  # fmt: skip
def test_only_trusted_proxies_speak_for_others(peer: str, headers: dict[str, str], seen: tuple[str, str, str]) -> None:
    """What a client wrote to the left of them, or without them, is not believed."""
    assert forwarded(HTTPHeaders({"Host": "pi.local"} | headers), peer, "http", PROXIES) == seen


def test_a_header_on_several_lines_is_one_list() -> None:
    headers = HTTPHeaders()
    for value in ("1.1.1.1", "203.0.113.7", "10.0.0.2"):
        headers.add("X-Forwarded-For", value)
    assert forwarded(headers, "127.0.0.1", "https", PROXIES) == ("203.0.113.7", "https", None)


def test_the_proxy_itself_is_known_by_the_connection_alone() -> None:
    """Whoever it speaks for: what is to be believed of it goes by its own address."""
    made = request(("X-Forwarded-For", "127.0.0.1"))
    assert not by_proxy(made, PROXIES)
    made.connection = SimpleNamespace(context=SimpleNamespace(address=("127.0.0.1", 4711)))
    made.remote_ip = "203.0.113.7"
    assert by_proxy(made, PROXIES)
    assert not by_proxy(made, ())
    made.connection = SimpleNamespace(context=SimpleNamespace(address="/run/a.sock"))
    assert not by_proxy(made, PROXIES)


@pytest.mark.parametrize("name", ["home.example", "x.y.co.uk", "telltale.dynv6.net"])
def test_public_names_are_bound_to_https(name: str) -> None:
    assert strict(name, "auto")
    assert strict(name, "on")
    assert not strict(name, "off")


@pytest.mark.parametrize("name", ["pi.local", "pi", "localhost", "10.0.0.5", "[fd00::1]", "pi.lan", "a.home.arpa"])
def test_names_of_the_local_network_are_not_unless_told(name: str) -> None:
    """HSTS holds for every port of a name: another server of the same machine may speak http only."""
    assert not strict(name, "auto")
    assert strict(name, "on")

"""The dashboard page and the static files of a real server, as a browser gets them."""

from __future__ import annotations

import gzip
import http.client
import re
from collections.abc import Callable
from urllib.parse import quote

import pytest

from handlers.rendering import STATIC, asset
from tests.clients import Reply
from tests.support import Server

HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def running(module_server: Callable[..., Server]) -> Server:
    return module_server()


@pytest.fixture(scope="module")
def viewer(running: Server) -> str:
    return running.api_token("viewer", name='kiosk <b>"x"</b>')


def page(server: Server, token: str) -> Reply:
    reply = server.request("GET", "/", token=token, headers=HTML)
    assert reply.status == 200
    return reply


def nonce(reply: Reply) -> str:
    """The one nonce of the page's policy."""
    (found,) = set(re.findall(r"'nonce-([^']+)'", reply.headers["Content-Security-Policy"]))
    return str(found)


def test_policy_lets_in_what_carries_this_page_s_nonce(running: Server, viewer: str) -> None:
    """Every script of the page does, and no other page has the same."""
    first, second = page(running, viewer), page(running, viewer)
    assert nonce(first) != nonce(second)
    assert len(nonce(first)) >= 16
    scripts = re.findall(r"<script\b[^>]*>", first.text)
    assert scripts
    assert all(f'nonce="{nonce(first)}"' in script for script in scripts)
    assert nonce(second) not in first.text
    policy = first.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_page_has_nothing_that_the_policy_would_stop(running: Server, viewer: str) -> None:
    """No handlers or styles in attributes, nothing from elsewhere."""
    text = page(running, viewer).text
    assert not re.search(r"<[^>]+\s(?:on\w+|style)=", text)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)


def test_page_is_not_kept_and_is_html(running: Server, viewer: str) -> None:
    reply = page(running, viewer)
    assert reply.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert reply.headers["Cache-Control"] == "no-store"


def test_everything_the_page_loads_is_there_and_kept_for_ever(running: Server, viewer: str) -> None:
    addresses = set(re.findall(r"""["'](/static/[^"']+)["']""", page(running, viewer).text))
    assert len(addresses) > 5
    for address in sorted(addresses):
        reply = running.request("GET", address)
        assert reply.status == 200, address
        assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        if re.search(r"\.js\b", address):
            assert "javascript" in reply.headers["Content-Type"]
        if re.search(r"\.css\b", address):
            assert reply.headers["Content-Type"].startswith("text/css")


def test_name_of_who_looks_is_escaped(running: Server, viewer: str) -> None:
    text = page(running, viewer).text
    assert "kiosk <b>" not in text
    assert "kiosk &lt;b&gt;" in text


def test_data_page_is_for_operators(running: Server, viewer: str) -> None:
    """As well built as the dashboard; others are refused, or sent to the login."""
    reply = running.request("GET", "/data", token=running.api_token("operator", name="<i>op</i>"), headers=HTML)
    assert reply.status == 200
    assert "&lt;i&gt;op" in reply.text
    scripts = re.findall(r"<script\b[^>]*>", reply.text)
    assert scripts
    assert all(f'nonce="{nonce(reply)}"' in script for script in scripts)
    assert not re.search(r"<[^>]+\s(?:on\w+|style)=", reply.text)
    for address in set(re.findall(r"""["'](/static/[^"']+)["']""", reply.text)):
        assert running.request("GET", address).status == 200, address
    assert running.request("GET", "/data", token=viewer, headers=HTML).status == 403
    assert running.request("GET", "/data", headers=HTML).headers["Location"] == "/login?next=%2Fdata"


def test_explore_page_is_for_everyone_who_may_look(running: Server, viewer: str) -> None:
    """Its address is what it shows: a login leads back to all of it."""
    reply = running.request("GET", "/explore?s=a%2Fb&view=heat", token=viewer, headers=HTML)
    assert reply.status == 200
    assert "<tt-explore" in reply.text
    assert all(f'nonce="{nonce(reply)}"' in script for script in re.findall(r"<script\b[^>]*>", reply.text))
    for address in set(re.findall(r"""["'](/static/[^"']+)["']""", reply.text)):
        assert running.request("GET", address).status == 200, address
    asked = running.request("GET", "/explore?s=a%2Fb&view=heat", headers=HTML)
    assert asked.headers["Location"] == "/login?next=%2Fexplore%3Fs%3Da%252Fb%26view%3Dheat"


def test_device_and_series_pages_are_for_everyone_who_may_look_messages_for_operators(
    running: Server, viewer: str
) -> None:
    """Names are escaped and are what the page follows; an id that none can have is not there."""
    name = quote('a b/"7"', safe="")
    device = running.request("GET", f"/devices/{name}", token=viewer, headers=HTML)
    assert device.status == 200
    assert 'data-device="a b/&#34;7&#34;"' in device.text
    assert "<tt-device-page" in device.text
    series = running.request("GET", "/series?name=d/t&with=%3Cb%3E/u", token=viewer, headers=HTML)
    assert series.status == 200
    assert "[&#34;d/t&#34;, &#34;\\u003cb\\u003e/u&#34;]" in series.text
    assert running.request("GET", "/series", token=viewer, headers=HTML).status == 200
    assert running.request("GET", "/devices/%07", token=viewer, headers=HTML).status == 404
    assert running.request("GET", "/devices/d/messages", token=viewer, headers=HTML).status == 403
    operator = running.api_token("operator")
    messages = running.request("GET", "/devices/d/messages", token=operator, headers=HTML)
    assert "<tt-frames" in messages.text


def test_operators_are_told_apart(running: Server, viewer: str) -> None:
    assert 'data-operator="false"' in page(running, viewer).text
    assert 'data-operator="true"' in page(running, running.api_token("operator")).text


def test_who_is_not_logged_in_is_sent_to_the_login(running: Server) -> None:
    reply = running.request("GET", "/?range=-6h", headers=HTML)
    assert reply.status in (302, 303)
    assert reply.headers["Location"] == "/login?next=%2F%3Frange%3D-6h"
    assert running.request("GET", "/").status == 401
    assert running.request("GET", "/", token="wrong", headers=HTML).status == 401


# static files


@pytest.mark.parametrize("query", ["", "?v=", "?v=x", "?v=../../etc", "?v=0123456789ab0", "?V=0123456789ab"])
def test_address_without_a_hash_is_checked_again_each_time(running: Server, query: str) -> None:
    reply = running.request("GET", f"/static/icon.svg{query}")
    assert (reply.status, reply.headers["Cache-Control"]) == (200, "no-cache")
    again = running.request("GET", f"/static/icon.svg{query}", headers={"If-None-Match": reply.headers["Etag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "../config.ini",
        "..%2fserver.py",
        "%2e%2e/server.py",
        "js/../../server.py",
        "js/%2e%2e/%2e%2e/config.ini",
        "..\\server.py",
        "/etc/passwd",
        "%2fetc/passwd",
        "....//server.py",
        "%00",
        "icon.svg%00.js",
        "",
        "js",
        "js/",
        "missing.js",
        "ICON.SVG",
        "x" * 5000,
        "%ff%fe",
        "\u00fc",
    ],
)
def test_nothing_but_the_files_of_the_folder_is_served(running: Server, path: str) -> None:
    """By a request as raw as it gets: no client cleans the path."""
    reply = raw(running, f"/static/{path}")
    assert reply.status in (400, 403, 404), reply.body[:100]
    assert reply.error["code"] in ("bad_request", "forbidden", "not_found")


def raw(server: Server, target: str) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.putrequest("GET", target.encode().decode("latin-1") if target.isascii() else "/static/%C3%BC")
        connection.endheaders()
        answer = connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read())  # type: ignore[arg-type]
    finally:
        connection.close()


def test_only_reading_is_allowed(running: Server) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert running.request(method, "/static/icon.svg").status == 405
    head = running.request("HEAD", "/static/icon.svg")
    assert (head.status, head.body) == (200, b"")


def test_files_are_compressed_for_who_asks(running: Server) -> None:
    path = max((STATIC / "js").rglob("*.js"), key=lambda one: one.stat().st_size)
    address = asset(path.relative_to(STATIC).as_posix())
    reply = running.request("GET", address, headers={"Accept-Encoding": "gzip"})
    assert reply.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(reply.body) == path.read_bytes()
    assert "Accept-Encoding" in reply.headers["Vary"]
    assert running.request("GET", address).body == path.read_bytes()


def test_files_need_no_credential_and_foreign_hosts_get_none(running: Server) -> None:
    """The login page is drawn with them."""
    assert running.request("GET", "/static/icon.svg").status == 200
    assert running.request("GET", "/static/icon.svg", headers={"Host": "evil.example"}).status == 421


@pytest.mark.parametrize(
    "path", ["../pages.py", "..%2f..%2fserver.py", "core/../../../server.py", "a.js%00", "no/such.js", "main.css"]
)
def test_packed_file_is_a_module_of_ours_or_nothing(module_server: Callable[..., Server], path: str) -> None:
    one = module_server()
    assert one.request("GET", f"/static/pack/{path}").status in (400, 404)

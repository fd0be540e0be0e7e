"""Setup, login and logout in a real server, as a browser meets them."""

from __future__ import annotations

import contextlib
import http.client
import re
import ssl
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from handlers.login import HOME, local_path
from tests.clients import Reply
from tests.support import Server

PASSWORD = "correct horse"


def post(server: Server, path: str, cookie: str = "", **fields: str) -> Reply:
    """Send a form as a browser does."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": server.url, "Accept": "text/html"}
    if cookie:
        headers["Cookie"] = cookie
    return server.request("POST", path, body=urlencode(fields), headers=headers)


def cookie_of(reply: Reply) -> str:
    """The cookie that a reply sets, as a browser sends it back."""
    return reply.headers["Set-Cookie"].partition(";")[0]


def setup_token(server: Server) -> str:
    found = re.search(r"/setup\?token=(\S+)", server.out())
    assert found, server.out()
    return found[1]


def with_user(server: Server) -> Server:
    server.cli("user", "add", "me", "--role", "operator", stdin=f"{PASSWORD}\n")
    return server


@pytest.fixture(scope="module")
def running(module_server: Callable[..., Server]) -> Server:
    return with_user(module_server())


@pytest.mark.parametrize("path", ["/", "/board", "/?range=-6h&x=%2F", "/a/b?c=https://x.example", "/%09/x", "/./x"])
def test_the_way_back_is_kept_where_it_stays_here(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "target",
    [
        "",
        "board",
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "//evil.example/%2f..",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/ok\r\nSet-Cookie: x=1",
        "/\u2028/evil.example",
        "/\x00/evil.example",
        "https://evil.example",
        "https:evil.example",
        "http:/\\evil.example",
        "HTTPS://evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "//[::1",
        "//@evil.example",
        "@evil.example",
        ".evil.example",
        "?next=//evil.example",
        "#//evil.example",
        "\u3000//evil.example",
    ],
)
def test_no_way_back_leads_elsewhere(running: Server, target: str) -> None:
    assert local_path(target) == HOME
    reply = post(running, "/login", name="me", password=PASSWORD, next=target)
    assert (reply.status, reply.headers["Location"]) == (303, HOME)
    page = running.request("GET", "/login?next=" + quote(target))
    assert 'name="next" value="/"' in page.text


def test_login_opens_the_page_that_was_asked_for(running: Server) -> None:
    asked = running.request("GET", "/?range=-6h", headers={"Accept": "text/html"})
    assert (asked.status, asked.headers["Location"]) == (302, "/login?next=%2F%3Frange%3D-6h")
    form = running.request("GET", asked.headers["Location"])
    assert 'value="/?range=-6h"' in form.text
    assert form.headers["Content-Type"].startswith("text/html")
    reply = post(running, "/login", name="me", password=PASSWORD, next="/?range=-6h")
    assert (reply.status, reply.headers["Location"]) == (303, "/?range=-6h")
    page = running.request("GET", "/", headers={"Cookie": cookie_of(reply)})
    assert page.status == 200
    assert PASSWORD not in page.text


def test_the_cookie_is_for_this_server_and_out_of_reach_of_scripts(running: Server) -> None:
    header = post(running, "/login", name="me", password=PASSWORD).headers["Set-Cookie"]
    name, *attributes = [part.strip() for part in header.split(";")]
    assert re.fullmatch(r"telltale_session=[\w-]{43}", name)
    kinds = {part.partition("=")[0].lower(): part.partition("=")[2] for part in attributes}
    assert kinds["samesite"] == "Lax"
    assert kinds["path"] == "/"
    assert int(kinds["max-age"]) == 30 * 86_400
    assert "httponly" in kinds
    assert "domain" not in kinds


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(running: Server) -> None:
    wrong = post(running, "/login", name="me", password="wrong horse")
    unknown = post(running, "/login", name="xx", password=PASSWORD)
    assert wrong.status == unknown.status == 401
    strip = re.compile(r'nonce="[^"]*"|value="(me|xx)"')
    assert strip.sub("", wrong.text) == strip.sub("", unknown.text)
    assert "Set-Cookie" not in wrong.headers
    assert "wrong horse" not in wrong.text


def test_a_program_gets_the_answer_of_every_refusal(server: Callable[..., Server]) -> None:
    """One shape of errors, unless it is a browser that asks."""
    one = server()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    short = urlencode({"token": setup_token(one), "name": "me", "password": "short"})
    assert one.request("POST", "/setup", body=short, headers=form).error["code"] == "bad_value"
    assert one.request("POST", "/setup", body="token=x", headers=form).error["code"] == "gone"
    with_user(one)
    replies = [one.request("POST", "/login", body="name=me&password=wrong", headers=form) for _ in range(11)]
    assert {reply.error["code"] for reply in replies[:10]} == {"unauthorized"}
    assert replies[-1].error["code"] == "rate_limited"
    assert replies[-1].error["retry_after"] == 1000 * int(replies[-1].headers["Retry-After"])


def test_what_was_typed_is_inert_in_the_page(running: Server) -> None:
    reply = post(running, "/login", name='"><script>alert(1)</script>', password="x", next='/"><script>')
    assert "<script>alert" not in reply.text
    assert '"><script>' not in reply.text


@pytest.mark.parametrize("path", ["/login", "/logout", "/setup"])
def test_forms_from_other_pages_are_refused(running: Server, path: str) -> None:
    for origin in ("http://evil.example", "null"):
        reply = running.request("POST", path, body="name=me", headers={"Origin": origin})
        assert (reply.status, reply.error["code"]) == (403, "forbidden")


def test_a_login_ignores_the_cookie_that_was_there(running: Server) -> None:
    """Fixation: a planted session id stays worthless."""
    planted = "telltale_session=" + "x" * 43
    reply = post(running, "/login", cookie=planted, name="me", password=PASSWORD)
    assert cookie_of(reply) != planted
    assert running.request("GET", "/api/devices", headers={"Cookie": planted}).status == 401


def test_logout_ends_the_session_on_the_server_and_its_sockets(running: Server) -> None:
    cookie = cookie_of(post(running, "/login", name="me", password=PASSWORD))
    other = cookie_of(post(running, "/login", name="me", password=PASSWORD))
    mine, another = (running.live(headers={"Cookie": one}) for one in (cookie, other))
    reply = post(running, "/logout", cookie=cookie)
    assert (reply.status, reply.headers["Location"]) == (303, "/login")
    assert mine.close_code(timeout=1) == 4001
    assert running.request("GET", "/api/devices", headers={"Cookie": cookie}).status == 401
    assert running.request("GET", "/api/devices", headers={"Cookie": other}).status == 200
    another.send({"id": 1, "subscribe": ["*"]})
    assert another.recv_until(lambda message: message.get("id") == 1)["ok"] is True
    another.close()
    assert post(running, "/logout").status == 303


def test_getting_the_logout_changes_nothing(running: Server) -> None:
    cookie = cookie_of(post(running, "/login", name="me", password=PASSWORD))
    assert running.request("GET", "/logout", headers={"Cookie": cookie}).status == 405
    assert running.request("GET", "/api/devices", headers={"Cookie": cookie}).status == 200


def test_guessing_is_slowed_down_without_locking_the_door(server: Callable[..., Server]) -> None:
    one = with_user(server())
    replies = [post(one, "/login", name="me", password=f"wrong horse {n}") for n in range(12)]
    assert [reply.status for reply in replies] == [401] * 10 + [429] * 2
    assert int(replies[-1].headers["Retry-After"]) <= 30
    assert "Too many attempts" in replies[-1].text
    assert one.request("GET", "/healthz").status == 200


def test_a_fresh_server_prints_a_link_that_makes_one_admin(server: Callable[..., Server]) -> None:
    one = server()
    token = setup_token(one)
    assert "one-time link" in one.request("GET", "/login").text
    assert "used up" in one.request("GET", "/setup?token=wrong", headers={"Accept": "text/html"}).text
    assert one.request("GET", "/setup").error["code"] == "gone"
    form = one.request("GET", f"/setup?token={token}")
    assert form.status == 200
    assert token in form.text
    short = post(one, "/setup", token=token, name="me", password="short")
    assert (short.status, "at least 8" in short.text) == (400, True)
    assert post(one, "/setup", token=token, name="a+b", password=PASSWORD).status == 400
    assert post(one, "/setup", token="wrong", name="me", password=PASSWORD).status == 410
    with ThreadPoolExecutor(20) as pool:
        replies = list(
            pool.map(lambda n: post(one, "/setup", token=token, name=f"user{n}", password=PASSWORD), range(50))
        )
    assert sorted(reply.status for reply in replies) == [303] + [410] * 49
    winner = cookie_of(next(reply for reply in replies if reply.status == 303))
    assert one.request("GET", "/", headers={"Cookie": winner}).status == 200
    assert len(one.cli("user", "list").splitlines()) == 1
    for used in (
        one.request("GET", f"/setup?token={token}"),
        post(one, "/setup", token=token, name="x", password=PASSWORD),
    ):
        assert used.status == 410
        assert token not in used.text
    one.restart()
    assert one.out().count("/setup?token=") == 1
    assert one.request("GET", "/", headers={"Cookie": winner}).status == 200
    assert token not in one.log()


def test_the_link_dies_when_a_user_is_made_on_the_command_line(server: Callable[..., Server]) -> None:
    one = server()
    token = setup_token(one)
    with_user(one)
    assert one.request("GET", f"/setup?token={token}").status == 410
    assert post(one, "/setup", token=token, name="x", password=PASSWORD).status == 410


CERTIFICATE = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"


def test_over_https_the_cookie_is_bound_to_it(server: Callable[..., Server], tmp_path: Path) -> None:
    files = {"server.tls_cert": tmp_path / "cert.pem", "server.tls_key": tmp_path / "key.pem"}
    out = ["-out", files["server.tls_cert"], "-keyout", files["server.tls_key"]]
    subprocess.run(["openssl", *CERTIFICATE.split(), *out], check=True, capture_output=True)
    one = with_user(server({key: str(path) for key, path in files.items()}))
    assert one.scheme == "https"
    trusted = ssl.create_default_context(cafile=files["server.tls_cert"])

    def ask(method: str, path: str, body: str | None = None, **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPSConnection("127.0.0.1", one.port, context=trusted)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            reply.read()
            return reply

    form = urlencode({"name": "me", "password": PASSWORD})
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert ask("POST", "/login", form, Origin=one.url.replace("https:", "http:"), **kind).status == 403
    reply = ask("POST", "/login", form, Origin=one.url, **kind)
    header = str(reply.headers["Set-Cookie"])
    assert header.startswith("__Host-telltale_session=")
    assert "secure" in header.lower()
    cookie = header.partition(";")[0]
    assert ask("GET", "/api/devices", Cookie=cookie).status == 200
    assert ask("GET", "/api/devices", Cookie=cookie.removeprefix("__Host-")).status == 401


def test_no_secret_is_in_the_log(server: Callable[..., Server]) -> None:
    one = with_user(server({"log.level": "debug"}))
    reply = post(one, "/login", name="me", password=PASSWORD)
    token = one.api_token("viewer")
    one.request("GET", f"/api/devices?token={token}")
    one.request("GET", f"/setup?token={setup_token(one)}")
    one.live(headers={"Cookie": cookie_of(reply)}).close()
    log = one.log()
    assert "GET /api/devices?token=***: 200" in log
    for secret in (PASSWORD, token, setup_token(one), cookie_of(reply).partition("=")[2]):
        assert secret not in log


SSO = {"server.sso_header": "Remote-User", "server.trusted_proxies": "127.0.0.1"}


def as_proxy(server: Server, path: str, *names: str, **headers: str) -> Reply:
    """Ask as a proxy does that has logged someone in."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    with contextlib.closing(connection):
        connection.putrequest("GET", path)
        for name in names:
            connection.putheader("Remote-User", name.encode())
        for header, value in headers.items():
            connection.putheader(header, value)
        connection.endheaders()
        answer = connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read())


def test_a_trusted_proxy_says_who_asks(server: Callable[..., Server]) -> None:
    """With the role that this server gives; the password is for those who come past the proxy."""
    one = with_user(server(SSO))
    one.cli("user", "add", "J\u00f6rg", "--role", "viewer", stdin=f"{PASSWORD}\n")
    for name, role in (("me", "operator"), ("J\u00f6rg", "viewer"), ("Jo\u0308rg", "viewer")):
        reply = as_proxy(one, "/api/account", name)
        assert reply.status == 200, reply.text
        assert (reply.json()["role"], reply.json()["sessions"]) == (role, [])
    assert as_proxy(one, "/api/people", "me").status == 403
    socket = one.live(headers={"Remote-User": "me"})
    one.cli("user", "role", "me", "viewer")
    assert socket.close_code(1) == 4001
    assert as_proxy(one, "/api/frames", "me").status == 403


def test_who_was_not_added_does_not_come_in_by_the_proxy(server: Callable[..., Server]) -> None:
    """And is not made a user; nor is one whose header comes twice, or is no name. A cookie does not help."""
    one = with_user(server(SSO))
    cookie = cookie_of(post(one, "/login", name="me", password=PASSWORD))
    for names in (["nobody"], [""], ["me", "me"], ["me", "nobody"], ["a*b"], ["\u202eme"]):
        for headers in ({"Accept": "text/html"}, {"Cookie": cookie}):
            assert as_proxy(one, "/api/account", *names, **headers).status == 403, names
    assert as_proxy(one, "/api/account", Cookie=cookie).status == 200
    assert len(one.cli("user", "list").splitlines()) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"server.sso_header": "Remote-User"},
        {"server.sso_header": "Remote-User", "server.trusted_proxies": "10.0.0.0/8"},
        {"server.sso_header": "X-User", "server.trusted_proxies": "127.0.0.1"},
    ],
    ids=["off", "no-proxy", "another-proxy", "another-header"],
)
def test_what_others_say_of_themselves_is_nothing(server: Callable[..., Server], settings: dict[str, str]) -> None:
    one = with_user(server(settings))
    assert as_proxy(one, "/api/account", "me").status == 401
    assert as_proxy(one, "/api/account", "me", **{"X-Forwarded-For": "127.0.0.1"}).status == 401
    assert as_proxy(one, "/", "me", Accept="text/html").status == 302

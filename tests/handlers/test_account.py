"""One's own account over HTTP: password, logins, one-time codes; a real server, as a browser meets it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from telemetry import totp
from tests.clients import Reply
from tests.handlers.test_login import PASSWORD, cookie_of, post
from tests.support import Server

OTHER = "another horse battery"


def ask(server: Server, method: str, path: str, cookie: str, body: object = None) -> Reply:
    headers = {"Cookie": cookie, "Origin": server.url, "Content-Type": "application/json"}
    return server.request(method, path, body=None if body is None else json.dumps(body), headers=headers)


def log_in(server: Server, name: str = "me", password: str = PASSWORD) -> str:
    reply = post(server, "/login", name=name, password=password)
    assert reply.status == 303, reply.text
    return cookie_of(reply)


def account(server: Server, cookie: str) -> dict[str, Any]:
    reply = ask(server, "GET", "/api/account", cookie)
    assert reply.status == 200, reply.text
    return dict(reply.json())


def code_of(secret: str, drift: int = 0) -> str:
    return totp.code_at(secret, int(time.time()) // 30 + drift)


@pytest.fixture
def one(server: Callable[..., Server]) -> Server:
    started = server()
    started.cli("user", "add", "me", "--role", "viewer", stdin=f"{PASSWORD}\n")
    return started


def test_it_says_who_one_is_and_where_one_is_logged_in(one: Server) -> None:
    here, there = log_in(one), log_in(one)
    shown = account(one, here)
    assert (shown["name"], shown["role"], shown["password"], shown["codes"]) == ("me", "viewer", True, False)
    assert [login["current"] for login in shown["sessions"]].count(True) == 1
    for login in shown["sessions"]:
        assert login["address"] == "127.0.0.1"
        assert login["created"] <= login["seen"] <= shown["time"] < login["expires"]
    for cookie in (here, there):
        assert cookie.partition("=")[2] not in json.dumps(shown)


def test_it_is_for_people_only(one: Server) -> None:
    token = one.api_token("admin")
    for method, path in (("GET", "/api/account"), ("DELETE", "/api/account/sessions"), ("GET", "/account")):
        headers = {"Authorization": f"Bearer {token}"}
        assert one.request(method, path, headers=headers).status == 403
        assert one.request(method, path).status == 401


def test_another_password_ends_every_login_and_socket_but_gives_this_browser_a_new_one(one: Server) -> None:
    here, there = log_in(one), log_in(one)
    sockets = [one.live(headers={"Cookie": cookie}) for cookie in (here, there)]
    reply = ask(one, "POST", "/api/account/password", here, {"password": PASSWORD, "new": OTHER})
    assert reply.status == 200, reply.text
    for socket in sockets:
        assert socket.close_code(1) == 4001
    fresh = cookie_of(reply)
    assert fresh not in (here, there)
    assert [ask(one, "GET", "/api/account", cookie).status for cookie in (here, there, fresh)] == [401, 401, 200]
    assert post(one, "/login", name="me", password=PASSWORD).status == 401
    assert post(one, "/login", name="me", password=OTHER).status == 303


def test_the_password_is_asked_for_and_a_new_one_must_be_one(one: Server) -> None:
    cookie = log_in(one)
    path = "/api/account/password"
    wrong = ask(one, "POST", path, cookie, {"password": "wrong horse", "new": OTHER})
    assert (wrong.status, wrong.json()["error"]["at"]) == (403, "password")
    short = ask(one, "POST", path, cookie, {"password": PASSWORD, "new": "short"})
    assert (short.status, short.json()["error"]["at"]) == (400, "new")
    for body in (
        None,
        [],
        {},
        {"password": PASSWORD},
        {"password": 1, "new": OTHER},
        {"password": "x", "new": "y", "z": 1},
    ):
        assert ask(one, "POST", path, cookie, body).status == 400
    guesses = [ask(one, "POST", path, cookie, {"password": f"wrong {n}", "new": OTHER}).status for n in range(12)]
    assert guesses[-1] == 429
    assert ask(one, "GET", "/api/account", cookie).status == 200


def test_a_login_is_ended_from_another_browser_with_its_socket(one: Server) -> None:
    here, there, third = log_in(one), log_in(one), log_in(one)
    socket = one.live(headers={"Cookie": there})
    number = next(login["id"] for login in account(one, there)["sessions"] if login["current"])
    assert ask(one, "DELETE", f"/api/account/sessions/{number}", here).status == 200
    assert socket.close_code(1) == 4001
    assert ask(one, "DELETE", f"/api/account/sessions/{number}", here).status == 404
    ended = ask(one, "DELETE", "/api/account/sessions", here)
    assert ended.json() == {"ended": 1}
    assert [ask(one, "GET", "/api/account", cookie).status for cookie in (here, there, third)] == [200, 401, 401]


def test_no_one_ends_the_login_of_another(one: Server) -> None:
    one.cli("user", "add", "you", "--role", "admin", stdin=f"{PASSWORD}\n")
    mine, theirs = log_in(one), log_in(one, "you")
    number = account(one, theirs)["sessions"][0]["id"]
    assert ask(one, "DELETE", f"/api/account/sessions/{number}", mine).status == 404
    assert ask(one, "GET", "/api/account", theirs).status == 200


def test_one_time_codes_from_set_up_to_switched_off(one: Server) -> None:
    cookie = log_in(one)
    codes = "/api/account/codes"
    assert ask(one, "POST", f"{codes}/begin", cookie, {"password": "wrong horse"}).status == 403
    assert ask(one, "POST", f"{codes}/confirm", cookie, {"code": "123456"}).status == 400
    secret = ask(one, "POST", f"{codes}/begin", cookie, {"password": PASSWORD}).json()["secret"]
    assert ask(one, "POST", f"{codes}/confirm", cookie, {"code": "000000"}).status == 400
    assert ask(one, "POST", f"{codes}/confirm", cookie, {}).status == 400
    reply = ask(one, "POST", f"{codes}/confirm", cookie, {"code": code_of(secret, -1)})
    recovery = reply.json()["recovery"]
    assert len(recovery) == account(one, cookie)["recovery"] == 10
    renewed = ask(one, "POST", f"{codes}/renew", cookie, {"password": PASSWORD}).json()["recovery"]
    assert not set(renewed) & set(recovery)

    first = post(one, "/login", name="me", password=PASSWORD, next="/explore")
    assert (first.status, "Set-Cookie" in first.headers) == (200, False)
    ticket = first.text.partition('name="ticket" value="')[2].partition('"')[0]
    assert 'name="password"' not in first.text
    wrong = post(one, "/login", ticket=ticket, code="000000", next="/explore")
    assert wrong.status == 401
    right = post(one, "/login", ticket=ticket, code=code_of(secret), next="/explore")
    assert (right.status, right.headers["Location"]) == (303, "/explore")
    assert post(one, "/login", name="me", password=PASSWORD, code=renewed[0]).status == 303
    gone = post(one, "/login", ticket="made up", code=code_of(secret, 1))
    assert gone.status == 401
    assert 'name="password"' in gone.text

    assert ask(one, "POST", f"{codes}/off", cookie, {"password": PASSWORD}).status == 200
    assert post(one, "/login", name="me", password=PASSWORD).status == 303
    assert secret not in one.log()


def test_a_program_is_told_that_a_code_is_needed(one: Server) -> None:
    cookie = log_in(one)
    secret = ask(one, "POST", "/api/account/codes/begin", cookie, {"password": PASSWORD}).json()["secret"]
    ask(one, "POST", "/api/account/codes/confirm", cookie, {"code": code_of(secret)})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = one.request("POST", "/login", body=f"name=me&password={PASSWORD}".replace(" ", "+"), headers=headers)
    error = reply.json()["error"]
    assert (reply.status, error["code"], bool(error["ticket"])) == (401, "unauthorized", True)


@pytest.mark.parametrize(
    ("idle", "lifetime", "used"), [("2 s", "1h", False), ("1h", "2 s", True)], ids=["idle", "lifetime"]
)
def test_a_login_ends_by_itself(server: Callable[..., Server], idle: str, lifetime: str, used: bool) -> None:
    """Unused for too long; or too old, and then its sockets end too."""
    one = server({"server.session_idle": idle, "server.session_lifetime": lifetime})
    one.cli("user", "add", "me", "--role", "viewer", stdin=f"{PASSWORD}\n")
    cookie = log_in(one)
    if used:
        assert one.live(headers={"Cookie": cookie}).close_code(4) == 4001
    else:
        time.sleep(2)  # asking would use it
    assert ask(one, "GET", "/api/account", cookie).status == 401

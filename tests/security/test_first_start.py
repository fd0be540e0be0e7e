"""A fresh server: nobody is in, no account is there, and its one link is its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

from handlers.routes import ROUTES
from tests.contracts.test_routes import a_path
from tests.handlers.test_login import post, setup_token
from tests.security.matrix import MATRIX
from tests.support import Server

DEFAULTS = [("admin", "admin"), ("admin", "password"), ("root", "root"), ("telltale", "telltale"), ("user", "user")]


def test_the_link_of_every_fresh_server_is_another(server: Callable[..., Server]) -> None:
    tokens = [setup_token(server()) for _ in range(2)]
    assert len(set(tokens)) == 2
    assert min(map(len, tokens)) == 43, "256 bits"


def test_no_account_ships_and_no_usual_password_opens(server: Callable[..., Server]) -> None:
    one = server()
    with closing(sqlite3.connect(one.database)) as database:
        for table in ("users", "tokens", "sessions"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    assert {post(one, "/login", name=name, password=word).status for name, word in DEFAULTS} == {401}


def test_a_fresh_server_shows_nothing_but_the_way_in(server: Callable[..., Server]) -> None:
    one = server()
    for pattern, _ in ROUTES:
        if {"open", "device"} & set(MATRIX.get(pattern, {}).values()):
            continue  # a device may knock, and waits until someone lets it in
        for method in MATRIX.get(pattern, {}):
            reply = one.request(method, a_path(pattern), headers={"Accept": "text/html"})
            away = reply.status == 302 and reply.headers["Location"].startswith("/login")
            assert away or reply.status == 401, (method, pattern, reply.status)


def test_plain_http_beyond_this_machine_is_said_once(server: Callable[..., Server]) -> None:
    """And a server that listens everywhere asks for a login everywhere."""
    one = server({"server.address": ""})
    assert len([line for line in one.log().splitlines() if "plain http" in line]) == 1
    assert one.request("GET", "/api/latest").status == 401
    assert "plain http" not in server({"server.address": "127.0.0.1"}).log()

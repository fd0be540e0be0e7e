"""Every route, by every method, for everyone, against the one table of who may what."""

from __future__ import annotations

import http.client
import itertools
from collections.abc import Callable

import pytest

from handlers.base import Access
from handlers.routes import ROUTES
from telemetry.live_commands import LiveCommands
from tests.contracts.test_routes import a_path
from tests.handlers.test_login import PASSWORD, cookie_of, post
from tests.security.matrix import MATRIX, METHODS, ROLES, SCOPED, may
from tests.support import SCALE, Server

LIMITED = {"reads a series": "viewer", "writes a series": "operator", "screen": "viewer"}
"""Credentials with a scope, and the role that they have there."""
WHO = ("nobody", "made up", "device", "person", *ROLES, *LIMITED)
SELF = {r"/api/v1/(?P<token>[^/]+)/telemetry", r"/data/report/(?P<token>[^/]+)"}
"""Routes that carry the token in their path: there it is that of the device, or a made-up one."""
TRIES = {"/login"}
"""Open routes that answer 401 themselves, to a wrong password."""
ENDS = {"/logout"}
"""What ends the login that asks."""


@pytest.fixture(scope="module")
def closed(module_server: Callable[..., Server]) -> Server:
    return module_server({"devices.admission": "token", "server.max_body": "1 KiB"})


@pytest.fixture(scope="module")
def credentials(closed: Server) -> dict[str, dict[str, str]]:
    """The headers by which each is known."""
    tokens = {role: closed.api_token(role) for role in ROLES}
    tokens |= {"made up": "tt_a_" + "x" * 43, "device": closed.device_token("boiler")}
    limits = ["--series", "boiler/*"]
    tokens["reads a series"] = made(closed, "reads", "--role", "viewer", *limits)
    tokens["writes a series"] = made(closed, "writes", "--role", "operator", *limits, "--write")
    board = {"name": "b", "parts": [{"id": "a", "kind": "text", "w": 1, "h": 1, "text": "x"}]}
    assert closed.request("POST", "/api/boards", json_body=board, token=tokens["operator"]).status == 201
    tokens["screen"] = made(closed, "screen", "--board", "1")
    known = {who: {"Authorization": f"Bearer {token}"} for who, token in tokens.items()}
    closed.cli("user", "add", "me", "--role", "viewer", stdin=f"{PASSWORD}\n")
    login = post(closed, "/login", name="me", password=PASSWORD)
    return known | {"nobody": {}, "person": {"Cookie": cookie_of(login)}}


def made(server: Server, *words: str) -> str:
    return str(server.cli_json("token", "add", *words)["token"])


def answer(server: Server, method: str, path: str, headers: dict[str, str]) -> tuple[int, bool]:
    """The status, and whether it is of a credential and not of what was asked; some answers have no end."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30 * SCALE)
    try:
        connection.request(method, path, b"{}" if method in ("POST", "PUT", "PATCH") else None, headers)
        got = connection.getresponse()
        body = got.read() if got.status == 403 and method != "HEAD" else b""
        # 403 that names a field is an answer to what was sent, such as a wrong password
        return got.status, got.status in (401, 405) or (got.status == 403 and b'"at"' not in body)
    finally:
        connection.close()


def door(pattern: str, method: str, who: str) -> bool:
    """Whether the table lets ``who`` in."""
    needed = MATRIX.get(pattern, {}).get(method)
    if who not in LIMITED or needed in (None, "open"):
        return may(who, needed)
    writes = who == "writes a series" or method in ("GET", "HEAD")
    return (pattern, method) in SCOPED and may(LIMITED[who], needed) and writes


def test_no_route_is_missing_and_none_is_made_up() -> None:
    assert set(MATRIX) == {pattern for pattern, _ in ROUTES}


def test_the_table_says_what_the_classes_say() -> None:
    for pattern, handler in ROUTES:
        reading, writing = handler.access, handler.write_access or handler.access
        for method, needed in MATRIX.get(pattern, {}).items():
            said = reading if method in ("GET", "HEAD") else writing
            assert Access["VIEWER" if needed == "person" else needed.upper()] is said, (pattern, method)
            assert (method in handler.scoped) is ((pattern, method) in SCOPED), (pattern, method)


@pytest.mark.parametrize("who", WHO)
def test_every_route_answers_every_role_as_the_table_says(
    closed: Server, credentials: dict[str, dict[str, str]], who: str
) -> None:
    wrong = []
    for pattern, method in itertools.product(MATRIX, METHODS):
        if (pattern in SELF and who == "device") or (pattern in ENDS and who == "person"):
            continue  # two tokens are none; and without the login there is nothing more to ask
        got, refused = answer(closed, method, a_path(pattern), credentials[who])
        # A socket says what it speaks before it says that it knows no such method
        if got == 400 and method not in MATRIX[pattern] and pattern.startswith("/ws/"):
            refused = True
        if (not refused or (pattern in TRIES and got == 401)) != door(pattern, method, who):
            wrong.append(f"{method} {pattern}: {got}, though the table asks for {MATRIX[pattern].get(method)}")
    assert wrong == []


def test_tokens_in_the_path_open_like_any_other(closed: Server, credentials: dict[str, dict[str, str]]) -> None:
    tokens = {
        who: headers["Authorization"].split()[1] for who, headers in credentials.items() if "Authorization" in headers
    }
    for token, taken in ((tokens["device"], True), (tokens["admin"], False), ("x", False)):
        for path in (f"/api/v1/{token}/telemetry", f"/data/report/{token}"):
            assert answer(closed, "POST", path, {})[1] is not taken, path


LIVE = {"subscribe": "viewer", "unsubscribe": "viewer", "command": "operator"}
"""Who may send which command on ``/ws/live``."""
BODY = {"subscribe": ["*"], "unsubscribe": ["*"], "command": {"device": "nobody", "name": "x", "args": {}}}


@pytest.mark.parametrize("role", ROLES)
def test_every_command_of_the_live_socket_answers_every_role_as_the_table_says(
    closed: Server, credentials: dict[str, dict[str, str]], role: str
) -> None:
    with closed.live(headers=credentials[role]) as socket:
        for name, needed in LIVE.items():
            socket.send({"id": 1, name: BODY[name]})
            said = socket.recv_until(lambda message: message.get("id") == 1)
            refused = said.get("error", {}).get("code") == "forbidden"
            assert refused is not may(role, needed), (name, said)


def test_no_command_of_the_live_socket_is_missing_here() -> None:
    words = {one for one in LiveCommands._dispatch.__code__.co_consts if isinstance(one, str) and one.isidentifier()}
    assert words - {"since"} == set(LIVE)

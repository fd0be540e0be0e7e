"""People over HTTP, for admins: added, given a role, a link, removed; a real server, as a browser meets it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.handlers.test_account import OTHER, ask, code_of, log_in
from tests.handlers.test_login import PASSWORD, cookie_of, post
from tests.support import Server


@pytest.fixture
def one(server: Callable[..., Server]) -> Server:
    started = server()
    started.cli("user", "add", "boss", "--role", "admin", stdin=f"{PASSWORD}\n")
    started.cli("user", "add", "me", "--role", "operator", stdin=f"{PASSWORD}\n")
    return started


@pytest.fixture(scope="module")
def shared(module_server: Callable[..., Server]) -> Server:
    started = module_server()
    started.cli("user", "add", "boss", "--role", "admin", stdin=f"{PASSWORD}\n")
    started.cli("user", "add", "me", "--role", "operator", stdin=f"{PASSWORD}\n")
    return started


def listed(server: Server, cookie: str) -> dict[str, dict[str, Any]]:
    return {person["name"]: person for person in ask(server, "GET", "/api/people", cookie).json()["people"]}


def change(server: Server, cookie: str, what: str, **body: object) -> tuple[int, dict[str, Any]]:
    reply = ask(server, "POST", f"/api/people/{what}" if what else "/api/people", cookie, body)
    return reply.status, reply.json()


def test_someone_added_comes_in_by_the_link_and_only_once(one: Server) -> None:
    boss = log_in(one, "boss")
    status, made = change(one, boss, "", name="Åsa / new", role="viewer")
    assert status == 201
    person = listed(one, boss)["Åsa / new"]
    assert (person["password"], person["sessions"]) == (False, 0)
    assert abs(person["link"] - made["until"]) < 60_000
    assert abs(made["until"] - person["created"] - 86_400_000) < 60_000
    path, _, token = made["link"].partition("?token=")
    page = one.request("GET", made["link"])
    assert (page.status, "Åsa / new" in page.text) == (200, True)
    assert post(one, path, token=token, password="short").status == 400
    entered = post(one, path, token=token, password=OTHER)
    assert entered.status == 303
    assert ask(one, "GET", "/api/account", cookie_of(entered)).json()["role"] == "viewer"
    assert "used up" in one.request("GET", made["link"], headers={"Accept": "text/html"}).text
    assert post(one, path, token=token, password=PASSWORD).status == 410
    assert post(one, "/login", name="Åsa / new", password=PASSWORD).status == 401
    assert one.request("POST", path, body=f"token={token}&password=x").status == 410
    assert token not in one.log()


def test_a_link_for_a_forgotten_password_ends_the_logins_and_keeps_the_codes(one: Server) -> None:
    boss, cookie = log_in(one, "boss"), log_in(one)
    secret = ask(one, "POST", "/api/account/codes/begin", cookie, {"password": PASSWORD}).json()["secret"]
    ask(one, "POST", "/api/account/codes/confirm", cookie, {"code": code_of(secret, -1)})
    socket = one.live(headers={"Cookie": cookie})
    _, made = change(one, boss, "link", name="me")
    token = made["link"].partition("=")[2]
    entered = post(one, "/password", token=token, password=OTHER)
    assert (entered.status, entered.headers["Location"]) == (303, "/login")
    assert "Set-Cookie" not in entered.headers
    assert socket.close_code(1) == 4001
    first = post(one, "/login", name="me", password=OTHER)
    assert (first.status, 'name="code"' in first.text) == (200, True)
    assert change(one, boss, "codes-off", name="me")[0] == 200
    assert post(one, "/login", name="me", password=OTHER).status == 303


def test_another_role_ends_the_logins_and_holds_from_then_on(one: Server) -> None:
    boss, cookie = log_in(one, "boss"), log_in(one)
    socket = one.live(headers={"Cookie": cookie})
    assert ask(one, "GET", "/api/frames", cookie).status == 200
    assert change(one, boss, "role", name="me", role="viewer") == (200, {"name": "me"})
    assert socket.close_code(1) == 4001
    assert ask(one, "GET", "/api/frames", cookie).status == 401
    assert ask(one, "GET", "/api/frames", log_in(one)).status == 403


def test_who_is_removed_is_out_at_once(one: Server) -> None:
    boss, cookie = log_in(one, "boss"), log_in(one)
    socket = one.live(headers={"Cookie": cookie})
    assert change(one, boss, "remove", name="me")[0] == 200
    assert socket.close_code(1) == 4001
    assert ask(one, "GET", "/api/account", cookie).status == 401
    assert post(one, "/login", name="me", password=PASSWORD).status == 401
    assert set(listed(one, boss)) == {"boss"}


def test_an_admin_can_lock_no_one_out_for_good(one: Server) -> None:
    boss = log_in(one, "boss")
    assert listed(one, boss)["boss"]["oneself"]
    for what, body in (("remove", {}), ("role", {"role": "viewer"})):
        status, answer = change(one, boss, what, name="boss", **body)
        assert (status, answer["error"]["at"]) == (403, "name")
    token = {"Authorization": f"Bearer {one.api_token('admin')}", "Content-Type": "application/json"}
    assert one.request("POST", "/api/people/remove", body='{"name": "boss"}', headers=token).status == 403
    assert ask(one, "GET", "/api/people", boss).status == 200


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_only_admins_see_and_change_people(one: Server, role: str) -> None:
    one.cli("user", "role", "me", role)
    cookie = log_in(one)
    assert ask(one, "GET", "/api/people", cookie).status == 403
    assert one.request("GET", "/people", headers={"Cookie": cookie, "Accept": "text/html"}).status == 403
    for what in ("", "role", "link", "remove", "codes-off"):
        assert change(one, cookie, what, name="boss", role="admin")[0] == 403


@pytest.mark.parametrize(
    ("what", "body", "at"),
    [
        ("", {"name": "me", "role": "viewer"}, "name"),
        ("", {"name": "a*b", "role": "viewer"}, "name"),
        ("", {"name": "new", "role": "root"}, "role"),
        ("role", {"name": "me", "role": "root"}, "role"),
        ("role", {"name": "nobody", "role": "viewer"}, "name"),
        ("link", {"name": "nobody"}, "name"),
        ("remove", {"name": "nobody"}, "name"),
        ("codes-off", {"name": "nobody"}, "name"),
        ("", {"name": "new"}, None),
        ("", {"name": "new", "role": "viewer", "password": "x"}, None),
        ("role", {"name": "me"}, None),
        ("link", {"name": "me", "role": "viewer"}, None),
        ("link", {"name": 1}, None),
        ("remove", {}, None),
    ],
    ids=lambda value: "" if value is None else str(value),
)
def test_what_makes_no_sense_is_refused_by_name(
    shared: Server, what: str, body: dict[str, Any], at: str | None
) -> None:
    status, answer = change(shared, log_in(shared, "boss"), what, **body)
    assert status == 400
    assert answer["error"].get("at") == at
    assert set(listed(shared, log_in(shared, "boss"))) == {"boss", "me"}


def test_the_terminal_changes_people_of_a_running_server_at_once(one: Server) -> None:
    cookie = log_in(one)
    socket = one.live(headers={"Cookie": cookie})
    one.cli("user", "password", "me", stdin=f"{OTHER}\n")
    assert socket.close_code(1) == 4001
    assert post(one, "/login", name="me", password=OTHER).status == 303

"""Links of screens: one board, to look at, until it is revoked; after the first request the token is in no address."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any, NamedTuple

import pytest

from tests.handlers.fed import T0, Fed, feed
from tests.support import Reply, Server, refused

PAGE = {"Accept": "text/html"}


class Wall(NamedTuple):
    """A board, the link to it, and a browser's cookie after it was opened."""

    fed: Fed
    board: int
    token: str
    cookie: str
    operator: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": self.cookie, **PAGE}

    def get(self, path: str, **options: Any) -> Reply:
        join = "&" if "?" in path else "?"
        return self.fed.server.request("GET", f"{path}{join}screen={self.board}", headers=self.headers, **options)


def part(id_: str, *series: str) -> dict[str, Any]:
    return {"id": id_, "kind": "chart", "w": 6, "h": 4, "series": list(series)}


def board(server: Server, operator: str, *parts: dict[str, Any]) -> int:
    body = {"name": "Hall", "parts": list(parts)}
    return int(server.request("POST", "/api/boards", json_body=body, token=operator).json()["id"])


def cookie_of(reply: Reply) -> SimpleCookie:
    return SimpleCookie(reply.headers["Set-Cookie"])


@pytest.fixture(scope="module")
def fed(module_server: Callable[..., Server]) -> Fed:
    """Two devices, each with two series."""
    one = feed(module_server)
    one.send(*({"device": device, "ts": T0, "values": {"t": 1.5, "p": 2}} for device in ("boiler", "tank")))
    return one


@pytest.fixture(scope="module")
def operator(fed: Fed) -> str:
    return fed.server.api_token("operator")


@pytest.fixture
def wall(fed: Fed, operator: str) -> Wall:
    """A board and its link, opened as a browser does: the link once, from then on the cookie."""
    number = board(fed.server, operator, part("a", "boiler/t"))
    board(fed.server, operator, part("a", "tank/t"))
    made = fed.server.request(
        "POST", f"/api/boards/{number}/links", json_body={"name": f"hall {number}"}, token=operator
    ).json()
    opened = fed.server.request("GET", made["link"], headers=PAGE)
    [(name, value)] = cookie_of(opened).items()
    return Wall(fed, number, made["token"], f"{name}={value.value}", operator)


def test_the_link_is_opened_once_and_leaves_a_cookie(wall: Wall) -> None:
    path = f"/boards/{wall.board}?kiosk&device=boiler&token={wall.token}"
    opened = wall.fed.server.request("GET", path, headers=PAGE)
    assert opened.status == 303
    assert opened.headers["Location"] == f"/boards/{wall.board}?kiosk=&screen={wall.board}&device=boiler"
    assert wall.token not in opened.text
    [(name, kept)] = cookie_of(opened).items()
    assert name == f"telltale_screen_{wall.board}"
    assert (kept["httponly"], kept["samesite"], kept["path"]) == (True, "Lax", "/")
    assert int(kept["max-age"]) > 300 * 86_400
    page = wall.get(f"/boards/{wall.board}?kiosk")
    assert (page.status, page.headers["Referrer-Policy"]) == (200, "same-origin")
    assert wall.token not in page.text
    assert 'data-kind="screen"' in page.text
    assert 'data-operator="false"' in page.text


def test_a_screen_has_its_board_and_nothing_else(wall: Wall) -> None:
    own, other = wall.board, wall.board + 1
    assert wall.get(f"/api/boards/{own}").json()["board"]["name"] == "Hall"
    assert [one["id"] for one in wall.get("/api/boards").json()["boards"]] == [own]
    assert [one[0] for one in wall.get("/api/latest").json()["latest"]] == ["boiler/t"]
    assert [one["device"] for one in wall.get("/api/devices").json()["devices"]] == ["boiler"]
    asked = "/api/history?series=boiler/t&series=boiler/p&series=tank/t&from=0"
    assert set(wall.get(asked).json()["series"]) == {"boiler/t"}
    assert wall.get("/api/build").status == 200
    for path in (f"/boards/{other}?kiosk", f"/api/boards/{other}", f"/api/boards/{own}?version=1"):
        assert wall.get(path).status == 404, path
    for path in ("/", "/?kiosk", "/boards", "/series?name=boiler/t", f"/api/boards/{own}/versions", "/api/storage"):
        assert wall.get(path).status == 403, path
    reply = wall.fed.server.request(
        "DELETE", f"/api/boards/{own}?screen={own}", headers={**wall.headers, "Origin": wall.fed.server.url}
    )
    assert reply.status == 403


def test_without_saying_that_it_is_a_screen_the_cookie_opens_nothing(wall: Wall) -> None:
    """It is no login: whoever is logged in in the same browser stays who that is."""
    asked = wall.fed.server.request("GET", "/api/latest", headers={"Cookie": wall.cookie})
    assert asked.status == 401
    page = wall.fed.server.request("GET", "/boards", headers=wall.headers)
    assert (page.status, page.headers["Location"].partition("?")[0]) == (302, "/login")


def test_an_api_token_in_the_place_of_the_cookie_is_no_screen(wall: Wall) -> None:
    forged = f"telltale_screen_{wall.board}={wall.fed.viewer}"
    reply = wall.fed.server.request("GET", f"/api/latest?screen={wall.board}", headers={"Cookie": forged})
    assert reply.status == 401


def test_the_scope_is_what_the_board_shows_at_the_moment(wall: Wall) -> None:
    """Its socket is ended when that changes, and comes back with the new one."""
    server = wall.fed.server
    live = server.live(wall.token)
    live.send({"id": 1, "subscribe": ["*"]})
    assert [one[0] for one in live.recv_key("latest")] == ["boiler/t"]
    body = {"version": 1, "board": {"name": "Hall", "parts": [part("a", "tank/t")]}}
    assert server.request("PUT", f"/api/boards/{wall.board}", json_body=body, token=wall.operator).status == 200
    assert live.recv_key("board")["version"] == 2
    assert live.close_code(5) == 4001
    assert [one[0] for one in wall.get("/api/latest").json()["latest"]] == ["tank/t"]
    server.request("DELETE", f"/api/boards/{wall.board}", token=wall.operator)
    assert wall.get("/api/latest").json()["latest"] == []


def test_a_revoked_link_ends_at_once_and_says_so(wall: Wall) -> None:
    server = wall.fed.server
    live = server.live(wall.token)
    live.send({"id": 1, "subscribe": ["*"]})
    live.recv_key("latest")
    listed = server.get(f"/api/boards/{wall.board}/links", wall.operator)["links"]
    assert [(one["name"], one["open"]) for one in listed] == [(f"hall {wall.board}", 1)]
    name = f"links/hall%20{wall.board}"
    elsewhere = server.request("DELETE", f"/api/boards/{wall.board + 1}/{name}", token=wall.operator)
    assert elsewhere.status == 404
    began = time.monotonic()
    gone = server.request("DELETE", f"/api/boards/{wall.board}/{name}", token=wall.operator)
    assert gone.status == 200
    assert live.close_code(5) == 4001
    assert time.monotonic() - began < 1
    assert refused(f"{server.ws_url}/ws/live?screen={wall.board}", headers={"Cookie": wall.cookie}).status == 401
    for path in (f"/boards/{wall.board}?kiosk&screen={wall.board}", f"/boards/{wall.board}?kiosk&token={wall.token}"):
        page = server.request("GET", path, headers=wall.headers)
        assert page.status == 401
        assert "This link was revoked." in page.text
        assert wall.token not in page.text
    assert wall.get("/api/latest").status == 401


def test_the_token_is_in_no_log(server: Callable[..., Server]) -> None:
    fed = feed(server, {"log.level": "debug"})
    operator = fed.server.api_token("operator")
    number = board(fed.server, operator, part("a", "boiler/t"))
    made = fed.server.cli_json("token", "add", "wall", "--board", str(number))
    assert made["link"] == f"/boards/{number}?kiosk&token={made['token']}"
    for path in (made["link"], made["link"].replace("token=", "Token="), f"/boards/x?token={made['token']}"):
        fed.server.request("GET", path, headers=PAGE)
    assert f"/boards/{number}" in fed.server.log()
    assert made["token"] not in fed.server.log()
    assert made["token"].encode() not in fed.server.database.read_bytes()


def test_a_link_works_after_a_restart(wall: Wall) -> None:
    wall.fed.server.restart()
    assert wall.get(f"/boards/{wall.board}?kiosk").status == 200
    assert [one[0] for one in wall.get("/api/latest").json()["latest"]] == ["boiler/t"]


def test_links_are_for_boards_that_are_there(wall: Wall) -> None:
    server = wall.fed.server
    for path, body, at in (
        ("/api/boards/999/links", {"name": "x"}, "board"),
        (f"/api/boards/{wall.board}/links", {"name": "x/"}, "name"),
        (f"/api/boards/{wall.board}/links", {"name": "x", "role": "admin"}, None),
    ):
        reply = server.request("POST", path, json_body=body, token=wall.operator)
        assert (reply.status, reply.error.get("at")) == (400, at)
    assert server.get("/api/boards/x/links", wall.operator)["links"] == []
    assert server.request("GET", f"/api/boards/{wall.board}/links", token=wall.fed.viewer).status == 403

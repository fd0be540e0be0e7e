"""The guard on bare handlers of every access, behind a real HTTP server."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from handlers.base import Guard
from handlers.credentials import cookie_name
from telemetry.auth import Role
from tests.clients import connect, refused
from tests.handlers.site import (
    Site,
    running,
    site,
)

__all__ = ["running", "site"]

# ------------------------------------------------------------------------------------------- access


def test_a_handler_without_a_decision_cannot_be_defined() -> None:
    for bases in ((Guard,), (Guard, RequestHandler), (Guard, WebSocketHandler)):
        with pytest.raises(TypeError, match="access"):
            type("Forgotten", bases, {})
    with pytest.raises(TypeError, match="access"):
        type("Wrong", (Guard,), {"access": "viewer"})


@pytest.mark.parametrize("path", ["/who", "/page", "/operators", "/admins", "/device"])
def test_nobody_gets_in_without_a_credential(site: Site, path: str) -> None:
    for method in ("GET", "POST", "PUT"):
        reply = site.ask(path, method)
        assert reply.status == 401
        assert reply.error["code"] == "unauthorized"
        assert reply.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("path", "roles"),
    [("/who", {"VIEWER", "OPERATOR", "ADMIN"}), ("/operators", {"OPERATOR", "ADMIN"}), ("/admins", {"ADMIN"})],
)
def test_a_role_opens_its_own_doors(site: Site, path: str, roles: set[str]) -> None:
    for role in Role:
        for options in ({"token": site.tokens[role.name]}, {"headers": {}}):
            query = "" if "token" in options else f"?token={site.tokens[role.name]}"
            reply = site.ask(path + query, **options)
            if role.name in roles:
                assert reply.json() == {"kind": "token", "name": role.name, "role": role.name}
            else:
                assert (reply.status, reply.error["code"]) == (403, "forbidden")


def test_the_login_cookie_is_a_credential(site: Site) -> None:
    assert site.ask("/who", headers=site.cookie).json() == {"kind": "user", "name": "me", "role": "VIEWER"}
    assert site.ask("/operators", headers=site.cookie).status == 403
    assert site.ask("/who", headers={"Cookie": f"{cookie_name(secure=False)}=x"}).status == 401


@pytest.mark.parametrize("query", ["?token=", "?token=x", "?token=tt_a_" + "A" * 43])
def test_a_wrong_token_is_401_even_beside_a_good_cookie(site: Site, query: str) -> None:
    assert site.ask("/who" + query, headers=site.cookie).status == 401
    assert site.ask("/who", token=query[7:], headers=site.cookie).status == 401
    site.core.demo = True
    assert site.ask("/who" + query).status == 401


def test_two_different_tokens_are_401(site: Site) -> None:
    assert site.ask(f"/who?token={site.tokens['VIEWER']}", token=site.tokens["ADMIN"]).status == 401
    assert site.ask(f"/who?token={site.tokens['VIEWER']}", token=site.tokens["VIEWER"]).status == 200


def test_a_browser_on_a_page_is_sent_to_the_login_and_back(site: Site) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml"}
    reply = site.ask("/page?range=%2D6h&x=1", headers=browser)
    assert (reply.status, reply.headers["Location"]) == (302, "/login?next=%2Fpage%3Frange%3D-6h%26x%3D1")
    assert site.ask("/page", "POST", headers=browser).status == 401
    assert site.ask("/page").status == 401
    assert site.ask("/who", headers=browser).status == 401
    assert site.ask("/page?token=x", headers=browser).status == 401


def test_in_a_demo_everyone_may_but_not_from_everywhere(site: Site) -> None:
    site.core.demo = True
    assert site.ask("/admins").json() == {"kind": "demo", "name": "demo", "role": "ADMIN"}
    assert site.ask("/admins", "POST", headers={"Origin": "http://evil.example"}).status == 403
    assert site.ask("/admins", headers={"Host": "evil.example"}).status == 421


# ------------------------------------------------------------------------------------------ devices


def test_a_device_is_known_by_its_token(site: Site) -> None:
    for token, query in ((site.tokens["boiler"], ""), (None, f"?token={site.tokens['boiler']}")):
        assert site.ask("/device" + query, token=token).json() == {"id": "boiler", "pending": False}
    assert site.ask("/device?device=boiler", token=site.tokens["boiler"]).status == 200


def test_a_token_speaks_for_its_own_device_only(site: Site) -> None:
    reply = site.ask("/device?device=tank", token=site.tokens["boiler"])
    assert (reply.status, reply.error["code"]) == (403, "forbidden")


def test_credentials_of_people_and_of_devices_are_different_things(site: Site) -> None:
    assert site.ask("/device", token=site.tokens["ADMIN"]).status == 401
    assert site.ask("/device?device=tank", headers=site.cookie).status == 401
    assert site.ask("/who", token=site.tokens["boiler"]).status == 401


@pytest.mark.parametrize("policy", ["token", "open", "approve"])
def test_an_id_with_a_token_is_401_without_it(site: Site, policy: str) -> None:
    site.core.admission.policy = policy
    assert site.ask("/device?device=boiler").status == 401
    assert site.ask("/device?device=boiler", token="wrong").status == 401
    assert refused(f"ws{site.url[4:]}/ws/device?device=boiler").status == 401


@pytest.mark.parametrize(("policy", "http", "socket"), [("token", 401, 401), ("open", 200, 101), ("approve", 401, 101)])
def test_an_unknown_id_is_met_by_the_policy(site: Site, policy: str, http: int, socket: int) -> None:
    """Under ``approve`` it waits on a socket; HTTP has nothing to wait on."""
    site.core.admission.policy = policy
    assert site.ask("/device?device=K%C3%BCche").status == http
    address = f"ws{site.url[4:]}/ws/device?device=K%C3%BCche"
    if socket == 101:
        with connect(address) as opened:
            hello = opened.recv()
            assert hello == {"id": "Küche", "pending": policy == "approve", "key": "open:Küche"}
    else:
        assert refused(address).status == socket


@pytest.mark.parametrize("query", ["?device=", "?device=a%2Bb", "?device=%20a", "?device=a%0A", "?device=%ff%00"])
def test_what_is_no_id_is_bad_value(site: Site, query: str) -> None:
    reply = site.ask("/device" + query)
    assert (reply.status, reply.error["code"], reply.error["at"]) == (400, "bad_value", "device")


def test_two_ids_are_none(site: Site) -> None:
    assert site.ask("/device?device=a&device=b").status == 401


def test_a_full_waiting_room_says_so_before_the_upgrade(site: Site) -> None:
    for device in ("w1", "w2"):
        site.core.admission._waiting[device] = SimpleNamespace(told=print, address="127.0.0.1")
    try:
        reply = refused(f"ws{site.url[4:]}/ws/device?device=w3")
        assert (reply.status, reply.error["code"], reply.headers["Retry-After"]) == (429, "rate_limited", "60")
    finally:
        site.core.admission._waiting.clear()


# ---------------------------------------------------------------------------------- Host and Origin


@pytest.mark.parametrize("path", ["/who", "/open", "/device", "/nothing"])
def test_a_foreign_host_is_421_on_every_route(site: Site, path: str) -> None:
    reply = site.ask(path, token=site.tokens["ADMIN"], headers={"Host": "evil.example"})
    assert (reply.status, reply.error["code"]) == (421, "bad_host")
    assert "allowed_hosts" in reply.error["message"]
    site.settings("server", allowed_hosts=("evil.example",))
    assert site.ask(path, token=site.tokens["ADMIN"], headers={"Host": "evil.example"}).status != 421


def origins_of(site: Site) -> dict[str, int]:
    """Origins and the status of a WebSocket that is opened with them."""
    own = site.url
    return {
        own: 101,
        own.replace("http:", "https:"): 403,
        f"http://127.0.0.1:{site.port + 1}": 403,
        "http://evil.example": 403,
        "null": 403,
        f"{own}, http://evil.example": 403,
    }


@pytest.mark.parametrize("path", ["/ws/live", "/ws/device"])
def test_both_sockets_look_at_the_origin(site: Site, path: str) -> None:
    token = site.tokens["VIEWER" if path == "/ws/live" else "boiler"]
    address = f"ws{site.url[4:]}{path}"
    connect(address, token=token).close()
    for origin, status in origins_of(site).items():
        if status == 101:
            connect(address, token=token, origin=origin).close()
        else:
            reply = refused(address, token=token, origin=origin)
            assert (reply.status, reply.error["code"]) == (status, "forbidden")
    site.settings("server", allowed_origins=("http://evil.example:80",))
    connect(address, token=token, origin="http://evil.example").close()


UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.mark.parametrize("path", ["/ws/live", "/ws/device"])
def test_rebinding_is_refused_though_origin_and_host_agree(site: Site, path: str) -> None:
    headers = UPGRADE | {"Host": "evil.example", "Origin": "http://evil.example"}
    token = site.tokens["VIEWER" if path == "/ws/live" else "boiler"]
    assert site.ask(path, token=token, headers=headers).status == 421


@pytest.mark.parametrize("path", ["/ws/live", "/ws/device"])
def test_sockets_are_refused_before_the_upgrade(site: Site, path: str) -> None:
    for token in (None, "", "wrong"):
        reply = refused(f"ws{site.url[4:]}{path}", token=token)
        assert (reply.status, reply.error["code"]) == (401, "unauthorized")


def test_unsafe_methods_look_at_the_origin_even_with_a_token(site: Site) -> None:
    for path in ("/who", "/open", "/device", "/fail/bug"):
        for origin, status in origins_of(site).items():
            reply = site.ask(path, "POST", token=site.tokens["ADMIN"], headers={"Origin": origin})
            assert (reply.status == 403) == (status == 403), (path, origin, reply.status)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        assert site.ask("/open", "POST", headers=headers).status == 403


def test_reading_is_refused_to_foreign_origins_too(site: Site) -> None:
    """A browser's Origin is this server's own or listed. Links from elsewhere send none, and lead here."""
    for origin, status in origins_of(site).items():
        reply = site.ask("/who", token=site.tokens["VIEWER"], headers={"Origin": origin})
        assert reply.status == (200 if status == 101 else 403), origin
        assert "Access-Control-Allow-Origin" not in reply.headers
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert site.ask("/who", token=site.tokens["VIEWER"], headers=link).status == 200


# ---------------------------------------------------------------------------------- errors and logs


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/nothing", 404, "not_found"),
        ("/fail/404", 404, "not_found"),
        ("/fail/400", 400, "bad_request"),
        ("/fail/418", 418, "http_418"),
        ("/fail/bug", 500, "internal"),
        ("/fail/disk", 503, "try_later"),
        ("/fail/busy", 503, "try_later"),
        ("/open?x=1", 200, None),
    ],
)
def test_every_answer_has_the_headers_and_every_error_the_shape(
    site: Site, path: str, status: int, code: str | None
) -> None:
    reply = site.ask(path)
    assert reply.status == status
    if code is not None:
        assert reply.error["code"] == code
        assert reply.headers["Content-Type"] == "application/json"
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] == "same-origin"
    assert reply.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert reply.headers["Cache-Control"] == "no-store"
    assert "Server" not in reply.headers
    assert "CANARY" not in reply.text


def test_a_refusal_says_where_and_when_to_try_again(site: Site) -> None:
    reply = site.ask("/fail/busy")
    assert reply.error == {"code": "try_later", "message": "later", "at": "readings[2]", "retry_after": 1500}
    assert reply.headers["Retry-After"] == "2"
    assert site.ask("/fail/disk").headers["Retry-After"] == "1"


def test_the_nonce_is_new_for_every_answer(site: Site) -> None:
    replies = [site.ask("/open") for _ in range(3)]
    assert len({reply.text for reply in replies}) == 3
    assert all(f"'nonce-{reply.text}'" in reply.headers["Content-Security-Policy"] for reply in replies)


def test_the_log_has_bugs_but_no_tokens(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """At debug, where every request is logged."""
    with caplog.at_level(logging.DEBUG):
        for path in ("/fail/bug", "/fail/disk", "/fail/404", "/who", "/open", "/nothing"):
            site.ask(f"{path}?token=SECRET&x=1")
        for token in ("SECRET", site.tokens["VIEWER"]):
            site.ask("/who", token=token)
        live = connect(f"ws{site.url[4:]}/ws/live?token={site.tokens['VIEWER']}")
        live.recv()
        live.send("x")
        live.close_code()
    ours = [record for record in caplog.records if not record.name.startswith("websockets")]
    logged = "\n".join(logging.Formatter().format(record) for record in ours)
    assert "SECRET" not in logged
    assert site.tokens["VIEWER"] not in logged
    assert "CANARY in an exception" in logged
    assert "ValueError: bug in a socket" in logged
    assert "GET /open?token=***&x=1: 200 in" in logged
    outages = [record for record in caplog.records if "CANARY in an outage" in record.getMessage()]
    assert [record.exc_info for record in outages] == [None]

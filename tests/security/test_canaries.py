"""Secrets stay where they belong: not in logs, pages, exports, errors, or in any file that a server leaves behind."""

from __future__ import annotations

import base64
import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from websockets.exceptions import WebSocketException

from handlers.routes import ROUTES
from tests.clients import Reply
from tests.contracts.test_routes import a_path
from tests.handlers.test_login import cookie_of, post, setup_token
from tests.security.matrix import MATRIX
from tests.support import Server

PASSWORD = "canary-password-5b1e"
WRONG = "canary-wrong-password-77aa"
BROKER = "canary-broker-password-09c4"
ENDLESS = ("/api/stream",)


class Site:
    """A server, everything secret about it, and every answer that it gave."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.answers: list[tuple[str, Reply]] = []
        self.secrets: dict[str, str] = {"password": PASSWORD, "wrong password": WRONG, "broker": BROKER}

    def ask(self, method: str, path: str, **options: object) -> Reply:
        reply = self.server.request(method, path, **options)
        self.answers.append((f"{method} {path}", reply))
        return reply

    def found(self, where: str, content: bytes) -> list[str]:
        """The secrets in some bytes, also in the ways in which they are written in an address or in base64."""
        wrong = []
        for name, secret in self.secrets.items():
            forms = {secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode().rstrip("=")}
            wrong += [f"{name} in {where}" for form in forms if form.encode() in content]
        return wrong


def lived(server: Callable[..., Server]) -> Site:
    """A server that people, programs and devices have used well and badly, with its log at debug."""
    settings = {
        "log.level": "debug",
        "storage.commit_interval": "0",
        "mqtt.url": f"mqtt://telltale:{BROKER}@127.0.0.1:1",
    }
    site = Site(server(settings))
    one = site.server
    token = site.secrets["setup link"] = setup_token(one)
    one.request("GET", f"/setup?token={token}")
    site.ask("GET", f"/setup?token={token}x")
    made = post(one, "/setup", token=token, name="me", password=PASSWORD)
    site.secrets["session of the setup"] = cookie_of(made).partition("=")[2]
    login = post(one, "/login", name="me", password=PASSWORD)
    site.secrets["session"] = cookie_of(login).partition("=")[2]
    site.answers += [
        (f"POST {path}", post(one, path, token=token, name="me", password=WRONG)) for path in ("/login", "/setup")
    ]
    for name in ("viewer", "operator", "admin"):
        site.secrets[name] = one.api_token(name)
    site.secrets["device"] = one.device_token("boiler")
    site.secrets["gateway"] = one.device_token("hub", "--gateway")
    site.secrets["revoked"] = one.device_token("gone")
    one.cli("device", "revoke", "gone")
    use(site)
    crawl(site, {"Cookie": cookie_of(login)})
    return site


def use(site: Site) -> None:
    """Every way in which a credential can come, right and wrong."""
    one, device = site.server, site.secrets["device"]
    basic = base64.b64encode(f"boiler:{device}".encode()).decode()
    for token in (device, site.secrets["gateway"], site.secrets["revoked"]):
        site.ask("POST", "/api/ingest", json_body={"t": 1}, token=token)
        site.ask("POST", f"/api/ingest?token={token}", json_body={"t": 1})
        site.ask("POST", f"/api/ingest?x=1&TOKEN={token}&token={token}", json_body={"t": "x" * 300})
        site.ask("POST", f"/api/v1/{token}/telemetry", json_body={"t": 1})
        site.ask("POST", f"/data/report/{token}", body="PASSKEY=x&tempf=1")
        site.ask("POST", f"/data/report/?token={token}", body=f"PASSKEY=x&PASSWORD={token}&tempf=60&dateutc=now")
        site.ask("GET", f"/weatherstation/updateweatherstation.php?ID=a&PASSWORD={token}&tempf=60&dateutc=now")
        site.ask("POST", f"/write?u=boiler&p={token}", body="weather t=1")
        site.ask("POST", "/write", body="weather t=", headers={"Authorization": f"Token {token}"})
        site.ask("POST", "/api/v2/a/feeds/b/data", json_body={"value": 1}, headers={"X-AIO-Key": token})
        site.ask("POST", f"/api/v2/a/feeds/b/data?x-aio-key={token}", json_body={"value": 1})
        with contextlib.suppress(WebSocketException, TimeoutError):
            one.device(headers={}, token=token).close()
        with contextlib.suppress(WebSocketException, TimeoutError):
            one.device(f"{token}?").close()
    site.ask("POST", "/write", body="weather t=1", headers={"Authorization": f"Basic {basic}"})
    site.ask("POST", "/api/ingest", body=b"{", token=device)
    for name in ("viewer", "operator", "admin"):
        token = site.secrets[name]
        site.ask("GET", f"/api/latest?token={token}")
        site.ask("GET", f"/?token={token}", headers={"Accept": "text/html"})
        site.ask("GET", f"/data?token={token}x", headers={"Accept": "text/html"})
        site.ask("GET", f"/api/history?from=x&token={token}")
        site.ask("GET", f"/nothing?token={token}")
        site.ask("POST", f"/api/import?token={token}", body=b"device,metric,ts,value\nd,m,x,1\n")
        with one.live(token) as socket:
            socket.send({"id": 1, "subscribe": ["*"]})
            socket.recv_until(lambda message: message.get("id") == 1)


def crawl(site: Site, cookie: dict[str, str]) -> None:
    """Every address that can be read, as an admin sees it, in a browser and as a program."""
    for pattern, _ in ROUTES:
        if "GET" not in MATRIX.get(pattern, {}) or pattern in ENDLESS or pattern.startswith("/ws/"):
            continue
        for path in (a_path(pattern), a_path(pattern).replace("/x", "/boiler")):
            site.ask("GET", path, headers=cookie | {"Accept": "text/html"})
            site.ask("GET", path, token=site.secrets["admin"])


def test_no_secret_is_in_anything_that_a_server_leaves_behind(server: Callable[..., Server], tmp_path: Path) -> None:
    site = lived(server)
    one = site.server
    one.expect_log(r"127\.0\.0\.1:1\b|mqtt")
    wrong = []
    for what, reply in site.answers:
        head = "\n".join(f"{name}: {value}" for name, value in reply.headers.items())
        wrong += site.found(f"the answer to {redacted(what)}", head.encode() + reply.body)
    for command in (
        ("device", "list"),
        ("user", "list"),
        ("token", "list"),
        ("export",),
        ("export", "--format", "ndjson"),
    ):
        wrong += site.found(f"the output of {command}", one.cli(*command).encode())
    one.cli("backup", str(tmp_path / "backup.db"))
    wrong += site.found("a backup", (tmp_path / "backup.db").read_bytes())
    wrong += files(site, "while it runs")
    one.stop()
    wrong += files(site, "after the end")
    with contextlib.closing(sqlite3.connect(one.database)) as database:
        wrong += site.found("the dump", "\n".join(database.iterdump()).encode())
    assert wrong == []
    log = one.log()
    assert "token=***" in log, "there was something to hide"
    assert len(log.splitlines()) > 100


def files(site: Site, when: str) -> list[str]:
    """What is in the files of a server: log, database, WAL, locks. The settings hold what an operator wrote there."""
    wrong = []
    for path in sorted(site.server.directory.rglob("*")):
        if not path.is_file() or path == site.server.config:
            continue
        content = path.read_bytes()
        if path.name == "stdout":  # the one line that hands the link over
            content = content.replace(f"setup?token={site.secrets['setup link']}".encode(), b"", 1)
        wrong += site.found(f"{path.name} {when}", content)
    return wrong


def redacted(what: str) -> str:
    return what.partition("?")[0][:60]


def test_a_redirect_to_the_login_carries_no_token(server: Callable[..., Server]) -> None:
    """It would be in the history of the browser, and in the Referer."""
    one = server()
    token = one.api_token("viewer")
    for path in (f"/data?token={token}", f"/?x=1&token={token}&y=2", f"/explore?token={token}x"):
        reply = one.request("GET", path, headers={"Accept": "text/html"})
        assert token not in reply.headers.get("Location", "")
        assert reply.headers["Referrer-Policy"] == "same-origin"

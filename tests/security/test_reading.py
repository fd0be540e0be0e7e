"""Reading changes nothing: a link, an image or a prefetch cannot make a browser change anything here."""

from __future__ import annotations

import hashlib
import http.client
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

from handlers.routes import ROUTES
from tests.contracts.test_routes import a_path
from tests.handlers.fed import at, feed
from tests.handlers.test_login import PASSWORD, cookie_of, post
from tests.support import SCALE, Server, wait_until

SENDERS = {
    "/data/report",
    "/data/report/",
    "/data/report/(?P<token>[^/]+)",
    r"/weatherstation/updateweatherstation\.php",
}
"""Weather stations send their readings by GET, with a token of their own; a browser's cookie is not looked at."""
BY_THEMSELVES = re.compile(r"sqlite_|journal|chunk|sealed|rollup_|removals|usage|meta")
"""Tables that change without anyone: what was committed is sealed later."""
NAMED = {"id", "name", "device", "metric", "unit", "kind", "token", "hash", "gateway", "mqtt_hash"}
"""Columns of devices and series that say what people gave; the others follow their readings."""
WHEN = {"last_used", "last_use", "used", "seen", "last_seen"}
"""Columns that say when a credential was used last, which reading does."""


def rows(server: Server) -> Iterator[tuple[str, str]]:
    """(table, a digest of its rows) of the database as it is on the disk, without what says when something was used."""
    with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in sorted(one for one in tables if not BY_THEMSELVES.match(one)):
            every = {row[1] for row in database.execute(f'PRAGMA table_info("{table}")')}
            columns = sorted(every & NAMED if table in ("devices", "series") else every - WHEN)
            named = ", ".join(f'"{one}"' for one in columns)
            content = repr(sorted(map(repr, database.execute(f'SELECT {named} FROM "{table}"'))))
            yield table, hashlib.sha256(content.encode()).hexdigest()


def settled(server: Server) -> dict[str, str]:
    """What is stored once nothing changes any more by itself."""
    last: dict[str, str] = {}

    def same() -> bool:
        nonlocal last
        before, last = last, dict(rows(server))
        return before == last

    wait_until(same, 30, "a database at rest")
    return last


def ask(server: Server, method: str, path: str, cookie: str) -> int:
    """As a browser that follows a link or loads an image; some answers have no end."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30 * SCALE)
    try:
        connection.request(method, path, headers={"Cookie": cookie, "Accept": "text/html"})
        return connection.getresponse().status
    finally:
        connection.close()


def test_reading_every_address_leaves_the_database_as_it_was(server: Callable[..., Server]) -> None:
    """By the cookie of an admin, who may everything."""
    fed = feed(server)
    one = fed.server
    fed.send(at(0, t=1.5), at(1000, t=2.5, on=True))
    operator = one.api_token("operator")
    board = {"name": "b", "parts": [{"id": "a", "kind": "tile", "w": 1, "h": 1, "series": ["boiler/t"]}]}
    assert one.request("POST", "/api/boards", json_body=board, token=operator).status == 201
    note = {"text": "a note", "from": 1_700_000_000_000}
    one.request("POST", "/api/annotations", json_body=note, token=operator)
    one.cli("user", "add", "me", "--role", "admin", stdin=f"{PASSWORD}\n")
    cookie = cookie_of(post(one, "/login", name="me", password=PASSWORD))
    before = settled(one)
    answered = set()
    for pattern, _ in ROUTES:
        if pattern in SENDERS:
            continue
        for path in {a_path(pattern), a_path(pattern).replace("/x", "/1"), a_path(pattern).replace("/x", "/boiler")}:
            for query in ("", "?device=boiler&id=1&name=boiler%2Ft&series=boiler%2Ft&token="):
                for method in ("GET", "HEAD", "OPTIONS"):
                    answered.add(ask(one, method, path + query, cookie))
    assert {200, 404, 405} <= answered
    assert settled(one) == before
    assert ask(one, "GET", "/", cookie) == 200, "who looked is still logged in"

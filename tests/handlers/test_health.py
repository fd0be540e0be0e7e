"""``GET /healthz`` of a real server."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

from tests.handlers.fed import at, feed
from tests.support import Server, wait_until


def test_health_is_open_and_tells_nothing_else(server: Callable[..., Server]) -> None:
    reply = server().request("GET", "/healthz")
    assert reply.status == 200
    assert set(reply.json()) == {"status", "uptime"}
    assert reply.json()["status"] == "ok"


def test_health_is_503_while_the_disk_takes_no_writes(server: Callable[..., Server]) -> None:
    """A commit that fails is refused, seen by monitoring, and over once the disk is back."""
    fed = feed(server)
    fed.send(at(0, t=1))
    with closing(sqlite3.connect(fed.server.database)) as other:
        other.execute("ALTER TABLE journal RENAME TO elsewhere")
        failed = fed.server.request("POST", "/api/ingest", json_body=at(1, t=1), token=fed.device)
        sick = fed.server.request("GET", "/healthz")
        other.execute("ALTER TABLE elsewhere RENAME TO journal")
    fed.server.expect_log("commit failed")
    assert failed.status == 503
    assert (sick.status, sick.error["code"], sick.headers["Retry-After"]) == (503, "try_later", "1")
    wait_until(lambda: fed.server.request("GET", "/healthz").status == 200)
    fed.send(at(1, t=1))

"""What fails, fails closed: a fault while a credential is looked at lets nobody in, and its answer tells nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.handlers.site import Site, running, site
from tests.support import Server

__all__ = ["running", "site"]  # fixtures


class Broken:
    """Stands for a part that is out of order: whatever is asked of it is an error, with a secret in its text."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("CANARY: the disk is gone")


@pytest.fixture
def broken(site: Site) -> Iterator[Site]:
    """A server whose accounts cannot be looked at."""
    accounts = site.core.accounts
    site.core.accounts = Broken()
    yield site
    site.core.accounts = accounts


@pytest.mark.parametrize("path", ["/who", "/page", "/operators", "/admins", "/device?device=boiler"])
@pytest.mark.parametrize("who", ["nobody", "ADMIN", "boiler", "session", "made up"])
def test_a_fault_while_a_credential_is_looked_at_lets_nobody_in(broken: Site, path: str, who: str) -> None:
    headers = broken.cookie if who == "session" else {}
    token = broken.tokens.get(who, "x" * 43) if who not in ("nobody", "session") else None
    for method in ("GET", "POST"):
        reply = broken.ask(path, method, token=token, headers=headers)
        assert reply.status in (401, 500), (method, reply.status)
        assert reply.error["code"] in ("unauthorized", "internal")
        assert "CANARY" not in reply.text
        assert "Traceback" not in reply.text


def test_a_database_that_is_gone_lets_no_one_log_in(server: Callable[..., Server]) -> None:
    """Who is in stays in, from memory; a login needs its commit."""
    one = server({"storage.commit_interval": "0"})
    one.expect_log(r".")
    one.cli("user", "add", "me", "--role", "admin", stdin="correct horse\n")
    with closing(sqlite3.connect(one.database, timeout=30)) as database:
        database.execute("DROP TABLE sessions")
        database.commit()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = one.request("POST", "/login", body="name=me&password=correct+horse", headers=form)
    assert reply.status in (500, 503)
    assert "Set-Cookie" not in reply.headers
    assert "sessions" not in reply.text

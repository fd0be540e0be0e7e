"""How secrets are made, and what is kept of them."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing

from telemetry.passwords import DUMMY, Passwords
from tests.support import Server

RANDOM = r"[\w-]{43}"
"""256 bits in base64url."""


def test_a_password_is_kept_as_a_slow_hash_with_its_own_salt() -> None:
    """argon2id with the least that OWASP's Password Storage Cheat Sheet asks for: 19 MiB, two passes."""

    async def two() -> list[str]:
        passwords = Passwords()
        try:
            return [await passwords.hash("correct horse") for _ in range(2)]
        finally:
            passwords.close()

    made = asyncio.run(two())
    for one in (*made, DUMMY):
        found = re.match(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=1\$", one)
        assert found, one
        assert int(found[1]) >= 19 * 1024
        assert int(found[2]) >= 2
    assert made[0] != made[1]


def test_tokens_are_256_random_bits(server: Callable[..., Server]) -> None:
    one = server()
    devices = [one.device_token(f"d{n}") for n in range(3)]
    programs = [one.api_token() for _ in range(3)]
    assert all(re.fullmatch(f"tt_d_{RANDOM}", token) for token in devices)
    assert all(re.fullmatch(f"tt_a_{RANDOM}", token) for token in programs)
    assert len({*devices, *programs}) == 6


def test_what_is_kept_of_tokens_opens_nothing(server: Callable[..., Server]) -> None:
    """Someone who reads the database has hashes, and a hash is no token."""
    one = server()
    token, device = one.api_token("admin"), one.device_token("boiler")
    with closing(sqlite3.connect(one.database)) as database:
        stored = [hash_ for (hash_,) in database.execute("SELECT hash FROM tokens")]
        rows = database.execute("SELECT * FROM devices").fetchall()
    assert one.request("GET", "/api/latest", token=token).status == 200
    assert stored
    for hash_ in stored:
        for form in (hash_.hex(), hash_.decode("latin-1").encode("unicode_escape").decode(), repr(rows)[:20]):
            assert one.request("GET", "/api/latest", token=form).status == 401
    assert device not in repr(rows)
    assert token not in repr(stored)


def test_a_token_with_the_name_of_a_user_is_not_that_user(server: Callable[..., Server]) -> None:
    """What is one's own is for who logs in, also where a program is called the same."""
    one = server()
    one.cli("user", "add", "me", "--role", "viewer", stdin="correct horse\n")
    token = one.api_token("admin", name="me")
    for path in ("/api/account", "/account"):
        assert one.request("GET", path, token=token).status == 403
    assert one.request("DELETE", "/api/account/sessions", token=token).status == 403

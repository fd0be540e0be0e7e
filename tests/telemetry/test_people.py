"""Users: the first one, logins, guesses, and who is removed."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

import pytest

from telemetry.auth import Accounts, Role, Throttled
from telemetry.identity import TERMINAL
from telemetry.store.db import StoreError
from telemetry.throttle import ADDRESS_BURST
from tests.telemetry.kit import FailingStore, with_accounts

RIGHT = "correct horse"


def test_a_session_id_that_the_browser_brings_along_is_never_taken(tmp_path: Path) -> None:
    """Each login makes a new one."""

    async def body(accounts: Accounts, _: FailingStore) -> None:
        await accounts.people.add(TERMINAL, "me", Role.ADMIN, RIGHT)
        cookies = [await accounts.people.log_in("me", RIGHT, "::1") for _ in range(3)]
        assert len(set(cookies)) == 3
        assert accounts.people.principal("preset") is None

    with_accounts(tmp_path / "x.db", body)


def test_a_wrong_password_and_an_unknown_user_look_the_same(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        await accounts.people.add(TERMINAL, "me", Role.ADMIN, RIGHT)
        assert await accounts.people.log_in("me", "wrong horse", "::1") is None
        assert await accounts.people.log_in("nobody", "wrong horse", "::1") is None
        assert await accounts.people.log_in("nobody", RIGHT, "::1") is None
        times: dict[str, list[float]] = {"me": [], "nobody": []}
        for n in range(40):
            for name, taken in times.items():
                before = time.perf_counter()
                await accounts.people.log_in(name, "wrong horse", f"10.0.{n}.{len(taken) % 200}")
                taken.append(time.perf_counter() - before)
        known, unknown = statistics.median(times["me"]), statistics.median(times["nobody"])
        assert 0.5 < known / unknown < 2

    with_accounts(tmp_path / "x.db", body)


def test_guessing_is_throttled_and_the_right_password_works_from_elsewhere(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        await accounts.people.add(TERMINAL, "me", Role.ADMIN, RIGHT)
        tries = [await accounts.people.log_in("me", f"wrong horse {n}", "10.0.0.1") for n in range(ADDRESS_BURST + 20)]
        assert tries[:ADDRESS_BURST] == [None] * ADDRESS_BURST
        assert all(isinstance(one, Throttled) and one.wait > 0 for one in tries[ADDRESS_BURST:])
        assert isinstance(await accounts.people.log_in("me", RIGHT, "10.0.0.1"), Throttled)
        assert isinstance(await accounts.people.log_in("me", RIGHT, "10.0.0.2"), str)

    with_accounts(tmp_path / "x.db", body)


def test_more_logins_at_once_than_can_be_checked_are_told_to_come_back(tmp_path: Path) -> None:
    """And it is not held against them."""

    async def body(accounts: Accounts, _: FailingStore) -> None:
        await accounts.people.add(TERMINAL, "me", Role.ADMIN, RIGHT)
        results = await asyncio.gather(*(accounts.people.log_in("me", RIGHT, f"10.0.0.{n}") for n in range(30)))
        assert sum(isinstance(one, str) for one in results) == 16
        assert sum(isinstance(one, Throttled) for one in results) == 14
        assert isinstance(await accounts.people.log_in("me", RIGHT, "10.0.0.29"), str)

    with_accounts(tmp_path / "x.db", body)


def test_a_removed_user_is_out_everywhere(tmp_path: Path) -> None:
    """Sessions, their sockets, and a login that was under way."""

    async def body(accounts: Accounts, _: FailingStore) -> None:
        await accounts.people.add(TERMINAL, "me", Role.ADMIN, RIGHT)
        cookie = await accounts.people.log_in("me", RIGHT, "::1")
        found = accounts.people.principal(str(cookie))
        assert found is not None
        closed = []
        accounts.watch(found.key, lambda: closed.append(1))
        under_way, removed = await asyncio.gather(
            accounts.people.log_in("me", RIGHT, "::1"), accounts.people.remove(TERMINAL, "me")
        )
        assert removed
        assert closed == [1]
        assert accounts.people.principal(str(cookie)) is None
        assert under_way is None or accounts.people.principal(str(under_way)) is None
        assert not await accounts.people.remove(TERMINAL, "me")
        assert await accounts.people.open_session("me") is None

    with_accounts(tmp_path / "x.db", body)


def test_without_users_there_is_one_setup_link_and_fifty_visitors_make_one_admin(tmp_path: Path) -> None:
    path = tmp_path / "x.db"

    async def first(accounts: Accounts, _: FailingStore) -> None:
        token = accounts.people.setup_token
        assert token is not None
        assert not accounts.people.setup_fits("")
        assert not accounts.people.setup_fits(token[:-1])
        assert not await accounts.people.set_up("wrong", "me", RIGHT, "::1")
        results = await asyncio.gather(*(accounts.people.set_up(token, f"user{n}", RIGHT, "::1") for n in range(50)))
        assert results.count(True) == 1
        assert accounts.people.setup_token is None
        assert not accounts.people.setup_fits(token)
        winner = f"user{results.index(True)}"
        found = accounts.people.principal(str(await accounts.people.log_in(winner, RIGHT, "::1")))
        assert found is not None
        assert found.role is Role.ADMIN

    async def then(accounts: Accounts, _: FailingStore) -> None:
        assert accounts.people.setup_token is None

    with_accounts(path, first)
    with_accounts(path, then)


def test_a_setup_that_the_disk_refused_can_be_tried_again(tmp_path: Path) -> None:
    async def body(accounts: Accounts, store: FailingStore) -> None:
        token = accounts.people.setup_token
        assert token is not None
        store.failing = True
        with pytest.raises(StoreError):
            await accounts.people.set_up(token, "me", RIGHT, "::1")
        store.failing = False
        assert await accounts.people.set_up(token, "me", RIGHT, "::1")

    with_accounts(tmp_path / "x.db", body)


def test_the_setup_link_dies_when_a_user_is_made_otherwise(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        token = accounts.people.setup_token
        assert token is not None
        made, user = await asyncio.gather(
            accounts.people.set_up(token, "me", RIGHT, "::1"), accounts.people.add(TERMINAL, "you", Role.VIEWER, RIGHT)
        )
        assert user
        assert accounts.people.setup_token is None
        assert made or not accounts.people.setup_fits(token)

    with_accounts(tmp_path / "x.db", body)


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        assert await accounts.people.add(TERMINAL, "me", Role.ADMIN, RIGHT)
        assert not await accounts.people.add(TERMINAL, "me", Role.VIEWER, "another horse")
        assert isinstance(await accounts.people.log_in("me", RIGHT, "::1"), str)

    with_accounts(tmp_path / "x.db", body)

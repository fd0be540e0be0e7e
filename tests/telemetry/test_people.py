"""Users: the first one, logins, guesses, and who is removed."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from telemetry.audit import Audit
from telemetry.auth import Accounts, Link, Role, Throttled
from telemetry.clock import Clock
from telemetry.identity import TERMINAL, Actor
from telemetry.people import GONE, LAST, LINK_SECONDS, ONESELF, TAKEN
from telemetry.store import accounts as account_rows
from telemetry.store import audit
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

    with_accounts(tmp_path / "x.db", body)


def test_the_time_of_a_refusal_does_not_tell_who_is_invited(tmp_path: Path) -> None:
    """Who is has no hash yet. 60 timings each, in turns; of two it is a coin which is longer.

    Whether there is such a user: ``tests/security/test_enumeration.py``.
    """

    async def body(accounts: Accounts, _: FailingStore) -> None:
        people = accounts.people
        await staff(accounts, boss=Role.ADMIN)
        assert isinstance(await people.invite(BOSS, "invited", Role.VIEWER), Link)
        times: dict[str, list[float]] = {"nobody": [], "invited": []}
        for _ in range(60):
            for name, taken in times.items():
                before = time.perf_counter()
                assert await people.log_in(name, "wrong horse", "::1") is None
                taken.append(time.perf_counter() - before)
                people.logins.throttle.take_back("::1", name)
        longer = sum(one > other for one in times["invited"] for other in times["nobody"]) / 60**2
        assert 0.2 < longer < 0.8, "by chance 0.5, with a deviation of 0.05"

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


BOSS, OTHER = Actor("boss", "user", "::1"), Actor("other", "user", "::1")


async def staff(accounts: Accounts, **roles: Role) -> None:
    for name, role in roles.items():
        assert await accounts.people.add(TERMINAL, name, role, RIGHT)


def test_someone_invited_sets_the_first_password_by_the_link_once(tmp_path: Path) -> None:
    """Until then nothing logs in; the link is on the disk as its hash only."""
    path, links = tmp_path / "x.db", []

    async def first(accounts: Accounts, _: FailingStore) -> None:
        await staff(accounts, boss=Role.ADMIN)
        link = await accounts.people.invite(BOSS, "new", Role.VIEWER)
        assert isinstance(link, Link)
        assert await accounts.people.invite(BOSS, "new", Role.ADMIN) == TAKEN
        assert await accounts.people.log_in("new", "", "::1") is None
        links.append(link)

    async def then(accounts: Accounts, _: FailingStore) -> None:
        people, link = accounts.people, links[0]
        user = people.link_of(link.token)
        assert user is not None
        assert user.name == "new"
        until = people.link_until(user)
        assert until is not None
        assert abs(until - link.until) < 60_000
        assert people.link_of(link.token[:-1]) is people.link_of("") is None
        done = await asyncio.gather(*(people.use_link(link.token, f"correct horse {n}", "::1") for n in range(5)))
        assert sum(one is not None for one in done) == 1
        assert people.link_of(link.token) is None
        assert await people.use_link(link.token, RIGHT, "::1") is None
        won = next(n for n, one in enumerate(done) if one is not None)
        assert isinstance(await people.log_in("new", f"correct horse {won}", "::1"), str)

    with_accounts(path, first)
    assert links[0].token.encode() not in b"".join(one.read_bytes() for one in tmp_path.iterdir())
    with_accounts(path, then)


def test_a_link_works_for_a_day_by_a_clock_that_no_one_sets(tmp_path: Path) -> None:
    now, wall = [1000.0], [1_800_000_000_000]

    async def main() -> None:
        store = FailingStore(tmp_path / "x.db")
        await store.start()
        clock = Clock(0, lambda: wall[0], lambda: now[0])
        accounts = Accounts(store, clock, Audit(clock), lambda: now[0])
        await accounts.load()
        await staff(accounts, boss=Role.ADMIN)
        link = await accounts.people.new_link(BOSS, "boss")
        assert isinstance(link, Link)
        wall[0] += 50 * 31_536_000_000
        now[0] += LINK_SECONDS - 1
        assert accounts.people.link_of(link.token) is not None
        now[0] += 1
        assert accounts.people.link_of(link.token) is None
        accounts.close()
        await store.close()

    asyncio.run(main())


def test_a_new_link_ends_the_one_before_and_leaves_the_password(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        await staff(accounts, boss=Role.ADMIN, me=Role.VIEWER)
        first, second = [await accounts.people.new_link(BOSS, "me") for _ in range(2)]
        assert isinstance(first, Link)
        assert isinstance(second, Link)
        assert accounts.people.link_of(first.token) is None
        assert isinstance(await accounts.people.log_in("me", RIGHT, "::1"), str)
        assert await accounts.people.new_link(BOSS, "nobody") == GONE

    with_accounts(tmp_path / "x.db", body)


@pytest.mark.parametrize("change", ["role", "password", "link", "remove"])
def test_sockets_and_sessions_end_with_any_change_that_matters(tmp_path: Path, change: str) -> None:
    """Those of a session of ours, and those that a proxy has logged in."""

    async def body(accounts: Accounts, _: FailingStore) -> None:
        people = accounts.people
        await staff(accounts, boss=Role.ADMIN, me=Role.VIEWER)
        cookie = str(await people.log_in("me", RIGHT, "::1"))
        closed: list[str] = []
        for principal in (people.principal(cookie), people.signed_on("me")):
            assert principal is not None
            accounts.watch(principal.key, lambda key=principal.key: closed.append(key))
        if change == "role":
            assert await people.set_role(BOSS, "me", Role.OPERATOR) is True
        elif change == "password":
            assert await people.set_password(BOSS, "me", "another horse") is True
        elif change == "link":
            link = await people.new_link(BOSS, "me")
            assert isinstance(link, Link)
            assert closed == []
            assert await people.use_link(link.token, "another horse", "::1")
        else:
            assert await people.remove(BOSS, "me") is True
        assert len(closed) == 2
        assert people.principal(cookie) is None
        if change != "remove":
            found = people.signed_on("me")
            assert found is not None
            assert found.role is (Role.OPERATOR if change == "role" else Role.VIEWER)

    with_accounts(tmp_path / "x.db", body)


def test_a_login_under_way_does_not_outlive_a_new_password(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        people = accounts.people
        await staff(accounts, me=Role.VIEWER)
        for n in range(5):
            old, new = (RIGHT, "another horse") if n % 2 == 0 else ("another horse", RIGHT)
            cookie, done = await asyncio.gather(
                people.log_in("me", old, f"10.0.0.{n}"), people.set_password(TERMINAL, "me", new)
            )
            assert done is True
            assert not isinstance(cookie, str) or people.principal(cookie) is None

    with_accounts(tmp_path / "x.db", body)


def test_the_same_role_again_ends_nothing(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        await staff(accounts, me=Role.VIEWER)
        cookie = str(await accounts.people.log_in("me", RIGHT, "::1"))
        assert await accounts.people.set_role(BOSS, "me", Role.VIEWER) is True
        assert accounts.people.principal(cookie) is not None
        assert await accounts.people.set_role(BOSS, "nobody", Role.VIEWER) is False
        assert await accounts.people.set_password(BOSS, "nobody", RIGHT) is False

    with_accounts(tmp_path / "x.db", body)


def test_no_one_locks_oneself_or_everyone_out(tmp_path: Path) -> None:
    """By the pages; the terminal can, because it can also add a user."""
    program = Actor("script", "token", "::1")

    async def body(accounts: Accounts, _: FailingStore) -> None:
        people = accounts.people
        await staff(accounts, boss=Role.ADMIN, other=Role.ADMIN)
        assert isinstance(await people.invite(BOSS, "invited", Role.ADMIN), Link)
        assert await people.remove(BOSS, "boss") == ONESELF
        assert await people.set_role(BOSS, "boss", Role.VIEWER) == ONESELF
        assert await people.set_role(BOSS, "other", Role.VIEWER) is True
        assert await people.remove(program, "boss") == LAST  # who is invited cannot log in yet
        assert await people.set_role(program, "boss", Role.VIEWER) == LAST
        namesake = Actor("invited", "token", "::1")  # a token of an admin who cannot log in
        assert await people.remove(namesake, "boss") == LAST
        assert await people.set_role(namesake, "boss", Role.VIEWER) == LAST
        assert isinstance(await people.log_in("boss", RIGHT, "::1"), str)
        assert await people.remove(BOSS, "invited") is True
        assert await people.remove(TERMINAL, "boss") is True

    with_accounts(tmp_path / "x.db", body)


def test_two_admins_who_remove_each_other_at_once_leave_one(tmp_path: Path) -> None:
    async def body(accounts: Accounts, store: FailingStore) -> None:
        people = accounts.people
        await staff(accounts, boss=Role.ADMIN, other=Role.ADMIN)
        ends = await asyncio.gather(
            people.set_role(BOSS, "other", Role.VIEWER), people.set_role(OTHER, "boss", Role.VIEWER)
        )
        assert sorted(map(str, ends)) == sorted(map(str, [True, LAST]))
        rows = await store.read(account_rows.users)
        assert [row.role for row in rows].count("admin") == 1
        assert rows == people.every()

    with_accounts(tmp_path / "x.db", body)


def test_a_failing_disk_keeps_no_old_password_or_session_in(tmp_path: Path) -> None:
    """What was not stored is not changed; but the sessions have ended."""

    async def body(accounts: Accounts, store: FailingStore) -> None:
        await staff(accounts, boss=Role.ADMIN, me=Role.OPERATOR)
        cookie = str(await accounts.people.log_in("me", RIGHT, "::1"))
        store.failing = True
        for change in (
            accounts.people.set_role(BOSS, "me", Role.VIEWER),
            accounts.people.set_password(BOSS, "me", "another horse"),
            accounts.people.new_link(BOSS, "me"),
        ):
            with pytest.raises(StoreError):
                await change
        store.failing = False
        assert accounts.people.principal(cookie) is None
        user = accounts.people.find("me")
        assert user is not None
        assert (user.role, user.link) == ("operator", None)
        assert isinstance(await accounts.people.log_in("me", RIGHT, "::1"), str)

    with_accounts(tmp_path / "x.db", body)


def test_every_change_of_a_user_is_in_the_audit_log(tmp_path: Path) -> None:
    async def body(accounts: Accounts, store: FailingStore) -> None:
        people = accounts.people
        await staff(accounts, boss=Role.ADMIN)
        link = await people.invite(BOSS, "me", Role.VIEWER)
        assert isinstance(link, Link)
        await people.use_link(link.token, RIGHT, "10.0.0.9")
        await people.set_role(BOSS, "me", Role.OPERATOR)
        await people.set_password(BOSS, "me", "another horse")
        await people.new_link(BOSS, "me")
        await people.remove(BOSS, "me")
        rows = await store.read(lambda c: audit.newest(c, None, 100))
        assert [(row.who, row.action, row.subject) for row in reversed(rows)] == [
            ("command line", "user add", "boss"),
            ("boss", "user add", "me"),
            ("me", "user password", "me"),
            ("boss", "user role", "me"),
            ("boss", "user password", "me"),
            ("boss", "user link", "me"),
            ("boss", "user remove", "me"),
        ]
        text = "".join(f"{row.before}{row.after}" for row in rows)
        assert '{"role":"viewer"}' in text
        assert link.token not in text
        assert RIGHT not in text

    with_accounts(tmp_path / "x.db", body)

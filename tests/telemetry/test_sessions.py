"""Sessions: bounded, hashed at rest, and indifferent to steps of the wall clock."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from telemetry import sessions
from telemetry.clock import Clock
from telemetry.identity import SERVER, Watchers
from telemetry.sessions import DEFAULT, MAX_PER_USER, NOTED, Lifetimes, Sessions
from telemetry.store import accounts, audit
from telemetry.store.accounts import UserRow
from telemetry.store.db import Store
from tests.telemetry.kit import FailingStore, until
from tests.telemetry.store.test_accounts import with_store

ME = UserRow("me", "operator", "hash", 1)
WALL = 1_800_000_000_000
IDLE, LIFETIME = DEFAULT
BUSY = Lifetimes(LIFETIME, LIFETIME)
"""Only the whole lifetime ends it."""


class Time:
    """Wall clock (ms) and monotonic clock (s), set by hand."""

    def __init__(self) -> None:
        self.wall_ms = WALL
        self.mono_s = 1000.0

    def clock(self) -> Clock:
        return Clock(0, lambda: self.wall_ms, self.mono)

    def mono(self) -> float:
        return self.mono_s


class Ended(Watchers):
    """Notes which keys have ended."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[str] = []

    def end(self, key: str) -> None:
        self.keys.append(key)
        super().end(key)


def keeper(store: Store, time: Time, ended: Ended | None = None, lifetimes: Lifetimes = BUSY) -> Sessions:
    return Sessions(store, time.clock(), ended or Ended(), time.mono, lifetimes)


async def begun(sessions: Sessions, user: UserRow = ME) -> str:
    cookie = await sessions.start(user)
    assert cookie is not None
    return cookie


async def reloaded(store: Store, time: Time, lifetimes: Lifetimes = BUSY) -> Sessions:
    again = keeper(store, time, lifetimes=lifetimes)
    again.load(await store.read(accounts.sessions), {"me": ME})
    return again


def test_a_session_lasts_over_a_restart_and_is_stored_as_its_hash_only(tmp_path: Path) -> None:
    cookies: list[str] = []

    async def body(store: Store) -> None:
        time = Time()
        here = keeper(store, time)
        cookie = await begun(here)
        assert len(cookie) >= 43
        again = await reloaded(store, time)
        for one in (here, again):
            found = one.principal(cookie)
            assert found is not None
            assert (found.kind, found.name, found.role.name) == ("user", "me", "OPERATOR")
            assert one.principal(cookie[:-1]) is one.principal(cookie + "x") is one.principal("") is None
        cookies.append(cookie)

    with_store(tmp_path / "x.db", body)
    assert cookies[0].encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_a_stopped_session_is_gone_for_good_and_its_sockets_too(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        time, ended = Time(), Ended()
        here = keeper(store, time, ended)
        cookie = await begun(here)
        found = here.principal(cookie)
        assert found is not None
        await here.stop(cookie)
        await here.stop(cookie)
        assert ended.keys == [found.key]
        assert here.principal(cookie) is None
        assert (await reloaded(store, time)).principal(cookie) is None

    with_store(tmp_path / "x.db", body)


def test_steps_of_the_wall_clock_neither_end_nor_revive_a_session(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        time = Time()
        here = keeper(store, time)
        cookie = await begun(here)
        for years in (50, -50):
            time.wall_ms = WALL + years * 31_536_000_000
            assert here.principal(cookie) is not None
        time.mono_s += LIFETIME
        assert here.principal(cookie) is None

    with_store(tmp_path / "x.db", body)


def test_a_start_with_a_wrong_clock_makes_no_session_longer_than_its_lifetime(tmp_path: Path) -> None:
    """A Pi boots in 1970."""

    async def body(store: Store) -> None:
        time = Time()
        cookie = await begun(keeper(store, time))
        time.wall_ms = 0
        again = await reloaded(store, time)
        assert again.principal(cookie) is not None
        time.mono_s += LIFETIME
        assert again.principal(cookie) is None
        time.wall_ms = WALL + LIFETIME * 1000
        assert (await reloaded(store, time)).principal(cookie) is None

    with_store(tmp_path / "x.db", body)


def test_the_oldest_of_too_many_sessions_gives_way(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        time, ended = Time(), Ended()
        here = keeper(store, time, ended)
        cookies = [await begun(here) for _ in range(MAX_PER_USER + 2)]
        assert [here.principal(one) is None for one in cookies] == [True] * 2 + [False] * MAX_PER_USER
        assert len(ended.keys) == 2
        assert len(await store.read(accounts.sessions)) == MAX_PER_USER

    with_store(tmp_path / "x.db", body)


def test_sessions_of_a_user_who_is_gone_are_not_loaded(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        time = Time()
        cookie = await begun(keeper(store, time), ME._replace(name="gone"))
        assert (await reloaded(store, time)).principal(cookie) is None

    with_store(tmp_path / "x.db", body)


def test_expiry_closes_sockets_by_itself(tmp_path: Path, monkeypatch) -> None:
    """Nobody has to ask for the session once more; a failing disk does not end the watch."""

    async def body() -> None:
        monkeypatch.setattr(sessions, "LONGEST_SLEEP", 0.01)
        store = FailingStore(tmp_path / "x.db")
        await store.start()
        time, ended = Time(), Ended()
        here = keeper(store, time, ended)
        await begun(here)
        running = asyncio.ensure_future(here.expire())
        store.failing = True
        time.mono_s += LIFETIME
        await until(lambda: len(ended.keys) == 1)
        await here_again(store)
        await begun(here)
        time.mono_s += LIFETIME
        await until(lambda: len(ended.keys) == 2)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await store.close()

    async def here_again(store: FailingStore) -> None:
        store.failing = False
        await store.write(lambda _: None)

    asyncio.run(body())


def test_forgetting_a_user_ends_only_that_users_sessions(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        here = keeper(store, Time())
        mine, other = await begun(here), await begun(here, ME._replace(name="other"))
        here.forget_user("me")
        assert here.principal(mine) is None
        assert here.principal(other) is not None

    with_store(tmp_path / "x.db", body)


def test_a_session_that_is_not_used_ends_and_one_that_is_does_not(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        time = Time()
        here = keeper(store, time, lifetimes=DEFAULT)
        used, left = await begun(here), await begun(here)
        for _ in range(3):
            time.mono_s += IDLE - 1
            assert here.principal(used) is not None
        assert here.principal(left) is None
        time.mono_s += IDLE
        assert here.principal(used) is None

    with_store(tmp_path / "x.db", body)


def test_an_open_page_uses_its_session_until_its_whole_lifetime_is_over(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        time, ended = Time(), Ended()
        here = keeper(store, time, ended, Lifetimes(10, 100))
        cookie = await begun(here)
        found = here.principal(cookie)
        assert found is not None
        closed = []
        ended.watch(found.key, lambda: closed.append(1))
        time.mono_s += 99
        assert [view.seen for view in here.of("me")] == [WALL]
        assert here.principal(cookie) is not None
        time.mono_s += 1
        assert here.principal(cookie) is None

    with_store(tmp_path / "x.db", body)


@pytest.mark.parametrize("years", [50, -50])
def test_steps_of_the_wall_clock_do_not_make_a_session_idle(tmp_path: Path, years: int) -> None:
    async def body(store: Store) -> None:
        time = Time()
        here = keeper(store, time, lifetimes=DEFAULT)
        cookie = await begun(here)
        time.wall_ms = WALL + years * 31_536_000_000
        assert here.principal(cookie) is not None
        time.mono_s += IDLE
        assert here.principal(cookie) is None

    with_store(tmp_path / "x.db", body)


def test_how_long_a_session_was_unused_is_known_after_a_restart(tmp_path: Path, monkeypatch) -> None:
    """What is on the disk is at most an hour old; a start after the idle time finds it ended."""
    monkeypatch.setattr(sessions, "LONGEST_SLEEP", 0.01)

    async def body(store: Store) -> None:
        time = Time()
        here = keeper(store, time, lifetimes=DEFAULT)
        cookie = await begun(here)
        time.mono_s += NOTED
        time.wall_ms += int(NOTED * 1000)
        assert here.principal(cookie) is not None
        running = asyncio.ensure_future(here.expire())
        while (await store.read(accounts.sessions))[0].seen == WALL:
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert (await store.read(accounts.sessions))[0].seen == WALL + NOTED * 1000
        time.wall_ms += int(IDLE * 1000) - 1_000
        again = await reloaded(store, time, DEFAULT)
        assert again.principal(cookie) is not None
        time.wall_ms += 1_000
        assert (await reloaded(store, time, DEFAULT)).principal(cookie) is None

    with_store(tmp_path / "x.db", body)


def test_a_user_sees_the_own_logins_and_ends_one_or_all_others(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        time, ended = Time(), Ended()
        here = keeper(store, time, ended)
        first = await here.start(ME, "10.0.0.1", "Browser\x1b[31m\n 1")
        time.mono_s += 60
        time.wall_ms += 60_000
        second, third = await begun(here), await begun(here)
        other = await begun(here, ME._replace(name="other"))
        views = here.of("me")
        assert [view.seen for view in views] == [WALL + 60_000, WALL + 60_000, WALL]
        assert (views[2].address, views[2].agent) == ("10.0.0.1", "Browser[31m 1")
        assert views[2].id == here.id_of(first)
        assert here.id_of("preset") is None
        assert here.id_of(None) is None
        theirs = here.of("other")[0].id
        assert not await here.end_one(SERVER, "me", theirs)
        assert await here.end_one(SERVER, "me", views[2].id)
        assert not await here.end_one(SERVER, "me", views[2].id)
        assert await here.end_others(SERVER, "me", here.id_of(second)) == 1
        assert [here.principal(str(one)) is None for one in (first, second, third, other)] == [True, False, True, False]
        assert len(await store.read(accounts.sessions)) == 2
        assert len(ended.keys) == 2

    with_store(tmp_path / "x.db", body)


def test_a_login_of_a_user_who_changed_while_it_was_stored_is_none(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        here = keeper(store, Time())
        assert await here.start(ME, stands=lambda: False) is None
        assert here.of("me") == []
        assert await store.read(accounts.sessions) == []

    with_store(tmp_path / "x.db", body)


def test_a_login_and_its_end_are_in_the_audit_log(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        here = keeper(store, Time())
        cookie = await here.start(ME, "10.0.0.1")
        await here.stop(str(cookie), "10.0.0.1")
        rows = await store.read(lambda connection: audit.newest(connection, None, 10))
        assert [(row.who, row.address, row.action) for row in rows] == [
            ("me", "10.0.0.1", "logout"),
            ("me", "10.0.0.1", "login"),
        ]

    with_store(tmp_path / "x.db", body)

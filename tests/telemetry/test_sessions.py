"""Sessions: bounded, hashed at rest, and indifferent to steps of the wall clock."""

from __future__ import annotations

import asyncio
from pathlib import Path

from telemetry import sessions
from telemetry.clock import Clock
from telemetry.sessions import LIFETIME, MAX_PER_USER, Sessions
from telemetry.store import accounts
from telemetry.store.accounts import UserRow
from telemetry.store.db import Store
from tests.telemetry.kit import FailingStore, until
from tests.telemetry.store.test_accounts import with_store

ME = UserRow("me", "operator", "hash", 1)
WALL = 1_800_000_000_000


class Time:
    """Wall clock (ms) and monotonic clock (s), set by hand."""

    def __init__(self) -> None:
        self.wall_ms = WALL
        self.mono_s = 1000.0

    def clock(self) -> Clock:
        return Clock(0, lambda: self.wall_ms, self.mono)

    def mono(self) -> float:
        return self.mono_s


def keeper(store: Store, time: Time, ended: list[str] | None = None) -> Sessions:
    return Sessions(store, time.clock(), [].append if ended is None else ended.append, time.mono)


async def reloaded(store: Store, time: Time) -> Sessions:
    again = keeper(store, time)
    again.load(await store.read(accounts.sessions), {"me": ME})
    return again


def test_a_session_lasts_over_a_restart_and_is_stored_as_its_hash_only(tmp_path: Path) -> None:
    cookies: list[str] = []

    async def body(store: Store) -> None:
        time = Time()
        here = keeper(store, time)
        cookie = await here.start(ME)
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
        time, ended = Time(), []
        here = keeper(store, time, ended)
        cookie = await here.start(ME)
        found = here.principal(cookie)
        assert found is not None
        await here.stop(cookie)
        await here.stop(cookie)
        assert ended == [found.key]
        assert here.principal(cookie) is None
        assert (await reloaded(store, time)).principal(cookie) is None

    with_store(tmp_path / "x.db", body)


def test_steps_of_the_wall_clock_neither_end_nor_revive_a_session(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        time = Time()
        here = keeper(store, time)
        cookie = await here.start(ME)
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
        cookie = await keeper(store, time).start(ME)
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
        time, ended = Time(), []
        here = keeper(store, time, ended)
        cookies = [await here.start(ME) for _ in range(MAX_PER_USER + 2)]
        assert [here.principal(one) is None for one in cookies] == [True] * 2 + [False] * MAX_PER_USER
        assert len(ended) == 2
        assert len(await store.read(accounts.sessions)) == MAX_PER_USER

    with_store(tmp_path / "x.db", body)


def test_sessions_of_a_user_who_is_gone_are_not_loaded(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        time = Time()
        cookie = await keeper(store, time).start(ME._replace(name="gone"))
        assert (await reloaded(store, time)).principal(cookie) is None

    with_store(tmp_path / "x.db", body)


def test_expiry_closes_sockets_by_itself(tmp_path: Path, monkeypatch) -> None:
    """Nobody has to ask for the session once more; a failing disk does not end the watch."""

    async def body() -> None:
        monkeypatch.setattr(sessions, "LONGEST_SLEEP", 0.01)
        store = FailingStore(tmp_path / "x.db")
        await store.start()
        time, ended = Time(), []
        here = keeper(store, time, ended)
        await here.start(ME)
        running = asyncio.ensure_future(here.expire())
        store.failing = True
        time.mono_s += LIFETIME
        await until(lambda: len(ended) == 1)
        await here_again(store)
        await here.start(ME)
        time.mono_s += LIFETIME
        await until(lambda: len(ended) == 2)
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
        mine, other = await here.start(ME), await here.start(ME._replace(name="other"))
        here.forget_user("me")
        assert here.principal(mine) is None
        assert here.principal(other) is not None

    with_store(tmp_path / "x.db", body)

"""Rows of users and sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from telemetry.store import accounts, audit
from telemetry.store.accounts import SessionRow, UserRow, administer
from telemetry.store.audit import AuditRow
from telemetry.store.db import Store, StoreError

ME = UserRow("me", "admin", "hash", 1)


def with_store(path: Path, body: Callable[[Store], Awaitable[None]]) -> None:
    async def run() -> None:
        store = Store(path)
        await store.start()
        try:
            await body(store)
        finally:
            await store.close()

    asyncio.run(run())


def test_a_user_is_stored_once(tmp_path: Path) -> None:
    """The second of one name changes nothing, and is no error of the store."""

    async def body(store: Store) -> None:
        assert await administer(store, lambda db: accounts.add_user(db, ME))
        assert not await administer(store, lambda db: accounts.add_user(db, ME._replace(role="viewer")))
        assert await store.read(accounts.users) == [ME]

    with_store(tmp_path / "x.db", body)


def test_the_first_user_is_only_first_without_any_other(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        assert await administer(store, lambda db: accounts.add_user(db, ME, first=True))
        other = ME._replace(name="other")
        assert not await administer(store, lambda db: accounts.add_user(db, other, first=True))
        assert await administer(store, lambda db: accounts.add_user(db, other))

    with_store(tmp_path / "x.db", body)


def test_a_removed_user_takes_the_sessions_along(tmp_path: Path) -> None:
    """Or a new user of the same name would be logged in where the old one was."""

    async def body(store: Store) -> None:
        await administer(store, lambda db: accounts.add_user(db, ME))
        await store.write(lambda c: accounts.add_session(c, SessionRow(b"1", "me", 1, 2)))
        await store.write(lambda c: accounts.add_session(c, SessionRow(b"2", "other", 1, 2)))
        assert await administer(store, lambda db: accounts.remove_user(db, "me"))
        assert not await administer(store, lambda db: accounts.remove_user(db, "me"))
        assert await store.read(accounts.users) == []
        assert await store.read(accounts.sessions) == [SessionRow(b"2", "other", 1, 2)]
        await store.write(lambda c: accounts.remove_sessions(c, [b"2", b"3"]))
        assert await store.read(accounts.sessions) == []

    with_store(tmp_path / "x.db", body)


def test_names_are_values_never_sql(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        name = "'; DROP TABLE users; --\" [x] %s ? :a"
        row = ME._replace(name=name)
        assert await administer(store, lambda db: accounts.add_user(db, row))
        assert await store.read(accounts.users) == [row]
        assert await administer(store, lambda db: accounts.remove_user(db, name))

    with_store(tmp_path / "x.db", body)


def test_what_an_administrator_did_is_one_transaction(tmp_path: Path) -> None:
    """sqlite-utils must not commit half of it."""

    async def body(store: Store) -> None:
        def half(db: object) -> None:
            accounts.add_user(db, ME)  # type: ignore[arg-type]
            raise StoreError("stop")

        with pytest.raises(StoreError, match="stop"):
            await administer(store, half)
        assert await store.read(accounts.users) == []

    with_store(tmp_path / "x.db", body)


ENTRY = AuditRow(0, 1, "you", "user", "::1", "user role", "me", None, None)


def test_a_user_is_changed_only_from_what_was_read(tmp_path: Path) -> None:
    """The second of two who have read the same changes nothing; neither does one who comes too late."""

    async def body(store: Store) -> None:
        await administer(store, lambda db: accounts.add_user(db, ME))
        await store.write(lambda c: accounts.add_session(c, SessionRow(b"1", "me", 1, 2)))
        changed = ME._replace(role="viewer", totp="SECRET", recovery="a b", link=b"link", link_until=7)
        assert await store.write(lambda c: accounts.change_user(c, ME, changed, ENTRY))
        assert await store.read(accounts.users) == [changed]
        assert not await store.write(lambda c: accounts.change_user(c, ME, ME._replace(password="x"), ENTRY))
        assert len(await store.read(accounts.sessions)) == 1
        assert await store.write(lambda c: accounts.change_user(c, changed, ME, ENTRY, leave=True))
        assert await store.read(accounts.sessions) == []
        gone = ME._replace(name="gone")
        assert not await store.write(lambda c: accounts.change_user(c, gone, gone, ENTRY))
        assert len(await store.read(lambda c: audit.newest(c, None, 10))) == 2

    with_store(tmp_path / "x.db", body)


def test_another_admin_is_one_who_can_log_in(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        others = [ME._replace(name="invited", password=""), ME._replace(name="viewer", role="viewer")]
        for row in (ME, *others):
            await administer(store, lambda db, row=row: accounts.add_user(db, row))
        assert not await store.read(lambda c: accounts.other_admin(c, "me", "viewer"))
        assert await store.read(lambda c: accounts.other_admin(c, "me", "invited"))  # who asks is there
        assert await store.read(lambda c: accounts.other_admin(c, "invited", "viewer"))

    with_store(tmp_path / "x.db", body)


def test_when_a_session_was_used_is_noted(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        one, other = SessionRow(b"1", "me", 1, 2, 3, "::1", "agent"), SessionRow(b"2", "me", 2, 3)
        await store.write(lambda c: [accounts.add_session(c, row) for row in (other, one)])
        await store.write(lambda c: accounts.seen_sessions(c, [(9, b"1"), (9, b"gone")]))
        assert await store.read(accounts.sessions) == [one._replace(seen=9), other]

    with_store(tmp_path / "x.db", body)


def test_all_sessions_and_links_end_and_nothing_else(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        row = ME._replace(totp="SECRET", recovery="a", link=b"link", link_until=7)
        await administer(store, lambda db: accounts.add_user(db, row))
        await store.write(lambda c: accounts.add_session(c, SessionRow(b"1", "me", 1, 2)))
        await store.write(accounts.end_all)
        assert await store.read(accounts.sessions) == []
        assert await store.read(accounts.users) == [row._replace(link=None, link_until=0)]

    with_store(tmp_path / "x.db", body)

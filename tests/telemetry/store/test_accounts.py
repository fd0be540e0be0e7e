"""Rows of users, sessions and API tokens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from telemetry.store import accounts
from telemetry.store.accounts import SessionRow, TokenRow, UserRow, administer
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


def test_tokens_come_and_go_by_name(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        row = TokenRow("kiosk", "viewer", b"hash", 1)
        assert await administer(store, lambda db: accounts.add_token(db, row))
        assert not await administer(store, lambda db: accounts.add_token(db, row._replace(hash=b"other")))
        assert await store.read(accounts.tokens) == [row]
        assert await administer(store, lambda db: accounts.remove_token(db, "kiosk"))
        assert not await administer(store, lambda db: accounts.remove_token(db, "kiosk"))

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

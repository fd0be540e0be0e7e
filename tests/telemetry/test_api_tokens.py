"""API tokens: a role each, what they reach, and when they end."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from telemetry.api_tokens import USED_EVERY, ApiTokens, NoBoardError, TooManyError
from telemetry.audit import Audit
from telemetry.auth import Accounts, Role
from telemetry.clock import Clock
from telemetry.identity import TERMINAL, Principal
from telemetry.scope import BoardScope, SeriesScope
from telemetry.store import api_tokens as rows
from telemetry.store import boards
from telemetry.token_drafts import Limits
from tests.telemetry.kit import FailingStore, until, with_accounts

YEAR = 365 * 86_400


def found(accounts: Accounts, token: str | None) -> Principal:
    principal = accounts.tokens.principal(token or "")
    assert principal is not None
    return principal


def test_api_tokens_have_a_role_and_end(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    tokens = []

    async def first(accounts: Accounts, _: FailingStore) -> None:
        tokens.append(await accounts.tokens.add(TERMINAL, "kiosk", Role.OPERATOR))
        assert await accounts.tokens.add(TERMINAL, "kiosk", Role.ADMIN) is None

    async def then(accounts: Accounts, _: FailingStore) -> None:
        one = found(accounts, tokens[0])
        assert (one.kind, one.name, one.role, one.scope) == ("token", "kiosk", Role.OPERATOR, None)
        closed = []
        accounts.watch(one.key, lambda: closed.append(1))
        assert accounts.open(one.key) == 1
        assert await accounts.tokens.revoke(TERMINAL, "kiosk")
        assert not await accounts.tokens.revoke(TERMINAL, "kiosk")
        assert closed == [1]
        assert accounts.tokens.principal(tokens[0] or "") is None

    with_accounts(path, first)
    with_accounts(path, then)
    assert str(tokens[0]).startswith("tt_a_")


def test_tokens_are_bounded(tmp_path: Path) -> None:
    async def body(_: Accounts, store: FailingStore) -> None:
        few = ApiTokens(store, Clock(), Audit(Clock()), lambda _: None, most=2)
        for name in "ab":
            assert await few.add(TERMINAL, name, Role.VIEWER)
        with pytest.raises(TooManyError):
            await few.add(TERMINAL, "c", Role.VIEWER)
        await few.revoke(TERMINAL, "a")
        assert await few.add(TERMINAL, "c", Role.VIEWER)

    with_accounts(tmp_path / "x.db", body)


def test_limits_outlive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    tokens = []

    async def first(accounts: Accounts, _: FailingStore) -> None:
        limits = Limits(("boiler/*", "Küche/t"), write=True, expires=None)
        tokens.append(await accounts.tokens.add(TERMINAL, "program", Role.OPERATOR, limits))

    async def then(accounts: Accounts, _: FailingStore) -> None:
        scope = found(accounts, tokens[0]).scope
        assert isinstance(scope, SeriesScope)
        assert (scope.patterns, scope.write) == (("boiler/*", "Küche/t"), True)

    with_accounts(path, first)
    with_accounts(path, then)


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:0],
        lambda token: token[:-1],
        lambda token: token[1:],
        lambda token: token + "=",
        lambda token: token + "\0",
        lambda token: f" {token}",
        lambda token: token.swapcase(),
        lambda token: token.upper(),
        lambda token: token.replace("_", "\uff3f"),
        lambda token: token[:-1] + unicodedata.normalize("NFKD", "ａ"),
        lambda token: token.replace("tt_a_", "tt_k_"),
        lambda token: "\udc80" + token,
    ],
    ids=[
        "empty",
        "prefix",
        "suffix",
        "longer",
        "nul",
        "space",
        "swapped",
        "upper",
        "wide",
        "other",
        "kind",
        "surrogate",
    ],
)
def test_only_the_whole_token_fits(tmp_path: Path, change: Callable[[str], str]) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        token = await accounts.tokens.add(TERMINAL, "kiosk", Role.VIEWER)
        assert token is not None
        changed = change(token)
        assert changed != token
        assert accounts.tokens.principal(changed) is None
        assert accounts.tokens.principal(token) is not None

    with_accounts(tmp_path / "x.db", body)


class Time:
    """Both clocks of a server, set by hand."""

    def __init__(self) -> None:
        self.wall = 1_800_000_000_000
        self.mono = 1000.0


def with_time(path: Path, time: Time, body: Callable[[Accounts, FailingStore], Awaitable[None]]) -> None:
    async def main() -> None:
        store = FailingStore(path)
        await store.start()
        clock = Clock(0, lambda: time.wall, lambda: time.mono)
        accounts = Accounts(store, clock, Audit(clock), lambda: time.mono)
        await accounts.load()
        expiring = asyncio.ensure_future(accounts.expire())
        try:
            await body(accounts, store)
        finally:
            expiring.cancel()
            with suppress(asyncio.CancelledError):
                await expiring
            accounts.close()
            await store.close()

    asyncio.run(main())


@pytest.mark.parametrize("years", [-50, 50])
def test_a_token_ends_on_time_whatever_the_wall_clock_does(tmp_path: Path, years: int) -> None:
    time = Time()

    async def body(accounts: Accounts, _: FailingStore) -> None:
        limits = Limits(expires=time.wall + 60_000)
        token = await accounts.tokens.add(TERMINAL, "short", Role.VIEWER, limits)
        one, closed = found(accounts, token), []
        accounts.watch(one.key, lambda: closed.append(1))
        time.wall += years * YEAR * 1000
        time.mono += 59.9
        assert accounts.tokens.principal(token or "") is not None
        time.mono += 0.2
        assert accounts.tokens.principal(token or "") is None
        # the wait that began at 0 ends by the real clock; a new token lets it look again
        await accounts.tokens.add(TERMINAL, "other", Role.VIEWER)
        await until(lambda: closed)

    with_time(tmp_path / "x.db", time, body)


def test_a_token_that_expired_while_the_server_was_off_is_listed_and_dead(tmp_path: Path) -> None:
    time, tokens = Time(), []

    async def first(accounts: Accounts, _: FailingStore) -> None:
        limits = Limits(expires=time.wall + 60_000)
        tokens.append(await accounts.tokens.add(TERMINAL, "short", Role.VIEWER, limits))

    async def then(accounts: Accounts, _: FailingStore) -> None:
        assert accounts.tokens.principal(tokens[0] or "") is None
        assert [(one["name"], one["expired"]) for one in await accounts.tokens.listed()] == [("short", True)]
        assert await accounts.tokens.revoke(TERMINAL, "short")

    with_time(tmp_path / "x.db", time, first)
    time.wall += 61_000
    with_time(tmp_path / "x.db", time, then)


def test_use_is_shown_at_once_and_written_rarely(tmp_path: Path) -> None:
    time = Time()

    async def body(accounts: Accounts, store: FailingStore) -> None:
        token = await accounts.tokens.add(TERMINAL, "program", Role.VIEWER)
        assert (await accounts.tokens.listed())[0]["used"] is None

        async def used() -> int | None:
            found(accounts, token)
            await accounts.tokens._note_use()
            assert (await accounts.tokens.listed())[0]["used"] == time.wall
            return (await store.read(rows.tokens))[0].used

        begun = time.wall
        assert await used() == begun
        time.wall += USED_EVERY - 1
        assert await used() == begun
        time.wall += 1
        assert await used() == time.wall

    with_time(tmp_path / "x.db", time, body)


CONTENT = {"name": "B", "parts": [{"id": "a", "kind": "tile", "w": 3, "h": 2, "series": ["boiler/t"]}]}


def test_a_screen_reaches_what_its_board_shows_at_the_moment(tmp_path: Path) -> None:
    path, tokens = tmp_path / "x.db", []

    async def first(accounts: Accounts, store: FailingStore) -> None:
        with pytest.raises(NoBoardError):
            await accounts.tokens.add(TERMINAL, "hall", Role.VIEWER, Limits(write=False, board=1))
        await store.write(lambda connection: boards.add(connection, json.dumps(CONTENT), "me", 1))
        tokens.append(await accounts.tokens.add(TERMINAL, "hall", Role.VIEWER, Limits(write=False, board=1)))

    async def then(accounts: Accounts, _: FailingStore) -> None:
        one, closed = found(accounts, tokens[0]), []
        assert one.kind == "screen"
        assert isinstance(one.scope, BoardScope)
        assert one.scope.shown == {"boiler/t"}
        accounts.watch(one.key, lambda: closed.append(1))
        accounts.tokens.board_changed(1, {**CONTENT, "name": "Other"})
        accounts.tokens.board_changed(2, None)
        assert closed == [], "it shows the same as before"
        accounts.tokens.board_changed(1, {"name": "B", "parts": [{"kind": "tile", "series": ["tank/level"]}]})
        assert closed == [1]
        scope = found(accounts, tokens[0]).scope
        assert isinstance(scope, BoardScope)
        assert scope.shown == {"tank/level"}
        accounts.tokens.board_changed(1, None)
        assert not scope.same(found(accounts, tokens[0]).scope)  # type: ignore[arg-type]  # it is one

    with_accounts(path, first)
    with_accounts(path, then)
    assert str(tokens[0]).startswith("tt_k_")

"""Accounts: what opens a door, what closes it again, and for whom it never opens."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from telemetry.auth import Accounts, DeviceIdentity, Role, Throttled, device_key, open_key
from telemetry.clock import Clock
from telemetry.store.db import StoreError
from telemetry.throttle import ADDRESS_BURST
from tests.telemetry.kit import FailingStore

RIGHT = "correct horse"


@contextlib.asynccontextmanager
async def opened(path: Path) -> AsyncIterator[tuple[Accounts, FailingStore]]:
    store = FailingStore(path)
    await store.start()
    accounts = Accounts(store, Clock())
    await accounts.load()
    try:
        yield accounts, store
    finally:
        store.failing = False
        accounts.close()
        await store.close()


def run(path: Path, body) -> None:
    async def main() -> None:
        async with opened(path) as (accounts, store):
            await body(accounts, store)

    asyncio.run(main())


def test_a_device_token_names_its_device_and_lasts_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    tokens = []

    async def first(accounts: Accounts, _: FailingStore) -> None:
        tokens.append(await accounts.give_device_token("boiler"))
        tokens.append(await accounts.give_device_token("hub", "Hub", ("a/*",)))

    async def then(accounts: Accounts, _: FailingStore) -> None:
        assert accounts.device_of_token(tokens[0]) == DeviceIdentity("boiler")
        assert accounts.device_of_token(tokens[1]) == DeviceIdentity("hub", ("a/*",))
        assert accounts.has_token("boiler")
        assert not accounts.has_token("tank")

    run(path, first)
    run(path, then)
    assert all(token.startswith("tt_d_") and len(token) == 48 for token in tokens)
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert all(token.encode() not in stored for token in tokens)


def test_only_the_whole_token_opens(tmp_path: Path) -> None:
    """Empty, shorter, longer, other case, other letters: nothing."""

    async def body(accounts: Accounts, _: FailingStore) -> None:
        device, api = await accounts.give_device_token("boiler"), await accounts.add_token("kiosk", Role.VIEWER)
        assert device is not None
        assert api is not None
        for token in (device, api):
            wrong = ["", token[:-1], token[1:], token + "A", token.swapcase(), f" {token}", token + "\0", "ü", "\ud800"]
            for one in wrong:
                assert accounts.device_of_token(one) is None
                assert accounts.principal_of_token(one) is None
        assert accounts.principal_of_token(device) is None
        assert accounts.device_of_token(api) is None

    run(tmp_path / "x.db", body)


def test_a_device_has_one_token(tmp_path: Path) -> None:
    """Also when two ask at the same time."""

    async def body(accounts: Accounts, _: FailingStore) -> None:
        given = await asyncio.gather(*(accounts.give_device_token("boiler") for _ in range(5)))
        (token,) = [one for one in given if one is not None]
        assert accounts.device_of_token(token) == DeviceIdentity("boiler")

    run(tmp_path / "x.db", body)


def test_revoking_closes_sockets_and_leaves_the_id_free_for_a_new_token(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        old = await accounts.give_device_token("boiler")
        closed: list[str] = []
        accounts.watch(device_key("boiler"), lambda: closed.append("with token"))
        accounts.watch(open_key("boiler"), lambda: closed.append("without"))
        assert await accounts.revoke_device_token("boiler")
        assert closed == ["with token"]
        assert old is not None
        assert accounts.device_of_token(old) is None
        assert not await accounts.revoke_device_token("boiler")
        new = await accounts.give_device_token("boiler")
        assert new not in {None, old}

    run(tmp_path / "x.db", body)


def test_a_failing_disk_keeps_no_revoked_credential_alive(tmp_path: Path) -> None:
    """Revoking reports the failure, but has worked; adding without the disk gives nothing."""

    async def body(accounts: Accounts, store: FailingStore) -> None:
        device, api = await accounts.give_device_token("boiler"), await accounts.add_token("kiosk", Role.VIEWER)
        await accounts.add_user("me", Role.ADMIN, RIGHT)
        cookie = await accounts.log_in("me", RIGHT, "::1")
        store.failing = True
        for ending in (
            accounts.revoke_device_token("boiler"),
            accounts.revoke_token("kiosk"),
            accounts.log_out(str(cookie)),
            accounts.remove_user("me"),
            accounts.give_device_token("tank"),
            accounts.add_token("program", Role.ADMIN),
            accounts.add_user("you", Role.ADMIN, RIGHT),
        ):
            with pytest.raises(StoreError):
                await ending
        assert device is not None
        assert api is not None
        assert accounts.device_of_token(device) is None
        assert accounts.principal_of_token(api) is None
        assert accounts.principal_of_session(str(cookie)) is None
        assert not accounts.has_token("tank")

    run(tmp_path / "x.db", body)


def test_a_token_given_while_it_is_being_revoked_is_not_left_working_in_memory(tmp_path: Path) -> None:
    """Memory and database agree, whichever came first."""
    path = tmp_path / "x.db"
    kept: list[str | None] = []
    worked: list[bool] = []

    async def first(accounts: Accounts, _: FailingStore) -> None:
        token, _done = await asyncio.gather(
            accounts.give_device_token("boiler"), accounts.revoke_device_token("boiler")
        )
        kept.append(token)
        worked.append(accounts.device_of_token(token or "") is not None)

    async def then(accounts: Accounts, _: FailingStore) -> None:
        assert (accounts.device_of_token(kept[0] or "") is not None) == worked[0]

    run(path, first)
    run(path, then)


def test_api_tokens_have_a_role_and_end(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    tokens = []

    async def first(accounts: Accounts, _: FailingStore) -> None:
        tokens.append(await accounts.add_token("kiosk", Role.OPERATOR))
        assert await accounts.add_token("kiosk", Role.ADMIN) is None

    async def then(accounts: Accounts, _: FailingStore) -> None:
        found = accounts.principal_of_token(tokens[0])
        assert found is not None
        assert (found.kind, found.name, found.role) == ("token", "kiosk", Role.OPERATOR)
        closed = []
        accounts.watch(found.key, lambda: closed.append(1))
        assert await accounts.revoke_token("kiosk")
        assert not await accounts.revoke_token("kiosk")
        assert closed == [1]
        assert accounts.principal_of_token(tokens[0]) is None

    run(path, first)
    run(path, then)
    assert tokens[0].startswith("tt_a_")


def test_a_session_id_that_the_browser_brings_along_is_never_taken(tmp_path: Path) -> None:
    """Each login makes a new one."""

    async def body(accounts: Accounts, _: FailingStore) -> None:
        await accounts.add_user("me", Role.ADMIN, RIGHT)
        cookies = [await accounts.log_in("me", RIGHT, "::1") for _ in range(3)]
        assert len(set(cookies)) == 3
        assert accounts.principal_of_session("preset") is None

    run(tmp_path / "x.db", body)


def test_a_wrong_password_and_an_unknown_user_look_the_same(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        await accounts.add_user("me", Role.ADMIN, RIGHT)
        assert await accounts.log_in("me", "wrong horse", "::1") is None
        assert await accounts.log_in("nobody", "wrong horse", "::1") is None
        assert await accounts.log_in("nobody", RIGHT, "::1") is None
        times: dict[str, list[float]] = {"me": [], "nobody": []}
        for n in range(40):
            for name, taken in times.items():
                before = time.perf_counter()
                await accounts.log_in(name, "wrong horse", f"10.0.{n}.{len(taken) % 200}")
                taken.append(time.perf_counter() - before)
        known, unknown = statistics.median(times["me"]), statistics.median(times["nobody"])
        assert 0.5 < known / unknown < 2

    run(tmp_path / "x.db", body)


def test_guessing_is_throttled_and_the_right_password_works_from_elsewhere(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        await accounts.add_user("me", Role.ADMIN, RIGHT)
        tries = [await accounts.log_in("me", f"wrong horse {n}", "10.0.0.1") for n in range(ADDRESS_BURST + 20)]
        assert tries[:ADDRESS_BURST] == [None] * ADDRESS_BURST
        assert all(isinstance(one, Throttled) and one.wait > 0 for one in tries[ADDRESS_BURST:])
        assert isinstance(await accounts.log_in("me", RIGHT, "10.0.0.1"), Throttled)
        assert isinstance(await accounts.log_in("me", RIGHT, "10.0.0.2"), str)

    run(tmp_path / "x.db", body)


def test_more_logins_at_once_than_can_be_checked_are_told_to_come_back(tmp_path: Path) -> None:
    """And it is not held against them."""

    async def body(accounts: Accounts, _: FailingStore) -> None:
        await accounts.add_user("me", Role.ADMIN, RIGHT)
        results = await asyncio.gather(*(accounts.log_in("me", RIGHT, f"10.0.0.{n}") for n in range(30)))
        assert sum(isinstance(one, str) for one in results) == 16
        assert sum(isinstance(one, Throttled) for one in results) == 14
        assert isinstance(await accounts.log_in("me", RIGHT, "10.0.0.29"), str)

    run(tmp_path / "x.db", body)


def test_a_removed_user_is_out_everywhere(tmp_path: Path) -> None:
    """Sessions, their sockets, and a login that was under way."""

    async def body(accounts: Accounts, _: FailingStore) -> None:
        await accounts.add_user("me", Role.ADMIN, RIGHT)
        cookie = await accounts.log_in("me", RIGHT, "::1")
        found = accounts.principal_of_session(str(cookie))
        assert found is not None
        closed = []
        accounts.watch(found.key, lambda: closed.append(1))
        under_way, removed = await asyncio.gather(accounts.log_in("me", RIGHT, "::1"), accounts.remove_user("me"))
        assert removed
        assert closed == [1]
        assert accounts.principal_of_session(str(cookie)) is None
        assert under_way is None or accounts.principal_of_session(str(under_way)) is None
        assert not await accounts.remove_user("me")
        assert await accounts.open_session("me") is None

    run(tmp_path / "x.db", body)


def test_without_users_there_is_one_setup_link_and_fifty_visitors_make_one_admin(tmp_path: Path) -> None:
    path = tmp_path / "x.db"

    async def first(accounts: Accounts, _: FailingStore) -> None:
        token = accounts.setup_token
        assert token is not None
        assert not accounts.setup_fits("")
        assert not accounts.setup_fits(token[:-1])
        assert not await accounts.set_up("wrong", "me", RIGHT)
        results = await asyncio.gather(*(accounts.set_up(token, f"user{n}", RIGHT) for n in range(50)))
        assert results.count(True) == 1
        assert accounts.setup_token is None
        assert not accounts.setup_fits(token)
        winner = f"user{results.index(True)}"
        found = accounts.principal_of_session(str(await accounts.log_in(winner, RIGHT, "::1")))
        assert found is not None
        assert found.role is Role.ADMIN

    async def then(accounts: Accounts, _: FailingStore) -> None:
        assert accounts.setup_token is None

    run(path, first)
    run(path, then)


def test_a_setup_that_the_disk_refused_can_be_tried_again(tmp_path: Path) -> None:
    async def body(accounts: Accounts, store: FailingStore) -> None:
        token = accounts.setup_token
        assert token is not None
        store.failing = True
        with pytest.raises(StoreError):
            await accounts.set_up(token, "me", RIGHT)
        store.failing = False
        assert await accounts.set_up(token, "me", RIGHT)

    run(tmp_path / "x.db", body)


def test_the_setup_link_dies_when_a_user_is_made_otherwise(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        token = accounts.setup_token
        assert token is not None
        made, user = await asyncio.gather(
            accounts.set_up(token, "me", RIGHT), accounts.add_user("you", Role.VIEWER, RIGHT)
        )
        assert user
        assert accounts.setup_token is None
        assert made or not accounts.setup_fits(token)

    run(tmp_path / "x.db", body)


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        assert await accounts.add_user("me", Role.ADMIN, RIGHT)
        assert not await accounts.add_user("me", Role.VIEWER, "another horse")
        assert isinstance(await accounts.log_in("me", RIGHT, "::1"), str)

    run(tmp_path / "x.db", body)

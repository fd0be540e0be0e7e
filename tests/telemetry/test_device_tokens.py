"""Device tokens: one a device, which ends with its sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from telemetry import device_tokens
from telemetry.audit import Audit
from telemetry.auth import Accounts, DeviceIdentity, open_key
from telemetry.clock import Clock
from telemetry.identity import TERMINAL
from telemetry.store import audit
from telemetry.store.db import StoreError
from tests.telemetry.kit import FailingStore, until, with_accounts


def test_a_device_token_names_its_device_and_lasts_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    tokens = []

    async def first(accounts: Accounts, _: FailingStore) -> None:
        tokens.append(await accounts.devices.give(TERMINAL, "boiler"))
        tokens.append(await accounts.devices.give(TERMINAL, "hub", "Hub", ("a/*",)))

    async def then(accounts: Accounts, _: FailingStore) -> None:
        assert accounts.devices.identity(tokens[0]) == DeviceIdentity("boiler")
        assert accounts.devices.identity(tokens[1]) == DeviceIdentity("hub", ("a/*",))
        assert accounts.devices.has_token("boiler")
        assert not accounts.devices.has_token("tank")

    with_accounts(path, first)
    with_accounts(path, then)
    assert all(token.startswith("tt_d_") and len(token) == 48 for token in tokens)
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert all(token.encode() not in stored for token in tokens)


def test_a_device_has_one_token(tmp_path: Path) -> None:
    """Also when two ask at the same time."""

    async def body(accounts: Accounts, _: FailingStore) -> None:
        given = await asyncio.gather(*(accounts.devices.give(TERMINAL, "boiler") for _ in range(5)))
        (token,) = [one for one in given if one is not None]
        assert accounts.devices.identity(token) == DeviceIdentity("boiler")

    with_accounts(tmp_path / "x.db", body)


def test_revoking_closes_sockets_and_leaves_the_id_free_for_a_new_token(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        old = await accounts.devices.give(TERMINAL, "boiler")
        closed: list[str] = []
        accounts.watch(accounts.devices.key("boiler"), lambda: closed.append("with token"))
        accounts.watch(open_key("boiler"), lambda: closed.append("without"))
        assert await accounts.devices.revoke(TERMINAL, "boiler")
        assert closed == ["with token"]
        assert old is not None
        assert accounts.devices.identity(old) is None
        assert not await accounts.devices.revoke(TERMINAL, "boiler")
        new = await accounts.devices.give(TERMINAL, "boiler")
        assert new not in {None, old}

    with_accounts(tmp_path / "x.db", body)


def test_a_token_given_while_it_is_being_revoked_is_not_left_working_in_memory(tmp_path: Path) -> None:
    """Memory and database agree, whichever came first."""
    path = tmp_path / "x.db"
    kept: list[str | None] = []
    worked: list[bool] = []

    async def first(accounts: Accounts, _: FailingStore) -> None:
        token, _done = await asyncio.gather(
            accounts.devices.give(TERMINAL, "boiler"), accounts.devices.revoke(TERMINAL, "boiler")
        )
        kept.append(token)
        worked.append(accounts.devices.identity(token or "") is not None)

    async def then(accounts: Accounts, _: FailingStore) -> None:
        assert (accounts.devices.identity(kept[0] or "") is not None) == worked[0]

    with_accounts(path, first)
    with_accounts(path, then)


async def actions(store: FailingStore) -> list[tuple[str, str]]:
    """(who, action) of the audit log, the oldest first."""
    rows = await store.read(lambda connection: audit.newest(connection, None, 100))
    return [(row.who, row.action) for row in reversed(rows)]


def test_both_tokens_work_while_they_change_hands_also_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    tokens: list[str] = []

    async def first(accounts: Accounts, store: FailingStore) -> None:
        old = await accounts.devices.give(TERMINAL, "hub", None, ("a/*",))
        new = await accounts.devices.rotate(TERMINAL, "hub", 3_600)
        assert old is not None
        assert new is not None
        tokens.extend((old, new))
        assert [accounts.devices.identity(one) for one in tokens] == [DeviceIdentity("hub", ("a/*",))] * 2
        held = accounts.devices.held("hub")
        assert held is not None
        assert (held.used, held.old_used) == (True, True)
        assert await actions(store) == [("command line", "device add"), ("command line", "device rotate")]

    async def then(accounts: Accounts, _: FailingStore) -> None:
        assert [accounts.devices.identity(one) for one in tokens] == [DeviceIdentity("hub", ("a/*",))] * 2
        held = accounts.devices.held("hub")
        assert held is not None
        assert held.until > Clock().arrival()
        assert await accounts.devices.end_old(TERMINAL, "hub")
        assert [accounts.devices.identity(one) is not None for one in tokens] == [False, True]
        assert not await accounts.devices.end_old(TERMINAL, "hub")

    async def at_last(accounts: Accounts, _: FailingStore) -> None:
        assert [accounts.devices.identity(one) is not None for one in tokens] == [False, True]

    for body in (first, then, at_last):
        with_accounts(path, body)
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert all(token.encode() not in stored for token in tokens)


def test_the_old_token_and_its_sockets_end_with_the_grace_whatever_the_wall_clock_says(tmp_path: Path) -> None:
    class Wall(Clock):
        off = 0

        def arrival(self) -> int:
            return super().arrival() + self.off

    async def main() -> None:
        store, clock = FailingStore(tmp_path / "x.db"), Wall()
        now = 1_000.0
        await store.start()
        accounts = Accounts(store, clock, Audit(clock), lambda: now)
        await accounts.load()
        old = await accounts.devices.give(TERMINAL, "boiler")
        before = accounts.devices.key("boiler")
        new = await accounts.devices.rotate(TERMINAL, "boiler", 60)
        assert old is not None
        assert new is not None
        closed: list[str] = []
        accounts.watch(before, lambda: closed.append("old"))
        accounts.watch(accounts.devices.key("boiler"), lambda: closed.append("new"))
        expiring = asyncio.ensure_future(accounts.devices.expire())
        for step in (-50, 50):
            clock.off = step * 365 * 86_400_000
            assert accounts.devices.identity(old) is not None
        now += 59.9
        assert accounts.devices.identity(old) is not None
        now += 0.2
        assert accounts.devices.identity(old) is None  # before anyone has looked at the time
        expiring.cancel()
        expiring = asyncio.ensure_future(accounts.devices.expire())
        await until(lambda: closed == ["old"])
        assert accounts.devices.identity(new) is not None
        await store.write(lambda _: None)  # behind what deletes it
        held = await store.read(lambda connection: connection.execute("SELECT old_hash FROM devices").fetchall())
        assert held == [(None,)]
        expiring.cancel()
        accounts.close()
        await store.close()

    asyncio.run(main())


def test_a_second_change_ends_the_first_old_token_and_no_grace_ends_the_present_one(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        tokens = [await accounts.devices.give(TERMINAL, "boiler")]
        for grace in (60.0, 60.0, 0.0):
            closed: list[str] = []
            accounts.watch(accounts.devices.key("boiler"), lambda closed=closed: closed.append("x"))  # type: ignore[misc]
            tokens.append(await accounts.devices.rotate(TERMINAL, "boiler", grace))
            assert closed == ([] if grace else ["x"])
            working = [accounts.devices.identity(one or "") is not None for one in tokens]
            assert working == [*[False] * (len(tokens) - 2), grace > 0, True]
        assert await accounts.devices.rotate(TERMINAL, "unknown", 60) is None

    with_accounts(tmp_path / "x.db", body)


def test_the_grace_has_a_bound(tmp_path: Path) -> None:
    """Also that of a database that a stepped clock wrote."""

    async def body(accounts: Accounts, store: FailingStore) -> None:
        await accounts.devices.give(TERMINAL, "boiler")
        await accounts.devices.rotate(TERMINAL, "boiler", 1e12)
        held = accounts.devices.held("boiler")
        assert held is not None
        assert held.until <= Clock().arrival() + device_tokens.LONGEST_GRACE * 1000
        await store.write(lambda connection: connection.execute("UPDATE devices SET old_until = 1 << 60").close())
        await accounts.load()
        held = accounts.devices.held("boiler")
        assert held is not None
        assert held.ends <= asyncio.get_running_loop().time() + device_tokens.LONGEST_GRACE

    with_accounts(tmp_path / "x.db", body)


def test_revoking_ends_both(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        old = await accounts.devices.give(TERMINAL, "boiler")
        closed: list[str] = []
        accounts.watch(accounts.devices.key("boiler"), lambda: closed.append("old"))
        new = await accounts.devices.rotate(TERMINAL, "boiler", 60)
        accounts.watch(accounts.devices.key("boiler"), lambda: closed.append("new"))
        assert await accounts.devices.revoke(TERMINAL, "boiler")
        assert closed == ["old", "new"]
        assert accounts.devices.identity(old or "") is accounts.devices.identity(new or "") is None

    with_accounts(tmp_path / "x.db", body)


def test_what_a_gateway_may_speak_for_changes_and_its_sockets_come_again(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    token: list[str] = []

    async def first(accounts: Accounts, store: FailingStore) -> None:
        token.append(await accounts.devices.give(TERMINAL, "hub") or "")
        closed: list[str] = []
        accounts.watch(accounts.devices.key("hub"), lambda: closed.append("x"))
        assert await accounts.devices.set_gateway(TERMINAL, "hub", ("room-*",))
        assert closed == ["x"]
        assert not await accounts.devices.set_gateway(TERMINAL, "unknown", ("*",))
        row = (await store.read(lambda connection: audit.newest(connection, None, 1)))[0]
        assert (row.action, row.before, row.after) == (
            "device gateway",
            '{"gateway":null}',
            '{"gateway":["room-*"]}',
        )

    async def then(accounts: Accounts, _: FailingStore) -> None:
        assert accounts.devices.identity(token[0]) == DeviceIdentity("hub", ("room-*",))

    with_accounts(path, first)
    with_accounts(path, then)


def test_a_disk_that_fails_changes_nothing_but_what_ends(tmp_path: Path) -> None:
    async def body(accounts: Accounts, store: FailingStore) -> None:
        old = await accounts.devices.give(TERMINAL, "boiler")
        store.failing = True
        with pytest.raises(StoreError):
            await accounts.devices.rotate(TERMINAL, "boiler", 60)
        assert accounts.devices.identity(old or "") is not None
        with pytest.raises(StoreError):
            await accounts.devices.set_gateway(TERMINAL, "boiler", ("*",))
        assert accounts.devices.identity(old or "") == DeviceIdentity("boiler")

    with_accounts(tmp_path / "x.db", body)

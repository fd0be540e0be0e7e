"""Device tokens: one a device, which ends with its sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path

from telemetry.auth import Accounts, DeviceIdentity, device_key, open_key
from telemetry.identity import TERMINAL
from tests.telemetry.kit import FailingStore, with_accounts


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
        accounts.watch(device_key("boiler"), lambda: closed.append("with token"))
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

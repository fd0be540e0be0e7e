"""Accounts: what opens a door, what closes it again, and for whom it never opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemetry.auth import Accounts, Role
from telemetry.identity import TERMINAL
from telemetry.store.db import StoreError
from tests.telemetry.kit import FailingStore, with_accounts

RIGHT = "correct horse"


def test_only_the_whole_token_opens(tmp_path: Path) -> None:
    """Empty, shorter, longer, other case, other letters: nothing."""

    async def body(accounts: Accounts, _: FailingStore) -> None:
        device, api = (
            await accounts.devices.give(TERMINAL, "boiler"),
            await accounts.tokens.add(TERMINAL, "kiosk", Role.VIEWER),
        )
        assert device is not None
        assert api is not None
        for token in (device, api):
            wrong = ["", token[:-1], token[1:], token + "A", token.swapcase(), f" {token}", token + "\0", "ü", "\ud800"]
            for one in wrong:
                assert accounts.devices.identity(one) is None
                assert accounts.tokens.principal(one) is None
        assert accounts.tokens.principal(device) is None
        assert accounts.devices.identity(api) is None

    with_accounts(tmp_path / "x.db", body)


def test_a_failing_disk_keeps_no_revoked_credential_alive(tmp_path: Path) -> None:
    """Revoking reports the failure, but has worked; adding without the disk gives nothing."""

    async def body(accounts: Accounts, store: FailingStore) -> None:
        device, api = (
            await accounts.devices.give(TERMINAL, "boiler"),
            await accounts.tokens.add(TERMINAL, "kiosk", Role.VIEWER),
        )
        await accounts.people.add(TERMINAL, "me", Role.ADMIN, RIGHT)
        cookie = await accounts.people.log_in("me", RIGHT, "::1")
        store.failing = True
        for ending in (
            accounts.devices.revoke(TERMINAL, "boiler"),
            accounts.tokens.revoke(TERMINAL, "kiosk"),
            accounts.people.log_out(str(cookie)),
            accounts.people.remove(TERMINAL, "me"),
            accounts.devices.give(TERMINAL, "tank"),
            accounts.tokens.add(TERMINAL, "program", Role.ADMIN),
            accounts.people.add(TERMINAL, "you", Role.ADMIN, RIGHT),
        ):
            with pytest.raises(StoreError):
                await ending
        assert device is not None
        assert api is not None
        assert accounts.devices.identity(device) is None
        assert accounts.tokens.principal(api) is None
        assert accounts.people.principal(str(cookie)) is None
        assert not accounts.devices.has_token("tank")

    with_accounts(tmp_path / "x.db", body)

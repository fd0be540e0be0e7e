"""The audit log: an entry with each change, none without, and none with a secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from telemetry.auth import Accounts, Role
from telemetry.identity import Actor
from telemetry.store import audit
from telemetry.store.db import StoreError
from tests.telemetry.kit import FailingStore, with_accounts

ME = Actor("me", "user", "10.0.0.7")
PASSWORD = "correct horse"


async def entries(store: FailingStore) -> list[audit.AuditRow]:
    return await store.read(lambda connection: audit.newest(connection, None, 100))


def test_each_change_of_an_account_is_noted_once(tmp_path: Path) -> None:
    async def body(accounts: Accounts, store: FailingStore) -> None:
        assert await accounts.people.add(ME, "you", Role.VIEWER, PASSWORD)
        assert not await accounts.people.add(ME, "you", Role.ADMIN, PASSWORD)
        await accounts.tokens.add(ME, "kiosk", Role.VIEWER)
        await accounts.devices.give(ME, "hub", None, ("a/*",))
        await accounts.devices.revoke(ME, "hub")
        await accounts.tokens.revoke(ME, "kiosk")
        assert await accounts.people.remove(ME, "you")
        assert not await accounts.people.remove(ME, "you")
        found = await entries(store)
        assert [(one.action, one.subject) for one in reversed(found)] == [
            ("user add", "you"),
            ("token add", "kiosk"),
            ("device add", "hub"),
            ("device revoke", "hub"),
            ("token revoke", "kiosk"),
            ("user remove", "you"),
        ]
        assert {(one.who, one.kind, one.address) for one in found} == {ME}
        assert json.loads(found[-1].after or "") == {"role": "viewer"}
        assert json.loads(found[0].before or "") == {"role": "viewer"}

    with_accounts(tmp_path / "x.db", body)


def test_a_change_that_failed_leaves_no_entry(tmp_path: Path) -> None:
    async def body(accounts: Accounts, store: FailingStore) -> None:
        store.failing = True
        with pytest.raises(StoreError):
            await accounts.tokens.add(ME, "kiosk", Role.VIEWER)
        store.failing = False
        assert await entries(store) == []

    with_accounts(tmp_path / "x.db", body)


def test_no_secret_is_in_an_entry(tmp_path: Path) -> None:
    async def body(accounts: Accounts, store: FailingStore) -> None:
        await accounts.people.add(ME, "you", Role.VIEWER, PASSWORD)
        secrets = [PASSWORD, str(await accounts.tokens.add(ME, "kiosk", Role.VIEWER))]
        secrets.append(str(await accounts.devices.give(ME, "boiler")))
        text = repr(await entries(store))
        assert not any(one in text for one in secrets)
        assert "argon2" not in text

    with_accounts(tmp_path / "x.db", body)

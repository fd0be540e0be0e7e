"""Rows of devices: who has a token, who may speak for whom."""

from __future__ import annotations

from pathlib import Path

from telemetry.store import devices
from telemetry.store.accounts import administer
from telemetry.store.db import Store
from telemetry.store.devices import DeviceRow, DeviceToken
from tests.telemetry.store.test_accounts import with_store

TOKEN = DeviceToken("boiler", None, b"hash")


def test_a_token_makes_its_device_and_is_given_once(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        assert await administer(store, lambda db: devices.give_token(db, TOKEN, "Boiler", 7))
        other = TOKEN._replace(hash=b"other")
        assert not await administer(store, lambda db: devices.give_token(db, other, None, 8))
        assert await store.read(devices.tokens) == [TOKEN]
        assert await store.read(devices.rows) == [DeviceRow("boiler", "Boiler", None, True, 7, None)]

    with_store(tmp_path / "x.db", body)


def test_a_device_that_has_spoken_keeps_its_past_when_it_gets_a_token(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        await store.write(
            lambda c: c.execute("INSERT INTO devices (id, name, created, last_seen) VALUES ('boiler', 'Old', 3, 5)")
        )
        assert await administer(store, lambda db: devices.give_token(db, TOKEN, None, 9))
        assert await store.read(devices.rows) == [DeviceRow("boiler", "Old", None, True, 3, 5)]

    with_store(tmp_path / "x.db", body)


def test_taking_the_token_leaves_the_device(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        await administer(store, lambda db: devices.give_token(db, TOKEN, None, 9))
        assert await administer(store, lambda db: devices.take_token(db, "boiler"))
        assert not await administer(store, lambda db: devices.take_token(db, "boiler"))
        assert not await administer(store, lambda db: devices.take_token(db, "unknown"))
        assert await store.read(devices.tokens) == []
        assert await store.read(devices.rows) == [DeviceRow("boiler", None, None, False, 9, None)]
        assert await administer(store, lambda db: devices.give_token(db, TOKEN, None, 10))

    with_store(tmp_path / "x.db", body)


def test_patterns_of_a_gateway_come_back(tmp_path: Path) -> None:
    """And a new token decides anew whether it is one."""

    async def body(store: Store) -> None:
        gateway = DeviceToken("hub", ("küche/*", "*"), b"1")
        await administer(store, lambda db: devices.give_token(db, gateway, None, 9))
        assert await store.read(devices.tokens) == [gateway]
        await administer(store, lambda db: devices.take_token(db, "hub"))
        await administer(store, lambda db: devices.give_token(db, DeviceToken("hub", None, b"2"), None, 9))
        assert await store.read(devices.tokens) == [DeviceToken("hub", None, b"2")]

    with_store(tmp_path / "x.db", body)

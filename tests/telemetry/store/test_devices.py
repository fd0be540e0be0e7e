"""Rows of devices: who has a token, who may speak for whom."""

from __future__ import annotations

from pathlib import Path

from telemetry.store import devices
from telemetry.store.accounts import administer
from telemetry.store.db import Store
from telemetry.store.devices import BrokerUser, DeviceRow, DeviceToken
from tests.telemetry.store.test_accounts import with_store

TOKEN = DeviceToken("boiler", None, b"hash")


def test_a_token_makes_its_device_and_is_given_once(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        assert await administer(store, lambda db: devices.give_token(db, TOKEN, "$7$", "Boiler", 7))
        other = TOKEN._replace(hash=b"other")
        assert not await administer(store, lambda db: devices.give_token(db, other, "$7$o", None, 8))
        assert await store.read(devices.tokens) == [TOKEN]
        assert await store.read(devices.rows) == [DeviceRow("boiler", "Boiler", None, True, 7, None)]

    with_store(tmp_path / "x.db", body)


def test_a_device_that_has_spoken_keeps_its_past_when_it_gets_a_token(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        await store.write(
            lambda c: c.execute("INSERT INTO devices (id, name, created, last_seen) VALUES ('boiler', 'Old', 3, 5)")
        )
        assert await administer(store, lambda db: devices.give_token(db, TOKEN, "$7$", None, 9))
        assert await store.read(devices.rows) == [DeviceRow("boiler", "Old", None, True, 3, 5)]

    with_store(tmp_path / "x.db", body)


def test_taking_the_token_leaves_the_device(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        await administer(store, lambda db: devices.give_token(db, TOKEN, "$7$", None, 9))
        assert await administer(store, lambda db: devices.take_token(db, "boiler"))
        assert not await administer(store, lambda db: devices.take_token(db, "boiler"))
        assert not await administer(store, lambda db: devices.take_token(db, "unknown"))
        assert await store.read(devices.tokens) == []
        assert await store.read(devices.rows) == [DeviceRow("boiler", None, None, False, 9, None)]
        assert await administer(store, lambda db: devices.give_token(db, TOKEN, "$7$", None, 10))

    with_store(tmp_path / "x.db", body)


def test_patterns_of_a_gateway_come_back(tmp_path: Path) -> None:
    """And a new token decides anew whether it is one."""

    async def body(store: Store) -> None:
        gateway = DeviceToken("hub", ("küche/*", "*"), b"1")
        await administer(store, lambda db: devices.give_token(db, gateway, "$7$", None, 9))
        assert await store.read(devices.tokens) == [gateway]
        await administer(store, lambda db: devices.take_token(db, "hub"))
        await administer(store, lambda db: devices.give_token(db, DeviceToken("hub", None, b"2"), "$7$", None, 9))
        assert await store.read(devices.tokens) == [DeviceToken("hub", None, b"2")]

    with_store(tmp_path / "x.db", body)


def test_users_of_a_broker_come_a_page_at_a_time(tmp_path: Path) -> None:
    """A token from before there were such hashes has none; a token that is taken takes its hash along."""

    async def body(store: Store) -> None:
        for id_ in ("b", "a", "ä", "gone"):
            row = DeviceToken(id_, ("x/*",) if id_ == "b" else None, id_.encode())
            await administer(store, lambda db, row=row: devices.give_token(db, row, f"$7${row.device}", None, 9))
        await store.write(lambda c: c.execute("UPDATE devices SET mqtt_hash = NULL WHERE id = 'a'"))
        await administer(store, lambda db: devices.take_token(db, "gone"))
        assert await store.read(lambda c: devices.broker_users(c, "", 2)) == [
            BrokerUser("a", None, has_token=True, mqtt_hash=None),
            BrokerUser("b", ("x/*",), has_token=True, mqtt_hash="$7$b"),
        ]
        assert await store.read(lambda c: devices.broker_users(c, "b", 9)) == [
            BrokerUser("gone", None, has_token=False, mqtt_hash=None),
            BrokerUser("ä", None, has_token=True, mqtt_hash="$7$ä"),
        ]

    with_store(tmp_path / "x.db", body)

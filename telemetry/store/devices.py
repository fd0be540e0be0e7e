"""Devices as the administration sees them: who has a token, who may speak for whom.

The pipeline creates devices that were accepted and keeps what they last said (``log.py``, ``state.py``).
Each function runs inside ``Store.read`` or ``Store.write``.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sqlite_utils import Database


class DeviceToken(NamedTuple):
    """The hash of a device's token, and the patterns of ids it may speak for (None: no gateway)."""

    device: str
    gateway: tuple[str, ...] | None
    hash: bytes


class BrokerUser(NamedTuple):
    """A device as a user of an MQTT broker; ``mqtt_hash`` is None without a token, or where it is older than these."""

    id: str
    gateway: tuple[str, ...] | None
    has_token: bool
    mqtt_hash: str | None


class DeviceRow(NamedTuple):
    """A device as ``device list`` prints it; times in ms."""

    id: str
    name: str | None
    gateway: tuple[str, ...] | None
    has_token: bool
    created: int
    last_seen: int | None


def tokens(connection: sqlite3.Connection) -> list[DeviceToken]:
    """All device tokens."""
    rows = connection.execute("SELECT id, gateway, token_hash FROM devices WHERE token_hash IS NOT NULL")
    return [DeviceToken(id_, _patterns(gateway), hash_) for id_, gateway, hash_ in rows]


def rows(connection: sqlite3.Connection) -> list[DeviceRow]:
    """All devices, by id."""
    found = connection.execute(
        "SELECT id, name, gateway, token_hash IS NOT NULL, created, last_seen FROM devices ORDER BY id"
    )
    return [DeviceRow(id_, name, _patterns(gw), bool(token), made, seen) for id_, name, gw, token, made, seen in found]


def broker_users(connection: sqlite3.Connection, after: str, limit: int) -> list[BrokerUser]:
    """Devices by id, from the one after ``after`` on."""
    rows = connection.execute(
        "SELECT id, gateway, token_hash IS NOT NULL, mqtt_hash FROM devices WHERE id > ? ORDER BY id LIMIT ?",
        (after, limit),
    )
    return [BrokerUser(id_, _patterns(gateway), bool(token), hash_) for id_, gateway, token, hash_ in rows]


def give_token(db: Database, token: DeviceToken, mqtt_hash: str, name: str | None, created: int) -> bool:
    """Store a token's hashes, creating the device if need be; False if it has a token already."""
    if db.table("devices").count_where("id = ? AND token_hash IS NOT NULL", [token.device]):
        return False
    gateway = None if token.gateway is None else json.dumps(token.gateway, ensure_ascii=False)
    device: dict[str, object] = {
        "id": token.device,
        "gateway": gateway,
        "token_hash": token.hash,
        "mqtt_hash": mqtt_hash,
    }
    if name is not None:
        device["name"] = name
    db.table("devices").insert({"id": token.device, "created": created}, ignore=True)
    db.table("devices").update(token.device, device)
    return True


def take_token(db: Database, device: str) -> bool:
    """Forget a device's token; the device and its data stay. False if it had none."""
    if not db.table("devices").count_where("id = ? AND token_hash IS NOT NULL", [device]):
        return False
    db.table("devices").update(device, {"token_hash": None, "mqtt_hash": None})
    return True


def _patterns(gateway: str | None) -> tuple[str, ...] | None:
    return None if gateway is None else tuple(json.loads(gateway))

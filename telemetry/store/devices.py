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


ROTATION = (
    "ALTER TABLE devices ADD COLUMN old_hash BLOB",
    "ALTER TABLE devices ADD COLUMN old_until INTEGER",
)
"""What m021 adds: the hash of the token before, and until when it works (ms)."""


class DeviceToken(NamedTuple):
    """The hash of a device's token, and the patterns of ids it may speak for (None: no gateway).

    ``old`` is the hash of the one before it, which works until ``old_until`` (ms).
    """

    device: str
    gateway: tuple[str, ...] | None
    hash: bytes
    old: bytes | None = None
    old_until: int = 0


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
    rows = connection.execute(
        "SELECT id, gateway, token_hash, old_hash, ifnull(old_until, 0) FROM devices WHERE token_hash IS NOT NULL"
    )
    return [DeviceToken(id_, _patterns(gateway), *rest) for id_, gateway, *rest in rows]


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
    device: dict[str, object] = {
        "id": token.device,
        "gateway": _text(token.gateway),
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
    db.table("devices").update(device, {"token_hash": None, "mqtt_hash": None, "old_hash": None, "old_until": None})
    return True


def rotate_token(db: Database, device: str, new: bytes, mqtt_hash: str, old_until: int | None) -> bool:
    """Replace a device's token; the one before works until ``old_until`` (ms; None: no more). False if it had none.

    A broker knows one password of a device: from now on the new one.
    """
    done = db.conn.execute(
        "UPDATE devices SET old_hash = CASE WHEN ?1 IS NULL THEN NULL ELSE token_hash END, old_until = ?1,"
        " token_hash = ?2, mqtt_hash = ?3 WHERE id = ?4 AND token_hash IS NOT NULL",
        (old_until, new, mqtt_hash, device),
    )
    return done.rowcount == 1


def forget_old(db: Database, device: str) -> bool:
    """Forget the token before the present one; False if there is none."""
    done = db.conn.execute(
        "UPDATE devices SET old_hash = NULL, old_until = NULL WHERE id = ? AND old_hash IS NOT NULL", (device,)
    )
    return done.rowcount == 1


def set_gateway(db: Database, device: str, gateway: tuple[str, ...] | None) -> bool:
    """Say for whom a device's token may speak; False if it has none."""
    done = db.conn.execute(
        "UPDATE devices SET gateway = ? WHERE id = ? AND token_hash IS NOT NULL", (_text(gateway), device)
    )
    return done.rowcount == 1


def _text(gateway: tuple[str, ...] | None) -> str | None:
    return None if gateway is None else json.dumps(gateway, ensure_ascii=False)


def _patterns(gateway: str | None) -> tuple[str, ...] | None:
    return None if gateway is None else tuple(json.loads(gateway))

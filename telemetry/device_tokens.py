"""Device tokens: the credentials that firmware holds.

What is given is durable before it works; what is revoked stops working first, whatever the disk says.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from telemetry.audit import Audit
from telemetry.clock import Clock
from telemetry.identity import Actor, DeviceIdentity, device_key, digest
from telemetry.mosquitto import password_hash
from telemetry.store import audit as log
from telemetry.store import devices as rows
from telemetry.store.accounts import administer
from telemetry.store.db import Store
from telemetry.store.devices import DeviceToken

if TYPE_CHECKING:
    from sqlite_utils import Database


class DeviceTokens:
    """The device tokens of one server, looked up in memory. Owned by the loop thread."""

    def __init__(self, store: Store, clock: Clock, audit: Audit, end: Callable[[str], None]) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit
        self._end = end
        self._identities: dict[bytes, DeviceIdentity] = {}
        self._hashes: dict[str, bytes] = {}

    async def load(self) -> None:
        """Read them. Raises StoreError."""
        for row in await self._store.read(rows.tokens):
            self._admit(row)

    def identity(self, token: str) -> DeviceIdentity | None:
        """Which device owns this token."""
        return self._identities.get(digest(token))

    def has_token(self, device_id: str) -> bool:
        """Whether this id speaks only with its token."""
        return device_id in self._hashes

    async def give(
        self, by: Actor, device_id: str, name: str | None = None, gateway: tuple[str, ...] | None = None
    ) -> str | None:
        """A new token for a device that has none; None if it has one. Raises StoreError.

        Sockets that speak under the id without a token stay open: ``Accounts.end(open_key(id))`` closes them.
        """
        token = f"tt_d_{secrets.token_urlsafe(32)}"
        row = DeviceToken(device_id, gateway, digest(token))
        mqtt_hash = password_hash(token)
        created = self._clock.arrival()
        entry = self._audit.entry(by, "device add", device_id, None, {"name": name, "gateway": gateway})

        def work(db: Database) -> bool:
            return rows.give_token(db, row, mqtt_hash, name, created) and log.note(db, entry)

        if not await administer(self._store, work):
            return None
        self._admit(row)
        return token

    async def revoke(self, by: Actor, device_id: str) -> bool:
        """End a device's token and its sockets; the device and its data stay. False if it had none.

        Raises StoreError.
        """
        self._expel(device_id)
        entry = self._audit.entry(by, "device revoke", device_id)
        try:
            return await administer(self._store, lambda db: rows.take_token(db, device_id) and log.note(db, entry))
        finally:
            self._expel(device_id)  # one that was being given meanwhile was taken too

    def _admit(self, row: DeviceToken) -> None:
        self._identities[row.hash] = DeviceIdentity(row.device, row.gateway)
        self._hashes[row.device] = row.hash

    def _expel(self, device_id: str) -> None:
        token = self._hashes.pop(device_id, None)
        if token is not None:
            del self._identities[token]
        self._end(device_key(device_id))

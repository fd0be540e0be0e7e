"""Device tokens: the credentials that firmware holds.

What is given is durable before it works; what is revoked stops working first, whatever the disk says. A device has one
token; while that is being replaced (``rotate``) the old one works too, until its grace is over or someone ends it. It
does not end when the new one is first used: whoever tries that out must not lock the device out. The grace runs on the
monotonic clock; at a start it is taken from the wall time in the store, and clamped.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from telemetry.audit import Audit
from telemetry.clock import Clock, monotonic
from telemetry.identity import SERVER, Actor, DeviceIdentity, device_key, digest
from telemetry.mosquitto import password_hash
from telemetry.store import audit as log_rows
from telemetry.store import devices as rows
from telemetry.store.accounts import administer
from telemetry.store.db import Store, StoreError
from telemetry.store.devices import DeviceToken

if TYPE_CHECKING:
    from sqlite_utils import Database

log = logging.getLogger(__name__)

LONGEST_GRACE = 90 * 86_400.0
"""Seconds for which an old token may go on working."""
LONGEST_SLEEP = 60.0


@dataclass(slots=True)
class Held:
    """What is known of a device's token; ``old`` is the hash of the one before it, ``ends`` (monotonic s) its end.

    ``until`` is the same end as wall time (ms), for people. ``used`` and ``old_used``: presented since the start.
    """

    hash: bytes
    gateway: tuple[str, ...] | None
    used: bool = False
    old: bytes | None = None
    ends: float = 0.0
    until: int = 0
    old_used: bool = False


class DeviceTokens:
    """The device tokens of one server, looked up in memory. Owned by the loop thread."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        audit: Audit,
        end: Callable[[str], None],
        mono: Callable[[], float] = monotonic,
    ) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit
        self._end = end
        self._mono = mono
        self._identities: dict[bytes, DeviceIdentity] = {}
        self._held: dict[str, Held] = {}
        self._rotated = asyncio.Event()

    async def load(self) -> None:
        """Read them. Raises StoreError."""
        now = self._clock.arrival()
        for row in await self._store.read(rows.tokens):
            self._admit(row)
            left = min((row.old_until - now) / 1000, LONGEST_GRACE)
            if row.old is not None and left > 0:
                self._keep_old(row.device, row.old, left, row.old_until)

    def identity(self, token: str) -> DeviceIdentity | None:
        """Which device owns this token."""
        hashed = digest(token)
        found = self._identities.get(hashed)
        if found is None:
            return None
        held = self._held[found.id]
        if hashed == held.hash:
            held.used = True
        elif held.ends <= self._mono():
            return None
        else:
            held.old_used = True
        return found

    def has_token(self, device_id: str) -> bool:
        """Whether this id speaks only with its token."""
        return device_id in self._held

    def held(self, device_id: str) -> Held | None:
        """What is known of a device's token; None if it has none."""
        return self._held.get(device_id)

    def key(self, device_id: str) -> str:
        """The key for ``watch`` of a device's present token, which it has."""
        return device_key(device_id, self._held[device_id].hash)

    async def give(
        self,
        by: Actor,
        device_id: str,
        name: str | None = None,
        gateway: tuple[str, ...] | None = None,
        action: str = "device add",
    ) -> str | None:
        """A new token for a device that has none; None if it has one. Raises StoreError.

        ``action`` is what the audit log calls it.
        Sockets that speak under the id without a token stay open: ``Accounts.end(open_key(id))`` closes them.
        """
        token = _made()
        row = DeviceToken(device_id, gateway, digest(token))
        mqtt_hash = password_hash(token)
        created = self._clock.arrival()
        entry = self._audit.entry(by, action, device_id, None, {"name": name, "gateway": gateway})

        def work(db: Database) -> bool:
            return rows.give_token(db, row, mqtt_hash, name, created) and log_rows.note(db, entry)

        if not await administer(self._store, work):
            return None
        self._admit(row)
        return token

    async def rotate(self, by: Actor, device_id: str, grace: float) -> str | None:
        """A new token for a device that has one, which works for ``grace`` seconds more; None if it has none.

        One that was in its grace ends. Raises StoreError.
        """
        grace = min(grace, LONGEST_GRACE)
        token = _made()
        hashed, mqtt_hash = digest(token), password_hash(token)
        until = self._clock.arrival() + int(grace * 1000)
        entry = self._audit.entry(by, "device rotate", device_id, None, {"old_until": until if grace > 0 else None})

        def work(db: Database) -> bool:
            made = rows.rotate_token(db, device_id, hashed, mqtt_hash, until if grace > 0 else None)
            return made and log_rows.note(db, entry)

        if not await administer(self._store, work):
            return None
        held = self._held.get(device_id)
        if held is None:  # revoked meanwhile, by one who came after this
            return None
        self._drop_old(device_id)
        old = held.hash
        self._admit(DeviceToken(device_id, held.gateway, hashed))
        if grace > 0:
            self._keep_old(device_id, old, grace, until)
        else:
            self._identities.pop(old, None)
            self._end(device_key(device_id, old))
        return token

    async def end_old(self, by: Actor, device_id: str) -> bool:
        """End the token before the present one, and its sockets; False if there is none. Raises StoreError."""
        held = self._held.get(device_id)
        if held is None or held.old is None:
            return False
        self._drop_old(device_id)
        entry = self._audit.entry(by, "device rotate end", device_id)
        return await administer(self._store, lambda db: rows.forget_old(db, device_id) and log_rows.note(db, entry))

    async def revoke(self, by: Actor, device_id: str) -> bool:
        """End a device's tokens and their sockets; the device and its data stay. False if it had none.

        Raises StoreError.
        """
        self.forget(device_id)
        entry = self._audit.entry(by, "device revoke", device_id)
        try:
            return await administer(self._store, lambda db: rows.take_token(db, device_id) and log_rows.note(db, entry))
        finally:
            self.forget(device_id)  # one that was being given meanwhile was taken too

    async def set_gateway(self, by: Actor, device_id: str, gateway: tuple[str, ...] | None) -> bool:
        """Say for which devices a device's token may speak; its sockets are closed, so that it comes back with that.

        False if the device has no token. Raises StoreError.
        """
        held = self._held.get(device_id)
        if held is None:
            return False
        entry = self._audit.entry(by, "device gateway", device_id, {"gateway": held.gateway}, {"gateway": gateway})
        if not await administer(
            self._store, lambda db: rows.set_gateway(db, device_id, gateway) and log_rows.note(db, entry)
        ):
            return False
        held = self._held.get(device_id)
        if held is not None:
            held.gateway = gateway
            for hashed in (held.hash, held.old):
                if hashed is not None:
                    self._identities[hashed] = DeviceIdentity(device_id, gateway, hash=hashed)
                    self._end(device_key(device_id, hashed))
        return True

    async def expire(self) -> None:
        """Run for ever: end old tokens, and their sockets, when their grace is over."""
        while True:
            self._rotated.clear()
            first = min((held.ends for held in self._held.values() if held.old is not None), default=float("inf"))
            try:
                async with asyncio.timeout(min(LONGEST_SLEEP, max(0.0, first - self._mono()))):
                    await self._rotated.wait()
            except TimeoutError:
                pass
            now = self._mono()
            for device_id, held in list(self._held.items()):
                if held.old is not None and held.ends <= now:
                    try:
                        await self.end_old(SERVER, device_id)
                    except StoreError as error:
                        log.warning("could not delete an old token: %s", error)

    def forget(self, device_id: str) -> None:
        """End a device's tokens and their sockets in memory; the store forgets them by other ways."""
        self._drop_old(device_id)
        held = self._held.pop(device_id, None)
        if held is not None:
            self._identities.pop(held.hash, None)
            self._end(device_key(device_id, held.hash))

    def _admit(self, row: DeviceToken) -> None:
        self._identities[row.hash] = DeviceIdentity(row.device, row.gateway, hash=row.hash)
        self._held[row.device] = Held(row.hash, row.gateway)

    def _keep_old(self, device_id: str, old: bytes, seconds: float, until: int) -> None:
        held = self._held[device_id]
        self._identities[old] = DeviceIdentity(device_id, held.gateway, hash=old)
        held.old, held.ends, held.until, held.old_used = old, self._mono() + seconds, until, False
        self._rotated.set()

    def _drop_old(self, device_id: str) -> None:
        held = self._held.get(device_id)
        if held is not None and held.old is not None:
            self._identities.pop(held.old, None)
            old, held.old = held.old, None
            self._end(device_key(device_id, old))


def _made() -> str:
    return f"tt_d_{secrets.token_urlsafe(32)}"

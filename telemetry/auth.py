"""Accounts: every credential of one server, looked up in memory without SQL.

Tokens are 256 random bits, kept as SHA-256: they need no slow hash, and looking a hash up in a dictionary leaks
nothing by its timing that would help to find a token. ``watch`` ties open sockets to their credential.
"""

from __future__ import annotations

from collections.abc import Callable

from telemetry.api_tokens import ApiTokens
from telemetry.audit import Audit
from telemetry.clock import Clock, monotonic
from telemetry.device_tokens import DeviceTokens
from telemetry.identity import ROLES, DeviceIdentity, Principal, Role, Watchers, device_key, open_key
from telemetry.passwords import Busy
from telemetry.people import People, Throttled
from telemetry.store.db import Store

__all__ = ["ROLES", "Accounts", "Busy", "DeviceIdentity", "Principal", "Role", "Throttled", "device_key", "open_key"]


class Accounts:
    """The credentials of one server: of people, of programs (``tokens``) and of devices. Owned by the loop thread."""

    def __init__(self, store: Store, clock: Clock, audit: Audit, mono: Callable[[], float] = monotonic) -> None:
        self._watchers = Watchers()
        self.watch = self._watchers.watch
        self.end = self._watchers.end
        self.people = People(store, clock, audit, self.end, mono)
        self.tokens = ApiTokens(store, clock, audit, self.end)
        self.devices = DeviceTokens(store, clock, audit, self.end)

    async def load(self) -> None:
        """Read all credentials. Raises StoreError."""
        await self.people.load()
        await self.tokens.load()
        await self.devices.load()

    async def expire(self) -> None:
        """Run for ever: end credentials, and their sockets, when their time is over."""
        await self.people.expire()

    def close(self) -> None:
        """Let the password thread go."""
        self.people.close()

"""Accounts: every credential of one server, looked up in memory without SQL.

Tokens are 256 random bits, kept as SHA-256: they need no slow hash, and looking a hash up in a dictionary leaks
nothing by its timing that would help to find a token. ``watch`` ties open sockets to their credential.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from telemetry.api_tokens import ApiTokens
from telemetry.audit import Audit
from telemetry.clock import Clock, monotonic
from telemetry.codes import Codes
from telemetry.device_tokens import DeviceTokens
from telemetry.identity import ROLES, DeviceIdentity, Principal, Role, Watchers, device_key, open_key
from telemetry.logins import CodeNeeded, Throttled
from telemetry.passwords import Busy
from telemetry.people import Link, People
from telemetry.sessions import DEFAULT, Lifetimes
from telemetry.store.db import Store

__all__ = [
    "ROLES",
    "Accounts",
    "Busy",
    "CodeNeeded",
    "DeviceIdentity",
    "Link",
    "Principal",
    "Role",
    "Throttled",
    "device_key",
    "open_key",
]


class Accounts:
    """The credentials of one server: of people, of programs (``tokens``) and of devices. Owned by the loop thread."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        audit: Audit,
        mono: Callable[[], float] = monotonic,
        lifetimes: Lifetimes = DEFAULT,
    ) -> None:
        self._watchers = Watchers()
        self.watch = self._watchers.watch
        self.end = self._watchers.end
        self.open = self._watchers.count
        self.people = People(store, clock, audit, self._watchers, mono, lifetimes)
        self.codes = Codes(self.people, mono)
        self.tokens = ApiTokens(store, clock, audit, self.end, mono)
        self.devices = DeviceTokens(store, clock, audit, self.end, mono)

    async def load(self) -> None:
        """Read all credentials. Raises StoreError."""
        await self.people.load()
        await self.tokens.load()
        await self.devices.load()

    async def expire(self) -> None:
        """Run for ever: end credentials, and their sockets, when their time is over."""
        await asyncio.gather(self.people.expire(), self.tokens.expire(), self.devices.expire())

    def close(self) -> None:
        """Let the password thread go."""
        self.people.close()

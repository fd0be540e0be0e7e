"""Failed logins in the audit log: one entry for an address and minute, however many there were.

Their number is bounded whoever tries: after NAMED addresses in a minute the others share one entry. A name is only
written down where a user goes by it, because people type passwords into the wrong field. Owned by the loop thread.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from telemetry.audit import Audit, showing
from telemetry.clock import monotonic
from telemetry.identity import Actor
from telemetry.store import audit as log
from telemetry.store.db import Connection, Store, StoreError

EVERY = 60.0
"""Seconds whose failed logins share an entry."""
NAMED = 16
"""Addresses with an entry of their own."""
USERS = 16
"""Names of users in one entry."""
OTHERS = "other addresses"


@dataclass(slots=True)
class _Tries:
    count: int = 0
    users: set[str] = field(default_factory=set)
    unknown: int = 0


class LoginLog:
    """The failed logins of the last minute. ``known`` says whether there is a user of a name."""

    def __init__(
        self, store: Store, audit: Audit, known: Callable[[str], bool], mono: Callable[[], float] = monotonic
    ) -> None:
        self._store = store
        self._audit = audit
        self._known = known
        self._mono = mono
        self._since = 0.0
        self._tries: dict[str, _Tries] = {}

    def failed(self, name: str, address: str) -> None:
        """Somebody could not log in."""
        if not self._tries:
            self._since = self._mono()
        if address not in self._tries and len(self._tries) >= NAMED:
            address = OTHERS
        tries = self._tries.setdefault(address, _Tries())
        tries.count += 1
        if not self._known(name):
            tries.unknown += 1
        elif len(tries.users) < USERS:
            tries.users.add(name)

    async def often(self) -> None:
        """Note them when a minute has passed; a job of maintenance. Raises StoreError."""
        if self._tries and self._mono() >= self._since + EVERY:
            await self.write()

    async def close(self) -> None:
        """Note what is left, if the disk takes it."""
        with contextlib.suppress(StoreError):
            await self.write()

    async def write(self) -> None:
        """Note what has failed since the last time; kept for the next time where the disk fails. Raises StoreError."""
        if not self._tries:
            return
        tries, self._tries = self._tries, {}
        entries = [self._entry(address, one) for address, one in tries.items()]

        def work(connection: Connection) -> None:
            for entry in entries:
                log.add(connection, entry)

        try:
            await self._store.write(work)
        except StoreError:
            for address, one in tries.items():
                self._keep(address, one)
            raise

    def _entry(self, address: str, one: _Tries) -> log.AuditRow:
        subject = ", ".join(sorted(one.users)) or "unknown users"
        told = {"tries": one.count, **({"of unknown users": one.unknown} if one.unknown else {})}
        entry = self._audit.entry(Actor("somebody", "stranger", address), "login failed", subject)
        return showing(entry, None, told)

    def _keep(self, address: str, one: _Tries) -> None:
        here = address if address in self._tries or len(self._tries) < NAMED else OTHERS
        kept = self._tries.setdefault(here, _Tries())
        kept.count += one.count
        kept.unknown += one.unknown
        kept.users |= set(sorted(one.users)[: USERS - len(kept.users)])

"""Who is blocked: ids of devices that never speak without a token, kept over restarts; and who decided on whom.

What is blocked is refused at once, whatever the disk says.
"""

from __future__ import annotations

from collections.abc import Sequence

from telemetry.audit import Audit
from telemetry.clock import Clock
from telemetry.identity import Actor
from telemetry.model import Reason, Refusal
from telemetry.store import audit as log
from telemetry.store import blocked as rows
from telemetry.store.blocked import Blocked
from telemetry.store.db import Connection, Store

MAX_BLOCKED = 1000
"""Ids that can be blocked at once; beyond that the policy for strangers has to be stricter."""


class Blocking:
    """The blocked ids of one server, looked up in memory. Owned by the loop thread."""

    def __init__(self, store: Store, audit: Audit, clock: Clock) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._blocked: dict[str, Blocked] = {}

    async def load(self) -> None:
        """Read who is blocked. Raises StoreError."""
        self._blocked = {row.device: row for row in await self._store.read(rows.every)}

    def __contains__(self, device_id: str) -> bool:
        return device_id in self._blocked

    @property
    def every(self) -> Sequence[Blocked]:
        """All of them, oldest first."""
        return list(self._blocked.values())

    def room(self, device_id: str) -> Refusal | None:
        """Why this id cannot be blocked as well."""
        if device_id in self._blocked or len(self._blocked) < MAX_BLOCKED:
            return None
        return Refusal(Reason.TOO_LARGE, f"{MAX_BLOCKED:,} devices are blocked already")

    async def add(self, by: Actor, device_id: str, address: str) -> None:
        """Refuse an id from now on, which last came from ``address``. Raises StoreError."""
        row = Blocked(device_id, address, by.name, self._clock.arrival())
        entry = self._audit.entry(by, "device block", device_id, None, {"address": address})
        self._blocked[device_id] = row

        def work(connection: Connection) -> None:
            rows.add(connection, row)
            log.add(connection, entry)

        await self._store.write(work)

    async def remove(self, by: Actor, device_id: str) -> bool:
        """Refuse an id no more; False if it is not blocked. Raises StoreError."""
        if device_id not in self._blocked:
            return False
        entry = self._audit.entry(by, "device unblock", device_id)

        def work(connection: Connection) -> None:
            rows.remove(connection, device_id)
            log.add(connection, entry)

        await self._store.write(work)
        self._blocked.pop(device_id, None)
        return True

    async def accepted(self, by: Actor, device_id: str) -> None:
        """Note that someone let a device in that needs no token. Raises StoreError."""
        entry = self._audit.entry(by, "device accept", device_id)
        await self._store.write(lambda connection: log.add(connection, entry))

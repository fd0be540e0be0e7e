"""Removing a device with its data: forgotten at once, then deleted in bounded steps, then wiped from the files.

From the first moment the device is unknown: what it sends afterwards is that of a new device. Its series are all that
it feeds, also under names that people gave them. What is left of it: its id in the audit log and in what people wrote
(boards, layouts, texts), and backups. Owned by the loop thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from telemetry.audit import Audit
from telemetry.auth import Accounts
from telemetry.hub import Hub
from telemetry.identity import Actor, open_key
from telemetry.ingest import Pipeline
from telemetry.maintenance import Maintenance
from telemetry.registry import Device, Registry
from telemetry.store import audit as log
from telemetry.store import removal as stored
from telemetry.store import space
from telemetry.store.db import Connection, Store, StoreError
from telemetry.store.removal import Held
from telemetry.timespec import LIMIT

PATIENCE = 10.0
"""Seconds that a request waits for the work to end before it answers that it goes on."""


class Removals:
    """The removals of one database; what is unfinished goes on as a job of maintenance."""

    def __init__(
        self, store: Store, registry: Registry, hub: Hub, pipeline: Pipeline, maintenance: Maintenance, audit: Audit,
        accounts: Accounts,
    ) -> None:  # fmt: skip
        self._store = store
        self._registry = registry
        self._hub = hub
        self._pipeline = pipeline
        self._maintenance = maintenance
        self._audit = audit
        self._accounts = accounts
        self.traces: list[Callable[[str], None]] = []
        """Called with its id: what else is known of a device in memory is to be forgotten."""
        self._finished: dict[int, asyncio.Event] = {}
        maintenance.first.append(self.work)

    async def held(self, device_id: str) -> Held:
        """What there is of a device, as far as it is sealed. Raises StoreError."""
        await self._pipeline.flush()
        await self._maintenance.seal(everything=True)
        return await self._store.read(lambda connection: stored.held(connection, device_id))

    async def remove(self, by: Actor, device_id: str) -> str | None:
        """Remove a device: "removed", or "removing" if that takes longer than PATIENCE. None: there is no such one.

        Raises StoreError.
        """
        device = self._registry.devices.get(device_id)
        if device is None and not self._accounts.devices.has_token(device_id):
            return None
        self._end(device_id)
        async with self._maintenance.exclusive("removing a device"):
            await self._still(device)
            gone, take_back = ([], None) if device is None else self._registry.forget(device)
            entry = self._audit.entry(by, "device remove", device_id, {"series": [one.name for one in gone]})

            def work(connection: Connection) -> stored.Removal | None:
                begun = stored.begin(connection, device_id, entry.at)
                log.add(connection, entry)
                return begun

            try:
                begun = await self._store.write(work)
            except StoreError:
                if take_back is not None:
                    take_back()
                raise
            finally:
                self._end(device_id)  # one token that was being given meanwhile went with it
        self._hub.renamed(gone)
        for forget in self.traces:
            forget(device_id)
        self._hub.event(f"device {device_id}", {"device": {"device": device_id, "state": "removed"}})
        self._hub.changed([(one.name, -LIMIT, LIMIT) for one in gone])
        return "removed" if begun is None else await self._awaited(begun.id)

    async def work(self) -> None:
        """Go on with what was begun; a job of maintenance. Raises StoreError and Damaged."""
        for one in await self._store.read(stored.unfinished):
            await self._carry_out(one)

    async def _carry_out(self, one: stored.Removal) -> None:
        done = False
        while not done:
            await self._pipeline.flush()
            await self._maintenance.seal(everything=True)
            async with self._maintenance.exclusive("removing a device"):
                more = True
                while more:
                    more = await self._store.write_freeing(partial(stored.step, series=one.series))
                    await asyncio.sleep(0)
                after: int | None = 0
                while after is not None:
                    after = await self._store.write(partial(stored.blank, removal=one, after=after))
                done = await self._store.write(partial(stored.finish, removal=one))
        await self._wipe()
        if (waiting := self._finished.pop(one.id, None)) is not None:
            waiting.set()

    async def _wipe(self) -> None:
        """Leave nothing of what was deleted in the files: free pages are cut off, the log is emptied."""
        async with self._maintenance.exclusive("removing a device"):
            more = True
            while more:
                more = await self._store.write_freeing(partial(space.give_back, keep=0))
                await asyncio.sleep(0)
        await self._store.empty_log()

    async def _still(self, device: Device | None) -> None:
        """Wait until nothing of a device is being saved for the first time."""
        registry = self._registry
        while device is not None and self._pipeline.pending_batches():
            unsaved = {one.device for one in registry.unsaved_series} | {one.id for one in registry.unsaved_devices}
            if device.id not in unsaved:
                break
            await self._pipeline.flush()

    def _end(self, device_id: str) -> None:
        self._accounts.devices.forget(device_id)
        self._accounts.end(open_key(device_id))

    async def _awaited(self, removal: int) -> str:
        finished = self._finished.setdefault(removal, asyncio.Event())
        self._maintenance.wake()
        try:
            async with asyncio.timeout(PATIENCE):
                await finished.wait()
        except TimeoutError:
            self._finished.pop(removal, None)
            return "removing"
        return "removed"

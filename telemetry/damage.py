"""Damage: what happens when the database is not what was written to it, and how people hear of it.

``telemetry.opened`` has put a damaged database aside, and a new one takes its place. ``Damages`` then saves what can be
read of the old one in the background, mends single rows that fail their checksum while they are read, looks through
the database once after the start, and tells: in the log, to every live session, and in ``report``, until a person has
acknowledged it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from telemetry.audit import Audit, showing
from telemetry.clock import Clock, monotonic
from telemetry.hub import Hub
from telemetry.identity import Actor
from telemetry.maintenance import Maintenance
from telemetry.model import Span
from telemetry.opened import condemn, mend
from telemetry.registry import Registry
from telemetry.store import audit, damages, quarantine
from telemetry.store.damage import Damaged
from telemetry.store.db import Connection, Store, StoreError

if TYPE_CHECKING:
    from telemetry.store.checking import Inspection
    from telemetry.store.salvage import Page, Salvage

log = logging.getLogger(__name__)

TELL = 1.0
"""Seconds between two reports of progress to live sessions."""
HASTE = 5.0
"""Seconds for which the look at the start goes on without a pause, while no one reads."""
GIVE_WAY = 1.0
"""Seconds for which a step of it waits for those who read."""
SHOWN = 100
"""Findings that a report lists."""


class Damages:
    """What was found in one database, and the work that follows from it."""

    def __init__(
        self, store: Store, registry: Registry, hub: Hub, clock: Clock, maintenance: Maintenance, audit: Audit
    ) -> None:
        self._stop: Callable[[], None] = lambda: None
        self._store = store
        self._registry = registry
        self._hub = hub
        self._clock = clock
        self._maintenance = maintenance
        self._audit = audit
        self._rows: list[damages.Damage] = []
        self._salvage: Salvage | None = None
        self._told = 0.0
        store.repair = self.repair
        store.on_broken = self._broken

    def on_broken(self, stop: Callable[[], None]) -> None:
        """Call ``stop`` when the file itself is damaged, or now if it is: the server is to start anew."""
        self._stop = stop
        if self._store.broken is not None:
            stop()

    async def load(self) -> None:
        """Read what was found before. Raises StoreError."""
        self._rows = await self._store.read(damages.rows)

    @property
    def damaged(self) -> bool:
        """Whether there is something that no person has acknowledged, or that is still being saved."""
        return any(row.acknowledged is None for row in self._rows) or self._salvage is not None

    def report(self) -> dict[str, object]:
        """All findings, the newest first, for people and programs."""
        found = [
            {"id": row.id, "time": row.found, "kind": row.kind, "place": row.place, "acknowledged": row.acknowledged}
            | row.detail
            for row in reversed(self._rows[-SHOWN:])
        ]
        salvage = None if self._salvage is None else {"done": self._salvage.done, "total": self._salvage.total}
        return {"damaged": self.damaged, "found": found, "count": len(self._rows), "salvage": salvage}

    async def acknowledge(self, by: Actor) -> int:
        """A person has seen all findings; how many were new. Raises StoreError."""
        now, entry = self._clock.arrival(), self._audit.entry(by, "damage acknowledge", "storage")

        def work(connection: Connection) -> int:
            count = damages.acknowledge(connection, now, by.name)
            if count:
                audit.add(connection, showing(entry, None, {"findings": count}))
            return count

        count = await self._store.write(work)
        await self.load()
        self._tell()
        return count

    async def repair(self, found: Damaged) -> None:
        """Mend a row, or take it out and say so. Raises StoreError."""
        outcome = await mend(self._store, found)
        if outcome is None:
            return
        await self.load()
        if outcome.span is not None:
            self._changed([outcome.span])
        self._tell()

    async def run(self) -> None:
        """Save what a replaced database held, if that is not done; then look through what is there, once."""
        await self.save()
        # a disk that takes no writes looks like damage to what opens the file anew: the next start looks
        if self._store.writable and not self._store.new:
            await self._look()

    async def save(self) -> None:
        """Save what a replaced database held, if that is not done. Call it before anything is sealed.

        Nobody else changes chunks until its end: a seal in between would make rows of buckets that are not all there
        yet, a deletion would miss what is saved after it. Readings wait in the journal. Raises StoreError.
        """
        for row in list(self._rows):
            if row.kind == "file" and not row.detail.get("done"):
                async with self._maintenance.exclusive("salvage"):
                    await self._save(row)

    def _broken(self, reason: str) -> None:
        log.error("%s is damaged: %s; a new database takes its place", self._store.path, reason)
        condemn(self._store.path, reason)
        self._stop()

    async def _look(self) -> None:
        """Checksums and structure, as ``check`` does it, but nothing is computed again.

        Nobody waits for it: each step is a read of one moment, each repair a transaction of its own. It gives way to
        those who read, and after HASTE it also waits as long as it works: a large database keeps a core busy for long.
        """
        run = await asyncio.to_thread(inspection, self._store.path, deep=False)
        began = step = monotonic()
        try:
            while (found := await asyncio.to_thread(run.step)) is not None and self._store.broken is None:
                for one in found:
                    if one.row is not None:
                        await self.repair(one.row)
                    elif one.structure:
                        self._store.condemn(one.text)
                    else:
                        log.error("the database is not consistent: %s", one.text)
                now = monotonic()
                await asyncio.sleep(now - step if now - began > HASTE else 0)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(GIVE_WAY):
                        await self._store.unread.wait()
                step = monotonic()
        finally:
            await asyncio.to_thread(run.close)

    async def _save(self, row: damages.Damage) -> None:
        folder = self._store.path.with_name(row.place)
        detail = dict(row.detail)
        try:
            self._salvage = salvage = await asyncio.to_thread(_open_salvage, folder, self._store.path)
        except (StoreError, OSError) as error:
            log.error("nothing can be saved from %s: %s", folder, error)  # noqa: TRY400
            detail |= {"done": True, "error": str(error)}
            await self._store.write(lambda c: damages.update(c, row.id, detail))
            await self.load()
            return
        self._tell()
        try:
            while (page := await asyncio.to_thread(salvage.read)) is not None:
                await self._store.write(partial(_write, salvage=salvage, page=page))
                self._progress()
                await asyncio.sleep(0)
            found = salvage.found
            detail |= {
                "done": True,
                "saved": {"readings": found.readings, "chunks": found.chunks, "rollups": found.rollups},
                "lost": [self._named(*one) for one in found.lost[:SHOWN]],
                "bad": found.bad,
            }
            await self._store.write(partial(_finish, salvage=salvage, id_=row.id, detail=detail))
        finally:
            salvage.close()
            self._salvage = None
        log.warning("%d readings were saved from %s, %d chunks are lost", found.readings, folder, len(found.lost))
        await self.load()
        self._changed([(id_, 0, 1 << 53) for id_ in self._registry.by_id])
        self._tell()

    def _named(self, series: int, first: int, last: int, count: int) -> dict[str, object]:
        known = self._registry.by_id.get(series)
        return {"series": known.name if known else f"#{series}", "from": first, "to": last, "readings": count}

    def _changed(self, spans: list[tuple[int, int, int]]) -> None:
        by_id = self._registry.by_id
        named: list[Span] = [(by_id[id_].name, frm, to) for id_, frm, to in spans if id_ in by_id]
        self._hub.changed(named)

    def _progress(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told >= TELL:
            self._told = now
            self._tell()

    def _tell(self) -> None:
        body = self.report()
        self._hub.event("storage", {"storage": {key: body[key] for key in ("damaged", "count", "salvage")}})


# What follows runs on threads.


def inspection(path: Path, *, deep: bool = True, alone: bool = False) -> Inspection:
    """A check of a file; on a thread, because it brings in numpy."""
    from telemetry.store.checking import Inspection

    return Inspection(path, deep=deep, alone=alone)


def _open_salvage(folder: Path, database: Path) -> Salvage:
    from telemetry.store.salvage import Salvage, Unsalvageable

    try:
        salvage = Salvage(folder / quarantine.REPAIRED, database)
        salvage.prepare()
    except Unsalvageable as error:
        raise StoreError(str(error)) from error
    return salvage


def _write(connection: Connection, salvage: Salvage, page: Page) -> None:
    salvage.write(connection, page)


def _finish(connection: Connection, salvage: Salvage, id_: int, detail: dict[str, object]) -> None:
    salvage.finish(connection)
    damages.update(connection, id_, detail)

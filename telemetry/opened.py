"""Opening a database for the core: one that is damaged is put aside first, and a new one takes its place.

How that is done is in ``store.quarantine``; what is saved from it afterwards, in ``telemetry.damage``.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from telemetry import lock
from telemetry.clock import stamp, wall_ms
from telemetry.registry import Registry
from telemetry.store import quarantine, state
from telemetry.store.damage import Damaged, unusable
from telemetry.store.db import Connection, Store, StoreError
from telemetry.store.limits import UNLIMITED, Limits

if TYPE_CHECKING:
    from telemetry.store.damages import Outcome

log = logging.getLogger("telemetry.damage")  # one word for people, whichever module found it


class Opened(NamedTuple):
    """A started store, what the registry knows, and the newest arrival stamp (ms)."""

    store: Store
    registry: Registry
    newest: int


async def opened(path: Path, limits: Limits = UNLIMITED) -> Opened:
    """Open a database; one that is damaged is replaced first. The caller holds the lock. Raises StoreError."""
    reason = await asyncio.to_thread(_inspect, path)
    if reason is None:
        try:
            return await _started(path, limits)
        except StoreError as error:
            if not unusable(error.__cause__):
                raise
            reason = str(error.__cause__)
    log.error("%s is damaged: %s", path, reason)
    try:
        rebooted = lock.last_run(path).rebooted
        await asyncio.to_thread(quarantine.replace, path, reason, stamp(), wall_ms(), rebooted=rebooted)
    except OSError as error:
        raise StoreError(f"{path} is damaged ({reason}) and cannot be put aside: {error}") from error
    return await _started(path, limits)


async def _started(path: Path, limits: Limits) -> Opened:
    store = Store(path, limits=limits)
    store.repair = partial(mend, store)
    store.on_broken = partial(condemn, path)
    try:
        try:
            await store.start()
            registry = Registry()
            newest = await store.read(lambda connection: state.load(connection, registry))
        except (Damaged, ValueError, LookupError, TypeError) as error:
            raise StoreError(f"{path}: {error}") from error
    except BaseException:
        await store.close()
        raise
    return Opened(store, registry, newest)


async def mend(store: Store, found: Damaged) -> Outcome | None:
    """Repair one row; what was done. Raises StoreError."""
    outcome = await store.write(partial(_repair, found=found, now=wall_ms()))
    if outcome is not None:
        log.error("%s: %s; %d readings lost", found, outcome.text, outcome.lost)
    return outcome


def condemn(path: Path, reason: str) -> None:
    """Have the database replaced when it is opened the next time."""
    try:
        quarantine.condemn(path, reason)
    except OSError as error:
        log.error("no note could be left for the next start: %s", error)  # noqa: TRY400


def _inspect(path: Path) -> str | None:
    last = lock.last_run(path)
    if not last.served and quarantine.foreign(path):
        raise StoreError(f"{path}: file is not a database")
    return quarantine.inspect(path, known=last.served, rebooted=last.rebooted)


def _repair(connection: Connection, found: Damaged, now: int) -> Outcome | None:
    from telemetry.store import repair

    return repair.repair(connection, found, now)

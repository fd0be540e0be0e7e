"""Runs a command on the database itself, where no server has it; the caller holds the lock."""

from __future__ import annotations

from pathlib import Path

from telemetry.admin import Admin, Line
from telemetry.audit import Audit
from telemetry.auth import Accounts
from telemetry.channel import Caller, Direct
from telemetry.clock import Clock
from telemetry.registry import Registry
from telemetry.settings import Settings
from telemetry.store import state
from telemetry.store.db import Store


async def short(database: Path, request: Line) -> Line:
    """One of ``telemetry.admin``. Raises StoreError."""
    store = Store(database)
    await store.start()
    try:
        return await _run(store, request)
    finally:
        await store.close(store.next_seq - 1)


async def long(settings: Settings, request: Line, caller: Caller) -> Line:
    """One of ``telemetry.long_commands``, on a core of its own: all of a server but its sockets. Raises StoreError."""
    from telemetry.core import compose
    from telemetry.long_commands import LongCommands

    core = await compose(settings, demo=False)
    core.tasks.start(core.pipeline.run(), "pipeline")
    try:
        await core.damages.save()  # before anything is sealed
        return await LongCommands(core).run(request, Direct(caller))
    finally:
        await core.pipeline.stop()
        await core.tasks.close()
        core.accounts.close()
        await core.store.close(core.pipeline.handed_out)


async def _run(store: Store, request: Line) -> Line:
    registry = Registry()
    clock = Clock(await store.read(lambda connection: state.load(connection, registry)))
    accounts = Accounts(store, clock, Audit(clock))
    try:
        await accounts.load()
        return await Admin(store, accounts, registry, clock).run(request)
    finally:
        accounts.close()

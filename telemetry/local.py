"""Runs a command where it belongs: in the server that owns the database, or here under the lock when none does."""

from __future__ import annotations

import asyncio
from pathlib import Path

from telemetry import control
from telemetry.admin import Admin, Line
from telemetry.audit import Audit
from telemetry.auth import Accounts
from telemetry.channel import Caller, Direct
from telemetry.clock import Clock, monotonic
from telemetry.core import compose
from telemetry.lock import DatabaseLock, Locked
from telemetry.long_commands import LongCommands
from telemetry.registry import Registry
from telemetry.settings import Settings
from telemetry.store import state
from telemetry.store.db import Store, StoreError

PATIENCE = 15.0
"""Seconds to wait for a server that starts or stops, or another command that runs."""
PAUSE = 0.05


class Unreachable(Exception):
    """The command could not be run; the message says why."""


async def carry_out(settings: Settings, request: Line, caller: Caller | None = None) -> Line:
    """Run a command; its answer, see ``telemetry.admin``. With a ``caller`` it is one of ``telemetry.long_commands``.

    Raises Unreachable, and CallerFailed.
    """
    database = settings.storage.path
    until = monotonic() + PATIENCE
    while True:
        try:
            lock = DatabaseLock(database)
        except Locked as held:
            answer = None if held.control is None else await _ask(Path(held.control), request, caller)
            if answer is not None:
                return answer
            if monotonic() > until:
                raise Unreachable(f"{held}, which takes no commands") from None
            await asyncio.sleep(PAUSE)
        except OSError as error:
            raise Unreachable(str(error)) from None
        else:
            try:
                return await (_alone(database, request) if caller is None else _long_alone(settings, request, caller))
            finally:
                lock.release()


async def _ask(path: Path, request: Line, caller: Caller | None) -> Line | None:
    """The server's answer; None if it does not listen (yet, or any more)."""
    try:
        if caller is not None:
            return await control.converse(path, request, caller)
        return await asyncio.to_thread(control.ask, path, request)
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except OSError as error:
        raise Unreachable(f"the server does not answer at {path}: {error}") from None


async def _alone(database: Path, request: Line) -> Line:
    store = Store(database)
    try:
        await store.start()
        try:
            return await _run(store, request)
        finally:
            await store.close(store.next_seq - 1)
    except StoreError as error:
        raise Unreachable(str(error)) from None


async def _long_alone(settings: Settings, request: Line, caller: Caller) -> Line:
    """A long command on a core of its own: all of a server but its sockets."""
    try:
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
    except StoreError as error:
        raise Unreachable(str(error)) from None


async def _run(store: Store, request: Line) -> Line:
    registry = Registry()
    clock = Clock(await store.read(lambda connection: state.load(connection, registry)))
    accounts = Accounts(store, clock, Audit(clock))
    try:
        await accounts.load()
        return await Admin(store, accounts, registry, clock).run(request)
    finally:
        accounts.close()

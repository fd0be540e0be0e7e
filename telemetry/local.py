"""Runs a command where it belongs: in the server that owns the database, or here under the lock when none does."""

from __future__ import annotations

import asyncio
from pathlib import Path

from telemetry import control
from telemetry.admin import Admin, Line
from telemetry.auth import Accounts
from telemetry.clock import Clock, monotonic
from telemetry.lock import DatabaseLock, Locked
from telemetry.registry import Registry
from telemetry.settings import Settings
from telemetry.store import state
from telemetry.store.db import Store, StoreError

PATIENCE = 15.0
"""Seconds to wait for a server that starts or stops, or another command that runs."""
PAUSE = 0.05


class Unreachable(Exception):
    """The command could not be run; the message says why."""


async def carry_out(settings: Settings, request: Line) -> Line:
    """Run a command; its answer, see ``telemetry.admin``. Raises Unreachable."""
    database = settings.storage.path
    until = monotonic() + PATIENCE
    while True:
        try:
            lock = DatabaseLock(database)
        except Locked as held:
            answer = None if held.control is None else await asyncio.to_thread(_ask, Path(held.control), request)
            if answer is not None:
                return answer
            if monotonic() > until:
                raise Unreachable(f"{held}, which takes no commands") from None
            await asyncio.sleep(PAUSE)
        except OSError as error:
            raise Unreachable(str(error)) from None
        else:
            try:
                return await _alone(database, request)
            finally:
                lock.release()


def _ask(path: Path, request: Line) -> Line | None:
    """The server's answer; None if it does not listen (yet, or any more)."""
    try:
        return control.ask(path, request)
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


async def _run(store: Store, request: Line) -> Line:
    registry = Registry()
    clock = Clock(await store.read(lambda connection: state.load(connection, registry)))
    accounts = Accounts(store, clock)
    try:
        await accounts.load()
        return await Admin(store, accounts, registry, clock).run(request)
    finally:
        accounts.close()

"""Runs a command where it belongs: in the server that owns the database, or here under the lock when none does."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from telemetry import control
from telemetry.channel import Caller
from telemetry.clock import monotonic
from telemetry.lock import DatabaseLock, Locked
from telemetry.settings import Settings

if TYPE_CHECKING:
    from telemetry.admin import Line

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
                return await _alone(settings, request, caller)
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


async def _alone(settings: Settings, request: Line, caller: Caller | None) -> Line:
    from telemetry import alone  # brings in the store: a command that a server carries out does without
    from telemetry.store.db import StoreError

    try:
        if caller is not None:
            return await alone.long(settings, request, caller)
        return await alone.short(settings.storage.path, request)
    except StoreError as error:
        raise Unreachable(str(error)) from None

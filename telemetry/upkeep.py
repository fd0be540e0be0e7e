"""``backup``, ``restore`` and ``check`` on the command line: each returns the exit status and shows its progress.

``check`` on a database that no server uses looks at the file as it is, before anything opens it in earnest: what is
damaged is for ``serve`` to put aside.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from telemetry import local, safekeeping
from telemetry.audit import Audit
from telemetry.channel import Caller, Line, nothing
from telemetry.clock import Clock, stamp
from telemetry.damage import inspection
from telemetry.identity import TERMINAL
from telemetry.lock import DatabaseLock, Locked
from telemetry.settings import Settings
from telemetry.terminal import Meter


class Failed(Exception):
    """It cannot be done; the message says why."""


def backup(settings: Settings, given: Line) -> int:
    """Copy the database to a file. Raises Failed."""
    _print(_ask(settings, {"command": "backup", "file": str(Path(str(given["file"])).absolute())}, "rows"))
    return 0


def restore(settings: Settings, given: Line) -> int:
    """Put a backup into the place of the database. Raises Failed."""
    from telemetry.store.restoring import RestoreError
    from telemetry.store.restoring import restore as put

    database, source = settings.storage.path, Path(str(given["file"]))
    entry = Audit(Clock()).entry(TERMINAL, "restore", source.name, None, {"file": str(source.absolute())})
    meter = Meter()

    def told(done: int, total: int) -> None:
        meter.total(total)
        meter.show(done, "chunks verified")

    try:
        lock = DatabaseLock(database)
    except (Locked, OSError) as error:
        raise Failed(f"{error}: stop it first" if isinstance(error, Locked) else str(error)) from None
    try:
        aside = put(source, database, stamp(), entry, force=bool(given.get("force")), told=told)
    except RestoreError as error:
        raise Failed(str(error)) from None
    finally:
        meter.end()
        lock.release()
    _print([{"restored": str(database), "from": str(source), "aside": None if aside is None else str(aside)}])
    return 0


def check(settings: Settings, _: Line) -> int:
    """Look through the database; 1 if something is wrong with it. Raises Failed."""
    database = settings.storage.path
    try:
        lock = DatabaseLock(database)
    except Locked:
        found = _ask(settings, {"command": "check"}, "chunks")
    except OSError as error:
        raise Failed(str(error)) from None
    else:
        try:
            found = _alone(database)
        finally:
            lock.release()
    _print(found)
    return 0 if found[-1].get("sound") else 1


def _alone(database: Path) -> list[Line]:
    if not database.exists():
        raise Failed(f"{database}: there is no such file")
    meter = Meter()
    run = inspection(database, alone=True)
    found = []
    try:
        while (some := run.step()) is not None:
            found += some
            meter.total(run.check.seen.of_chunks)
            meter.show(run.check.seen.chunks, f"{run.check.seen.chunks:,} chunks")
    finally:
        meter.end()
        run.close()
    return safekeeping.lines(found, run)


def _ask(settings: Settings, request: Line, what: str) -> list[Line]:
    """The lines of the answer. Raises Failed."""
    meter = Meter()

    def progress(report: Line) -> None:
        total, done = report.get("total"), report.get("done")
        meter.total(total if isinstance(total, int) else 0)
        meter.show(done if isinstance(done, int) else 0, f"{done:,} {what}")

    try:
        answer = asyncio.run(local.carry_out(settings, request, Caller(nothing(), progress=progress)))
    except local.Unreachable as error:
        raise Failed(str(error)) from None
    finally:
        meter.end()
    if "error" in answer:
        raise Failed(str(answer["error"]))
    lines: Any = answer["lines"]
    return [dict(line) for line in lines]


def _print(lines: list[Line]) -> None:
    for line in lines:
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")

"""``backup`` and ``check`` as long commands (see ``telemetry.long_commands``): beside everything else a server does."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from telemetry.admin import CommandError
from telemetry.channel import Channel, Line
from telemetry.clock import monotonic
from telemetry.damage import inspection
from telemetry.identity import TERMINAL
from telemetry.store import audit
from telemetry.store.backup import BackupError

if TYPE_CHECKING:
    from telemetry.core import Core
    from telemetry.store.checking import Inspection
    from telemetry.store.comparing import Finding

TELL = 0.2
"""Seconds between two reports of progress."""
SHOWN = 1_000
"""Findings that are named one by one."""


async def backup(core: Core, given: Line, channel: Channel) -> list[Line]:
    """Copy the database to ``given["file"]``, which must not exist yet."""
    to, last = Path(str(given.get("file"))), 0.0

    async def tell(done: int, total: int) -> None:
        nonlocal last
        if monotonic() - last >= TELL:
            last = monotonic()
            await channel.report({"done": done, "total": total})

    entry = core.audit.entry(TERMINAL, "backup", to.name, None, {"file": str(to)})
    await core.store.write(lambda connection: audit.add(connection, entry))  # before: the copy has it too
    try:
        await core.backups.make(to, tell)
    except BackupError as error:
        raise CommandError(str(error)) from None
    return [{"backup": str(to), "bytes": (await asyncio.to_thread(to.stat)).st_size}]


async def check(core: Core, _: Line, channel: Channel) -> list[Line]:
    """Look through the database; what is wrong with it, a line each, and a summary."""
    found: list[Finding] = []
    last = 0.0
    run = await asyncio.to_thread(inspection, core.store.path)
    try:
        while (some := await asyncio.to_thread(run.step)) is not None:
            found += some
            if monotonic() - last >= TELL:
                last = monotonic()
                await channel.report({"done": run.check.seen.chunks, "total": run.check.seen.of_chunks})
    finally:
        await asyncio.to_thread(run.close)
    return lines(found, run)


def lines(found: list[Finding], run: Inspection) -> list[Line]:
    """What ``check`` prints; damage that was found before counts as long as no person has acknowledged it."""
    seen, standing = run.check.seen, run.check.standing
    summary: Line = {
        "sound": not found and not standing, "findings": len(found), "unacknowledged": len(standing),
        "journal_rows": seen.rows, "chunks": seen.chunks, "readings": seen.readings,
    }  # fmt: skip
    named: list[Line] = [{"damage": text} for text in [*(one.text for one in found), *standing][:SHOWN]]
    return [*named, summary]

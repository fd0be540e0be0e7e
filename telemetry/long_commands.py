"""The commands that take long or move bytes: the same functions inside a running server and without one.

Each is ``async def command(core, given, channel) -> list[Line]``; see ``telemetry.channel``. ``given`` holds the
command's arguments. The answer is that of ``telemetry.admin``: ``{"lines": […]}`` or ``{"error": "…"}``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict

from telemetry import audit_log, exporting, safekeeping
from telemetry.admin import CommandError
from telemetry.channel import Channel, Line
from telemetry.clock import monotonic
from telemetry.core import Core
from telemetry.exchange.block import NotReadable, Refused
from telemetry.exchange.writing import Form
from telemetry.identity import TERMINAL
from telemetry.importing import Import, Progress
from telemetry.model import Refusal
from telemetry.store.audit import ALL, Wanted
from telemetry.store.db import StoreError
from telemetry.timespec import moment

OFTEN = 0.2
"""Seconds between two reports that hold nothing but how far it is."""
REPORTED = 500
"""Refused lines in one report."""

Command = Callable[[Core, Line, Channel], Awaitable[list[Line]]]


async def export(core: Core, given: Line, channel: Channel) -> list[Line]:
    """Write readings: ``series`` (patterns), ``from``, ``to``, ``format``, ``gzip``.

    Reports ``{done, total, readings}``, the first two in series.
    """
    frm, to = (None if given.get(key) is None else str(given[key]) for key in ("from", "to"))
    query = exporting.parse(given.get("series"), frm, to, Form(given.get("format", "csv")), core.clock.arrival())
    if isinstance(query, Refusal):
        raise CommandError(query.message)
    work, told = exporting.Export(core, query), monotonic()
    async for piece in work.pieces(compress=bool(given.get("gzip"))):
        await channel.write(piece)
        if monotonic() - told >= OFTEN:
            told = monotonic()
            await channel.report({"done": work.done, "total": work.total, "readings": work.readings})
    return [{"series": work.total, "readings": work.readings}]


async def import_(core: Core, given: Line, channel: Channel) -> list[Line]:
    """Take in what the caller sends, ``size`` bytes if that is known, called ``name``.

    Reports ``{bytes, lines, stored, duplicate, refused, resumed}``, and ``lines_refused``: ``[[line, why], …]``.
    """
    told = monotonic()

    async def tell(progress: Progress, refused: Sequence[Refused]) -> None:
        nonlocal told
        for start in range(0, len(refused), REPORTED):
            await channel.report({**_told(progress), "lines_refused": refused[start : start + REPORTED]})
        if monotonic() - told >= OFTEN:
            told = monotonic()
            await channel.report(_told(progress))

    size, name = given.get("size"), str(given.get("name", "a stream"))
    try:
        progress = await Import(core, TERMINAL, name, tell).run(channel.read, size if isinstance(size, int) else None)
    except NotReadable as error:
        raise CommandError(str(error)) from None
    return [{"accepted": progress.accepted, **_told(progress)}]


async def audit(core: Core, given: Line, channel: Channel) -> list[Line]:
    """Write the audit log: ``from``, ``to``, ``who``, ``action``, ``subject`` (patterns), ``format``."""
    times = []
    for key, default in (("from", ALL.frm), ("to", ALL.to)):
        at = default if given.get(key) is None else moment(str(given[key]), core.clock.arrival(), key)
        if isinstance(at, Refusal):
            raise CommandError(at.message)
        times.append(at)
    who, action, subject = (str(given.get(key) or "*") for key in ("who", "action", "subject"))
    lines, wanted = 0, Wanted(who, action, subject, times[0], times[1])
    async for piece in core.audit_log.pieces(wanted, audit_log.Form(given.get("format", "csv"))):
        await channel.write(piece)
        lines += piece.count(b"\n")
    return [{"lines": lines}]


COMMANDS: dict[str, Command] = {
    "audit": audit,
    "export": export,
    "import": import_,
    "backup": safekeeping.backup,
    "check": safekeeping.check,
}


def _told(progress: Progress) -> Line:
    return asdict(progress)


class LongCommands:
    """What long commands work on: a running core."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def run(self, request: Line, channel: Channel) -> Line:
        """Carry out a request. Raises what the channel raises."""
        command = COMMANDS.get(str(request.get("command")))
        if command is None:
            return {"error": "unknown command"}
        given = {key: value for key, value in request.items() if key != "command"}
        try:
            return {"lines": await command(self._core, given, channel)}
        except (CommandError, StoreError) as error:
            return {"error": str(error)}

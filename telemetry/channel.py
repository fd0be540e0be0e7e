"""What a long command and its caller exchange: pieces of bytes both ways, reports of progress, one answer at last.

A long command is ``async def command(core, given, channel) -> list[Line]`` (``telemetry.long_commands`` lists them). It
takes with ``await channel.read()``, gives with ``await channel.write(…)``, and tells how far it is with ``await
channel.report({…})``: objects of its own choice. Each returns when the other side keeps up, so nothing piles up. What
it returns or raises becomes the answer. It is cancelled when its caller goes away.

The caller hands in a ``Caller``: where the bytes come from, where they go, what to do with a report. ``Direct`` joins
the two in one process; ``telemetry.control`` joins them across its socket.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Protocol

Line = dict[str, object]
"""A JSON object: a request, a report or an answer."""


class CallerFailed(Exception):
    """An end of the caller raised, and with it the command is over; ``__cause__`` is what it raised."""


async def nothing() -> AsyncIterator[bytes]:
    """The source of a caller that sends nothing."""
    for _ in ():
        yield b""


def ignore(_: object) -> None:
    """For a caller that wants no bytes, or no reports."""


@dataclass(slots=True)
class Caller:
    """The ends of whoever gives the command. What they raise comes out of the methods as CallerFailed."""

    source: AsyncIterator[bytes] = field(default_factory=nothing)
    sink: Callable[[bytes], None] = ignore
    progress: Callable[[Line], None] = ignore

    async def next(self) -> bytes:
        """The next piece; ``b""`` at the end."""
        try:
            async for piece in self.source:
                if piece:
                    return piece
        except Exception as error:
            raise CallerFailed(str(error)) from error
        return b""

    def take(self, data: bytes) -> None:
        """Take a piece."""
        try:
            self.sink(data)
        except Exception as error:
            raise CallerFailed(str(error)) from error

    def hear(self, report: Line) -> None:
        """Take a report."""
        try:
            self.progress(report)
        except Exception as error:
            raise CallerFailed(str(error)) from error


class Channel(Protocol):
    """The command's end."""

    async def read(self) -> bytes:
        """The next piece of what the caller sends; ``b""`` at its end, then for ever."""

    async def write(self, data: bytes) -> None:
        """Send a piece; returns when the caller can take more."""

    async def report(self, progress: Line) -> None:
        """Tell the caller how far the command is."""


class Direct:
    """A channel to a caller in this process."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def read(self) -> bytes:
        """The caller's next piece."""
        return await self._caller.next()

    async def write(self, data: bytes) -> None:
        """Into the caller's sink."""
        self._caller.take(data)

    async def report(self, progress: Line) -> None:
        """To the caller."""
        self._caller.hear(progress)

"""A command and its caller in one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from telemetry.channel import Caller, CallerFailed, Direct, Line


async def pieces() -> AsyncIterator[bytes]:
    for piece in (b"a", b"", b"b"):
        yield piece


def test_everything_goes_through() -> None:
    written: list[bytes] = []
    told: list[Line] = []

    async def main() -> None:
        channel = Direct(Caller(pieces(), written.append, told.append))
        assert [await channel.read() for _ in range(4)] == [b"a", b"b", b"", b""]
        await channel.write(b"x")
        await channel.report({"n": 1})

    asyncio.run(main())
    assert (written, told) == ([b"x"], [{"n": 1}])


def test_a_caller_of_nothing_sends_nothing_and_takes_all() -> None:
    async def main() -> None:
        channel = Direct(Caller())
        assert await channel.read() == b""
        await channel.write(b"x")
        await channel.report({})

    asyncio.run(main())


async def broken() -> AsyncIterator[bytes]:
    raise OSError("gone")
    yield b""


def fail(_: object) -> None:
    raise OSError("gone")


def test_what_an_end_raises_is_told_apart_from_the_command() -> None:
    async def main() -> None:
        channel = Direct(Caller(broken(), fail, fail))
        for call in (channel.read(), channel.write(b"x"), channel.report({})):
            with pytest.raises(CallerFailed, match="gone") as failed:
                await call
            assert isinstance(failed.value.__cause__, OSError)

    asyncio.run(main())

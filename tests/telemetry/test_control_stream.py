"""Long commands on the control socket: bytes both ways without a limit in time, and each side notices when one goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from telemetry import control, wire
from telemetry.channel import Caller, CallerFailed, Channel, Line
from telemetry.control import Control, converse
from tests.telemetry.kit import until

PIECE = b"x" * 100_000


async def short(_: Line) -> Line:
    return {"short": True}


def against(
    path: Path,
    command: Callable[[Line, Channel], Awaitable[Line]],
    client: Callable[[Path, Control], Awaitable[None]],
) -> None:
    """Run ``client(where, server)`` beside a server with one long command."""

    async def run() -> None:
        server = Control(short, command)
        where = await server.start(path / "x.db")
        try:
            await client(where, server)
        finally:
            await server.close()

    asyncio.run(asyncio.wait_for(run(), 30))


async def pieces(*some: bytes) -> AsyncIterator[bytes]:
    for piece in some:
        yield piece


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield PIECE


async def echo(request: Line, channel: Channel) -> Line:
    """Send back what comes, with a report for each piece."""
    size = 0
    while piece := await channel.read():
        size += len(piece)
        await channel.report({"size": size})
        await channel.write(piece)
    assert await channel.read() == b""
    return {"lines": [request, {"size": size}]}


@pytest.mark.parametrize("sizes", [[], [1], [1, 0, 2], [100_000] * 30, [3 * wire.FRAME_MAX + 1]])
def test_bytes_go_both_ways_and_reports_with_them(tmp_path: Path, sizes: list[int]) -> None:
    sent = [bytes([n % 256]) * size for n, size in enumerate(sizes)]
    got: list[bytes] = []
    reports: list[Line] = []

    async def client(where: Path, _: Control) -> None:
        caller = Caller(pieces(*sent), got.append, reports.append)
        answer = await converse(where, {"command": "echo", "name": "Küche"}, caller)
        assert answer == {"lines": [{"command": "echo", "name": "Küche"}, {"size": sum(sizes)}]}

    against(tmp_path, echo, client)
    assert b"".join(got) == b"".join(sent)
    assert [report["size"] for report in reports][-1:] == ([sum(sizes)] if sizes else [])


def test_short_commands_still_go_on_one_line(tmp_path: Path) -> None:
    async def client(where: Path, _: Control) -> None:
        assert await asyncio.to_thread(control.ask, where, {"command": "x"}) == {"short": True}

    against(tmp_path, echo, client)


def test_a_caller_that_does_not_read_holds_the_command_back(tmp_path: Path) -> None:
    written = 0

    async def command(_: Line, channel: Channel) -> Line:
        nonlocal written
        while True:
            await channel.write(PIECE)
            written += 1

    async def client(where: Path, _: Control) -> None:
        reader, writer = await asyncio.open_unix_connection(where, limit=1)
        writer.write(b'{"command": "x", "stream": true}\n')
        await reader.read(1)
        before = -1
        while before != written:  # until it stands still
            before = written
            await asyncio.sleep(0.1)
        assert written < 50
        writer.close()

    against(tmp_path, command, client)


def test_a_command_that_does_not_read_holds_the_caller_back(tmp_path: Path) -> None:
    taken = 0
    go = asyncio.Event()

    async def source() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield PIECE

    async def command(_: Line, channel: Channel) -> Line:
        await channel.read()
        await go.wait()
        return {"lines": []}

    async def client(where: Path, _: Control) -> None:
        answer = asyncio.gather(converse(where, {"command": "x"}, Caller(source())))
        before = -1
        while before != taken:
            before = taken
            await asyncio.sleep(0.1)
        assert 0 < taken < 100
        go.set()
        assert await answer == [{"lines": []}]

    against(tmp_path, command, client)


def test_an_answer_that_comes_early_is_heard_by_a_caller_that_still_sends(tmp_path: Path) -> None:
    async def command(_: Line, channel: Channel) -> Line:
        await channel.read()
        return {"error": "not this"}

    async def client(where: Path, _: Control) -> None:
        for _ in range(20):
            assert await converse(where, {"command": "x"}, Caller(endless())) == {"error": "not this"}

    against(tmp_path, command, client)


def test_a_command_is_cancelled_when_its_caller_goes(tmp_path: Path) -> None:
    """One that waits for something else, too."""
    ended: list[str] = []

    async def command(_: Line, channel: Channel) -> Line:
        await channel.report({})
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("yes")
        return {}

    async def client(where: Path, _: Control) -> None:
        reader, writer = await asyncio.open_unix_connection(where)
        writer.write(b'{"command": "x", "stream": true}\n')
        await reader.readexactly(wire.HEAD.size)
        assert not ended
        writer.close()
        await until(lambda: ended)

    against(tmp_path, command, client)


def test_a_sink_that_breaks_ends_the_command(tmp_path: Path) -> None:
    """``export | head``: both sides stop, and the caller gets its own exception."""
    ended: list[str] = []

    async def command(_: Line, channel: Channel) -> Line:
        try:
            while True:
                await channel.write(PIECE)
        finally:
            ended.append("yes")

    def broken(_: bytes) -> None:
        raise BrokenPipeError

    async def client(where: Path, _: Control) -> None:
        with pytest.raises(CallerFailed) as failed:
            await converse(where, {"command": "x"}, Caller(sink=broken))
        assert isinstance(failed.value.__cause__, BrokenPipeError)
        await until(lambda: ended)

    against(tmp_path, command, client)


def test_a_source_that_breaks_ends_the_command(tmp_path: Path) -> None:
    async def source() -> AsyncIterator[bytes]:
        yield PIECE
        raise OSError("the stick was pulled")

    async def client(where: Path, _: Control) -> None:
        with pytest.raises(CallerFailed, match="the stick was pulled"):
            await converse(where, {"command": "x"}, Caller(source()))

    against(tmp_path, echo, client)


def test_a_server_that_stops_ends_the_command_and_the_caller_hears_it(tmp_path: Path) -> None:
    async def client(where: Path, server: Control) -> None:
        answer = asyncio.gather(converse(where, {"command": "x"}, Caller(endless())), return_exceptions=True)
        await asyncio.sleep(0.05)
        await server.close()
        (error,) = await answer
        assert isinstance(error, ConnectionError)

    against(tmp_path, echo, client)


def test_a_command_that_fails_ends_the_conversation_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def command(_: Line, channel: Channel) -> Line:
        await channel.read()
        raise LookupError("a bug")

    async def client(where: Path, _: Control) -> None:
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(converse(where, {"command": "x"}, Caller(endless())), 10)

    against(tmp_path, command, client)
    assert "a bug" in caplog.text


@pytest.mark.parametrize("junk", [b"nonsense", b"D\xff\xff\xff\xff", b"X\0\0\0\1x", b"D\0\0"])
def test_junk_after_the_request_ends_the_command(tmp_path: Path, junk: bytes) -> None:
    async def client(where: Path, _: Control) -> None:
        reader, writer = await asyncio.open_unix_connection(where)
        writer.write(b'{"command": "x", "stream": true}\n' + junk)
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        assert await converse(where, {"command": "x"}, Caller()) == {"lines": [{"command": "x"}, {"size": 0}]}

    against(tmp_path, echo, client)

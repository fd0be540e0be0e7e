"""The control socket: commands given beside a running server, carried out by it.

A Unix socket beside the database (``PATH.sock``, mode 0600) takes one JSON line per connection and answers one. Where
the file system has no sockets it lies in a private directory under the system's temporary one; the lock file says
where. A socket that a killed server left behind is harmless: the lock decides who serves.

A request with ``"stream": true`` is for a long command (``telemetry.channel``); after its line, both sides send the
frames of ``telemetry.wire`` until the server's answer. The server reads no faster than the command takes, and the
command writes no faster than the caller does. There is no limit in time: a peer that has died is noticed at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from telemetry import wire
from telemetry.channel import Caller, Channel
from telemetry.tasks import Tasks

log = logging.getLogger(__name__)

MAX_LINE = 1 << 20
"""Bytes of a request or an answer."""
PATIENCE = 30.0
"""Seconds that either side waits for the other."""
ADDRESS_MAX = 107
"""Bytes of a Unix socket's address."""

Request = dict[str, object]
Answer = dict[str, object]


Handle = Callable[[Request], Awaitable[Answer]]
Stream = Callable[[Request, Channel], Awaitable[Answer]]


class Control:
    """The server's side: ``handle`` carries out a request and returns the answer, ``stream`` a long one."""

    def __init__(self, handle: Handle, stream: Stream | None = None) -> None:
        self._handle = handle
        self._stream = stream
        self._tasks = Tasks()
        self._streams: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._private: Path | None = None
        self.path: Path | None = None

    async def start(self, database: Path) -> Path:
        """Listen; the path of the socket. The caller holds the lock. Raises OSError."""
        path = Path(f"{database}.sock")
        try:
            listener = _bind(path)
        except OSError:
            self._private = Path(tempfile.mkdtemp(prefix="telltale-"))
            path = self._private / "control.sock"
            listener = _bind(path)
        self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=MAX_LINE)
        self.path = path
        return path

    async def close(self) -> None:
        """Take no more commands, and end the long ones."""
        if self._server is not None:
            self._server.close()
        for stream in self._streams:
            stream.cancel()
        await asyncio.gather(*self._streams, return_exceptions=True)
        await self._tasks.close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)
        if self._private is not None:
            shutil.rmtree(self._private, ignore_errors=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                request = _parsed(await reader.readline())
                if request is not None and not request.get("stream"):
                    writer.write(json.dumps(await self._handle(request)).encode() + b"\n")
                    await writer.drain()
            if request is not None and request.pop("stream", False) and self._stream is not None:
                work = self._tasks.start(self._streamed(self._stream, request, reader, writer), "long command")
                self._streams.add(work)
                work.add_done_callback(self._streams.discard)
                await asyncio.wait([work])
        except (OSError, ValueError) as error:  # gone or too slow; a line beyond the limit
            log.warning("a command was cut off: %s", str(error) or type(error).__name__)
        finally:
            writer.close()

    async def _streamed(
        self, stream: Stream, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Run a long command for as long as its caller stays."""
        channel = wire.ServerEnd(reader, writer)
        command = self._tasks.start(_answered(stream, request, channel), str(request.get("command")))
        listening = self._tasks.start(channel.listen(), "control connection")
        try:
            await asyncio.wait([command, listening], return_when=asyncio.FIRST_COMPLETED)
            if not command.done():
                log.info("%s was given up by its caller", command.get_name())
                return
            if command.cancelled() or command.exception() is not None:
                return  # there will be no answer
            async with asyncio.timeout(PATIENCE):  # the caller closes when it has its answer
                await listening
        except TimeoutError:
            log.warning("the caller of %s does not take its answer", command.get_name())
        finally:
            command.cancel()
            listening.cancel()
            await asyncio.wait([command, listening])


async def _answered(stream: Stream, request: Request, channel: wire.ServerEnd) -> None:
    try:
        await channel.answer(await stream(request, channel))
    except ConnectionError:
        log.info("%s was given up by its caller", request.get("command"))
    finally:
        channel.drop_input()


def ask(path: Path, request: Request) -> Answer:
    """The client's side: send a request, wait for the answer. Raises OSError (TimeoutError among them)."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        with _address(path) as address:
            connection.connect(address)
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as lines:
            line = lines.readline(MAX_LINE)
    if not line.endswith(b"\n"):
        raise ConnectionError("the server ended the connection without an answer")
    answer: Answer = json.loads(line)
    return answer


async def converse(path: Path, request: Request, caller: Caller) -> Answer:
    """The client's side of a long command; its answer. Raises OSError and CallerFailed."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        with _address(path) as address:
            connection.connect(address)
    except OSError:
        connection.close()
        raise
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    writer.write(json.dumps(request | {"stream": True}).encode() + b"\n")
    try:
        return await wire.converse(reader, writer, caller)
    finally:
        writer.close()


def _parsed(line: bytes) -> Request | None:
    try:
        request = json.loads(line)
    except ValueError:
        return None
    return request if isinstance(request, dict) else None


def _bind(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    umask = os.umask(0o177)
    try:
        with _address(path) as address:
            listener.bind(address)
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(umask)
    return listener


@contextlib.contextmanager
def _address(path: Path) -> Iterator[str]:
    """An address for a socket's path that fits the limit: long ones go through a descriptor of their folder."""
    if len(os.fsencode(path)) <= ADDRESS_MAX:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)

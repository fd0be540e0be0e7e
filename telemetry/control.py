"""The control socket: commands given beside a running server, carried out by it.

A Unix socket beside the database (``PATH.sock``, mode 0600) takes one JSON line per connection and answers one. Where
the file system has no sockets it lies in a private directory under the system's temporary one; the lock file says
where. A socket that a killed server left behind is harmless: the lock decides who serves.
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

log = logging.getLogger(__name__)

MAX_LINE = 1 << 20
"""Bytes of a request or an answer."""
PATIENCE = 30.0
"""Seconds that either side waits for the other."""
ADDRESS_MAX = 107
"""Bytes of a Unix socket's address."""

Request = dict[str, object]
Answer = dict[str, object]


class Control:
    """The server's side: ``handle`` carries out a request and returns the answer."""

    def __init__(self, handle: Callable[[Request], Awaitable[Answer]]) -> None:
        self._handle = handle
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
        """Take no more commands."""
        if self._server is not None:
            self._server.close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)
        if self._private is not None:
            shutil.rmtree(self._private, ignore_errors=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                request = _parsed(await reader.readline())
                if request is not None:
                    writer.write(json.dumps(await self._handle(request)).encode() + b"\n")
                    await writer.drain()
        except (OSError, ValueError) as error:  # gone or too slow; a line beyond the limit
            log.warning("a command was cut off: %s", str(error) or type(error).__name__)
        finally:
            writer.close()


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

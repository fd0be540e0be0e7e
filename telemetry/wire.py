"""Frames of a long command on the control socket: pieces of bytes, reports and the answer on one connection.

    bytes  field    meaning
    0      kind     D a piece of bytes, of no length at their end · P a report of progress · A the answer
    1-4    length   u32, big-endian, at most FRAME_MAX
    5-     payload  D: bytes; P and A: a JSON object

The caller sends D only, the command all three, A as its last. Not its business: what the bytes mean.
"""

from __future__ import annotations

import asyncio
import json
import struct

from telemetry.channel import Caller, CallerFailed, Line
from telemetry.tasks import Tasks

HEAD = struct.Struct(">cI")
FRAME_MAX = 1 << 20
"""Bytes of a payload; longer pieces are sent as several."""
DATA, PROGRESS, ANSWER = b"D", b"P", b"A"
ENDED = "the server ended the connection without an answer"


async def send(writer: asyncio.StreamWriter, kind: bytes, payload: bytes) -> None:
    """Send one frame, or as many pieces as the payload needs; returns when the peer can take more."""
    for start in range(0, len(payload) or 1, FRAME_MAX):
        part = payload[start : start + FRAME_MAX]
        writer.write(HEAD.pack(kind, len(part)) + part)
        await writer.drain()


async def receive(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The next frame. Raises IncompleteReadError at the end, ConnectionError for what is no frame."""
    kind, length = HEAD.unpack(await reader.readexactly(HEAD.size))
    if kind not in (DATA, PROGRESS, ANSWER) or length > FRAME_MAX:
        raise ConnectionError("this is no frame of a command")
    return kind, await reader.readexactly(length)


class ServerEnd:
    """The command's channel: what comes in waits here, one piece at a time, until the command takes it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._incoming: asyncio.Queue[bytes] = asyncio.Queue(1)
        self._ended = False
        self._dropping = False

    async def listen(self) -> None:
        """Take in frames until the caller has gone."""
        try:
            while True:
                _, piece = await receive(self._reader)
                if not self._dropping:
                    await self._incoming.put(piece)
        except (OSError, asyncio.IncompleteReadError):
            return

    def drop_input(self) -> None:
        """The command takes nothing more: read on and forget, so that the caller comes to its answer."""
        self._dropping = True
        while not self._incoming.empty():
            self._incoming.get_nowait()

    async def read(self) -> bytes:
        """The caller's next piece."""
        if self._ended:
            return b""
        piece = await self._incoming.get()
        self._ended = not piece
        return piece

    async def write(self, data: bytes) -> None:
        """To the caller. Raises ConnectionError when it has gone."""
        if data:
            await send(self._writer, DATA, data)

    async def report(self, progress: Line) -> None:
        """To the caller. Raises ConnectionError when it has gone."""
        await send(self._writer, PROGRESS, _packed(progress))

    async def answer(self, answer: Line) -> None:
        """The last frame."""
        await send(self._writer, ANSWER, _packed(answer))


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, caller: Caller) -> Line:
    """The caller's side, after the request: its answer. Raises OSError and CallerFailed."""
    tasks = Tasks()
    failures: list[CallerFailed] = []

    async def upload() -> None:
        try:
            while piece := await caller.next():
                await send(writer, DATA, piece)
            await send(writer, DATA, b"")
        except CallerFailed as failed:
            failures.append(failed)
            writer.close()
        except ConnectionError:
            pass  # what there is to say about it comes from the other direction

    tasks.start(upload(), "upload")
    try:
        while True:
            kind, payload = await receive(reader)
            if kind == DATA:
                caller.take(payload)
            elif kind == PROGRESS:
                caller.hear(json.loads(payload))
            else:
                answer: Line = json.loads(payload)
                return answer
    except asyncio.IncompleteReadError:
        raise (failures[0] if failures else ConnectionError(ENDED)) from None
    finally:
        await tasks.close()


def _packed(line: Line) -> bytes:
    packed = json.dumps(line).encode()
    return packed if len(packed) <= FRAME_MAX else json.dumps({"error": "this answer is too long to be sent"}).encode()

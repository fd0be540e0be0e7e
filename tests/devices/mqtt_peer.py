"""The broker's end of a connection, on the test's own loop: it answers as it is told, and shows what it was sent.

Layout of the packets: OASIS MQTT 3.1.1 and 5.0, chapter 3; MQTT 5 has a length of properties, here always 0.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ssl
from collections.abc import Callable
from typing import Any, NamedTuple, Self

from tests.telemetry.kit import until

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = (
    1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14,
)  # fmt: skip


class Packet(NamedTuple):
    connection: int
    kind: int
    flags: int
    body: bytes


def packet(kind: int, body: bytes, flags: int = 0) -> bytes:
    assert len(body) < 128
    return bytes([kind << 4 | flags, len(body)]) + body


class Peer:
    """``greet`` gives the code of CONNACK for a protocol level, or None for no answer; ``mute``: no answer to those."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.greet: Callable[[int], int | None] = lambda _level: 0
        self.closing = False
        self.mute: set[int] = set()
        self.granted = 1
        self.packets: list[Packet] = []
        self.levels: list[int] = []
        self.port = 0
        self._tls = tls
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.hang_up()

    @property
    def level(self) -> int:
        """The protocol level of the newest connection."""
        return self.levels[-1]

    def of(self, kind: int) -> list[Packet]:
        """What came of one kind, oldest first."""
        return [one for one in self.packets if one.kind == kind]

    def acks(self) -> list[tuple[int, int]]:
        """(connection, packet id) of each PUBACK."""
        return [(one.connection, int.from_bytes(one.body[:2], "big")) for one in self.of(PUBACK)]

    async def subscribed(self, connection: int = 1) -> None:
        """Wait for the subscription on a connection, counted from 1."""
        await until(lambda: any(one.connection == connection for one in self.of(SUBSCRIBE)))

    def publish(self, topic: str | bytes, payload: bytes = b"1", mid: int = 1, flags: int = 2) -> bytes:
        """The packet of a message at QoS 1; ``flags`` 2, 8 for a redelivery, 1 for a retained one."""
        name = topic.encode() if isinstance(topic, str) else topic
        properties = b"\0" if self.level == 5 else b""
        body = len(name).to_bytes(2, "big") + name + mid.to_bytes(2, "big") + properties + payload
        return packet(PUBLISH, body, flags)

    def send(self, data: bytes) -> None:
        """Write to the newest connection."""
        self._writers[-1].write(data)

    def hang_up(self) -> None:
        """Cut every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        number = len(self._writers)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head, size = await reader.readexactly(2)
                assert size < 128, "long packets are not needed here"
                one = Packet(number, head >> 4, head & 15, await reader.readexactly(size))
                self.packets.append(one)
                if one.kind == CONNECT:
                    self.levels.append(one.body[6])
                    if self.closing:
                        break
                writer.write(self._answer(one))
        writer.close()

    def _answer(self, one: Packet) -> bytes:
        if one.kind in self.mute:
            return b""
        five = self.level == 5
        mid, properties = one.body[:2], b"\0" if five else b""
        match one.kind:
            case 1:
                code = self.greet(self.level)
                return b"" if code is None else packet(CONNACK, bytes([0, code]) + properties)
            case 8:
                return packet(SUBACK, mid + properties + bytes([self.granted]))
            case 10:
                return packet(UNSUBACK, mid + properties + (b"\x11" if five else b""))
            case 12:
                return packet(PINGRESP, b"")
        return b""


def story(test: Callable[..., Any]) -> Callable[..., None]:
    """An asynchronous test, with the fixtures that it names."""

    @functools.wraps(test)
    def run(**fixtures: Any) -> None:
        asyncio.run(test(**fixtures))

    return run

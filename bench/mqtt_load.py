"""Publishers that are faster than what they measure: MQTT 3.1.1 packets encoded before the clock starts.

All packets of a device have one size, so that what was sent and what may be sent are plain numbers of bytes. The packet
layouts are those of MQTT 3.1.1 (OASIS Standard, 29 October 2014), chapters 3.1 to 3.4.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections.abc import Sequence
from typing import Final

from bench.wire import Refused

METRICS: Final = 25
"""Metrics of a device, in turn: without a time of its own a series takes one reading a millisecond."""
RECEIVE: Final = 1 << 16
SEND: Final = 1 << 14
"""Bytes of one ``send``."""
IDLE: Final = 0.002
"""Seconds after which the limit is looked at again."""


def packet(head: int, body: bytes) -> bytes:
    """One packet: its first byte, the length of the rest in groups of seven bits, the rest."""
    length, rest = bytearray(), len(body)
    while True:
        rest, low = rest >> 7, rest & 0x7F
        length.append(low | (0x80 if rest else 0))
        if not rest:
            return bytes((head,)) + bytes(length) + body


def text(value: str) -> bytes:
    """A string field: two bytes of length, UTF-8."""
    return struct.pack("!H", len(value.encode())) + value.encode()


def publish(topic: str, payload: bytes, mid: int) -> bytes:
    """PUBLISH at QoS 1."""
    return packet(0x32, text(topic) + struct.pack("!H", mid) + payload)


def connect(port: int, client_id: str, user: str | None = None, password: str | None = None) -> socket.socket:
    """A connection whose CONNACK has come. Raises Refused."""
    flags, tail = 0x02, text(client_id)
    if user is not None and password is not None:
        flags, tail = 0xC2, tail + text(user) + text(password)
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(packet(0x10, text("MQTT") + struct.pack("!BBH", 4, flags, 0) + tail))
    answer = b""
    while len(answer) < 4 and (chunk := connection.recv(4 - len(answer))):
        answer += chunk
    if answer != b"\x20\x02\x00\x00":
        connection.close()
        raise Refused(f"the broker answers CONNECT with {answer!r}")
    return connection


def device(number: int) -> str:
    """The id of a device."""
    return f"bench-{number:02}"


def packets(number: int, count: int, batch: int, first_ts: int | None) -> bytes:
    """``count`` messages of a device, ``batch`` readings in each; from ``first_ts`` (ms) one a ms, None: no times."""
    topic = f"telltale/{device(number)}/readings"
    made = []
    for message in range(count):
        readings = []
        for n in range(message * batch, (message + 1) * batch):
            values = f'{{"metric_{n % METRICS:02}":{20 + n * 7 % 1000 / 100:.2f}}}'
            readings.append(values if first_ts is None else f'{{"ts":{first_ts + n},"values":{values}}}')
        payload = readings[0] if batch == 1 else f"[{','.join(readings)}]"
        made.append(publish(topic, payload.encode(), message % 0xFFFF + 1))
    return b"".join(made)


class Line:
    """One device's connection and what it publishes."""

    def __init__(self, connection: socket.socket, data: bytes, count: int, window: int) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.count = count
        self.size = len(data) // count
        if self.size * count != len(data):
            raise Refused("the packets have different sizes")
        self._data = memoryview(data)
        self._window = window
        self._sent = 0
        self._bytes = 0

    @property
    def acked(self) -> int:
        """Messages that the broker has acknowledged."""
        return self._bytes // 4

    def push(self, limit: int) -> bool:
        """Send what the window, the kernel and ``limit`` (messages in all) allow; whether anything went out."""
        until = min(len(self._data), min(limit, self.acked + self._window) * self.size, self._sent + SEND)
        if self._sent >= until:
            return False
        try:
            self._sent += self.connection.send(self._data[self._sent : until])
        except BlockingIOError:
            return False
        return True

    def stop(self) -> None:
        """Publish nothing beyond the packet that is on its way."""
        self.count = -(-self._sent // self.size)
        self._data = self._data[: self.count * self.size]

    def pull(self) -> bool:
        """Count the PUBACKs, four bytes each, that have come."""
        try:
            chunk = self.connection.recv(RECEIVE)
        except BlockingIOError:
            return False
        if not chunk:
            raise Refused(f"the broker closed the connection after {self.acked} messages")
        self._bytes += len(chunk)
        return True


class Publishing(threading.Thread):
    """Publishes on all lines for so many seconds. ``limit`` is how many messages of all lines together may go out."""

    def __init__(self, lines: Sequence[Line], limit: int, seconds: float) -> None:
        super().__init__(daemon=True)
        self.limit = limit
        self.failed: Exception | None = None
        self.cpu = 0.0
        self._seconds = seconds
        self._lines = lines
        self._halt = threading.Event()

    def stop(self) -> None:
        """Publish nothing more."""
        self._halt.set()

    def run(self) -> None:
        """Until all is acknowledged."""
        began = time.thread_time()
        try:
            self._run()
        except (OSError, Refused) as error:
            self.failed = error
        self.cpu = time.thread_time() - began

    def _run(self) -> None:
        open_ones, deadline = list(self._lines), time.perf_counter() + self._seconds
        while open_ones and not self._halt.is_set():
            limit = self.limit // len(self._lines)
            moved = False
            for line in open_ones:
                moved |= line.push(limit)
                moved |= line.pull()
            if time.perf_counter() >= deadline:
                deadline = float("inf")
                for line in self._lines:
                    line.stop()
            open_ones = [line for line in open_ones if line.acked < line.count]
            if open_ones and not moved:
                select.select([line.connection for line in open_ones], [], [], IDLE)

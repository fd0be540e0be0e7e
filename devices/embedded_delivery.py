"""What the embedded broker sends to its clients, by MQTT 3.1.1 §4.4 and §4.6: in order, and again until acknowledged.

A message for a session at QoS 1 waits in a bounded queue while its client is away or still has to acknowledge others;
what was on its way when a connection ended goes first on the next one, under the same packet id. Knows no library:
who has subscribed to what is decided elsewhere.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

from devices import mqtt_packets as packets

log = logging.getLogger(__name__)

WINDOW, WINDOW_BYTES = 20, 1 << 20
"""Messages on their way to one client without an acknowledgement; one may be larger alone."""
MAX_WAITING, MAX_WAITING_BYTES = 10_000, 16 << 20
"""Messages kept for one client; beyond, the oldest go."""
MAX_WAITING_BYTES_BY_ALL = 64 << 20
"""The same of all clients together."""


class Outlet(Protocol):
    """A connection as it is written to; nothing happens after its end."""

    def write(self, data: bytes) -> None:
        """Send a packet."""


@dataclass(slots=True)
class _Line:
    """One session: ``sent`` by packet id; ``outlet`` is its connection, once greeted."""

    outlet: Outlet | None = None
    waiting: deque[packets.Publish] = field(default_factory=deque)
    sent: dict[int, packets.Publish] = field(default_factory=dict)
    waiting_bytes: int = 0
    sent_bytes: int = 0
    mid: int = 0
    dropped: int = 0

    def room(self) -> bool:
        """Whether the next of those that wait may leave."""
        if not self.waiting or len(self.sent) >= WINDOW:
            return False
        return not self.sent or self.sent_bytes + _size(self.waiting[0]) <= WINDOW_BYTES

    def next_mid(self) -> int:
        """A packet id that is free."""
        while True:
            self.mid = self.mid % 0xFFFF + 1
            if self.mid not in self.sent:
                return self.mid


class Deliveries:
    """The sessions by client id. Owned by the loop thread."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}
        self._bytes = 0

    def greeted(self, client: str, outlet: Outlet) -> None:
        """The connection has had its CONNACK: what was on its way goes again, then what waits."""
        line = self._lines.setdefault(client, _Line())
        line.outlet = outlet
        if line.dropped:
            log.warning("client %r was away for too long: %d messages for it are lost", client, line.dropped)
            line.dropped = 0
        for message in list(line.sent.values()):
            outlet.write(packets.publish_packet(message._replace(duplicate=True)))
        self._go_on(line)

    def send(self, client: str, message: packets.Publish) -> None:
        """Send a message at the QoS it says, 0 or 1; its packet id is given here."""
        if message.qos:
            line = self._lines.setdefault(client, _Line())
            self._keep(line, message._replace(mid=0, duplicate=False))
            self._go_on(line)
        elif (known := self._lines.get(client)) is not None and known.outlet is not None:
            known.outlet.write(packets.publish_packet(message))

    def acknowledged(self, client: str, mid: int) -> None:
        """The client has the message of this packet id."""
        line = self._lines.get(client)
        if line is not None and (message := line.sent.pop(mid, None)) is not None:
            line.sent_bytes -= _size(message)
            self._go_on(line)

    def ended(self, client: str, outlet: Outlet) -> None:
        """The connection is over; a newer one of the same session goes on."""
        line = self._lines.get(client)
        if line is not None and line.outlet is outlet:
            line.outlet = None

    def forget(self, client: str) -> None:
        """The session is over."""
        line = self._lines.pop(client, None)
        if line is not None:
            self._bytes -= line.waiting_bytes

    def waiting(self, client: str) -> int:
        """Messages that wait for this client, those on their way not counted."""
        line = self._lines.get(client)
        return 0 if line is None else len(line.waiting)

    def _go_on(self, line: _Line) -> None:
        while line.outlet is not None and line.room():
            message = line.waiting.popleft()._replace(mid=line.next_mid())
            self._count(line, -_size(message))
            line.sent[message.mid] = message
            line.sent_bytes += _size(message)
            line.outlet.write(packets.publish_packet(message))

    def _keep(self, line: _Line, message: packets.Publish) -> None:
        line.waiting.append(message)
        self._count(line, _size(message))
        while len(line.waiting) > 1 and (
            len(line.waiting) > MAX_WAITING
            or line.waiting_bytes > MAX_WAITING_BYTES
            or self._bytes > MAX_WAITING_BYTES_BY_ALL
        ):
            self._count(line, -_size(line.waiting.popleft()))
            line.dropped += 1

    def _count(self, line: _Line, size: int) -> None:
        line.waiting_bytes += size
        self._bytes += size


def _size(message: packets.Publish) -> int:
    return len(message.topic) + len(message.payload)

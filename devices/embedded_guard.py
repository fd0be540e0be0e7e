"""What the embedded broker decides about its clients' messages: how many may wait, and which are copies.

MQTT 3.1.1 (4.3.2, 4.3.3, 4.4): a client that did not hear of its message, because the connection ended, sends it again
on the next one with the same packet id and the flag DUP. A message has the same number as its copies. It is a copy if
it says so, and if the last message of its client with that packet id had its topic and its content. The table is kept
across connections, clean sessions too: client libraries send again after those as well. Pure, without amqtt.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple, Protocol

from devices.mqtt_packets import Publish

REMEMBERED = 40_000
"""Messages of which a copy is recognised: all that may wait in the server, and those that it committed last."""


class Verdict(NamedTuple):
    """What becomes of a message: ``due`` resolves when the server has it (None: at once); others may get it."""

    due: asyncio.Future[None] | None
    distribute: bool


class Guard(Protocol):
    """What decides about the messages of one client."""

    def arrived(self, message: Publish) -> Verdict:
        """Take a message, or refuse it."""

    def acknowledged(self, mid: int) -> None:
        """The client has what was sent to it under this packet id."""


class Load:
    """What waits for the server, of one client or of all."""

    def __init__(self, messages: int, size: int) -> None:
        """It may be so many messages, and so many bytes."""
        self._most, self._most_bytes = messages, size
        self._messages = self._bytes = 0

    @property
    def full(self) -> bool:
        """Whether no more may come."""
        return self._messages >= self._most or self._bytes >= self._most_bytes

    def add(self, message: Publish, sign: int = 1) -> None:
        """Count a message in, or out with -1."""
        self._messages += sign
        self._bytes += sign * (len(message.payload) + len(message.topic))


class Copies:
    """Numbers messages from 1. Owned by the loop thread."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, int], tuple[int, int]] = {}
        self._number = 0

    def number(self, session: str, message: Publish) -> tuple[int, bool]:
        """(number, whether it is a copy) of a message at QoS 1 or 2 of the client that ``session`` names."""
        key, said = (session, message.mid), _print_of(message)
        if message.duplicate and (last := self._last.get(key)) is not None and last[0] == said:
            return last[1], True
        self._number += 1
        self._last.pop(key, None)  # to the end: the oldest are forgotten first
        self._last[key] = said, self._number
        if len(self._last) > REMEMBERED:
            del self._last[next(iter(self._last))]
        return self._number, False


def _print_of(message: Publish) -> int:
    """What tells two messages apart: 64 bits, by a key of this process (SipHash), so that no one can make a twin."""
    return hash((message.topic, message.payload))

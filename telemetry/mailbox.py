"""The bounded mailbox of one live session: frames wait here until their socket can take them.

A mailbox that is full takes no more: its session leaves the room and reads what it missed from the log, once the
mailbox is dry. Events (presence, devices) are kept apart then, the newest of each key.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from telemetry.clock import monotonic
from telemetry.hub import Frame
from telemetry.model import Span

LIMIT = 256 << 10
"""Characters that may wait; one frame may exceed it, so that any frame can be sent."""
HELD_MAX = 1_000
"""Events kept for a session that is behind; beyond, the oldest is dropped."""


class Mailbox:
    """Frames on the way to one socket. ``wake`` tells the socket's side that there is something to take."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.dry = asyncio.Event()
        self.dry.set()
        self.since: float | None = None
        """Since when (monotonic s) something has been waiting or under way; None: the socket has taken everything."""
        self._wake = wake
        self._frames: deque[Frame] = deque()
        self._size = 0

    @property
    def waiting(self) -> int:
        """Characters that wait here; what the socket was given is not among them."""
        return self._size

    def full(self, more: int) -> bool:
        """Whether ``more`` characters would exceed the bound."""
        return bool(self._frames) and self._size + more > LIMIT

    def put(self, frame: Frame) -> None:
        """Add a frame, in order."""
        self._frames.append(frame)
        self._size += frame.size
        self.dry.clear()
        if self.since is None:
            self.since = monotonic()
        self._wake()

    def take(self) -> list[Frame]:
        """Everything that waits; the caller calls ``sent`` when the socket has taken it."""
        frames = list(self._frames)
        self._frames.clear()
        self._size = 0
        return frames

    def sent(self) -> None:
        """The socket has taken all it was given."""
        if not self._frames:
            self.dry.set()
            self.since = None


class Held:
    """Events and changed spans that came while a session was behind; bounded."""

    def __init__(self) -> None:
        self._events: dict[str, str] = {}
        self._spans: dict[str, Span] = {}

    def event(self, key: str, body: str) -> None:
        """Keep an event; it replaces an older one of its key."""
        self._events.pop(key, None)
        self._events[key] = body
        if len(self._events) > HELD_MAX:
            del self._events[next(iter(self._events))]

    def changed(self, spans: Iterable[Span]) -> None:
        """Keep changed spans, one a series."""
        for name, low, high in spans:
            _, first, last = self._spans.get(name, (name, low, high))
            self._spans[name] = (name, min(first, low), max(last, high))

    def release(self) -> tuple[list[str], list[Span]]:
        """All events and spans, which are then no longer kept."""
        events, spans = list(self._events.values()), list(self._spans.values())
        self._events.clear()
        self._spans.clear()
        return events, spans

"""Messages put aside because a series has no milliseconds left for readings without a time; everyone else goes on.

What comes on a topic of which something waits, waits behind it. Now and then all of them are ripe to be tried again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from devices.mqtt_link import Arrived

PARKED_MAX = 5_000
"""Messages that may wait."""
PARKED_FOR = 0.25
"""Seconds until they are ripe."""


class Parked:
    """Owned by the loop thread; ``ripe`` is called when what waits may be tried again by way of ``next``."""

    def __init__(self, ripe: Callable[[], None]) -> None:
        self.count = 0
        self._told = ripe
        self._topics: dict[str, deque[Arrived]] = {}
        self._ripe: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def full(self) -> bool:
        """Whether no more may be put aside."""
        return self.count >= PARKED_MAX

    def __contains__(self, topic: str) -> bool:
        return bool(self._topics.get(topic))

    def put(self, message: Arrived) -> None:
        """Put a message aside behind the others of its topic."""
        self._topics.setdefault(message.topic, deque()).append(message)
        self._added()

    def put_back(self, message: Arrived) -> None:
        """One that was tried and has to wait again, before the others of its topic."""
        self._topics.setdefault(message.topic, deque()).appendleft(message)
        self._ripe.discard(message.topic)
        self._added()

    def next(self) -> Arrived | None:
        """Take a ripe message, in the order of its topic; None if there is none."""
        while self._ripe:
            topic = next(iter(self._ripe))
            if waiting := self._topics.get(topic):
                self.count -= 1
                return waiting.popleft()
            self._ripe.discard(topic)
            self._topics.pop(topic, None)
        return None

    def _added(self) -> None:
        self.count += 1
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PARKED_FOR, self._ripen)

    def _ripen(self) -> None:
        self._ripe = set(self._topics)
        self._timer = None
        self._told()
        if self.count and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PARKED_FOR, self._ripen)

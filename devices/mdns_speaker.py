"""Answers by multicast DNS on one link: gathered, not repeated, and bounded. Holds our own few records at most."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

from devices.mdns_wire import Packet, Record, encode
from devices.mdns_zone import Reply
from telemetry.clock import monotonic

ONCE_A = 1.0
"""Seconds in which a record is sent to everyone once (RFC 6762 section 6)."""
WAIT = (0.02, 0.12)
"""Seconds, a moment of one's own, before an answer that others may give too (the same section)."""
QUERIES_MAX = 50
"""Queries that are answered in a second; more is a flood."""


class Speaker:
    """What waits to be sent on a link, and what was sent lately. Owned by the loop thread."""

    def __init__(self, send: Callable[[bytes], None], rng: Random) -> None:
        self._send = send
        self._rng = rng
        self._answers: dict[object, Record] = {}
        self._more: dict[object, Record] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._sent_at: dict[object, float] = {}
        self._second = (0, 0)

    def flooded(self) -> bool:
        """Count a query; True: this second has had enough."""
        now = int(monotonic())
        second, count = self._second
        self._second = (now, count + 1 if second == now else 1)
        return self._second[1] > QUERIES_MAX

    def answer(self, found: Reply, *, defend: bool) -> None:
        """Send what was not sent just now: at once what only we can say, else with what is asked for meanwhile.

        ``defend``: someone wants our name, and has to hear of it in any case.
        """
        now = monotonic()
        due = [one for one in found.answers if defend or now - self._sent_at.get(one.key, -ONCE_A) >= ONCE_A]
        if not due:
            return
        self._answers |= {one.key: one for one in due}
        self._more |= {one.key: one for one in found.additionals}
        if self._timer is None:
            wait = self._rng.uniform(*WAIT) if found.shared else 0
            self._timer = asyncio.get_running_loop().call_later(wait, self._flush)

    def close(self) -> None:
        """Say no more."""
        if self._timer is not None:
            self._timer.cancel()
        self._answers, self._more = {}, {}

    def _flush(self) -> None:
        answers, more = self._answers, self._more
        self._timer, self._answers, self._more = None, {}, {}
        now = monotonic()
        recent = {key: at for key, at in self._sent_at.items() if now - at < ONCE_A}
        self._sent_at = recent | dict.fromkeys(answers, now)
        extra = [one for key, one in more.items() if key not in answers]
        self._send(encode(Packet(True, (), list(answers.values()), (), extra)))

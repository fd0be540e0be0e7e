"""Store and forward without a socket: what a device has taken and the server has not made durable yet.

Owns the queue, the window of unacknowledged envelopes, their ids and the rules for sending again.
It reads no clock and writes no socket: ``devices/client.py`` does, and hands times in (monotonic seconds).

Being asked to try later halves what may be under way; each acknowledgement opens it again a little, so that a server
that takes less than a window is not sent the same envelopes over and over.
Overflow rule: beyond ``capacity`` readings the oldest ones that are not under way are dropped, and returned
to be counted. Every transmission of an envelope gets one answer; while several are due, all but the last are stale.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from devices.frames import OVERHEAD, Format, Item
from telemetry.model import MAX_READINGS

MAX_MESSAGE = 262_144
"""Bytes of a frame that every server takes unless its hello says otherwise."""
RETRY_AFTER = 1_000
"""Milliseconds to wait where the server does not say."""
RETRY = frozenset({"try_later", "rate_limited"})
OPENING = 0.25
"""Envelopes by which each acknowledged one lets more be under way: a window of 64 is back after some twenty rounds."""
_PLACE = re.compile(r"readings\[(\d+)\]")


@dataclass(slots=True, eq=False)
class Envelope:
    """Items under one id. ``due`` answers are outstanding; ``waiting`` says that it has to be sent again."""

    id: int
    items: list[Item]
    due: int = 0
    waiting: bool = False


@dataclass(slots=True)
class Limits:
    """Envelopes under way (``window``), readings in each (``batch``), in all (``capacity``); ``delay`` (s) to fill."""

    window: int = 64
    batch: int = 100
    capacity: int = 100_000
    delay: float = 0.1

    def __post_init__(self) -> None:
        if not (self.window >= 1 and 1 <= self.batch <= MAX_READINGS and self.capacity >= 1 and self.delay >= 0):
            raise ValueError(f"limits out of range: {self}")


@dataclass(slots=True, eq=False)
class Outbox:
    """The sending side of one device. ``first_id`` differs from run to run, so that no ``last_id`` is mistaken."""

    format: Format
    limits: Limits = field(default_factory=Limits)
    first_id: int = 1
    held: int = 0
    """Readings held, sent or not."""
    queued: int = 0
    """Readings not under way."""
    flush_to: int = 0
    """Items up to this number do not wait for a full envelope."""
    online: bool = False
    max_message: int = MAX_MESSAGE
    _queue: deque[Item] = field(default_factory=deque)
    _sent: dict[int, Envelope] = field(default_factory=dict)
    _again: deque[Envelope] = field(default_factory=deque)
    _hold: float = 0.0
    _open: float = float(sys.maxsize)
    _ceiling: int = sys.maxsize
    _next_id: int = field(init=False)

    def __post_init__(self) -> None:
        self._next_id = self.first_id

    def put(self, item: Item) -> list[Item]:
        """Take an item; returns those dropped for it. Raises ValueError where no message could hold it."""
        if item.readings > MAX_READINGS or item.size + OVERHEAD > self.max_message:
            raise ValueError(f"{item.readings} readings in {item.size} bytes do not fit a message")
        self._queue.append(item)
        self.held += item.readings
        self.queued += item.readings
        dropped: list[Item] = []
        while self.held > self.limits.capacity and self._queue:
            dropped.append(self._unqueue())
            self.held -= dropped[-1].readings
        return dropped

    def roomy(self, readings: int) -> bool:
        """Whether so many readings more would neither drop any nor wait behind more than a window."""
        limits = self.limits
        short = self.queued < limits.window * limits.batch
        return (short and self.held + readings <= limits.capacity) or not self.held

    def oldest(self) -> int | None:
        """The lowest number that is not settled; None when all are."""
        numbers = [envelope.items[0].number for envelope in self._sent.values()]
        if self._queue:
            numbers.append(self._queue[0].number)
        return min(numbers, default=None)

    def hello(self, last_id: object, max_message: object) -> tuple[list[Item], list[Item]]:
        """The server is ready: returns the items that ``last_id`` covers, and those too large for this server.

        All else from earlier sockets is known to be lost; it is sent again, in order, under new ids.
        """
        if isinstance(max_message, int):
            self.max_message = min(max_message, self._ceiling)
        covered = isinstance(last_id, int) and self.first_id <= last_id < self._next_id
        done: list[Item] = []
        lost: list[Item] = []
        for envelope in self._sent.values():
            (done if covered and envelope.id <= last_id else lost).extend(envelope.items)  # type: ignore[operator]
        self._sent.clear()
        self._again.clear()
        self._requeue(lost)
        self.resume()
        self.online = True
        self.held -= sum(item.readings for item in done)
        return done, self._oversize()

    def lost(self) -> None:
        """The socket is gone: what is under way stays, its fate unknown until the next hello."""
        self.online = False

    def shrink(self) -> int:
        """The server closed with "message too big": send less at a time. Returns the new limit in bytes."""
        sizes = [sum(item.size for item in envelope.items) for envelope in self._sent.values()]
        self.max_message = self._ceiling = max(2 * OVERHEAD, max(sizes, default=self.max_message) // 2)
        return self.max_message

    def resume(self) -> None:
        """Stop waiting: the reason to hold back is gone."""
        self._hold = 0.0
        self._open = float(sys.maxsize)

    def next(self, now: float) -> bytes | None:
        """The next frame to write, or None until ``wait`` is over or something arrives."""
        if not self.online or now < self._hold or self._full():
            return None
        while self._again:
            envelope = self._again.popleft()
            if envelope.id in self._sent:
                return self._transmit(envelope, now)
        if not self.ready(now):
            return None
        envelope = Envelope(self._next_id, self._take())
        self._next_id += 1
        self._sent[envelope.id] = envelope
        return self._transmit(envelope, now)

    def wait(self, now: float) -> float | None:
        """Seconds until ``next`` may have a frame without anything else happening; None: not by waiting."""
        if not self.online or self._full():
            return None
        if self._again:
            return max(0.0, self._hold - now)
        if self._queue:
            return max(0.0, self._hold - now, 0.0 if self.ready(now) else self._queue[0].at + self.limits.delay - now)
        return None

    def ready(self, now: float) -> bool:
        """Whether the queue makes an envelope: full, asked to be flushed, or waited for long enough."""
        if not self._queue:
            return False
        first = self._queue[0]
        return self.queued >= self.limits.batch or first.number <= self.flush_to or now >= first.at + self.limits.delay

    def ack(self, ids: object) -> list[Item]:
        """``{"ack": ids}``: returns the items that are durable now."""
        done: list[Item] = []
        for number in ids if isinstance(ids, list) else [ids]:
            if isinstance(number, int) and (envelope := self._sent.pop(number, None)) is not None:
                done.extend(envelope.items)
                self._open += OPENING
        self.held -= sum(item.readings for item in done)
        return done

    def refuse(self, error: Mapping[str, Any], now: float) -> list[Item]:
        """``{"error": {..., "id"}}``: returns the items refused for good; the rest is sent again."""
        number = error.get("id")
        envelope = self._sent.get(number) if isinstance(number, int) else None
        if envelope is None:
            return []
        envelope.due -= 1
        if error.get("code") not in RETRY and "retry_after" not in error:
            return self._strike(envelope, str(error.get("at", "")))
        if envelope.due <= 0 and not envelope.waiting:
            self._rewind(envelope, now + float(error.get("retry_after", RETRY_AFTER)) / 1000)
        return []

    def _strike(self, envelope: Envelope, at: str) -> list[Item]:
        """Drop the entry that the error names, or the whole envelope, and queue the neighbours again."""
        del self._sent[envelope.id]
        place = _PLACE.search(at)
        refused, kept = envelope.items, []
        if place and int(place[1]) < len(refused):
            index = int(place[1])
            refused, kept = refused[index : index + 1], refused[:index] + refused[index + 1 :]
        self._requeue(kept)
        self.held -= sum(item.readings for item in refused)
        return refused

    def _rewind(self, first: Envelope, until: float) -> None:
        """Hold back, then send this envelope and every later one again, in order, fewer at a time."""
        self._open = max(1.0, self._under_way() / 2)
        self._again = deque(envelope for envelope in self._sent.values() if envelope.id >= first.id)
        for envelope in self._again:
            envelope.waiting = True
        self._hold = until

    def _under_way(self) -> int:
        return len(self._sent) - len(self._again)

    def _full(self) -> bool:
        return self._under_way() >= min(self.limits.window, self._open // 1)

    def _transmit(self, envelope: Envelope, now: float) -> bytes:
        envelope.due += 1
        envelope.waiting = False
        return self.format.envelope(envelope.id, envelope.items, now)

    def _take(self) -> list[Item]:
        items: list[Item] = []
        count, size = 0, OVERHEAD
        while self._queue:
            item = self._queue[0]
            if items and (count + item.readings > self.limits.batch or size + item.size > self.max_message):
                break
            items.append(self._unqueue())
            count += item.readings
            size += item.size
        return items

    def _unqueue(self) -> Item:
        item = self._queue.popleft()
        self.queued -= item.readings
        return item

    def _requeue(self, items: Iterable[Item]) -> None:
        """Put items back in front, in the order in which they were taken."""
        back = sorted(items, key=lambda item: item.number)
        while back and self._queue and self._queue[0].number < back[-1].number:
            back.append(self._unqueue())
            back.sort(key=lambda item: item.number)
        self._queue.extendleft(reversed(back))
        self.queued += sum(item.readings for item in back)

    def _oversize(self) -> list[Item]:
        """Take out of the queue what the server's limit excludes for good."""
        large = [item for item in self._queue if item.size + OVERHEAD > self.max_message]
        if large:
            self._queue = deque(item for item in self._queue if item.size + OVERHEAD <= self.max_message)
            self.queued -= sum(item.readings for item in large)
            self.held -= sum(item.readings for item in large)
        return large

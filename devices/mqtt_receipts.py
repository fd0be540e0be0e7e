"""Which messages of a broker wait for their commit, are acknowledged, and would come twice after a crash.

A message is acknowledged when its commit is durable. One without a time of its own is doubled by a crash between that
commit and the moment when the broker reads the acknowledgement, so only a few of those are let through until the broker
has confirmed that it read it. A redelivery is recognised by id, topic and content: one whose first copy this process
committed is acknowledged at once, one whose first copy still waits is acknowledged by the same commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from devices.mqtt_link import Arrived, Line

IMPATIENT = 10
"""Unacknowledged messages at which a commit is started at once."""
UNACKED_MAX = 5_000
"""Messages that may wait for their commit."""
DOUBLING_MAX = 20
"""Messages without a time of their own that may be in doubt; brokers mean this many in flight."""
REMEMBERED = 20_000
"""Messages committed by this process of which a redelivery is recognised."""

Future = asyncio.Future[None]


class _First(NamedTuple):
    """The first copy of a message, as far as it tells later ones apart."""

    print: int
    generation: int
    duplicate: bool

    def again(self, message: Arrived) -> bool:
        """Whether this is another copy of it.

        Mosquitto 2.0.11 also marks what it had only queued as sent again, under ids that it counts from 1 on every
        connection: behind a copy that was marked itself, on the same connection, comes another message.
        """
        if self.duplicate and self.generation == message.generation:
            return False
        return self.print == _print_of(message)


class _Waiting(NamedTuple):
    generation: int
    mid: int
    first: _First
    doubling: bool


class Receipts:
    """The acknowledgements of one broker. ``moved`` is called when more messages can be taken."""

    def __init__(self, line: Line, hurry: Callable[[], None], moved: Callable[[], None]) -> None:
        self.unacked = 0
        self._line = line
        self._hurry = hurry
        self._moved = moved
        self._commits: dict[Future, list[_Waiting]] = {}
        self._pending: dict[int, tuple[_First, Future]] = {}
        self._committed: dict[int, _First] = {}
        self._doubling = 0
        self._acked = self._asked = 0

    @property
    def full(self) -> bool:
        """Whether no more should be read."""
        return self.unacked >= UNACKED_MAX

    @property
    def doubtful(self) -> bool:
        """Whether as many messages would be doubled by a crash now as may be."""
        return self._doubling >= DOUBLING_MAX

    def redelivered(self, message: Arrived) -> bool:
        """Whether this is another copy of a message that this process has; it is then seen to here."""
        mid = message.mid
        if not message.duplicate:
            self._committed.pop(mid, None)  # the broker is done with that one: its id is in use again
            return False
        if (before := self._pending.get(mid)) is not None:
            if not before[0].again(message):
                return False
            # not doubling: its first copy is in that count
            self._commits[before[1]].append(_Waiting(message.generation, mid, before[0], doubling=False))
            self.unacked += 1
            return True
        if (known := self._committed.get(mid)) is not None and known.again(message):
            self._line.ack(message.generation, mid)
            return True
        return False

    def done(self, message: Arrived) -> None:
        """Acknowledge a message from which nothing is stored."""
        self._line.ack(message.generation, message.mid)

    def wait(self, message: Arrived, commit: Future, *, doubling: bool) -> None:
        """Acknowledge a message when its commit is durable; ``doubling``: it has no time of its own."""
        if not message.mid:
            return
        self.unacked += 1
        self._doubling += doubling
        first = _First(_print_of(message), message.generation, message.duplicate)
        one = _Waiting(message.generation, message.mid, first, doubling)
        self._pending[message.mid] = first, commit
        waiting = self._commits.get(commit)
        if waiting is None:
            self._commits[commit] = [one]
            commit.add_done_callback(self._settled)
        else:
            waiting.append(one)
        if self.unacked >= IMPATIENT:
            self._hurry()

    def lost(self) -> None:
        """The connection is gone: what was acknowledged on it is not in doubt any more, only known or not."""
        self._doubling -= self._acked + self._asked
        self._acked = self._asked = 0

    def trust(self) -> None:
        """Wait for no confirmation: so much has come that it cannot be kept back any longer."""
        self.lost()

    def _settled(self, commit: Future) -> None:
        waiting = self._commits.pop(commit)
        self.unacked -= len(waiting)
        doubling = sum(one.doubling for one in waiting)
        newest = [one for one in waiting if one.mid in self._pending and self._pending[one.mid][1] is commit]
        for one in newest:
            self._pending.pop(one.mid, None)
        if commit.cancelled() or commit.exception() is not None:
            self._doubling -= doubling
            self._line.restart("the disk did not take what the broker sent")
            self._moved()
            return
        for one in newest:
            self._committed.pop(one.mid, None)
            self._committed[one.mid] = one.first
        for one in waiting:
            self._line.ack(one.generation, one.mid)
        while len(self._committed) > REMEMBERED:
            del self._committed[next(iter(self._committed))]
        self._line.flush()
        self._acked += doubling
        self._ask()
        if self.unacked >= IMPATIENT:
            self._hurry()
        self._moved()

    def _ask(self) -> None:
        if self._asked or not self._acked:
            return
        self._asked, self._acked = self._acked, 0
        if not self._line.confirm(self._confirmed):
            self._confirmed()

    def _confirmed(self) -> None:
        self._doubling -= self._asked
        self._asked = 0
        self._ask()
        self._moved()


def _print_of(message: Arrived) -> int:
    """What tells two messages apart: 64 bits, by a key of this process (SipHash), so that no one can make a twin."""
    return hash((message.topic, message.payload))

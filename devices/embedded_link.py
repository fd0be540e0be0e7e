"""The bridge's way to the embedded broker: the interface of a connection, without a network in between.

A message is acknowledged to its device when the bridge acknowledges it, which is after the commit. While the bridge
takes none they wait here, those at QoS 0 too: the broker stops reading from clients of which too much waits, and ends
nobody's connection. After a commit that failed, devices are to send again what was not acknowledged: ``generation`` is
raised, so that nothing of it is taken from a queue as well, and all connections end on which some of that came.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from devices.mqtt_link import Arrived, Status
from telemetry.clock import monotonic

if TYPE_CHECKING:
    from devices.embedded_broker import EmbeddedBroker, Published

log = logging.getLogger(__name__)

NAME = "embedded"
UNSENT_MAX = 10_000
"""Messages that may wait for the broker's distribution."""
SLICE = 0.05
"""Seconds that handing over what waits may take at a time."""

Future = asyncio.Future[None]


class EmbeddedLink:
    """Owned by the loop thread. ``serve`` makes the broker on this link's ``take`` and returns it."""

    name = NAME
    client_id = "server"

    def __init__(
        self,
        serve: Callable[[Callable[[Published], Future | None]], EmbeddedBroker],
        arrived: Callable[[Arrived], bool],
        changed: Callable[[bool], None],
    ) -> None:
        self.status = Status(version="3.1.1")
        self.connected = False
        self.generation = 1
        self._arrived = arrived
        self._changed = changed
        self._broker = serve(self.take)
        self._waiting: dict[int, Future] = {}
        self._held: deque[tuple[Arrived, Future]] = deque()  # bounded by the broker: it counts what is not done
        self._paused = False
        self._outgoing: asyncio.Queue[tuple[str, bytes, bool]] = asyncio.Queue(UNSENT_MAX)

    @property
    def unsent(self) -> int:
        """Messages that wait to be handed to the broker."""
        return self._outgoing.qsize()

    async def open(self) -> None:
        """Listen. Raises BrokerError."""
        await self._broker.start()

    async def run(self) -> None:
        """Serve until cancelled."""
        self.connected = True
        self.status.state = "connected"
        self.status.connections += 1
        self._changed(True)
        try:
            while True:
                topic, payload, retain = await self._outgoing.get()
                await self._broker.publish(topic, payload, retain=retain)
        finally:
            self.connected = False
            await self._broker.stop()

    def take(self, message: Published) -> Future | None:
        """A message that a client was allowed to send; the future says when it is durable (QoS 0: handed over)."""
        topic, payload, _, _, duplicate, owner, number = message
        arrived = Arrived(topic, payload, False, duplicate, self.generation, number, owner.id)
        due = self._waiting.get(number)
        if self._paused:
            if due is None:
                due = self._due(number)
                self._held.append((arrived, due))
            return due  # of one that waits already, a copy adds nothing
        if number and due is None:
            due = self._due(number)
        self._paused = not self._arrived(arrived)
        return due

    def _due(self, number: int) -> Future:
        due: Future = asyncio.get_running_loop().create_future()
        if number:
            self._waiting[number] = due
        return due

    def ack(self, generation: int, mid: int) -> None:
        """Acknowledge a message to its device, on whatever connection it came last: a number is never used again."""
        del generation
        due = self._waiting.pop(mid, None)
        if due is not None and not due.done():
            due.set_result(None)

    def flush(self) -> None:
        """Nothing is kept back."""

    def confirm(self, confirmed: Callable[[], None]) -> bool:
        """The broker is this process: what is acknowledged is known."""
        asyncio.get_running_loop().call_soon(confirmed)
        return True

    def restart(self, problem: str) -> None:
        """What waits is not acknowledged: its devices send it again."""
        self.generation += 1
        self._held = deque(one for one in self._held if not one[0].mid)
        waiting, self._waiting = self._waiting, {}
        for due in waiting.values():
            if not due.done():
                due.set_exception(ConnectionError(problem))

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> bool:
        """Hand a message to the broker; False if it cannot be taken now."""
        del qos
        if not self.connected or self._outgoing.full():
            self.status.unpublished += 1
            return False
        self._outgoing.put_nowait((topic, payload, retain))
        self.status.published += 1
        return True

    def go_on(self) -> None:
        """Take messages again, those first that waited."""
        if not self._paused:
            return
        self._paused = False
        until = monotonic() + SLICE
        while self._held and not self._paused:
            if monotonic() > until:
                self._paused = True
                asyncio.get_running_loop().call_soon(self.go_on)
                return
            message, due = self._held.popleft()
            self._paused = not self._arrived(message)
            if not message.mid and not due.done():
                due.set_result(None)

    def drop(self, topic: str, last_word: bytes) -> None:
        """The broker goes with the server: there is no one left to tell."""
        del topic, last_word
        self.restart("the server stops")

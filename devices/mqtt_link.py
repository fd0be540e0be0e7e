"""A way to a broker: what a connection, or the embedded broker, offers the bridge, and what arrives by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from telemetry.clock import wall_ms


class Arrived(NamedTuple):
    """A message from the broker. ``generation`` and ``mid`` name it for ``ack``; mid is 0 at QoS 0.

    ``owner`` is the device that sent it, where the broker says so.
    """

    topic: str
    payload: bytes
    retained: bool
    duplicate: bool
    generation: int
    mid: int
    owner: str | None = None


@dataclass(slots=True)
class Status:
    """What operators see of a connection; ``since`` is when ``state`` began, ``lost`` since when it is missing (ms)."""

    state: str = "connecting"
    since: int = field(default_factory=wall_ms)
    lost: int | None = field(default_factory=wall_ms)
    problem: str | None = None
    version: str | None = None
    session_present: bool = False
    connections: int = 0
    published: int = 0
    unpublished: int = 0

    def become(self, state: str, problem: str | None) -> None:
        """Enter a state, or stay in it with another problem."""
        if state != self.state:
            self.since = wall_ms()
        if state == "connected":
            self.lost = None
        elif self.lost is None:
            self.lost = wall_ms()
        self.state, self.problem = state, problem


class Line(Protocol):
    """The connection to the broker."""

    def ack(self, generation: int, mid: int) -> None:
        """Acknowledge a message."""

    def flush(self) -> None:
        """Write what waits now."""

    def confirm(self, confirmed: Callable[[], None]) -> bool:
        """Call back when the broker has read everything so far; False if it cannot be asked."""

    def restart(self, problem: str) -> None:
        """Connect again, so that the broker sends again what was not acknowledged."""


class Link(Line, Protocol):
    """A connection to a broker; see ``devices.mqtt_connection``."""

    status: Status
    connected: bool

    @property
    def name(self) -> str:
        """What pages and logs call the broker."""

    @property
    def client_id(self) -> str:
        """Who we are to it."""

    @property
    def generation(self) -> int:
        """The number of the connection that stands."""

    @property
    def unsent(self) -> int:
        """Messages that wait to be written."""

    async def run(self) -> None:
        """Serve until cancelled."""

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> bool:
        """Hand a message to the broker; False if it cannot be taken now."""

    def go_on(self) -> None:
        """Read again."""

    def drop(self, topic: str, last_word: bytes) -> None:
        """End for good, with a last retained message."""


Connect = Callable[[Callable[[Arrived], bool], Callable[[bool], None]], Link]
"""Makes a link of who takes a message and says whether more may come, and who hears of connected and lost."""

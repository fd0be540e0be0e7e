"""What the bridge needs of the server, and what it counts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from telemetry.decoded import Decoded, Raw
from telemetry.model import Entry, Refusal

Future = asyncio.Future[None]


class Port(Protocol):
    """What the bridge needs of the server. A future resolves at the commit and fails with an exception."""

    def now(self) -> int:
        """The arrival stamp (ms) of what comes now."""

    def latest(self) -> int:
        """The last ms that a reading's own time may be; far away while the server's clock is not trusted."""

    def native(self, device: str, entries: Sequence[Entry], form: str, raw: Raw) -> Future | Refusal | None:
        """Take the readings of a native message, or say why not; ``try_later``: it has to come again."""

    def take(self, found: Decoded, raw: Raw) -> Future | Refusal | None:
        """Take what an ecosystem's decoder found; None: nothing waits for the disk; or why it has to come again."""

    def retained(self, found: Decoded, raw: Raw, speaker: str | None) -> None:
        """Note what is last known, as far as ``speaker`` may say it; None: the broker has checked that."""

    def presence(self, device: str, *, online: bool, source: str) -> None:
        """Hear that a device is there or gone."""

    def reply(self, device: str, body: dict[str, object]) -> None:
        """Route the answer to a command."""

    def reachable(self, device: str, send: Callable[[dict[str, object]], bool]) -> None:
        """Hear that commands reach a device by ``send``, which says whether the broker took one."""

    def clock_wrong(self, device: str, said: int) -> None:
        """Hear of a device's time (ms) that cannot be."""

    def lost(self, source: str) -> None:
        """Hear that the broker is lost, and with it what it said of devices."""

    def refused(self, refusal: Refusal) -> None:
        """Count a refusal of a whole message."""

    def hurry(self) -> None:
        """Start a commit at once."""

    def frame(self, device: str | None, raw: Raw, outcome: Decoded | Refusal | str) -> None:
        """Show what became of a message that was not taken: last known, refused, or why it was left."""


@dataclass(slots=True)
class Counts:
    """Messages of one broker in this run."""

    received: int = 0
    taken: int = 0
    retained: int = 0
    refused: int = 0
    unknown: int = 0
    own: int = 0
    empty: int = 0
    duplicates: int = 0
    held: int = 0

"""The forecast: how fast readings come, how fast they fill the disk, and when it is full. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

DAY = 86_400_000
WINDOW = 7 * DAY
"""Ms of the past that a forecast is made from."""
HONEST = 600_000
"""Ms of the past that it needs at least."""
SETTLED = DAY
"""Ms after which the growth of the file says more than readings times their size: sealing no longer shows in it."""
SEALED = 10_000
"""Kept readings from which on their mean size means something."""
HORIZON = 100 * 366 * DAY
"""What is full later than that (ms from now) never is."""


class Sample(NamedTuple):
    """The database at one ``time`` (ms), in readings and in bytes.

    ``kept`` of those ever ``journalled``; ``live``: sealed data with all that belongs to it; ``written``: what its
    processes have written to the disk so far, None where the system does not tell.
    """

    time: int
    journalled: int
    kept: int
    live: int
    written: int | None


class Rates(NamedTuple):
    """Per day; None: not known yet. ``stored_bytes`` is what the database grows by, below zero when it shrinks."""

    readings: float | None = None
    stored_bytes: float | None = None
    written_bytes: float | None = None


def rates(samples: Sequence[Sample], now: Sample, sealed: int) -> Rates:
    """The rates between the oldest sample of the window and ``now``; ``sealed`` readings make up ``now.live``."""
    known = [one for one in samples if now.time - WINDOW <= one.time <= now.time - HONEST]
    if not known:
        return Rates()
    before = known[0]
    span = (now.time - before.time) / DAY
    stored = None
    if now.time - before.time >= SETTLED:
        stored = (now.live - before.live) / span
    elif sealed >= SEALED:
        stored = (now.kept - before.kept) / span * now.live / sealed
    counted = next((one for one in known if one.written is not None), None)
    written = None
    if counted is not None and counted.written is not None and now.written is not None:
        written = max(0, now.written - counted.written) * DAY / (now.time - counted.time)
    return Rates((now.journalled - before.journalled) / span, stored, written)


def full_on(now: int, room: int, growth: float | None) -> int | None:
    """When ``room`` bytes are used up at ``growth`` bytes a day (ms); None: never, or not known."""
    if growth is None or growth <= 0:
        return None
    left = max(0, room) / growth * DAY
    return None if left > HORIZON else now + int(left)

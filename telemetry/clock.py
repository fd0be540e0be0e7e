"""The only place that reads a clock.

Wall time is data; every wait and every lifetime runs on the monotonic clock. A Raspberry Pi has no clock
at boot: it starts in 1970 and steps. ``Clock.arrival`` therefore never runs backwards: while the wall clock
is behind the newest arrival, stamps go on from that arrival by the monotonic clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable

RELEASED = 1_793_491_200_000
"""2026-11-01T00:00:00Z in ms: a wall clock before this is wrong."""
SLACK = 1_000
"""How far (ms) the wall clock may fall behind the newest arrival before it counts as wrong."""

monotonic = time.monotonic
"""Seconds on a clock that no one can set."""
cpu = time.process_time
"""Seconds of processor time that this process has used."""


def wall_ms() -> int:
    """The machine's wall clock in ms since 1970 UTC, right or wrong."""
    return time.time_ns() // 1_000_000


def zone() -> str:
    """What the machine calls its time zone now: CET, UTC."""
    return time.strftime("%Z")


def stamp() -> str:
    """The machine's local time as it stands in names of files: YYYYmmdd-HHMMSS."""
    return time.strftime("%Y%m%d-%H%M%S")


def last_time_at(hour: int, minute: int) -> int:
    """When the machine's local time was last this time of day (ms since 1970)."""
    return max(at for at in _times_at(hour, minute) if at <= wall_ms())


def next_time_at(hour: int, minute: int) -> int:
    """When the machine's local time will be this time of day (ms since 1970)."""
    return min(at for at in _times_at(hour, minute) if at > wall_ms())


def _times_at(hour: int, minute: int) -> list[int]:
    today = time.localtime()
    # mktime takes days before the first of a month, and knows of daylight saving time
    days = (today.tm_mday + shift for shift in (-1, 0, 1))
    return [int(time.mktime((today.tm_year, today.tm_mon, day, hour, minute, 0, 0, 0, -1))) * 1000 for day in days]


class Clock:
    """Arrival stamps that never run backwards, and a verdict on the wall clock."""

    def __init__(
        self,
        newest: int = 0,
        wall: Callable[[], int] = wall_ms,
        mono: Callable[[], float] = monotonic,
    ) -> None:
        self._wall = wall
        self._mono = mono
        self._newest = newest
        self._seen = mono()

    @property
    def newest(self) -> int:
        """The newest stamp (ms) that ``arrival`` gave out."""
        return self._newest

    def behind(self) -> int:
        """How far (ms) the wall clock is behind the newest stamp; 0 while it is right."""
        return max(0, self._newest - self._wall())

    def arrival(self) -> int:
        """The stamp (ms) of what arrives now: never below an earlier one."""
        now = self._wall()
        tick = self._mono()
        if now < self._newest:
            now = self._newest + int((tick - self._seen) * 1000)
        if now > self._newest:
            self._newest = now
            self._seen = tick
        return now

    def trusted(self) -> bool:
        """False while the wall clock is behind the release date or the newest arrival."""
        now = self._wall()
        return now >= RELEASED and now >= self._newest - SLACK

"""How often something may happen: a token bucket on the monotonic clock."""

from __future__ import annotations

from collections.abc import Callable

from telemetry.clock import monotonic


class Rate:
    """At most ``burst`` at once, and ``per_second`` in the long run."""

    __slots__ = ("_at", "_burst", "_mono", "_per_second", "_tokens")

    def __init__(self, per_second: float, burst: float, mono: Callable[[], float] = monotonic) -> None:
        self._per_second = per_second
        self._tokens = self._burst = burst
        self._mono = mono
        self._at = mono()

    def take(self) -> float:
        """0 if it may happen now, and it is counted; else the seconds after which it may, and it is not counted."""
        now = self._mono()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens < 1:
            return (1 - self._tokens) / self._per_second
        self._tokens -= 1
        return 0.0

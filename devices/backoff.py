"""How long a device waits before it connects again: full jitter under a growing cap, the first retry fast.

Full jitter spreads a thousand devices that lost the same server over the whole span.
"""

from __future__ import annotations

from random import Random

FAST = 0.2
"""Seconds within which the first retry falls."""


class Backoff:
    """Delays in seconds: within 0.2, 1, 2, 4, … up to ``cap``, until ``reset``."""

    def __init__(self, rng: Random, base: float = 1.0, cap: float = 60.0) -> None:
        self._rng = rng
        self._base = base
        self._cap = cap
        self._failures = 0

    def reset(self) -> None:
        """The connection has proved itself: the next retry is a first one."""
        self._failures = 0

    def delay(self) -> float:
        """Seconds to wait before the next attempt."""
        # the exponent is bounded so that a year without a server does not overflow a float
        limit = min(self._cap, self._base * 2.0 ** min(self._failures - 1, 30)) if self._failures else FAST
        self._failures += 1
        return self._rng.uniform(0.0, limit)

    def slow(self) -> float:
        """Seconds to wait where only a person can help: between half the cap and the cap."""
        return self._rng.uniform(self._cap / 2, self._cap)

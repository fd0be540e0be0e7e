"""How wide a bucket of history is: steps that people read easily, aligned since 1970.

From one minute on every step is a multiple of a roll-up level (1 min, 15 min, 1 h, 1 day), so that a bucket can be
put together from rolled-up ones.
"""

from __future__ import annotations

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000

LADDER = (
    *(1, 2, 5, 10, 20, 50, 100, 200, 500),
    *(SECOND * n for n in (1, 2, 5, 10, 15, 30)),
    *(MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(HOUR * n for n in (1, 2, 3, 6, 12)),
    *(DAY * n for n in (1, 2)),
    *(7 * DAY << n for n in range(25)),
)
"""Widths in ms; the last one is longer than all the time there is."""


def bucket_ms(first: int, last: int, points: int) -> int:
    """The finest width (ms) at which ``points`` aligned buckets cover ``first`` … ``last`` (ms, both included)."""
    return next((width for width in LADDER if last // width - first // width < points), LADDER[-1])

from __future__ import annotations

from random import Random

from devices.backoff import FAST, Backoff


def test_first_retry_is_fast_and_the_cap_holds_for_ever():
    for seed in range(50):
        backoff = Backoff(Random(seed), base=1.0, cap=60.0)
        delays = [backoff.delay() for _ in range(2000)]
        assert delays[0] <= FAST
        assert all(delay <= min(60.0, 2.0 ** min(index, 30)) for index, delay in enumerate(delays[1:]))


def test_jitter_is_full():
    """A thousand devices that fail together spread over the whole span, its start too."""
    delays = []
    for seed in range(1000):
        backoff = Backoff(Random(seed))
        for _ in range(7):
            delay = backoff.delay()
        delays.append(delay)
    assert min(delays) < 1.0
    assert max(delays) > 31.0


def test_reset_starts_over():
    backoff = Backoff(Random(1))
    for _ in range(9):
        backoff.delay()
    backoff.reset()
    assert backoff.delay() <= FAST


def test_slow_is_slow():
    backoff = Backoff(Random(1), cap=60.0)
    assert all(30 <= backoff.slow() <= 60 for _ in range(100))

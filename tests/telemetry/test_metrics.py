"""Counting refusals so that the sums of invariant 9 hold."""

from __future__ import annotations

from telemetry.metrics import Metrics
from telemetry.model import Reason


def test_refusal_counts_readings_and_at_least_one() -> None:
    """A message that could not be decoded counts as one reading, received and refused."""
    metrics = Metrics()
    metrics.refuse(Reason.BAD_VALUE, 3)
    metrics.refuse(Reason.BAD_MESSAGE, 0)
    assert metrics.received == metrics.refused.total() == 4
    assert metrics.refused == {Reason.BAD_VALUE: 3, Reason.BAD_MESSAGE: 1}

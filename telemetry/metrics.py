"""What the server counts: one place, exported by /metrics, its sums tested everywhere.

Per run, in readings: received = journalled + refused (by reason) + pending. A message that could not be
decoded far enough to count its readings counts as one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from telemetry.model import Reason


@dataclass(slots=True)
class Metrics:
    """Counters of this run; all grow only. ``pending`` is kept by the pipeline, not here."""

    received: int = 0
    journalled: int = 0
    refused: Counter[Reason] = field(default_factory=Counter)
    commits: int = 0
    commits_failed: int = 0
    journal_bytes: int = 0
    pushed_frames: int = 0
    skipped: int = 0
    resumed: int = 0
    resume_refused: int = 0
    commit_late_max: float = 0.0
    """The longest time (s) that a commit began after it was due in this run."""
    sockets: Counter[str] = field(default_factory=Counter)
    """Open sockets by channel (``device``, ``live``, ``stream``): a gauge, as is ``connections``."""
    connections: int = 0
    """Open connections of every kind; one that is gone may count for another second."""
    connections_refused: Counter[str] = field(default_factory=Counter)
    """Connections that were not taken, by the limit that was reached: ``address`` or ``all``."""

    def commit_late(self, seconds: float) -> None:
        """Note how long after it was due a commit began; called on the writer thread."""
        self.commit_late_max = max(self.commit_late_max, seconds)

    def refuse(self, reason: Reason, readings: int) -> None:
        """Count a refusal of a whole message that held ``readings`` readings (at least one)."""
        count = max(1, readings)
        self.received += count
        self.refused[reason] += count

"""What the server has been doing lately: its counters looked at every few seconds, kept for some minutes.

A counter says how much there was since the start; an operator asks how much there is now. ``Load`` owns a bounded row
of looks, and gives rates from it. It is called from the sweep of ``telemetry.presence``, on the loop thread.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from telemetry import clock
from telemetry.metrics import Metrics
from telemetry.model import Reason

STEP = 5.0
"""Seconds between two looks."""
LOOKS = 121
"""Looks that are kept: ten minutes."""
RECENT = 60.0
"""Seconds over which a rate is taken, once the server has run that long."""
THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")
"""The temperature of the processor in thousandths of a degree; only some machines have it."""
MEMINFO = Path("/proc/meminfo")
STATM = Path("/proc/self/statm")


class Look(NamedTuple):
    """The counters at one moment: ``at`` in s (monotonic), ``cpu`` the processor time used (s)."""

    at: float
    received: int
    journalled: int
    refused: dict[Reason, int]
    pushed: int
    skipped: int
    cpu: float


class Load:
    """The last looks at the counters of one server."""

    def __init__(
        self, metrics: Metrics, now: Callable[[], float] = clock.monotonic, cpu: Callable[[], float] = clock.cpu
    ) -> None:
        self._metrics = metrics
        self._now = now
        self._cpu = cpu
        self._looks: deque[Look] = deque([self._look()], maxlen=LOOKS)

    def step(self) -> None:
        """Look, if it is time."""
        if self._now() - self._looks[-1].at >= STEP:
            self._looks.append(self._look())

    def rates(self) -> dict[str, object]:
        """What happens a second, over the last ``seconds``: readings by what became of them, frames, processor time."""
        new = self._look()
        old = self._before(new.at - RECENT)
        seconds = max(new.at - old.at, 1e-3)

        def rate(field: str) -> float:
            return float((getattr(new, field) - getattr(old, field)) / seconds)

        refused = {reason: (count - old.refused.get(reason, 0)) / seconds for reason, count in new.refused.items()}
        return {
            "seconds": round(seconds, 3),
            **{field: round(rate(field), 4) for field in ("received", "journalled", "pushed", "skipped", "cpu")},
            "refused": {reason.value: round(per, 4) for reason, per in refused.items()},
        }

    def history(self) -> dict[str, object]:
        """Readings that were received and refused a second, a figure for each step between two looks, oldest first."""
        looks = list(self._looks)
        received, refused = [], []
        for before, after in pairwise(looks):
            seconds = after.at - before.at
            received.append(round((after.received - before.received) / seconds, 3))
            refused.append(round((sum(after.refused.values()) - sum(before.refused.values())) / seconds, 3))
        return {"step": int(STEP * 1000), "received": received, "refused": refused}

    def _before(self, at: float) -> Look:
        """The newest look that is not after ``at``, else the oldest there is."""
        return next((one for one in reversed(self._looks) if one.at <= at), self._looks[0])

    def _look(self) -> Look:
        counted = self._metrics
        refused = {reason: count for reason, count in counted.refused.items() if count}
        return Look(
            self._now(), counted.received, counted.journalled, refused, counted.pushed_frames, counted.skipped,
            self._cpu(),
        )  # fmt: skip


def memory(meminfo: Path = MEMINFO, statm: Path = STATM) -> dict[str, int | None]:
    """Bytes: of this process in RAM, of the machine, and what it can still give; None where that is not said."""
    found = dict.fromkeys(("MemTotal", "MemAvailable"), None) | _meminfo(meminfo)
    return {"process": resident(statm), "total": found["MemTotal"], "available": found["MemAvailable"]}


def processor(thermal: Path = THERMAL) -> dict[str, object]:
    """The machine's processors: how many, how many programs wanted one (1, 5, 15 min), and how warm they are (°C)."""
    try:
        average: list[float] | None = [round(one, 2) for one in os.getloadavg()]
    except OSError:
        average = None
    return {"cores": os.cpu_count(), "load": average, "temperature": _temperature(thermal)}


def _meminfo(path: Path) -> dict[str, int | None]:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        pairs = (line.split(":", 1) for line in lines if line.startswith("Mem"))
        return {name: 1024 * int(rest.split()[0]) for name, rest in pairs}
    except (OSError, ValueError, IndexError):
        return {}


def resident(path: Path = STATM) -> int | None:
    """Bytes of this process that are in RAM; None where the system does not say."""
    try:
        return int(path.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def _temperature(path: Path) -> float | None:
    try:
        return round(int(path.read_text(encoding="ascii")) / 1000, 1)
    except (OSError, ValueError):
        return None

"""The figures: which loads, on which targets, and what is kept of each run.

Every run is a fresh process on a fresh database. A run in which an ack, a push or a stored reading is missing
counts for nothing: it ends the bench.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.targets import BenchError, Running, Target

Measures = dict[str, float]
BROWSERS: Final = 10
SETTLE: Final = 2.0
IN_FLIGHT: Final = {(1, 1): 2000, (10, 1): 400, (100, 1): 80, (1, 100): 32, (10, 100): 16, (100, 100): 4}
MOST_A_SECOND: Final = {1: 120_000, 10: 400_000, 100: 800_000}


@dataclass(frozen=True, slots=True)
class Scale:
    """How long and how often; ``FULL`` is what the published table is made with."""

    repeat: int
    flood_seconds: float
    pace_seconds: float
    written_seconds: float
    starts: int


FULL: Final = Scale(repeat=3, flood_seconds=5, pace_seconds=15, written_seconds=60, starts=7)
QUICK: Final = Scale(repeat=1, flood_seconds=2, pace_seconds=4, written_seconds=12, starts=3)
SMOKE: Final = Scale(repeat=1, flood_seconds=0.2, pace_seconds=0.5, written_seconds=0.5, starts=1)

OUR_ACKS_AT_ONCE, OURS_EACH_SECOND = "telltale", "telltale-1s"
PLAIN_BATCHES: Final = frozenset({"node-each"})
"""Differs from its sister only where a message holds several readings."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the results: a load (``case``) of a kind (``name``), and the targets it makes sense for."""

    name: str
    case: str
    measure: Callable[[Target, Path, Scale], Measures]
    without: frozenset[str] = frozenset()
    once: bool = False


def throughput(batch: int, connections: int) -> Callable[[Target, Path, Scale], Measures]:
    """Durable readings a second: what was acknowledged, and is stored."""

    def measure(target: Target, directory: Path, scale: Scale) -> Measures:
        with Running(target, directory) as running:
            result = running.load(
                kind="flood",
                connections=connections,
                window=IN_FLIGHT[batch, connections],
                batch=batch,
                seconds=scale.flood_seconds,
                most=int(MOST_A_SECOND[batch] * scale.flood_seconds),
            )
            _expect(target, "stored", target.stored(running), int(result["readings"]))
            result["peak_mb"] = running.memory()[1]
            running.stop()
        return result

    return measure


def latency(rate: int) -> Callable[[Target, Path, Scale], Measures]:
    """Device to ack and device to browser at a fixed rate, with ten browsers; memory of a second start while at it."""

    def measure(target: Target, directory: Path, scale: Scale) -> Measures:
        with Running(target, directory) as running:
            live = target.live_path(directory)
            running.stop()
        with Running(target, directory) as running:
            result = running.load(
                kind="pace",
                live=live,
                rate=rate,
                devices=min(rate, 50),
                browsers=BROWSERS,
                seconds=scale.pace_seconds,
                percentiles=True,
            )
            readings = int(result["readings"])
            _expect(target, "acked", int(result["acked"]), readings)
            _expect(target, "pushed", int(result["pushed"]), readings * BROWSERS)
            result["loaded_mb"] = running.memory()[0]
            running.stop()
        return result

    return measure


def written(rate: int) -> Callable[[Target, Path, Scale], Measures]:
    """Bytes to the block layer per reading, steady: while running, and with the checkpoint that closes the database."""

    def measure(target: Target, directory: Path, scale: Scale) -> Measures:
        order = {"kind": "pace", "live": "", "rate": rate, "devices": 10, "browsers": 0, "percentiles": False}
        with Running(target, directory) as running:
            first = running.load(**order, seconds=max(1.0, scale.written_seconds / 20))
            before = running.written()
            result = running.load(**order, seconds=scale.written_seconds)
            readings = int(result["readings"])
            _expect(target, "stored", target.stored(running), readings + int(first["readings"]))
            result["running_bytes"] = (running.written() - before) / readings
            result["bytes"] = (running.stop() - before) / readings
        return result

    return measure


def start(target: Target, directory: Path, scale: Scale) -> Measures:
    """From the start of the process to the first 200 on /healthz: on no database, then on its own; idle memory."""
    with Running(target, directory) as running:
        first = running.startup
        time.sleep(SETTLE)
        first_idle = running.memory()[0]
        running.stop()
    again = []
    for _ in range(scale.starts):
        with Running(target, directory) as running:
            again.append(running.startup)
            if len(again) == scale.starts:
                time.sleep(SETTLE)
                idle = running.memory()[0]
            running.stop()
    middle = sorted(again)[len(again) // 2]
    return {"first_s": first, "again_s": middle, "first_idle_mb": first_idle, "idle_mb": idle}


def _left_out(batch: int) -> frozenset[str]:
    return frozenset({OURS_EACH_SECOND}) | (PLAIN_BATCHES if batch == 1 else frozenset())


def _expect(target: Target, what: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise BenchError(f"{target.name}: {what} {found}, expected {wanted}")


FIGURES: Final = (
    *(
        Figure("throughput", f"{batch}x{connections}", throughput(batch, connections), _left_out(batch))
        for connections in (1, 100)
        for batch in (1, 10, 100)
    ),
    *(Figure("latency", f"{rate}/s", latency(rate), PLAIN_BATCHES) for rate in (100, 1000)),
    Figure("start", "start", start, PLAIN_BATCHES | {OURS_EACH_SECOND, "node-full", "tornado-full"}),
    *(
        Figure("written", f"{rate}/s", written(rate), PLAIN_BATCHES | {OUR_ACKS_AT_ONCE}, once=True)
        for rate in (10, 100)
    ),
)

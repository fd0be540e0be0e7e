"""The readings that every contender is given: made up from a seed, or recorded.

Made up: each series is a sensor of one of five kinds with a clock of its own. A value is a daily wave, a walk that
returns to its mean (Ornstein-Uhlenbeck, sampled exactly) and white noise, rounded to two decimals; power switches on
and off instead. A time is a schedule with jitter in whole milliseconds. ``KINDS`` and ``CLOCKS`` hold the numbers,
bench/README.md says them in words. Blocks come in the order in which they would arrive.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

START: Final = 1_704_067_200_000
"""2024-01-01T00:00:00Z, ms: in the past of every machine, so that nobody refuses it as too far ahead."""
DAY: Final = 86_400
BLOCK: Final = 100_000
"""Readings in a block, about."""
STEPS: Final = 500
"""Steps of a walk worked out at once: the closed form grows by exp(STEPS x cadence / TAU)."""
RECORDED: Final = Path(__file__).resolve().parents[2] / "tests" / "data" / "stafford_iot_telemetry_24h.ndjson.gz"
SLACK: Final = 100
"""More (ms) than any jitter puts a reading before its schedule."""
TWENTY: Final = 20
"""Kinds and clocks are dealt out in rounds of so many series."""


class Kind(NamedTuple):
    """A kind of sensor; every pair is the range from which each series draws its own parameter."""

    metric: str
    share: int
    base: tuple[float, float]
    wave: tuple[float, float]
    spread: float
    tau: float
    noise: tuple[float, float]


KINDS: Final = (
    Kind("temperature", 6, (5, 28), (0.5, 4), 0.8, 2 * 3600, (0.01, 0.04)),
    Kind("humidity", 5, (30, 70), (1, 8), 3, 2 * 3600, (0.02, 0.08)),
    Kind("pressure", 3, (990, 1030), (0.2, 0.8), 6, 24 * 3600, (0.02, 0.06)),
    Kind("power", 4, (40, 2000), (0, 0), 0, 3600, (0.001, 0.005)),
    Kind("battery", 2, (3.2, 4.1), (0.01, 0.05), 0.05, 24 * 3600, (0.003, 0.006)),
)
"""``share`` of twenty; ``spread`` and ``tau`` (s) of the walk.

For power ``base`` is the level while on, and ``noise`` is relative to it.
"""
ON, OFF = 1200.0, 2400.0
"""How long (s) an appliance stays on and off, on average."""


class Pacing(NamedTuple):
    """How a device keeps time: ``normal``, ``uniform`` jitter around a schedule, ``lag`` added at every step, ms."""

    share: int
    normal: float
    uniform: float
    lag: tuple[float, float]


CLOCKS: Final = (
    Pacing(10, 5, 0, (0, 0)),  # a timer
    Pacing(5, 0, 50, (0, 0)),  # a timer, stamped after a busy network stack
    Pacing(5, 1, 0, (4, 3)),  # a loop that sleeps: work and delay add up
)


@dataclass(frozen=True, slots=True)
class Block:
    """Readings in order of arrival, as columns: number of the series, ms, value."""

    series: NDArray[np.uint32]
    ts: NDArray[np.int64]
    value: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ts)

    def part(self, which: slice | NDArray[np.bool_] | NDArray[np.intp]) -> Block:
        """Some of them."""
        return Block(self.series[which], self.ts[which], self.value[which])


def joined(blocks: Sequence[Block]) -> Block:
    """One after the other."""
    return Block(
        np.concatenate([one.series for one in blocks]),
        np.concatenate([one.ts for one in blocks]),
        np.concatenate([one.value for one in blocks]),
    )


@dataclass(frozen=True)
class Feed:
    """``count`` readings of ``series`` sensors, one each every ``cadence`` seconds; numbered from ``first``.

    With ``recorded`` it is the recorded day instead, and ``count`` is the most that is taken of it.
    """

    count: int
    series: int = 1_000
    cadence: float = 1.0
    first: int = 0
    recorded: bool = False

    @property
    def names(self) -> dict[int, tuple[str, str]]:
        """(device, metric) by number of the series."""
        if self.recorded:
            return self._day[0]
        return {n: (f"sensor-{n:04}", _kind(n).metric) for n in range(self.first, self.first + self.series)}

    def blocks(self, size: int = BLOCK) -> Iterator[Block]:
        """All of it, in blocks of about ``size`` readings."""
        if not self.recorded:
            yield from _gathered(self._made(size), size)
            return
        day = self._day[1]
        for start in range(0, min(self.count, len(day)), size):
            yield day.part(slice(start, min(start + size, self.count)))

    @property
    def readings(self) -> int:
        """How many there are."""
        return min(self.count, len(self._day[1])) if self.recorded else self.count

    @property
    def began(self) -> int:
        """When (ms) the first reading may have been made."""
        return int(self._day[1].ts[0]) if self.recorded else START

    @cached_property
    def _day(self) -> tuple[dict[int, tuple[str, str]], Block]:
        return _recorded(self.first)

    def _made(self, size: int) -> Iterator[Block]:
        rng = np.random.default_rng([20240101, self.first, self.series])
        values, times = _values(rng, self), _times(rng, self)
        numbers = np.arange(self.first, self.first + self.series, dtype=np.uint32)
        total = -(-self.count // self.series)
        left, done = self.count, 0
        held = Block(numbers[:0], np.empty(0, np.int64), np.empty(0))
        while done < total:
            steps = min(STEPS, max(1, size // self.series), total - done)
            done += steps
            made = Block(np.tile(numbers, steps), times(steps).ravel(), np.round(values(steps), 2).ravel() + 0.0)
            whole = joined([held, made])
            whole = whole.part(np.argsort(whole.ts, kind="stable"))
            # no later step is earlier than this
            ripe = int(np.searchsorted(whole.ts, START + done * self.cadence * 1000 - SLACK)) if done < total else left
            yield whole.part(slice(min(ripe, left)))
            held, left = whole.part(slice(ripe, None)), left - ripe


def _gathered(small: Iterator[Block], size: int) -> Iterator[Block]:
    waiting: list[Block] = []
    for block in small:
        waiting.append(block)
        if sum(map(len, waiting)) >= size:
            yield joined(waiting)
            waiting = []
    if waiting:
        yield joined(waiting)


def _kind(number: int) -> Kind:
    at = number % TWENTY
    for kind in KINDS:
        if at < kind.share:
            return kind
        at -= kind.share
    raise AssertionError(number)


Column = NDArray[np.float64]


def _values(rng: np.random.Generator, feed: Feed) -> Callable[[int], Column]:
    """A function that makes the next (steps, series) values, not rounded."""
    kinds = [_kind(number) for number in range(feed.first, feed.first + feed.series)]
    base, wave, noise = (
        np.array([rng.uniform(*low_high) for low_high in ranges])
        for ranges in ([k.base for k in kinds], [k.wave for k in kinds], [k.noise for k in kinds])
    )
    spread = np.array([kind.spread for kind in kinds])
    phase = rng.uniform(0, 2 * np.pi, feed.series)
    keep = np.exp(-feed.cadence / np.array([kind.tau for kind in kinds]))
    push = spread * np.sqrt(1 - keep * keep)
    power = np.array([kind.metric == "power" for kind in kinds])
    walk = rng.normal(0, spread)
    on = rng.random(feed.series) < ON / (ON + OFF)
    clock = 0.0

    def more(steps: int) -> Column:
        nonlocal walk, on, clock
        k = np.arange(1, steps + 1)[:, None]
        grown = keep**k
        walks = grown * (walk + np.cumsum(push * rng.standard_normal((steps, feed.series)) / grown, axis=0))
        walk = walks[-1]
        seconds = clock + k * feed.cadence
        clock = float(seconds[-1, 0])
        found = base + wave * np.sin(2 * np.pi * seconds / DAY + phase) + walks
        found += noise * rng.standard_normal((steps, feed.series))
        if power.any():
            states = _switched(rng, on[power], steps, feed.cadence)
            on[power] = states[-1]
            level = base[power] * (1 + noise[power] * rng.standard_normal(states.shape))
            standby = 0.5 + noise[power] * rng.standard_normal(states.shape)
            found[:, power] = np.where(states, level, standby)
        return np.asarray(found)

    return more


def _switched(rng: np.random.Generator, on: NDArray[np.bool_], steps: int, cadence: float) -> NDArray[np.bool_]:
    """(steps, series) states: a coin is thrown at every step, rarer while off."""
    thrown = rng.random((steps, len(on)))
    goes_off, goes_on = thrown < 1 - np.exp(-cadence / ON), thrown < 1 - np.exp(-cadence / OFF)
    states = np.empty((steps, len(on)), dtype=bool)
    for step in range(steps):
        on = np.where(on, ~goes_off[step], goes_on[step])
        states[step] = on
    return states


def _times(rng: np.random.Generator, feed: Feed) -> Callable[[int], NDArray[np.int64]]:
    """A function that makes the next (steps, series) times, ms, rising in every column."""
    dealt = [clock for clock in CLOCKS for _ in range(clock.share)]
    clocks = [dealt[(7 * number) % TWENTY] for number in range(feed.first, feed.first + feed.series)]
    normal, uniform = np.array([c.normal for c in clocks]), np.array([c.uniform for c in clocks])
    lag_mean, lag_spread = np.array([c.lag[0] for c in clocks]), np.array([c.lag[1] for c in clocks])
    phase = rng.uniform(0, feed.cadence * 1000, feed.series)
    behind = np.zeros(feed.series)
    done = 0

    def more(steps: int) -> NDArray[np.int64]:
        nonlocal behind, done
        shape = (steps, feed.series)
        lags = behind + np.cumsum(np.maximum(lag_mean + lag_spread * rng.standard_normal(shape), 0), axis=0)
        behind = lags[-1]
        due = np.arange(done, done + steps)[:, None] * (feed.cadence * 1000)
        done += steps
        # four sigma at most: times of one series must rise
        jitter = normal * np.clip(rng.standard_normal(shape), -4, 4) + uniform * rng.random(shape)
        return np.asarray(START + phase + due + lags + jitter, dtype=np.int64)

    return more


def _recorded(first: int) -> tuple[dict[int, tuple[str, str]], Block]:
    """The recorded day in order of arrival, each message once; booleans as 0 and 1, which every contender can hold."""
    numbers: dict[tuple[str, str], int] = {}
    rows: list[tuple[int, int, float]] = []
    with gzip.open(RECORDED, "rt", encoding="utf-8") as lines:
        for line in lines:
            message = json.loads(line)
            ts = round(message["ts"] * 1000)
            for metric, value in message["data"].items():
                number = numbers.setdefault((message["device"], metric), first + len(numbers))
                rows.append((number, ts, float(value)))
    rows = list({(series, ts): (series, ts, value) for series, ts, value in rows}.values())
    series, times, values = zip(*rows, strict=True)
    block = Block(np.array(series, np.uint32), np.array(times, np.int64), np.array(values, np.float64))
    return {number: name for name, number in numbers.items()}, block


def by_series(block: Block) -> Iterator[tuple[int, Block]]:
    """The readings of each series in the block, in their order."""
    arranged = block.part(np.argsort(block.series, kind="stable"))
    cuts = np.flatnonzero(np.diff(arranged.series)) + 1
    for start, end in pairwise([0, *cuts.tolist(), len(block)]):
        yield int(arranged.series[start]), arranged.part(slice(start, end))

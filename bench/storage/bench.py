"""What the parts share: where they work, on whom, how much, and where they note what they find."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.storage.contender import Contender, Filled
from bench.storage.data import Feed

MILLION: Final = 1_000_000
OURS: Final = "telltale"


class Case(NamedTuple):
    """A line of the results. ``aim`` is ours; ``most`` says whether it is an upper limit or a lower one."""

    part: str
    name: str
    aim: float | None = None
    most: bool = True


@dataclass(frozen=True)
class Scale:
    """``factor`` shortens everything; ``long`` adds the databases of 100 million readings."""

    factor: float = 1.0
    long: bool = False
    cadences: tuple[float, ...] = (1, 10, 60)

    def count(self, full: float, least: int = 1) -> int:
        """So many of ``full``."""
        return max(least, int(full * self.factor))

    @property
    def large(self) -> int:
        """Readings of the largest database."""
        return self.count((100 if self.long else 10) * MILLION)


@dataclass
class Bench:
    """One run."""

    base: Path
    contenders: Sequence[Contender]
    scale: Scale
    rows: list[dict[str, Any]] = field(default_factory=list)
    wal: dict[str, int] = field(default_factory=dict)

    def note(self, case: Case, contender: str, value: float, **more: object) -> None:
        """One figure, said at once."""
        self.rows.append(case._asdict() | {"contender": contender, "value": value} | more)
        say(f"{case.part}: {case.name}: {contender}: {value:,.3f} {more or ''}")

    def took(self, contender: Contender, filled: Filled) -> Filled:
        """Keep the largest WAL; hands its argument on."""
        self.saw(contender, filled.wal)
        return filled

    def saw(self, contender: Contender, wal: int) -> None:
        """Keep the largest WAL, bytes."""
        if wal:
            self.wal[contender.name] = max(wal, self.wal.get(contender.name, 0))

    @contextmanager
    def directory(self) -> Iterator[Path]:
        """An empty one, for as long as the block lasts."""
        path = Path(tempfile.mkdtemp(prefix="bench-", dir=self.base))
        try:
            yield path
        finally:
            shutil.rmtree(path)


def day_of(readings: int, cadence: float) -> str:
    """How a database is called in the results."""
    return f"{readings:,} readings, one each {cadence:g} s"


def fed(readings: int, cadence: float) -> Feed:
    """The thousand series."""
    return Feed(readings, series=min(1_000, max(1, readings // 100)), cadence=cadence)


def say(line: str) -> None:
    """Progress, apart from the result."""
    print(line, file=sys.stderr, flush=True)

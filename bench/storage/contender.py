"""What every contender can do: take readings, be closed, be asked; and how it is watched from outside."""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any, Final, NamedTuple, ParamSpec, TypeVar

from bench.storage.data import Block, Feed, joined
from bench.targets import BLOCK as SECTOR

P = ParamSpec("P")
T = TypeVar("T")
OF_THE_BENCH: Final = {"server.log", "config.ini", "influxdb.conf", "token"}
LOOK: Final = 0.02
"""Seconds between two looks at the size of the WAL."""


@dataclass
class Filled:
    """What taking the readings has cost: ``seconds`` in the contender's hands, the making of the readings apart.

    ``written`` bytes to the block layer, all the way to the closed database; ``peak_mb`` of the process that wrote,
    which for ours and for the plain table is the bench's too; ``wal`` the largest WAL seen, bytes.
    """

    readings: int
    seconds: float
    written: int = 0
    peak_mb: float = 0.0
    wal: int = 0


class Question(NamedTuple):
    """min, max, mean and count of each series in buckets of ``width`` ms, ``frm`` <= ts < ``to`` (ms)."""

    series: Sequence[tuple[str, str]]
    frm: int
    to: int
    width: int
    points: int = 1_000


class Serving(ABC):
    """A contender that answers."""

    @abstractmethod
    def ask(self, question: Question) -> Any:
        """The answer as it comes: this is what is timed."""

    @abstractmethod
    def count(self, answer: Any) -> int:
        """Readings that the answer's buckets speak of: a wrong sum ends the bench."""

    def span(self, question: Question) -> tuple[int, int]:
        """From when to when (ms) the answer counts: all that was asked for, if the contender can cut buckets."""
        return question.frm, question.to

    def memory(self) -> float:
        """Highest resident MB of the process that answers. Only where the contender ``serves``."""
        raise NotImplementedError


class Contender(ABC):
    """One way to keep readings. ``name`` is its key in the results."""

    name: str
    label: str
    serves: bool = True
    """Whether a process of its own answers."""

    def missing(self) -> str | None:
        """Why it cannot run here, or None."""
        return None

    @abstractmethod
    def version(self) -> str:
        """Of what is measured."""

    @abstractmethod
    def arrive(self, directory: Path, feed: Feed, second: int) -> Filled:
        """Take the readings as they arrive, a durable commit for every ``second`` ms of theirs; settle, close."""

    @abstractmethod
    def load(self, directory: Path, feeds: Sequence[Feed]) -> Filled:
        """Take the readings in bulk, settle (seal, compact, checkpoint), close."""

    @abstractmethod
    def serving(self, directory: Path) -> list[tuple[str, AbstractContextManager[Serving]]]:
        """The ways to ask what was closed in ``directory``, by label."""

    def load_csv(self, directory: Path, file: Path) -> Filled | None:
        """Take a CSV file with the header ``device,metric,ts,time,value,unit``; None: it cannot."""
        del directory, file
        return None


def size(directory: Path) -> int:
    """Bytes that the files take on the disk, like ``du``; without what the bench put there."""
    os.sync()
    files = (path for path in directory.rglob("*") if path.is_file() and path.name not in OF_THE_BENCH)
    return sum(path.stat().st_blocks * SECTOR for path in files)


def commits(feed: Feed, second: int) -> Iterator[Block]:
    """The readings cut where each ``second`` ms of their time end: what one commit holds."""
    waiting: list[Block] = []
    for block in feed.blocks():
        whole = joined([*waiting, block])
        due = whole.ts // second
        cuts = [0, *((due[1:] > due[:-1]).nonzero()[0] + 1).tolist()]
        for start, end in pairwise(cuts):
            yield whole.part(slice(start, end))
        waiting = [whole.part(slice(cuts[-1], None))]
    yield from waiting


def isolated(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[T, int, float]:
    """Call it in a new process: its result, the bytes it wrote to the block layer, its highest resident MB."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measured, function, args, kwargs).result()


def _measured(function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[T, int, float]:
    result = function(*args, **kwargs)
    status = Path("/proc/self/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return result, getrusage(RUSAGE_SELF).ru_oublock * SECTOR, peak * 1024 / 1e6


class Watch:
    """Looks at the WAL files of a directory while a block runs; ``largest`` is in bytes."""

    def __init__(self, directory: Path) -> None:
        self.largest = 0
        self._directory = directory
        self._over = threading.Event()

    @contextmanager
    def looking(self) -> Iterator[Watch]:
        """Look until the block ends."""
        thread = threading.Thread(target=self._look, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK):
            for path in self._directory.glob("*-wal"):
                try:
                    self.largest = max(self.largest, path.stat().st_size)
                except FileNotFoundError:
                    continue

"""The table that one would make by hand: ``WITHOUT ROWID`` by (series, ts), WAL, ``synchronous=FULL``."""

from __future__ import annotations

import csv
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Final

from bench.storage.contender import Contender, Filled, Question, Serving, Watch, commits, isolated
from bench.storage.data import Feed

INSERT: Final = "INSERT INTO readings VALUES (?, ?, ?) ON CONFLICT (series, ts) DO UPDATE SET value = excluded.value"
"""So that sending again is harmless here too."""
ROWS: Final = 100_000
"""Rows of a CSV file in one transaction."""


def open_table(directory: Path) -> sqlite3.Connection:
    """The table, made when it is not there."""
    connection = sqlite3.connect(directory / "plain.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS readings (series INTEGER NOT NULL, ts INTEGER NOT NULL, value REAL NOT NULL, "
        "PRIMARY KEY (series, ts)) STRICT, WITHOUT ROWID"
    )
    return connection


def fill(directory: Path, feeds: Sequence[Feed], second: int | None) -> float:
    """Insert everything, a transaction for each block, or for each ``second`` ms of data; the seconds it took."""
    spent = 0.0
    with closing(open_table(directory)) as connection:
        for feed in feeds:
            _name(connection, feed.names)
            for block in feed.blocks() if second is None else commits(feed, second):
                began = time.perf_counter()
                _insert(connection, zip(block.series.tolist(), block.ts.tolist(), block.value.tolist(), strict=True))
                spent += time.perf_counter() - began
        began = time.perf_counter()
    return spent + time.perf_counter() - began


def fill_from(directory: Path, file: Path) -> tuple[int, float]:
    """Insert the rows of a CSV file; how many, and the seconds it took."""
    began = time.perf_counter()
    with closing(open_table(directory)) as connection, file.open(newline="", encoding="utf-8") as lines:
        ids: dict[tuple[str, str], int] = {}
        rows = csv.reader(lines)
        next(rows)
        count = 0
        waiting: list[tuple[int, int, float]] = []
        for device, metric, ts, _, value, _ in rows:
            waiting.append((ids.setdefault((device, metric), len(ids)), int(ts), float(value)))
            if len(waiting) == ROWS:
                count += _insert(connection, waiting)
                waiting = []
        count += _insert(connection, waiting)
        _name(connection, {number: name for name, number in ids.items()})
    return count, time.perf_counter() - began


def _insert(connection: sqlite3.Connection, rows: Iterable[tuple[int, int, float]]) -> int:
    connection.execute("BEGIN IMMEDIATE")
    count = connection.executemany(INSERT, rows).rowcount
    connection.execute("COMMIT")
    return count


def _name(connection: sqlite3.Connection, names: dict[int, tuple[str, str]]) -> None:
    rows = [(number, "/".join(name)) for number, name in names.items()]
    connection.executemany("INSERT OR IGNORE INTO series VALUES (?, ?)", rows)


class Asked(Serving):
    """SQL in this process, nothing between."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def ask(self, question: Question) -> list[tuple[Any, ...]]:
        """Rows of (series, bucket, min, max, avg, count)."""
        marks = ", ".join("?" * len(question.series))
        sql = (
            "SELECT series, ts / ?, min(value), max(value), avg(value), count(*) FROM readings "  # noqa: S608 - marks
            f"WHERE series IN (SELECT id FROM series WHERE name IN ({marks})) AND ts >= ? AND ts < ? GROUP BY 1, 2"
        )
        names = ["/".join(name) for name in question.series]
        return self._connection.execute(sql, (question.width, *names, question.frm, question.to)).fetchall()

    def count(self, answer: list[tuple[Any, ...]]) -> int:
        """The last column."""
        return sum(row[-1] for row in answer)


class Plain(Contender):
    """SQLite as it comes with Python."""

    name = "plain"
    label = "plain SQLite table"
    serves = False

    def version(self) -> str:
        """Of the library."""
        return f"SQLite {sqlite3.sqlite_version}"

    def arrive(self, directory: Path, feed: Feed, second: int) -> Filled:
        """A transaction for each ``second`` ms."""
        return _filled(directory, [feed], second)

    def load(self, directory: Path, feeds: Sequence[Feed]) -> Filled:
        """A transaction for each block."""
        return _filled(directory, feeds, None)

    def load_csv(self, directory: Path, file: Path) -> Filled:
        """``csv.reader`` and ``executemany``."""
        with Watch(directory).looking() as watch:
            (count, seconds), written, peak = isolated(fill_from, directory, file)
        return Filled(count, seconds, written, peak, watch.largest)

    def serving(self, directory: Path) -> list[tuple[str, AbstractContextManager[Serving]]]:
        """SQL only."""
        return [("SQL", _asked(directory))]


def _filled(directory: Path, feeds: Sequence[Feed], second: int | None) -> Filled:
    with Watch(directory).looking() as watch:
        seconds, written, peak = isolated(fill, directory, feeds, second)
    return Filled(sum(feed.readings for feed in feeds), seconds, written, peak, watch.largest)


@contextmanager
def _asked(directory: Path) -> Iterator[Serving]:
    with closing(sqlite3.connect(f"file:{directory / 'plain.db'}?mode=ro", uri=True)) as connection:
        yield Asked(connection)

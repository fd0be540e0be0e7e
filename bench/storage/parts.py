"""The parts of the bench; each fills databases of its own and can be run alone."""

from __future__ import annotations

import csv
import itertools
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.storage.bench import MILLION, OURS, Bench, Case, day_of, fed
from bench.storage.contender import Question, Serving, Watch, size
from bench.storage.data import START, Feed
from bench.targets import BenchError
from telemetry.resolution import bucket_ms

RECORDED: Final = 400_000
"""More readings than the recorded day has."""
AIMS: Final = {1.0: 2.5, 60.0: 4.0}
"""Bytes per reading at a cadence (s)."""
HOURS: Final = 4
"""Simulated time of the part ``written``: sixteen seals."""
WEEK: Final = 7 * 86_400
YEAR: Final = 365 * 86_400
TIMES: Final = 20
"""How often a question is asked at most; the first answer is not counted."""
PATIENCE: Final = 20.0
"""Seconds after which a question is not asked again, if it was asked three times."""
OFFSET: Final = 12_345
"""Ms by which the spans asked for miss the edges of buckets."""
LATER: Final = 7_001
"""Ms by which each repetition of a question is later, so that no cache of answers helps."""


def part_size(bench: Bench) -> None:
    """Bytes on disk per reading, with everything settled and closed."""
    scale = bench.scale
    feeds = [(day_of(n, c), fed(n, c), c) for n in _counts(bench) for c in scale.cadences]
    day = Feed(scale.count(RECORDED), recorded=True)
    feeds.append((f"the recorded day, {day.readings:,} readings", day, 0))
    for name, feed, cadence in feeds:
        in_bulk = feed.count > 10 * MILLION and not feed.recorded
        case = Case("size", name, AIMS.get(cadence))
        for contender in bench.contenders:
            with bench.directory() as directory:
                if contender.name == OURS and not in_bulk:
                    filled = contender.arrive(directory, feed, int(cadence * 1000) or 1000)
                else:
                    filled = contender.load(directory, [feed])
                bench.took(contender, filled)
                taken, of = size(directory), _breakdown(directory)
                bench.note(
                    case, contender.name, taken / feed.readings, readings=feed.readings, bytes=taken,
                    seconds=filled.seconds, peak_mb=filled.peak_mb, of=of,
                )  # fmt: skip
                if contender.name == OURS:
                    growing = Case("size", f"{name}; without the reserve and what resume keeps")
                    bench.note(growing, contender.name, _growing(of) / feed.readings)


def _counts(bench: Bench) -> list[int]:
    return sorted({bench.scale.count(10 * MILLION), bench.scale.large})


def _growing(found: dict[str, int]) -> int:
    """Bytes of our database that are more the more readings there are."""
    return found["telltale.db"] - found.get("table journal", 0)


def _breakdown(directory: Path) -> dict[str, int]:
    """Bytes by file, and by table where the file is a database."""
    found = {path.name: path.stat().st_size for path in directory.iterdir() if path.is_file()}
    for path in directory.glob("*.db"):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            free, page = (connection.execute(f"PRAGMA {one}").fetchone()[0] for one in ("freelist_count", "page_size"))
            found["free pages"] = free * page
            try:
                rows = connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 12")
                found |= {f"table {name}": int(pages) for name, pages in rows}
            except sqlite3.OperationalError:  # a SQLite without dbstat
                continue
    return found


def part_written(bench: Bench) -> None:
    """Bytes to the block layer per reading, a commit a second, over hours of the data's time."""
    for rate, series, aim in ((10, 10, 1000.0), (100, 100, 150.0), (100, 1000, 150.0)):
        seconds = bench.scale.count(HOURS * 3600, 20)
        case = Case("written", f"{rate}/s from {series:,} series, {seconds / 3600:.3g} h", aim)
        feed = Feed(rate * seconds, series=series, cadence=series / rate)
        for contender in bench.contenders:
            with bench.directory() as directory:
                filled = bench.took(contender, contender.arrive(directory, feed, 1000))
                bench.note(case, contender.name, filled.written / feed.readings, readings=feed.readings)


def part_load(bench: Bench) -> None:
    """Readings a second taken in bulk: as columns, and from a CSV file."""
    scale = bench.scale
    feed = fed(scale.count(10 * MILLION), 1)
    for contender in bench.contenders:
        with bench.directory() as directory:
            filled = bench.took(contender, contender.load(directory, [feed]))
            case = Case("load", f"bulk, {feed.readings:,} readings", 500_000, most=False)
            bench.note(case, contender.name, filled.readings / filled.seconds, peak_mb=filled.peak_mb)
    feed = fed(scale.count(2 * MILLION), 1)
    with bench.directory() as place:
        for order in ("by time", "by series"):
            file = place / "readings.csv"
            write_csv(file, feed, apart=order == "by series")
            for contender in bench.contenders:
                with bench.directory() as directory:
                    taken = contender.load_csv(directory, file)
                if taken is not None:
                    bench.took(contender, taken)
                    case = Case("load", f"CSV {order}, {feed.readings:,} lines", 200_000, most=False)
                    bench.note(case, contender.name, taken.readings / taken.seconds, peak_mb=taken.peak_mb)


def write_csv(path: Path, feed: Feed, *, apart: bool) -> None:
    """The feed as ``export`` writes it; ``apart``: series by series."""
    names = feed.names
    blocks = list(feed.blocks())
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("device", "metric", "ts", "time", "value", "unit"))
        for number in names if apart else (None,):
            for block in blocks:
                some = block if number is None else block.part(block.series == number)
                times = np.datetime_as_string(some.ts.astype("M8[ms]"), timezone="UTC").tolist()
                made = zip(some.series.tolist(), some.ts.tolist(), times, some.value.tolist(), strict=True)
                rows.writerows((*names[n], at, text, one, "") for n, at, text, one in made)


def part_query(bench: Bench) -> None:
    """Milliseconds to min, max, mean and count in at most 1,000 buckets, warm."""
    scale = bench.scale
    year = Feed(scale.count(YEAR, 2_000), series=1)
    week = Feed(20 * scale.count(WEEK, 200), series=20, first=1)
    cases = [(n, aim) for n, aim in ((100_000, 3.0), (MILLION, 10.0), (30 * MILLION, 50.0)) if n < year.readings]
    asked = [
        *(_Asked(Case("query", f"1 series, {n:,} readings", aim), year, n * 1000) for n, aim in cases),
        _Asked(Case("query", f"1 series, a year of seconds ({year.readings:,})", 50.0), year, year.readings * 1000),
        _Asked(Case("query", f"20 series, a week of seconds ({week.readings:,})", 100.0), week, week.readings * 50),
    ]
    for contender in bench.contenders:
        with bench.directory() as directory:
            bench.took(contender, contender.load(directory, [year, week]))
            for way, opened in contender.serving(directory):
                with opened as serving:
                    for one in asked:
                        times = one.ask(serving)
                        label = contender.name if way in ("SQL", "HTTP") else f"{contender.name}: {way}"
                        median = statistics.median(times)
                        bench.note(one.case, label, median, low=min(times), high=max(times), times=len(times))


class _Asked:
    """A case of queries: the same span of ms again and again, a little later each time, and never on edges."""

    def __init__(self, case: Case, feed: Feed, span: int) -> None:
        self.case = case
        self._questions = [_question(feed, span, turn * LATER) for turn in range(TIMES + 1)]
        self._feed = feed
        self._counted: dict[tuple[int, int], int] = {}

    def ask(self, serving: Serving) -> list[float]:
        """The milliseconds of each answer but the first. Raises BenchError when one is wrong."""
        self._expect(serving)
        times: list[float] = []
        for turn, question in enumerate(self._questions):
            began = time.perf_counter()
            answer = serving.ask(question)
            times.append((time.perf_counter() - began) * 1000)
            found, wanted = serving.count(answer), self._counted[serving.span(question)]
            if found != wanted:
                raise BenchError(f"{self.case.name}: an answer speaks of {found} readings, {wanted} were given")
            if turn >= 3 and sum(times) > PATIENCE * 1000:
                break
        return times[1:]

    def _expect(self, serving: Serving) -> None:
        new = {serving.span(question) for question in self._questions} - set(self._counted)
        for span, count in zip(new, _counted(self._feed, list(new)), strict=True):
            self._counted[span] = int(count)


def _question(feed: Feed, span: int, later: int) -> Question:
    """About the middle ``span`` ms of the feed."""
    whole = int(feed.readings / feed.series * feed.cadence * 1000)
    frm = START + (whole - span) // 2 + OFFSET + later
    return Question(list(feed.names.values()), frm, frm + span, bucket_ms(frm, frm + span - 1, 1_000))


def _counted(feed: Feed, spans: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """How many readings of the feed lie in each span."""
    edges = np.array(spans, dtype=np.int64).reshape(-1, 2)
    total = np.zeros(len(edges), dtype=np.int64)
    for block in feed.blocks() if len(edges) else ():
        total += np.searchsorted(block.ts, edges[:, 1]) - np.searchsorted(block.ts, edges[:, 0])
    return total


def part_memory(bench: Bench) -> None:
    """Highest resident MB of a server while it answers from a large database."""
    readings = bench.scale.large
    feed = fed(readings, 1)
    names = list(feed.names.values())
    end = START + int(feed.readings / feed.series * feed.cadence * 1000)
    case = Case("memory", f"answering from {day_of(readings, 1)}", 150.0)
    for contender in bench.contenders:
        if not contender.serves:
            continue
        with bench.directory() as directory:
            bench.took(contender, contender.load(directory, [feed]))
            way, opened = contender.serving(directory)[0]
            with Watch(directory).looking() as watch, opened as serving:
                for question in _mixed(names, end):
                    serving.count(serving.ask(question))
                bench.note(case, contender.name, serving.memory(), way=way)
            bench.saw(contender, watch.largest)


def _mixed(names: Sequence[tuple[str, str]], end: int) -> Iterator[Question]:
    """A morning of charts: single ones, boards of twenty, all at once, whole and zoomed in."""
    for turn, series in itertools.product(range(10), ([7], range(20), range(100, 120), range(0, 1_000, 10))):
        chosen = [names[n] for n in series if n < len(names)]
        frm = START + (end - START) * turn // 20 + OFFSET
        if chosen:
            yield Question(chosen, frm, end, bucket_ms(frm, end, 1_000))


PARTS: Final[dict[str, Callable[[Bench], None]]] = {
    "size": part_size,
    "written": part_written,
    "query": part_query,
    "load": part_load,
    "memory": part_memory,
}

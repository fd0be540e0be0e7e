"""Telltale: the core put together as the server does it, in a process of its own; asked over HTTP and in process.

Readings that arrive go through the pipeline and are sealed and trimmed by the maintenance, with a clock that runs at
the pace of the data: a day passes in minutes, and whatever happens by the clock happens as often as in a day.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from bench.storage.contender import Contender, Filled, Question, Serving, Watch, commits, isolated
from bench.storage.data import Block, Feed
from bench.storage.servers import Http, OverHttp, at_rest
from bench.targets import ROOT, BenchError, Running, Telltale, free_port
from telemetry.core import Core, compose
from telemetry.history import Query
from telemetry.model import Batch, Kind, Reading, Refusal, Series
from telemetry.setting_loading import load as load_settings

if TYPE_CHECKING:
    from telemetry.columns import Columns
    from telemetry.store.records import Records

BULK: Final = 1_000_000
"""Readings handed over at once: 21 MB."""
LOOK_MS: Final = 5_000
"""The maintenance looks for work every five seconds, of the data's time."""
SERVER: Final = Telltale("telltale", commit_interval=1.0)


async def opened(directory: Path) -> Core:
    """The core on the database in ``directory``, its tasks started."""
    options = [("storage.path", str(directory / "telltale.db")), ("storage.commit_interval", "0")]
    core = await compose(load_settings(options, {}, directory / "config.ini"), demo=False)
    core.tasks.start(core.pipeline.run(), "pipeline")
    core.tasks.start(core.hub.run(), "hub")
    return core


async def closed(core: Core) -> None:
    """As the server ends."""
    await core.pipeline.stop()
    await core.tasks.close()
    core.accounts.close()
    await core.store.close(core.pipeline.handed_out)


async def introduced(core: Core, feed: Feed) -> dict[int, Series]:
    """The series of the feed, saved, by their numbers in the feed."""
    made = {}
    for number, (device, metric) in feed.names.items():
        if device not in core.registry.devices:
            core.registry.add_device(device, feed.began)
        made[number] = core.registry.add_series(Series(0, device, metric, f"{device}/{metric}", Kind.NUMBER))
    core.pipeline.submit(Batch([]))
    await core.pipeline.flush()
    return made


async def _arrive(directory: Path, feed: Feed, second: int) -> float:
    core = await opened(directory)
    now = feed.began
    core.clock._wall, core.clock._newest = lambda: now, 0  # noqa: SLF001 - the seam through which time runs faster
    core.tasks.start(core.maintenance.run(), "maintenance")
    series = await introduced(core, feed)
    spent, looked = 0.0, now
    for block in commits(feed, second):
        now = int(block.ts[-1])
        columns = block.series.tolist(), block.ts.tolist(), block.value.tolist()
        readings = [Reading(series[number], ts, value) for number, ts, value in zip(*columns, strict=True)]
        began = time.perf_counter()
        accepted = core.pipeline.submit(Batch(readings))
        if isinstance(accepted, Refusal):
            raise BenchError(f"refused: {accepted}")
        await accepted
        if now - looked >= LOOK_MS:
            looked = now
            await core.maintenance.seal()
            core.maintenance.wake()
        spent += time.perf_counter() - began
    began = time.perf_counter()
    await core.maintenance.seal(everything=True)
    await _trimmed(core)
    await closed(core)
    return spent + time.perf_counter() - began


async def _trimmed(core: Core) -> None:
    """Return once the maintenance has nothing left to do: it changed nothing when it was woken."""
    before, now = None, await core.store.read(_left)
    while now != before or core.maintenance.busy:
        core.maintenance.wake()
        await asyncio.sleep(0.5)
        before, now = now, await core.store.read(_left)


def _left(connection: Any) -> tuple[int, int]:
    """Rows of the journal, and pages that are free but not given back."""
    rows = connection.execute("SELECT count(*) FROM journal").fetchone()
    return int(rows[0]), int(connection.execute("PRAGMA freelist_count").fetchone()[0])


async def _load(directory: Path, feeds: Sequence[Feed]) -> float:
    from telemetry.store.records import Texts

    core = await opened(directory)
    spent = 0.0
    for feed in feeds:
        ids = {number: one.id for number, one in (await introduced(core, feed)).items()}
        for block in feed.blocks(BULK):
            some = records(block, ids)
            began = time.perf_counter()
            await core.maintenance.load(some, Texts())
            spent += time.perf_counter() - began
    began = time.perf_counter()
    await closed(core)
    return spent + time.perf_counter() - began


def records(block: Block, ids: dict[int, int]) -> Records:
    """The block as the store takes it."""
    import numpy as np

    from telemetry.store.records import LAYOUT

    found = np.zeros(len(block), dtype=LAYOUT)
    place = np.zeros(max(ids) + 1, dtype=np.uint32)
    place[list(ids)] = list(ids.values())
    found["series"], found["ts"], found["value"] = place[block.series], block.ts, block.value
    return found


def run_arrive(directory: Path, feed: Feed, second: int) -> float:
    """In a process of its own."""
    return asyncio.run(_arrive(directory, feed, second))


def run_load(directory: Path, feeds: Sequence[Feed]) -> float:
    """In a process of its own."""
    return asyncio.run(_load(directory, feeds))


class Json(OverHttp):
    """``/api/history`` as the page asks it."""

    accept = "application/json"

    def ask(self, question: Question) -> bytes:
        """One request for all series."""
        asked = [("series", "/".join(name)) for name in question.series]
        asked += [("from", str(question.frm)), ("to", str(question.to)), ("points", str(question.points))]
        return self.http.ask("GET", "/api/history?" + urlencode(asked), Accept=self.accept)

    def count(self, answer: bytes) -> int:
        """The columns ``count``; raw answers have a reading in each row."""
        return sum(
            len(one["t"]) if one["resolution"] == "raw" else sum(one["count"])
            for one in json.loads(answer)["series"].values()
        )


class Binary(Json):
    """The same in columns of floats."""

    accept = "application/octet-stream"

    def count(self, answer: bytes) -> int:
        """As the header says where it lies."""
        import numpy as np

        length = int.from_bytes(answer[:4], "little")
        values = np.frombuffer(answer, "<f8", offset=4 + length)
        total, at = 0, 0
        for one in json.loads(answer[4 : 4 + length])["series"]:
            for column in one["columns"]:
                if column == "count":
                    total += int(values[at : at + one["n"]].sum())
                at += one["n"]
            total += one["n"] if one["resolution"] == "raw" else 0
        return total


class Direct(Serving):
    """The history of the core, in this process."""

    def __init__(self, loop: asyncio.AbstractEventLoop, core: Core) -> None:
        self._loop = loop
        self._core = core

    def ask(self, question: Question) -> dict[str, Columns]:
        """Columns, not encoded."""
        names = ["/".join(name) for name in question.series]
        query = Query(names, question.frm, question.to, question.points)
        # not runner.run: its handler of SIGINT makes the repr of every answer
        return self._loop.run_until_complete(self._core.history.query(query, lambda: False))

    def count(self, answer: dict[str, Columns]) -> int:
        """As over HTTP."""
        return sum(int(one.columns["count"].sum()) if one.resolution else len(one) for one in answer.values())


class Ours(Contender):
    """The server of this repository."""

    name = "telltale"
    label = "Telltale"

    def version(self) -> str:
        """Of what it stands on."""
        versions = SERVER.versions(None)  # type: ignore[arg-type]  # it asks the interpreter, not a running server
        return ", ".join(f"{name} {version}" for name, version in versions.items())

    def arrive(self, directory: Path, feed: Feed, second: int) -> Filled:
        """Through the pipeline, a commit for each ``second`` ms; sealed and trimmed meanwhile and at the end."""
        return _filled(directory, feed.readings, run_arrive, directory, feed, second)

    def load(self, directory: Path, feeds: Sequence[Feed]) -> Filled:
        """Through ``Maintenance.load``."""
        return _filled(directory, sum(feed.readings for feed in feeds), run_load, directory, feeds)

    def load_csv(self, directory: Path, file: Path) -> Filled:
        """The command line's ``import``, its start and end included."""
        command = [*SERVER.command(directory, free_port()), "import", str(file)]
        with Watch(directory).looking() as watch:
            began = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
            seconds = time.perf_counter() - began
        if done.returncode:
            raise BenchError(f"import: {done.stderr[-2000:]}")
        with file.open("rb") as lines:
            count = sum(1 for _ in lines) - 1
        return Filled(count, seconds, wal=watch.largest)

    def serving(self, directory: Path) -> list[tuple[str, AbstractContextManager[Serving]]]:
        """Three ways."""
        return [
            ("HTTP, JSON", _served(directory, Json)),
            ("HTTP, binary", _served(directory, Binary)),
            ("in process", _direct(directory)),
        ]


def _filled(directory: Path, readings: int, function: Callable[..., float], *args: object) -> Filled:
    with Watch(directory).looking() as watch:
        seconds, written, peak = isolated(function, *args)
    return Filled(readings, seconds, written, peak, watch.largest)


@contextmanager
def _served(directory: Path, serving: type[Json]) -> Iterator[Serving]:
    with Running(SERVER, directory) as server:
        headers = {"Authorization": f"Bearer {SERVER.token(directory)}"}
        at_rest(server)
        with Http(server.port, headers) as http, closing_down(server):
            yield serving(server, http)


@contextmanager
def closing_down(server: Running) -> Iterator[None]:
    """Stop in order when all went well."""
    yield
    server.stop()


@contextmanager
def _direct(directory: Path) -> Iterator[Serving]:
    with asyncio.Runner() as runner:
        core = runner.run(opened(directory))
        try:
            yield Direct(runner.get_loop(), core)
        finally:
            runner.run(closed(core))

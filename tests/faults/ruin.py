"""A database with a known content, ways to damage its files, and what must hold of whatever is opened afterwards."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from telemetry.clock import monotonic, wall_ms
from telemetry.core import Core, compose
from telemetry.history import Query
from telemetry.lock import DatabaseLock
from telemetry.model import Batch, Kind, Reading, Refusal, Series, Value, kind_of
from telemetry.settings import Settings

EVER = 1 << 53
STEP = 1_000
ROUNDS, PER_ROUND = 8, 600

Truth = dict[str, dict[int, Value]]
"""By series: what each time holds."""


@dataclass
class Original:
    """Files as a killed or a stopped server leaves them, and all that was acknowledged."""

    folder: Path
    truth: Truth
    latest: dict[str, tuple[int, Value]]


def settings_for(path: Path) -> Settings:
    fresh = Settings()
    return replace(fresh, storage=replace(fresh.storage, path=path, commit_interval=0.0))


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[Core]:
    """A core on a database, as the server runs it, without sockets."""
    core = await compose(settings_for(path), demo=False)
    core.tasks.start(core.pipeline.run(), "pipeline")
    try:
        yield core
    finally:
        await core.pipeline.stop()
        await core.tasks.close()
        core.accounts.close()
        await core.store.close(core.pipeline.handed_out)


def build(folder: Path, *, killed: bool, start: int) -> Original:
    """Make a database: numbers, booleans and texts, late and repeated readings, most of it sealed."""
    truth: Truth = {}
    chance = random.Random(1)

    async def body() -> None:
        path = folder / "live" / "x.db"
        path.parent.mkdir()
        lock = DatabaseLock(path)
        async with running(path) as core:
            lock.record(Path("somewhere"))
            for part in range(ROUNDS - 3):
                await _send(core, truth, chance, start + part * PER_ROUND * STEP)
                await core.maintenance.seal(everything=True)
        async with running(path) as core:
            for part in range(ROUNDS - 3, ROUNDS):
                await _send(core, truth, chance, start + part * PER_ROUND * STEP)
                if part < ROUNDS - 1:
                    await core.maintenance.seal(everything=True)
            if killed:
                _copy_all(path.parent, folder)
        if not killed:
            _copy_all(path.parent, folder)
        lock.release()

    folder.mkdir()
    asyncio.run(body())
    shutil.rmtree(folder / "live")
    return Original(folder, truth, {name: max(values.items()) for name, values in truth.items()})


def _copy_all(source: Path, to: Path) -> None:
    for file in source.iterdir():
        if not file.is_socket():
            shutil.copy(file, to / file.name)


async def _send(core: Core, truth: Truth, chance: random.Random, start: int) -> None:
    for at in range(0, PER_ROUND, 50):
        readings = []
        for name in ("a/t", "a/on", "b/state", "b/h", "c with ä/p"):
            device, metric = name.split("/")
            owner = core.registry.devices.get(device) or core.registry.add_device(device, wall_ms())
            series = owner.series.get(metric) or core.registry.add_series(Series(0, device, metric, name, Kind.NUMBER))
            for n in range(at, at + 50):
                ts = start + n * STEP + chance.randrange(300)
                if n % 97 == 96:
                    ts -= 700 * STEP  # late: into what is sealed
                value = _value(name, n, chance)
                readings.append(Reading(series, ts, value))
                truth.setdefault(name, {})[ts] = value
        future = core.pipeline.submit(Batch(readings, "a"), urgent=True)
        assert not isinstance(future, Refusal)
        await future


def _value(name: str, n: int, chance: random.Random) -> Value:
    if name == "a/on":
        return n % 7 < 3
    if name == "b/state":
        return ("idle", "läuft", "fault")[n // 40 % 3]
    return round(20 + n / 100 + chance.random(), 2)


def flip(file: Path, chance: random.Random, most: int = 64) -> None:
    """Change 1 to ``most`` bytes that lie together."""
    data = bytearray(file.read_bytes())
    count = chance.randint(1, most)
    at = chance.randrange(max(1, len(data) - count))
    for offset in range(at, min(len(data), at + count)):
        data[offset] ^= chance.randrange(1, 256)
    file.write_bytes(data)


def tear(file: Path, chance: random.Random) -> None:
    """Lose a page in the middle: zeros, or another page in its place."""
    data = bytearray(file.read_bytes())
    pages = len(data) // 4096
    at, other = chance.randrange(1, pages), chance.randrange(pages)
    page = bytes(4096) if chance.random() < 0.5 else bytes(data[other * 4096 : other * 4096 + 4096])
    data[at * 4096 : at * 4096 + 4096] = page
    file.write_bytes(data)


def truncate(file: Path, chance: random.Random) -> None:
    """Lose the end."""
    size = file.stat().st_size
    with file.open("rb+") as opened:
        opened.truncate(chance.choice([0, chance.randrange(size), chance.randrange(size) // 4096 * 4096]))


DAMAGE: list[tuple[str, Callable[[Path, random.Random], None]]] = [
    ("x.db", flip),
    ("x.db", flip),
    ("x.db", flip),
    ("x.db", tear),
    ("x.db", tear),
    ("x.db-wal", flip),
    ("x.db-wal", flip),
    ("x.db", truncate),
]


@dataclass
class Aftermath:
    """What was found after a damaged database was opened."""

    missing: int
    damaged: bool
    seconds: float
    replaced: bool
    wrong: list[str]


async def aftermath(path: Path, original: Original) -> Aftermath:
    """Open it as the server does, send a reading at once, let it save what it can, and compare all it serves."""
    began = monotonic()
    broken = True
    restarts = 0
    while broken:
        async with running(path) as core:
            taken = core.pipeline.submit(_probe(core), urgent=True)
            assert not isinstance(taken, Refusal), taken
            try:
                await taken
                seconds = monotonic() - began
                await core.damages.run()
                if core.store.broken is None:
                    wrong, missing = await _compare(core, original)
                    damaged = core.damages.damaged
            except Exception:
                if core.store.broken is None:
                    raise
            broken = core.store.broken is not None
            restarts += 1
            assert restarts < 4, core.store.broken
    folders = list(path.parent.glob("x.db.damaged-*"))
    return Aftermath(missing, damaged, seconds, bool(folders), wrong)


def _probe(core: Core) -> Batch:
    device = core.registry.devices.get("new") or core.registry.add_device("new", wall_ms())
    series = device.series.get("n") or core.registry.add_series(Series(0, "new", "n", "new/n", Kind.NUMBER))
    return Batch([Reading(series, wall_ms(), 1.0)], "new")


async def _compare(core: Core, original: Original) -> tuple[list[str], int]:
    """(values that are not the truth, readings that are not there)."""
    wrong: list[str] = []
    missing = 0
    for name, truth in original.truth.items():
        answer = await core.history.query(Query([name], 0, EVER, 1_000_000), lambda: False)
        have: dict[int, Value] = {}
        if name in answer:
            have = dict(zip(answer[name].values("t"), answer[name].values("v"), strict=True))
        for ts, value in have.items():
            if ts not in truth or value != truth[ts]:
                wrong.append(f"{name} at {ts}: {value} instead of {truth.get(ts)}")
        missing += len(truth.keys() - have.keys())
        known = core.registry.series.get(name)
        if known is not None and known.latest is not None:
            ts, latest = known.latest
            if truth.get(ts) != latest or kind_of(truth[ts]) is not kind_of(latest):
                wrong.append(f"latest of {name}: {known.latest}")
        wrong += await _buckets(core, name, truth)
    strangers = set(core.registry.series) - original.truth.keys() - {"new/n"}
    wrong += [f"series {name}" for name in strangers if not name.startswith("damaged/")]
    return wrong, missing


async def _buckets(core: Core, name: str, truth: dict[int, Value]) -> list[str]:
    wrong = []
    for points in (20, 200):
        answer = await core.history.query(Query([name], 0, EVER, points), lambda: False)
        one = answer.get(name)
        if one is None or "min" not in one.columns:
            continue
        width = one.resolution or 1
        rows = zip(*(one.values(key) for key in ("t", "min", "max", "avg", "count")), strict=True)
        for t, low, high, avg, count in rows:
            inside = [float(v) for ts, v in truth.items() if t <= ts < t + width]
            if count > len(inside) or low not in inside or high not in inside:
                wrong.append(f"{name} bucket {t}: {low}, {high}, {count} of {len(inside)}")
            elif count == len(inside) and abs(avg - sum(inside) / len(inside)) > 1e-6:
                wrong.append(f"{name} bucket {t}: average {avg}")
    return wrong


def log_of(path: Path) -> object:
    """What the lock file says, for a failing test."""
    return json.loads(Path(f"{path}.lock").read_text())

"""Damage in a running core: mended while it is read, told to everyone, acknowledged by a person."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from telemetry.channel import Caller, Direct, nothing
from telemetry.history import Query
from telemetry.lock import DatabaseLock
from telemetry.long_commands import LongCommands
from telemetry.model import Batch, Kind, Reading, Refusal, Series
from telemetry.store import quarantine
from telemetry.store.db import StoreError
from tests.faults.ruin import EVER, running
from tests.telemetry.kit import T0, actor, until


def readings(core: object, count: int) -> Batch:
    registry = core.registry  # type: ignore[attr-defined]
    device = registry.devices.get("a") or registry.add_device("a", T0)
    series = device.series.get("t") or registry.add_series(Series(0, "a", "t", "a/t", Kind.NUMBER))
    return Batch([Reading(series, T0 + n * 1_000, n / 4) for n in range(count)], "a")


async def fill(path: Path) -> None:
    async with running(path) as core:
        taken = core.pipeline.submit(readings(core, 3_000), urgent=True)
        assert not isinstance(taken, Refusal)
        await taken
        await core.maintenance.seal(everything=True)


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def tear(path: Path) -> None:
    """Lose the page at the root of the chunks' data."""
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'chunk_data'").fetchone()
    data = bytearray(path.read_bytes())
    data[(root - 1) * 4096 : root * 4096] = bytes(4096)
    path.write_bytes(data)


def empty(folder: Path) -> None:
    """Delete what was put aside."""
    for kept in folder.glob("x.db.damaged-*"):
        for file in kept.iterdir():
            file.unlink()


class Listener:
    operator = True
    scope = None

    def __init__(self) -> None:
        self.events: list[dict[str, object]] = []
        self.spans: list[object] = []

    def event(self, key: str, body: str) -> None:
        self.events.append(json.loads(body))

    def changed(self, spans: object) -> None:
        self.spans.append(spans)


def test_a_chunk_that_went_bad_is_a_gap_and_everyone_hears_of_it(tmp_path: Path) -> None:
    path = tmp_path / "x.db"

    async def body() -> None:
        await fill(path)
        async with running(path) as core:
            assert core.damages.report()["damaged"] is False
            listener = Listener()
            core.hub.register(listener)  # type: ignore[arg-type]
            change(path, "UPDATE chunk_data SET crc = crc + 1")
            answer = await core.history.query(Query(["a/t"], 0, EVER, 1_000_000), lambda: False)
            assert len(answer["a/t"]) == 0
            report = core.damages.report()
            assert report["damaged"] is True
            assert listener.events[-1]["storage"]["damaged"] is True  # type: ignore[index]
            assert listener.spans
            assert await core.damages.acknowledge(actor("mia")) == 1
            assert listener.events[-1]["storage"]["damaged"] is False  # type: ignore[index]
            core.hub.unregister(listener)  # type: ignore[arg-type]
        async with running(path) as core:
            assert core.damages.report()["damaged"] is False
            assert core.damages.report()["count"] == 1

    asyncio.run(body())


def test_a_look_after_the_start_finds_what_nobody_reads(tmp_path: Path) -> None:
    path = tmp_path / "x.db"

    async def body() -> None:
        await fill(path)
        change(path, "UPDATE rollup_15m SET count = count + 1")
        async with running(path) as core:
            await core.damages.run()
            assert core.damages.damaged
        async with running(path) as core:
            count = core.damages.report()["count"]
            await core.damages.run()
            assert core.damages.report()["count"] == count

    asyncio.run(body())


def test_nobody_waits_for_the_look_after_the_start_nor_for_a_check(tmp_path: Path) -> None:
    """Both go on while someone else changes chunks, and hold nobody up."""
    path = tmp_path / "x.db"

    async def body() -> None:
        await fill(path)
        change(path, "UPDATE rollup_15m SET count = count + 1")
        async with running(path) as core, asyncio.timeout(60):
            async with core.maintenance.exclusive("a test"):
                await core.damages.run()
                answer = await LongCommands(core).run({"command": "check"}, Direct(Caller(nothing())))
            assert core.damages.damaged
            assert answer["lines"][-1]["readings"] == 3_000

    asyncio.run(body())


@pytest.mark.parametrize("patience", [30.0, 0.01])
def test_the_look_gives_way_to_those_who_read_but_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    path = tmp_path / "x.db"
    monkeypatch.setattr("telemetry.damage.GIVE_WAY", patience)
    begun, enough = threading.Event(), threading.Event()

    def long(_: object) -> None:
        begun.set()
        enough.wait(30)

    async def body() -> None:
        await fill(path)
        change(path, "UPDATE rollup_15m SET count = count + 1")
        async with running(path) as core, asyncio.timeout(60):
            reader = asyncio.create_task(core.store.read(long))
            await asyncio.to_thread(begun.wait, 30)
            look = asyncio.create_task(core.damages.run())
            if patience > 1:
                await asyncio.sleep(0.5)
                assert not look.done()
                enough.set()
            await look
            assert core.damages.damaged
            enough.set()
            await reader

    asyncio.run(body())


def test_a_broken_file_takes_no_more_writes_and_asks_for_a_new_start(tmp_path: Path) -> None:
    path = tmp_path / "x.db"

    async def body() -> None:
        await fill(path)
        async with running(path) as core:
            stopped = asyncio.Event()
            core.damages.on_broken(stopped.set)
            tear(path)
            with pytest.raises(StoreError):
                await core.store.read(lambda c: c.execute("SELECT * FROM chunk_data").fetchall())
            await until(stopped.is_set)
            assert quarantine.note_of(path).exists()
            with pytest.raises(StoreError, match="damaged"):
                await core.store.write(lambda c: c.execute("SELECT 1").fetchone())
            late = asyncio.Event()
            core.damages.on_broken(late.set)
            assert late.is_set()
        async with running(path) as core:
            await core.damages.run()
            assert core.damages.damaged
            assert core.store.broken is None
            assert core.registry.series.keys() == {"a/t"}

    asyncio.run(body())


def test_a_folder_that_is_gone_ends_the_salvage_and_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.db"

    async def body() -> None:
        await fill(path)
        quarantine.condemn(path, "a test")
        async with running(path) as core:
            empty(tmp_path)
            await core.damages.run()
            found = core.damages.report()["found"]
            assert "error" in found[0]  # type: ignore[index]
        async with running(path) as core:
            await core.damages.run()
            assert core.damages.report()["salvage"] is None

    asyncio.run(body())


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_text("Dear Mia" * 1_000)

    async def body() -> None:
        with pytest.raises(StoreError, match="not a database"):
            async with running(path):
                pass

    asyncio.run(body())
    assert path.read_text().startswith("Dear Mia")


def test_one_that_served_before_is_replaced_even_if_nothing_of_it_is_left(tmp_path: Path) -> None:
    path = tmp_path / "x.db"

    async def body() -> None:
        lock = DatabaseLock(path)
        await fill(path)
        lock.record(Path("somewhere"))
        lock.release()
        path.write_bytes(b"")
        async with running(path) as core:
            await core.damages.run()
            assert core.damages.damaged

    asyncio.run(body())

"""Purging beside a running pipeline: by age, by quota, and what the disk sees of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from telemetry import purging
from telemetry.clock import Clock
from telemetry.model import Batch, Reading, Refusal
from telemetry.purging import Purging
from telemetry.retention import Rules
from telemetry.setting_values import ages
from telemetry.settings import RetentionSettings
from telemetry.store import chunks, ledger, rollups, space
from telemetry.store.db import Connection
from telemetry.store.levels import DAY, HOUR, LEVELS, MINUTE
from telemetry.store.limits import MIB, UNLIMITED, Limits, limits
from telemetry.store.records import Texts
from tests.telemetry.kit import T0, Kit, core, until
from tests.telemetry.store.kit import EVER, packed

QUOTA = 16 * MIB
NOW = T0 + 30 * DAY
RELEASED = 1_800_000_000_000


@asynccontextmanager
async def running(
    path: Path, settings: RetentionSettings, room: Limits = UNLIMITED, now: int = RELEASED, **options: int
) -> AsyncIterator[tuple[Kit, Purging]]:
    """A core that purges; the maintenance is not started."""
    async with core(path, room=room, max_pending=room.pending or 200_000) as kit:
        clock = Clock(0, lambda: now)
        yield kit, Purging(kit.store, kit.registry, kit.pipeline, kit.maintenance, clock, Rules(settings), **options)


async def filled(kit: Kit, metric: str, count: int, pace: int, start: int) -> None:
    """Sealed readings of one series."""
    series = kit.series(metric)
    kit.registry.unsaved_series.clear()
    kit.registry.unsaved_devices.clear()
    await kit.store.write(lambda c: _known(c, series.id, metric))
    texts = Texts()
    values = random.Random(count)
    points = [(start + pace * i, values.random()) for i in range(count)]
    await kit.maintenance.load(packed(points, texts, series.id), texts)


def _known(connection: Connection, id_: int, metric: str) -> None:
    connection.execute("INSERT OR IGNORE INTO devices (id, created) VALUES ('a', 0)")
    row = "INSERT OR IGNORE INTO series (id, device, metric, name, kind) VALUES (?, 'a', ?, ?, 'number')"
    connection.execute(row, (id_, metric, f"a/{metric}"))


async def span(kit: Kit, metric: str) -> tuple[int, int] | None:
    """The first and last sealed reading of a series, from its chunks."""
    id_ = kit.series(metric).id
    found = await kit.store.read(lambda c: chunks.headers(c, id_, -EVER, EVER))
    return (int(found["first_ts"][0]), int(found["last_ts"][-1])) if len(found) else None


async def balanced(kit: Kit) -> ledger.Accounts:
    """The accounts; their sum fits."""
    one = await kit.store.read(ledger.accounts)
    assert one.journalled == one.stored + one.duplicate + one.deleted + one.unsealed
    return one


def test_each_series_is_cut_by_its_own_rule(tmp_path: Path) -> None:
    settings = RetentionSettings(
        raw=ages("a/keep forever, a/short 2d, 10d"), rollup_1m=ages("20d"), rollup_1h=ages("a/short 1d")
    )

    async def body() -> None:
        async with running(tmp_path / "x.db", settings) as (kit, some):
            start = RELEASED - 30 * DAY
            for metric in ("keep", "short", "other"):
                await filled(kit, metric, 30 * 8_640, 10_000, start)
            await some.expire()
            assert await span(kit, "keep") == (start, start + 30 * DAY - 10_000)
            found = await span(kit, "short"), await span(kit, "other")
            for one, age in zip(found, (2 * DAY, 10 * DAY), strict=True):
                assert one is not None
                assert RELEASED - age - 8_192 * 10_000 <= one[0] <= RELEASED - age
                assert one[1] == start + 30 * DAY - 10_000
            short, other = kit.series("short").id, kit.series("other").id
            for width, series, first in (
                (HOUR, short, RELEASED - DAY),
                (DAY, short, start),
                (HOUR, other, start),
            ):
                rows = await kit.store.read(lambda c, w=width, s=series: rollups.read(c, w, s, -EVER, EVER))
                assert abs(int(rows["t"][0]) - first) <= width
            assert (await balanced(kit)).deleted > 0
            assert kit.registry.series["a/short"].name == "a/short"

    asyncio.run(body())


def test_nothing_is_deleted_while_the_clock_is_wrong_or_without_rules(tmp_path: Path) -> None:
    async def body(settings: RetentionSettings, now: int) -> None:
        async with running(tmp_path / "x.db", settings, now=now) as (kit, some):
            await filled(kit, "t", 5_000, 1_000, T0 - 5_000 * DAY)
            await some.by_age()
            assert (await balanced(kit)).deleted == 0

    asyncio.run(body(RetentionSettings(), RELEASED))
    asyncio.run(body(RetentionSettings(raw=ages("1d")), T0))


def test_it_looks_again_only_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        async with running(tmp_path / "x.db", RetentionSettings(raw=ages("1d"))) as (kit, some):
            await some.by_age()
            await filled(kit, "t", 100, 1_000, T0)
            await some.by_age()
            assert (await balanced(kit)).deleted == 0
            monkeypatch.setattr(purging, "EVERY", 0.0)
            some._next = 0.0
            await some.by_age()
            assert (await balanced(kit)).deleted == 100

    asyncio.run(body())


def test_deleted_readings_give_their_space_back_to_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "x.db"

    async def body() -> None:
        settings = RetentionSettings(raw=ages("1d"))
        async with running(path, settings, roomy=MIB) as (kit, some):
            await filled(kit, "t", 1_000_000, 1_000, T0)
            await kit.store.empty_log()
            before = path.stat().st_size
            assert before > 5 * MIB
            await some.give_back()
            assert path.stat().st_size == before, "nothing is free yet"
            await some.expire()
            await some.give_back()
            assert path.stat().st_size < before / 2
            found = await kit.store.read(space.pages)
            assert found.free <= MIB

    asyncio.run(body())


def test_commits_go_on_while_much_is_deleted(tmp_path: Path) -> None:
    """And the sum of the accounts holds all the time."""

    async def body() -> None:
        async with running(tmp_path / "x.db", RetentionSettings(raw=ages("1d"))) as (kit, some):
            for metric in ("a", "b", "c"):
                await filled(kit, metric, 400_000, 60_000, T0 - 300 * DAY)
            slowest, at, loop = 0.0, 0, asyncio.get_running_loop()
            job = kit.tasks.start(some.expire(), "retention")
            while not job.done():
                begin = loop.time()
                await kit.send([(NOW - T0 + at, 1.0)])
                slowest = max(slowest, loop.time() - begin)
                at += 1
                await balanced(kit)
                await kit.maintenance.seal(everything=at % 10 == 0)
            await job
            assert at > 5
            assert slowest < 1.0
            assert (await balanced(kit)).deleted == 1_200_000

    asyncio.run(body())


def flood(kit: Kit, at: int) -> bool:
    """1,000 readings of 20 series that can hardly be compressed; whether they were taken."""
    values = random.Random(at)
    some = [
        Reading(kit.series(f"m{s}"), T0 + (at * 50 + i) * 1_000, values.random()) for i in range(50) for s in range(20)
    ]
    return not isinstance(kit.pipeline.submit(Batch(some, "a")), Refusal)


def test_quota_holds_while_far_more_than_fits_comes_in(tmp_path: Path) -> None:
    path = tmp_path / "x.db"

    async def body() -> None:
        async with running(path, RetentionSettings(), limits(QUOTA)) as (kit, _):
            loop = asyncio.get_running_loop()
            kit.tasks.start(kit.maintenance.run(), "maintenance")
            taken, last, pause = 0, loop.time(), 0.0
            while taken < 2_000:
                done = kit.metrics.journalled
                if flood(kit, taken):
                    taken += 1
                await asyncio.sleep(0.002)
                if kit.metrics.journalled > done:
                    pause, last = max(pause, loop.time() - last), loop.time()
                assert space.files(path).total <= QUOTA
                if taken % 50 == 0:
                    await balanced(kit)
            await kit.pipeline.flush()
            assert kit.metrics.commits_failed == 0
            assert pause < 2.0, "of which ingest is to have no more than one even on a fast machine"
            await kit.maintenance.seal(everything=True)
            accounts = await balanced(kit)
            assert accounts.journalled == 2_000_000
            assert accounts.deleted > 1_000_000
            for series in ("m0", "m19"):
                found = await span(kit, series)
                assert found is not None
                assert found[1] == T0 + (2_000 * 50 - 1) * 1_000, "the newest is there"
                assert found[0] > T0 + DAY // 4, "and the oldest gone"
                id_ = kit.series(series).id
                first = await kit.store.read(lambda c, s=id_: rollups.read(c, DAY, s, -EVER, EVER))
                assert first["t"][0] <= T0, "roll-ups outlive the readings"
                assert first["count"].sum() == 100_000

    asyncio.run(body())


def test_finest_rollups_go_when_they_take_most(tmp_path: Path) -> None:
    """Sparse enough that a row of each minute takes far more than the readings do."""

    async def body() -> None:
        async with running(tmp_path / "x.db", RetentionSettings()) as (kit, _):
            await filled(kit, "t", 20_000, 2_000, T0)
        async with running(tmp_path / "x.db", RetentionSettings(), limits(QUOTA)) as (kit, some):
            id_ = kit.series("t").id
            monitored = kit.store.bounds
            rows = [await kit.store.read(lambda c, w=w: len(rollups.read(c, w, id_, -EVER, EVER))) for w in LEVELS]
            monitored.limits = monitored.limits._replace(
                low=monitored.pages.used - 1, target=monitored.pages.used - 20_000
            )
            purging_share, purging.SHARE = purging.SHARE, 0
            try:
                await some.make_room()
            finally:
                purging.SHARE = purging_share
            left = [await kit.store.read(lambda c, w=w: len(rollups.read(c, w, id_, -EVER, EVER))) for w in LEVELS]
            assert left[0] < rows[0]
            assert left[1:] == rows[1:]
            assert (await balanced(kit)).deleted == 0
            minutes = await kit.store.read(lambda c: rollups.read(c, MINUTE, id_, -EVER, EVER))
            assert minutes["t"][0] > T0, "the oldest went"

    asyncio.run(body())


def test_readings_are_refused_while_there_is_no_room_and_taken_again_at_once(tmp_path: Path) -> None:
    async def body() -> None:
        async with running(tmp_path / "x.db", RetentionSettings(), limits(QUOTA)) as (kit, _):
            at = 0
            while flood(kit, at):
                at += 1
                await kit.pipeline.flush()
            refused = kit.pipeline.submit(Batch([Reading(kit.series(), T0, 1.0)], "a"))
            assert isinstance(refused, Refusal)
            assert "quota" in refused.message
            kit.tasks.start(kit.maintenance.run(), "maintenance")
            await until(lambda: flood(kit, at))
            assert kit.metrics.commits_failed == 0

    asyncio.run(body())


def test_smaller_quota_shrinks_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "x.db"

    async def body() -> None:
        async with running(path, RetentionSettings()) as (kit, _):
            await filled(kit, "t", 3_000_000, 1_000, T0)
        assert path.stat().st_size > QUOTA
        async with running(path, RetentionSettings(), limits(QUOTA)) as (kit, some):
            await some.make_room()
            assert space.files(path).total <= QUOTA
            await balanced(kit)
            kit.series("t")
            found = await span(kit, "t")
            assert found is not None
            assert found[1] == T0 + 2_999_999_000

    asyncio.run(body())

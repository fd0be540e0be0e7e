"""The pipeline: what an acknowledgement means, and what happens when the disk does not take it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from telemetry.clock import monotonic
from telemetry.ingest import CALM
from telemetry.model import Batch, Reading, Reason, Refusal
from telemetry.store.db import StoreError
from tests.telemetry.kit import T0, core, until


def test_future_resolves_only_after_the_rows_are_committed(tmp_path: Path) -> None:
    """Invariant 1: when the future is done, another connection reads the row."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0), (1, 2.0)])
            rows = await kit.store.read(lambda c: c.execute("SELECT first_seq, count FROM journal").fetchall())
            assert rows == [(1, 2)]
            assert kit.metrics.journalled == kit.metrics.received == 2

    asyncio.run(body())


def test_live_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    """Invariant 2: a reading is pushed while its commit is still a minute away."""

    async def body() -> None:
        async with core(tmp_path / "x.db", interval=60) as kit:
            viewer = kit.viewer()
            await viewer.subscribe("*")
            future = kit.send([(0, 1.0)])
            await until(lambda: viewer.readings)
            assert not future.done()
            assert viewer.readings == [("a/t", 0, 1.0)]

    asyncio.run(body())


def test_batches_of_one_group_share_a_future_and_a_row(tmp_path: Path) -> None:
    """Group commit: many batches, one transaction, one journal row."""

    async def body() -> None:
        async with core(tmp_path / "x.db", interval=60) as kit:
            futures = {kit.send([(n, float(n))]) for n in range(50)}
            assert len(futures) == 1
            await kit.pipeline.flush()
            rows = await kit.store.read(lambda c: c.execute("SELECT count FROM journal").fetchall())
            assert rows == [(50,)]

    asyncio.run(body())


def test_full_queue_is_refused_and_takes_again_when_there_is_room(tmp_path: Path) -> None:
    """Invariant 7: the bound answers ``try_later`` with a time, and nothing of the batch was taken."""

    async def body() -> None:
        async with core(tmp_path / "x.db", interval=60, max_pending=10) as kit:
            kit.send([(n, 0.0) for n in range(10)])
            extra = Batch([Reading(kit.series(), T0 + 99, 1.0)], "a")
            refusal = kit.pipeline.submit(extra)
            assert isinstance(refusal, Refusal)
            assert refusal.code is Reason.TRY_LATER
            assert refusal.retry_after
            assert kit.series().latest == (T0 + 9, 0.0)
            await kit.pipeline.flush()
            assert not isinstance(kit.pipeline.submit(extra), Refusal)

    asyncio.run(body())


def test_envelopes_without_readings_are_bounded_too(tmp_path: Path) -> None:
    """Invariant 7: a device that sends empty envelopes fills the same queue."""

    async def body() -> None:
        async with core(tmp_path / "x.db", interval=60, max_pending=10) as kit:
            for mark in range(10):
                kit.send([], mark=mark)
            assert isinstance(kit.pipeline.submit(Batch([], "a", ("a", 10))), Refusal)
            await kit.pipeline.flush()
            kit.send([], mark=10)

    asyncio.run(body())


def test_failed_commit_fails_everything_pending_and_tells_browsers(tmp_path: Path) -> None:
    """A failed commit is not an ack: latest goes back, browsers hear ``changed``, the sums still add up."""

    async def body() -> None:
        async with core(tmp_path / "x.db", interval=60) as kit:
            viewer = kit.viewer()
            await viewer.subscribe("*")
            await asyncio.gather(kit.send([(0, 1.0)]), kit.pipeline.flush())
            kit.store.failing = True
            lost = kit.send([(5, 2.0), (6, 3.0)])
            await kit.pipeline.flush()
            with pytest.raises(StoreError):
                lost.result()
            assert kit.series().latest == (T0, 1.0)
            await until(lambda: any("changed" in frame for frame in viewer.frames))
            changed = next(frame for frame in viewer.frames if "changed" in frame)
            assert changed["changed"] == [["a/t", T0 + 5, T0 + 6]]
            assert isinstance(kit.pipeline.submit(Batch([], "a")), Refusal)
            metrics = kit.metrics
            assert metrics.received == metrics.journalled + metrics.refused.total() + kit.pipeline.pending

    asyncio.run(body())


def test_disk_that_comes_back_is_noticed_without_a_restart(tmp_path: Path) -> None:
    """After a failure a probe reaches the disk; then the same readings are taken and kept."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            kit.store.failing = True
            with pytest.raises(StoreError):
                await kit.send([(0, 1.0)])
            kit.store.failing = False
            await until(lambda: kit.pipeline.healthy)
            await kit.send([(0, 1.0)])
            rows = await kit.store.read(lambda c: c.execute("SELECT sum(count) FROM journal").fetchall())
            assert rows == [(1,)]

    asyncio.run(body())


def test_cursor_among_lost_readings_is_not_resumable(tmp_path: Path) -> None:
    """A browser that saw readings which were then lost must load history again; one that heard ``changed`` need not."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0)])
            kit.store.failing = True
            with pytest.raises(StoreError):
                await kit.send([(1, 2.0), (2, 3.0)])
            epoch = kit.store.epoch
            assert await kit.replay.resumable(epoch, 1) is True
            assert await kit.replay.resumable(epoch, 2) is False
            assert await kit.replay.resumable(epoch, 3) is False
            assert await kit.replay.resumable(epoch, kit.pipeline.last_seq) is True

    asyncio.run(body())


def test_stop_commits_what_is_pending(tmp_path: Path) -> None:
    """An orderly stop loses nothing, and the next run goes on with the next seq."""

    async def body() -> None:
        async with core(tmp_path / "x.db", interval=60) as kit:
            kit.send([(0, 1.0), (1, 2.0)], mark=7)
        async with core(tmp_path / "x.db") as kit:
            assert kit.store.committed == 2
            assert kit.store.next_seq == 3
            assert kit.registry.devices["a"].last_id == 7
            assert kit.series().latest == (T0 + 1, 2.0)

    asyncio.run(body())


def test_disk_that_flaps_is_told_once_a_minute(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Invariant 7 for the log: a disk that takes a probe and fails the next commit does not fill it."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            kit.pipeline._pause = 0.0
            for n in range(3):
                kit.store.failing = True
                with pytest.raises(StoreError):
                    await kit.send([(n, 1.0)])
                kit.store.failing = False
                kit.pipeline._failed_at = monotonic()
                await until(lambda: kit.pipeline.healthy)
            assert kit.metrics.commits_failed == 3

    asyncio.run(body())
    assert [record.levelname for record in caplog.records if "telemetry" in record.name] == ["ERROR", "WARNING"]


def test_pause_grows_with_failures_in_a_row_and_stays_below_the_promise(tmp_path: Path) -> None:
    """Devices that wait for space wait at most five seconds for the server to notice."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            pauses = []
            for _ in range(4):
                kit.pipeline._failed(StoreError("made up"))
                pauses.append(kit.pipeline._pause)
            assert pauses == [1.0, 2.0, 4.0, 4.0]
            kit.pipeline._failed_at -= CALM
            kit.pipeline._failed(StoreError("made up"))
            assert kit.pipeline._pause == 1.0

    asyncio.run(body())

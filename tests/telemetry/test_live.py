"""The live session: snapshot, pushes, resume and conflation give exactly what the log holds."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.telemetry.kit import T0, Viewer, core, until


def test_snapshot_and_pushes_equal_the_log(tmp_path: Path) -> None:
    """Invariant 4: what was there comes with the answer, what follows is pushed once each, in order."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0)])
            viewer = kit.viewer()
            answer = await viewer.subscribe("a/*", "*/t")
            assert [(r.series.name, r.ts, r.value) for r in answer["latest"]] == [("a/t", T0, 1.0)]
            for n in range(1, 200):
                kit.send([(n, float(n))])
                kit.send([(n, True)], metric="hidden", device="b")
                if n % 7 == 0:
                    await asyncio.sleep(0)
            await kit.pipeline.flush()
            await until(lambda: viewer.seq == kit.pipeline.last_seq)
            assert viewer.readings == [("a/t", n, float(n)) for n in range(1, 200)]

    asyncio.run(body())


def test_new_series_reaches_patterns_that_match_it(tmp_path: Path) -> None:
    """A device that speaks for the first time appears to those who asked for its name."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            wide, narrow, none = kit.viewer(), kit.viewer(), kit.viewer()
            await wide.subscribe("*")
            await narrow.subscribe("new/*")
            await none.subscribe("old/*")
            await kit.send([(0, 1.0)], device="new")
            await until(lambda: wide.readings and narrow.readings)
            await until(lambda: none.seq >= 1)
            assert none.readings == []

    asyncio.run(body())


def test_resume_has_no_gap_and_no_repetition(tmp_path: Path) -> None:
    """A session that comes back at any position gets exactly what followed it, from disk and memory."""

    async def body() -> None:
        async with core(tmp_path / "x.db", interval=0.005) as kit:
            sent = 0

            async def feed() -> None:
                nonlocal sent
                while sent < 3000:
                    kit.send([(sent + n, float(sent + n)) for n in range(10)])
                    sent += 10
                    await asyncio.sleep(0)

            feeding = asyncio.get_running_loop().create_task(feed())
            got: list[float] = []
            seq, epoch = 0, kit.store.epoch
            while not feeding.done() or seq < kit.pipeline.last_seq:
                viewer = kit.viewer()
                answer = await viewer.subscribe("*", since=(epoch, seq))
                assert answer["recovered"] is True
                assert answer["seq"] == seq
                await until(lambda v=viewer, s=seq: v.seq > s or feeding.done())
                viewer.session.close()
                got += [value for _, _, value in viewer.readings]
                seq = max(seq, viewer.seq)
            assert got == [float(n) for n in range(3000)]

    asyncio.run(body())


def test_resume_works_across_a_restart(tmp_path: Path) -> None:
    """The log, not a ring in memory, serves a cursor from the run before."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(n, float(n)) for n in range(10)])
            epoch = kit.store.epoch
        async with core(tmp_path / "x.db") as kit:
            viewer = kit.viewer()
            answer = await viewer.subscribe("*", since=(epoch, 4))
            assert answer["recovered"] is True
            await kit.send([(10, 10.0)])
            await until(lambda: viewer.seq == kit.pipeline.last_seq)
            assert [value for _, _, value in viewer.readings] == [float(n) for n in range(4, 11)]

    asyncio.run(body())


def test_resume_is_refused_where_it_cannot_be_kept(tmp_path: Path) -> None:
    """Another epoch, a position beyond the log, one older than the window: the client is told to load history."""

    async def body() -> None:
        async with core(tmp_path / "x.db", resume_ms=0) as kit:
            await kit.send([(0, 1.0)])
            await kit.send([(1, 1.0)])
            await asyncio.sleep(0.01)
            for since in (("other", 1), (kit.store.epoch, 99), (kit.store.epoch, 1)):
                answer = await kit.viewer().subscribe("*", since=since)
                assert answer["recovered"] is False
                assert answer["seq"] == 2

    asyncio.run(body())


def test_patterns_added_later_resume_without_repeating_the_older_ones(tmp_path: Path) -> None:
    """``since`` applies to the patterns that are new in the command."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0)], device="a")
            await kit.send([(0, 2.0)], device="b")
            viewer = kit.viewer()
            await viewer.subscribe("a/*")
            await kit.send([(1, 3.0)], device="a")
            await until(lambda: len(viewer.readings) == 1)
            await viewer.subscribe("a/*", "b/*", since=(kit.store.epoch, 0))
            await kit.send([(2, 4.0)], device="a")
            await until(lambda: viewer.seq == kit.pipeline.last_seq and len(viewer.readings) == 3)
            assert sorted(viewer.readings) == [("a/t", 1, 3.0), ("a/t", 2, 4.0), ("b/t", 0, 2.0)]

    asyncio.run(body())


def test_slow_browser_is_told_what_it_missed_and_gets_the_newest(tmp_path: Path) -> None:
    """Received plus skipped is all; spans name the rest; the newest value of each series follows."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            viewer = kit.viewer(reads=False)
            await viewer.subscribe("*")
            total = 40_000
            for n in range(0, total, 100):
                kit.send([(n + k, float(n + k)) for k in range(100)])
                await asyncio.sleep(0)
            await kit.pipeline.flush()
            viewer.reads = True
            viewer.wake()
            await until(lambda: viewer.seq == kit.pipeline.last_seq)
            _check_skipped(viewer, total)
            await kit.send([(total, 0.5)])
            await until(lambda: viewer.readings[-1] == ("a/t", total, 0.5))

    asyncio.run(body())


def _check_skipped(viewer: Viewer, total: int) -> None:
    at = next(index for index, frame in enumerate(viewer.frames) if "skipped" in frame)
    skipped = viewer.frames[at]["skipped"]
    before = [r for frame in viewer.frames[:at] for r in frame.get("readings", ())]
    assert len(before) + skipped["count"] == total
    assert skipped["spans"] == [["a/t", T0 + len(before), T0 + total - 1]]
    assert viewer.frames[at + 1]["readings"] == [["a/t", T0 + total - 1, float(total - 1)]]


def test_stalled_browser_costs_bounded_memory(tmp_path: Path) -> None:
    """Invariant 8: the mailbox of one that never reads holds its bound, and the session has left the room."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            viewer = kit.viewer(reads=False)
            await viewer.subscribe("*")
            for n in range(0, 30_000, 50):
                kit.send([(n + k, 0.0) for k in range(50)])
                await asyncio.sleep(0)
            assert sum(frame.size for frame in viewer.session.mailbox.take()) <= 256 << 10
            assert all(not series.rooms for series in kit.registry.series.values())

    asyncio.run(body())


def test_every_room_gets_a_sign_of_life(tmp_path: Path) -> None:
    """The contract: at least every second when nothing else is sent, with the server's time."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            viewer = kit.viewer()
            await until(lambda: sum("time" in frame for frame in viewer.frames) >= 2)

    asyncio.run(body())


def test_unsubscribed_patterns_stop(tmp_path: Path) -> None:
    """After ``unsubscribe`` only the other patterns' readings come."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            viewer = kit.viewer()
            await viewer.subscribe("a/*", "b/*")
            viewer.session.unsubscribe(["a/*"])
            await kit.send([(0, 1.0)], device="a")
            await kit.send([(0, 2.0)], device="b")
            await until(lambda: viewer.readings)
            assert viewer.readings == [("b/t", 0, 2.0)]

    asyncio.run(body())


def test_session_whose_whole_lag_is_uncommitted_waits_for_the_commit(tmp_path: Path) -> None:
    """Far behind with nothing on the disk to skip over: it must yield, or the commit can never come."""

    async def body() -> None:
        async with core(tmp_path / "x.db", interval=60) as kit:
            viewer = kit.viewer(reads=False)
            await viewer.subscribe("*")
            for n in range(0, 30_000, 1_000):
                kit.send([(n + k, 0.0) for k in range(1_000)])
                await asyncio.sleep(0)
            viewer.reads = True
            viewer.wake()
            await until(lambda: viewer.seq == kit.pipeline.last_seq)
            skipped = sum(frame["skipped"]["count"] for frame in viewer.frames if "skipped" in frame)
            assert skipped or len(viewer.readings) == 30_000

    asyncio.run(body())

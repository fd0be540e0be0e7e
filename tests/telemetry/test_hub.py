"""Fan-out: one frame a tick for all of a room, and nothing for those who did not ask."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.telemetry.kit import core, until


def test_equal_patterns_share_one_frame(tmp_path: Path) -> None:
    """A room's frame is encoded once: its members get the same object."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            one, two = kit.viewer(reads=False), kit.viewer(reads=False)
            await one.session.subscribe(["a/*", "b/*"], None)
            await two.session.subscribe(["b/*", "a/*"], None)
            await kit.send([(0, 1.0)])
            frames = [viewer.session.mailbox.take() for viewer in (one, two)]
            assert frames[0][-1] is frames[1][-1]

    asyncio.run(body())


def test_readings_of_one_tick_come_in_one_frame(tmp_path: Path) -> None:
    """After a push, what arrives within the tick waits for its end."""

    async def body() -> None:
        async with core(tmp_path / "x.db", tick=0.3) as kit:
            viewer = kit.viewer()
            await viewer.subscribe("*")
            for n in range(30):
                kit.send([(n, float(n))])
                await asyncio.sleep(0.001)
            await until(lambda: len(viewer.readings) == 30)
            assert sum("readings" in frame for frame in viewer.frames) <= 3

    asyncio.run(body())


def test_first_reading_after_silence_does_not_wait_for_a_tick(tmp_path: Path) -> None:
    """A tick bounds the rate of frames; it does not delay a lone reading."""

    async def body() -> None:
        async with core(tmp_path / "x.db", tick=30) as kit:
            viewer = kit.viewer()
            await viewer.subscribe("*")
            kit.hub.join(frozenset("*"), viewer.session).flushed = 0.0
            await kit.send([(0, 1.0)])
            await until(lambda: viewer.readings)

    asyncio.run(body())


def test_empty_rooms_are_closed(tmp_path: Path) -> None:
    """Rooms live only as long as someone is in them; series forget them."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            viewer = kit.viewer()
            series = kit.series()
            await viewer.subscribe("a/*")
            assert len(series.rooms) == 1
            viewer.session.close()
            assert series.rooms == []
            assert list(kit.hub.sessions()) == []

    asyncio.run(body())


def test_events_reach_every_session_once(tmp_path: Path) -> None:
    """Presence and devices are for all, whatever they subscribed to."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            viewers = [kit.viewer(), kit.viewer()]
            await viewers[0].subscribe("*")
            kit.hub.event("presence a", {"presence": [["a", "online", 1]]})
            for viewer in viewers:
                assert [frame for frame in viewer.frames if "presence" in frame] == [{"presence": [["a", "online", 1]]}]

    asyncio.run(body())

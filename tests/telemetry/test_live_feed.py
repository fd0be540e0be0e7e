"""The log as the MQTT publisher reads it, on a whole core."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from telemetry.core import Core
from telemetry.decoded import About
from telemetry.live_feed import LiveFeed
from telemetry.model import Batch, Kind, Reading, Series, Value
from tests.telemetry.whole import whole

T0 = 1_700_000_000_000
Told = Callable[[Core], Awaitable[None]]


@pytest.fixture
def story(tmp_path: Path) -> Callable[[Told], None]:
    async def run(told: Told) -> None:
        async with whole(tmp_path, storage_commit_interval="0", live_tick="0.01") as core:
            core.tasks.start(core.hub.run(), "hub")
            await told(core)

    return lambda told: asyncio.run(run(told))


def series(core: Core, metric: str, device: str = "boiler", **more: Any) -> Series:
    owner = core.registry.devices.get(device) or core.registry.add_device(device, T0)
    found = owner.series.get(metric)
    return found or core.registry.add_series(Series(0, device, metric, f"{device}/{metric}", Kind.NUMBER, **more))


async def send(core: Core, at: int, value: Value, metric: str = "flow", device: str = "boiler") -> None:
    taken = core.pipeline.submit(Batch([Reading(series(core, metric, device), T0 + at, value)], device))
    assert isinstance(taken, asyncio.Future)
    await taken


async def heard(feed: LiveFeed, key: str, count: int = 1, event: asyncio.Event | None = None) -> list[Any]:
    """The next items of a kind, in order; fails after 20 s."""
    found: list[Any] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            for frame in await feed.frames(event or asyncio.Event()):
                found += frame.get(key, ())
    return found


async def begun(feed: LiveFeed) -> None:
    """Have it subscribed."""
    event = asyncio.Event()
    event.set()
    await feed.frames(event)


def test_readings_that_match_come_in_order_and_no_others(story: Callable[[Told], None]) -> None:
    async def told(core: Core) -> None:
        await send(core, 0, 1.0)
        feed = LiveFeed(core, ["boiler/*", "tank/level"])
        await begun(feed)
        await send(core, 1, 2.0)
        await send(core, 2, 9.0, "level", "other")
        await send(core, 3, 3.0, "level", "tank")
        assert await heard(feed, "readings", 2) == [["boiler/flow", T0 + 1, 2.0], ["tank/level", T0 + 3, 3.0]]
        feed.close()

    story(told)


def test_presence_of_every_device_is_heard_whatever_is_published(story: Callable[[Told], None]) -> None:
    async def told(core: Core) -> None:
        core.registry.add_device("pump", T0)
        feed = LiveFeed(core, [])
        await begun(feed)
        core.presence.report("pump", online=True, source="test")
        ((device, state, _),) = await heard(feed, "presence")
        assert (device, state) == ("pump", "online")
        assert feed.online() == [("pump", True)]
        feed.close()

    story(told)


def test_event_ends_the_wait(story: Callable[[Told], None]) -> None:
    async def told(core: Core) -> None:
        feed, event = LiveFeed(core, ["*"]), asyncio.Event()
        event.set()
        assert await feed.frames(event) == []
        feed.close()

    story(told)


@pytest.mark.parametrize("turns", range(4))
def test_wait_can_be_cancelled_in_the_moment_when_something_comes(story: Callable[[Told], None], turns: int) -> None:
    """Else the publisher would go on when the server stops, and the server wait for it."""

    async def told(core: Core) -> None:
        feed = LiveFeed(core, ["*"])
        await begun(feed)
        waiting = core.tasks.start(feed.frames(asyncio.Event()), "frames")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        feed._woken.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        over = waiting.done()
        waiting.cancel()
        await asyncio.wait([waiting], timeout=20)
        assert over or waiting.cancelled()
        feed.close()

    story(told)


def test_slow_reader_gets_the_newest_value_of_what_it_missed(story: Callable[[Told], None]) -> None:
    """As a browser does: the mailbox is bounded, and what does not fit is conflated."""

    async def told(core: Core) -> None:
        feed = LiveFeed(core, ["*"])
        await begun(feed)
        many = [Reading(series(core, "flow"), T0 + n, float(n)) for n in range(100_000)]
        for start in range(0, len(many), 1_000):
            taken = core.pipeline.submit(Batch(many[start : start + 1_000], "boiler"))
            assert isinstance(taken, asyncio.Future)
            await taken
        came: list[Any] = []
        async with asyncio.timeout(60):
            while came[-1:] != [["boiler/flow", T0 + 99_999, 99_999.0]]:
                for frame in await feed.frames(asyncio.Event()):
                    came += frame.get("readings", ())
        assert len(came) < 100_000
        feed.close()

    story(told)


def test_what_is_known_of_a_series(story: Callable[[Told], None]) -> None:
    async def told(core: Core) -> None:
        one = series(core, "flow", unit="°C")
        core.registry.call(core.registry.devices["boiler"], "The boiler")
        feed = LiveFeed(core, ["*"])
        assert feed.about("boiler/flow") == About(
            one.id, "boiler/flow", "boiler", "flow", "number", "°C", "The boiler", None
        )
        one.labelled("K", "°C", "Flow temperature")
        about = feed.about("boiler/flow")
        assert about is not None
        assert (about.unit, about.label) == ("K", "Flow temperature")
        assert feed.about("no/such") is None
        feed.close()

    story(told)


def test_newest_values_are_those_of_the_patterns(story: Callable[[Told], None]) -> None:
    async def told(core: Core) -> None:
        await send(core, 1, 2.0)
        await send(core, 2, 9.0, "level", "other")
        series(core, "silent")
        feed = LiveFeed(core, ["boiler/*"])
        assert feed.latest() == [["boiler/flow", T0 + 1, 2.0]]
        feed.close()

    story(told)


def test_closed_feed_is_no_member_of_the_hub(story: Callable[[Told], None]) -> None:
    async def told(core: Core) -> None:
        before = len(list(core.hub.sessions()))
        feed = LiveFeed(core, ["*"])
        await begun(feed)
        assert len(list(core.hub.sessions())) == before + 1
        feed.close()
        assert len(list(core.hub.sessions())) == before

    story(told)

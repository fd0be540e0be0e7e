"""What is put aside comes back in the order of its topic, and only when it is ripe."""

from __future__ import annotations

import asyncio

from devices.mqtt_link import Arrived
from devices.mqtt_parked import PARKED_MAX, Parked


def message(topic: str, mid: int) -> Arrived:
    return Arrived(topic, b"x", retained=False, duplicate=False, generation=1, mid=mid)


def test_messages_come_back_by_topic_in_order_when_they_are_ripe() -> None:
    async def story() -> None:
        ripe = asyncio.Event()
        parked = Parked(ripe.set)
        for mid in (1, 2, 3):
            parked.put(message("a", mid))
        parked.put(message("b", 9))
        assert parked.next() is None
        assert ("a" in parked, "c" in parked, parked.count) == (True, False, 4)
        await asyncio.wait([asyncio.ensure_future(ripe.wait())])
        taken = []
        while (one := parked.next()) is not None:
            taken.append((one.topic, one.mid))
        assert [mid for topic, mid in taken if topic == "a"] == [1, 2, 3]
        assert ("b", 9) in taken
        assert parked.count == 0
        assert "a" not in parked

    asyncio.run(story())


def test_message_that_has_to_wait_again_keeps_its_place() -> None:
    async def story() -> None:
        ripe = asyncio.Event()
        parked = Parked(ripe.set)
        parked.put(message("a", 1))
        parked.put(message("a", 2))
        await asyncio.wait([asyncio.ensure_future(ripe.wait())])
        first = parked.next()
        assert first is not None
        parked.put_back(first)
        assert parked.next() is None, "its topic is not ripe any more"
        ripe.clear()
        await asyncio.wait([asyncio.ensure_future(ripe.wait())])
        assert [one.mid for one in (parked.next(), parked.next()) if one is not None] == [1, 2]

    asyncio.run(story())


def test_room_is_bounded() -> None:
    async def story() -> None:
        parked = Parked(lambda: None)
        for mid in range(PARKED_MAX):
            assert not parked.full
            parked.put(message("a", mid))
        assert parked.full

    asyncio.run(story())

"""The mailbox's bound, and what is kept for a session that is behind."""

from __future__ import annotations

import asyncio

from telemetry.hub import Frame
from telemetry.mailbox import HELD_MAX, LIMIT, Held, Mailbox


def test_bound_counts_what_waits() -> None:
    """One frame of any size fits into an empty mailbox; after that the bound holds."""

    async def body() -> None:
        box = Mailbox(lambda: None)
        assert not box.full(10 * LIMIT)
        box.put(Frame(1, "x" * (LIMIT - 1)))
        assert not box.full(1)
        assert box.full(2)
        box.take()
        assert not box.full(LIMIT)

    asyncio.run(body())


def test_dry_means_the_socket_has_taken_everything() -> None:
    """Taking frames out is not yet sending them."""

    async def body() -> None:
        woken: list[int] = []
        box = Mailbox(lambda: woken.append(1))
        box.put(Frame(1, "a"))
        box.take()
        assert not box.dry.is_set()
        box.put(Frame(2, "b"))
        box.sent()
        assert not box.dry.is_set()
        assert [frame.seq for frame in box.take()] == [2]
        box.sent()
        assert box.dry.is_set()
        assert len(woken) == 2

    asyncio.run(body())


def test_held_events_are_the_newest_of_each_key_and_bounded() -> None:
    """A session that is behind for long costs a bounded number of events."""
    held = Held()
    for n in range(HELD_MAX + 5):
        held.event(f"device {n}", str(n))
    held.event("device 7", "newer")
    events, _ = held.release()
    assert len(events) == HELD_MAX
    assert events[-1] == "newer"
    assert "7" not in events
    assert held.release() == ([], [])


def test_held_spans_are_merged_by_series() -> None:
    """Two changes of one series are one span to fetch again."""
    held = Held()
    held.changed([("a", 5, 6), ("b", 1, 1)])
    held.changed([("a", 1, 2)])
    assert held.release() == ([], [("a", 1, 6), ("b", 1, 1)])

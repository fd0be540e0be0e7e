"""The last frames: in order, bounded whatever comes, small whatever a message holds, told to who watches."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from telemetry.clock import Clock
from telemetry.decoded import BadPart, Decoded, Sample
from telemetry.frames import DEVICES_MAX, FORGOTTEN, LARGE, SHARED_MAX, SMALL, UNATTRIBUTED, WIDE, Cut, Frames, Summary
from telemetry.intake import Taken
from telemetry.model import Batch, Kind, Reading, Reason, Refusal, Series

NOW = 1_800_000_000_000
SERIES = Series(1, "d", "t", "d/t", Kind.NUMBER)


@pytest.fixture
def frames() -> Frames:
    clock = Clock(0, lambda: NOW, lambda: 0.0)
    clock.arrival()
    return Frames(clock)


def batch(count: int) -> Batch:
    return Batch([Reading(SERIES, NOW + n, float(n)) for n in range(count)], "d")


def note(frames: Frames, device: str | None, payload: str | bytes = "{}", outcome: Any = "nothing") -> None:
    frames.note(device, "ws", "/ws/device", payload, "native", outcome)


def test_the_newest_come_first_and_the_oldest_go(frames: Frames) -> None:
    for number in range(LARGE.frames + 5):
        note(frames, "d", f"{number}")
    found = frames.newest("d")
    assert [frame.payload for frame in found] == [str(n) for n in range(LARGE.frames + 4, 4, -1)]
    assert [frame.number for frame in found] == list(range(frames.number, frames.number - LARGE.frames, -1))
    assert frames.newest("d", found[2].number) == found[:2]
    assert frames.newest("other") == []


def test_the_time_is_that_of_arrival(frames: Frames) -> None:
    """The gate has just asked the clock for a batch; all else asks."""
    note(frames, "d", outcome=batch(1))
    note(frames, "d")
    assert [frame.time for frame in frames.newest("d")] == [NOW, NOW]


def test_numbers_go_on_growing_over_a_restart() -> None:
    """So a page that stays open misses nothing."""
    now = [NOW]
    first = Frames(Clock(0, lambda: now[0]))
    for _ in range(100):
        note(first, "d")
    now[0] += 1_000
    assert Frames(Clock(0, lambda: now[0])).number > first.number


@pytest.mark.parametrize(
    ("payload", "kept"),
    [
        ("x" * LARGE.size, "x" * LARGE.size),
        ("x" * (LARGE.size + 1), Cut(b"x" * LARGE.size, LARGE.size + 1, text=True)),
        ("€" * LARGE.size, Cut(("€" * LARGE.size).encode()[: LARGE.size], 3 * LARGE.size, text=True)),
        (b"\xff" * LARGE.size, b"\xff" * LARGE.size),
        (b"\xff" * 300_000, Cut(b"\xff" * LARGE.size, 300_000, text=False)),
        ("\ud800" * LARGE.size, Cut(b"\xed\xa0\x80" * 682 + b"\xed\xa0", 3 * LARGE.size, text=True)),
        ("", ""),
    ],
    ids=["fits", "one-more", "wide", "bytes-fit", "bytes", "surrogates", "empty"],
)
def test_of_a_large_payload_only_the_beginning_is_held(frames: Frames, payload: str | bytes, kept: object) -> None:
    note(frames, "d", payload)
    assert frames.newest("d")[0].payload == kept


def test_of_a_large_outcome_only_the_beginning_is_held(frames: Frames) -> None:
    """Ten thousand readings, or as many complaints, are counted and let go."""
    many = [BadPart(n, "no") for n in range(10_000)]
    sample = [Sample("d", "t", 1.0)] * 10_000
    for outcome in (
        batch(10_000),
        Taken(10_000, batch(10_000).readings, many),
        Decoded(sample, bad=many),
        batch(LARGE.readings),
        Refusal(Reason.BAD_VALUE, "no"),
        Taken(put_off=Refusal(Reason.TRY_LATER, "full")),
    ):
        note(frames, "d", outcome=outcome)
    put_off, refusal, small, known, taken, large = (frame.outcome for frame in frames.newest("d"))
    assert isinstance(large, Summary)
    assert isinstance(taken, Summary)
    assert isinstance(known, Summary)
    assert isinstance(put_off, Summary)
    assert (len(large.readings), large.total) == (LARGE.readings, 10_000)
    assert (len(taken.readings), taken.total, len(taken.bad), taken.bad_total) == (20, 10_000, 20, 10_000)
    assert (len(known.values), known.total, known.last_known) == (20, 10_000, True)
    assert isinstance(small, Batch)
    assert refusal == Refusal(Reason.BAD_VALUE, "no")
    assert put_off.refusal == Refusal(Reason.TRY_LATER, "full")


def test_devices_without_end_are_held_in_bounded_memory(frames: Frames) -> None:
    """The longest silent ones are forgotten, some at once; the messages of no device stay."""
    note(frames, None, "kept")
    note(frames, "faithful", "first")
    total = 3 * DEVICES_MAX
    for number in range(total):
        note(frames, f"d{number}", "x")
        if number % 500 == 0:
            note(frames, "faithful", "again")
    held = [n for n in range(total) if frames.newest(f"d{n}")]
    assert DEVICES_MAX - FORGOTTEN <= len(held) <= DEVICES_MAX
    assert held == list(range(held[0], total))
    assert frames.newest("faithful")
    assert frames.newest(None)[0].payload == "kept"


def test_after_the_first_devices_the_rooms_are_small(frames: Frames) -> None:
    for number in range(WIDE + 1):
        for _ in range(LARGE.frames + 1):
            note(frames, f"d{number}", "x" * 1_000)
    assert len(frames.newest(f"d{WIDE - 1}")) == LARGE.frames
    last = frames.newest(f"d{WIDE}")
    assert len(last) == SMALL.frames
    assert last[0].payload == Cut(b"x" * SMALL.size, 1_000, text=True)


def test_the_worst_that_can_come_stays_within_the_stated_memory(frames: Frames) -> None:
    """Every frame as large as can be, of more devices than are kept."""
    payload = "€" * 3_000
    for number in range(DEVICES_MAX + 50):
        device = f"d{number}"
        for _ in range(LARGE.frames):
            note(frames, device, payload, batch(LARGE.readings))
    held = [frame for number in range(DEVICES_MAX + 50) for frame in frames.newest(f"d{number}")]
    assert sum(_size(frame) for frame in held) < 30 << 20


def _size(frame: Any) -> int:
    """Bytes of what a frame alone holds."""
    outcome = frame.outcome
    parts = [frame, frame.payload, outcome, *outcome.readings, outcome.readings]
    parts += [value for reading in outcome.readings for value in reading[1:]]
    parts += list(frame.payload) if isinstance(frame.payload, Cut) else []
    return sum(sys.getsizeof(part) for part in parts)


def test_unattributed_frames_have_a_bound_of_their_own(frames: Frames) -> None:
    for number in range(UNATTRIBUTED.frames + 1):
        note(frames, None, f"{number}")
    assert len(frames.newest(None)) == UNATTRIBUTED.frames


def test_a_message_of_many_devices_is_noted_for_the_first_of_them(frames: Frames) -> None:
    frames.note_all([f"d{n}" for n in range(SHARED_MAX + 1)], "mqtt", "t", b"x", "rtl_433", batch(1))
    frames.note_all([], "mqtt", "unknown/topic", b"x", "", "no decoder knows this topic")
    assert all(frames.newest(f"d{n}") for n in range(SHARED_MAX))
    assert not frames.newest(f"d{SHARED_MAX}")
    assert frames.newest(None)[0].where == "unknown/topic"


def test_who_watches_a_device_is_told_of_its_frames_only(frames: Frames) -> None:
    told: list[str] = []
    ends = [frames.watch("d", lambda: told.append("a")), frames.watch("d", lambda: told.append("b"))]
    note(frames, "other")
    note(frames, None)
    assert told == []
    note(frames, "d")
    assert told == ["a", "b"]
    ends[0]()
    note(frames, "d")
    assert told == ["a", "b", "b"]
    ends[1]()
    note(frames, "d")
    assert told == ["a", "b", "b"]

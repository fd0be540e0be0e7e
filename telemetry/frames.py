"""The last raw frames of each device, what was made of them, and those that belong to no device.

For who writes firmware. In memory only. ``note`` is called for every message, so it stores references and
``telemetry.frame_bodies`` puts them into words when someone asks. Bounds: the first WIDE devices that speak have
30 frames of 2 KiB and 20 readings, later ones 10 of 512 bytes and 5; of more than DEVICES_MAX the longest silent ones
are forgotten. If every frame is as large as that, all of it is 30 MB; frames of 100 bytes make 5 MB.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from typing import NamedTuple

from telemetry.clock import Clock
from telemetry.decoded import BadPart, Decoded, Sample
from telemetry.intake import Taken
from telemetry.model import Batch, Reading, Refusal

Commit = asyncio.Future[None]
Outcome = Batch | Taken | Decoded | Refusal | str
"""What became of a message: readings of the gate, or of the intake; values of a retained message, which are last known;
a refusal; or why there is nothing in it to store, in plain words."""

DEVICES_MAX = 1_000
FORGOTTEN = 100
"""How many of the longest silent devices make room at once."""
WIDE = 100
"""Devices with a large room."""
SHARED_MAX = 20
"""Devices of one message that it is noted for."""
MAX_WHERE = 256
"""Characters of a topic or path."""


class Room(NamedTuple):
    """What is kept: ``frames`` of a device, and of each frame ``size`` bytes and this many readings and complaints."""

    frames: int
    size: int
    readings: int


LARGE, SMALL, UNATTRIBUTED = Room(30, 2_048, 20), Room(10, 512, 5), Room(100, 2_048, 5)


class Cut(NamedTuple):
    """The beginning of a payload that was ``size`` bytes long; ``text`` says that it came as text."""

    data: bytes
    size: int
    text: bool


class Summary(NamedTuple):
    """What is kept of an outcome: the first of its readings, values and complaints, and how many there were.

    ``last_known``: the values are those of a retained message.
    """

    readings: list[Reading]
    total: int
    values: list[Sample]
    bad: list[BadPart]
    bad_total: int
    last_known: bool = False
    refusal: Refusal | None = None


class Frame(NamedTuple):
    """One message. ``number`` orders all frames; ``time`` is its arrival (ms).

    ``channel`` is ``ws``, ``http``, ``mqtt`` or ``poll``; ``where`` the path or topic. ``commit`` fails with the
    readings of ``outcome``; None where nothing waits for the disk.
    """

    number: int
    time: int
    channel: str
    where: str
    payload: str | bytes | Cut
    decoder: str
    outcome: Batch | Summary | Refusal | str
    commit: Commit | None


_Raw = tuple[int, int, str, str, "str | bytes | Cut", str, "Batch | Summary | Refusal | str", Commit | None]
"""A Frame before someone asks for it: a bare tuple is made in a fifth of the time."""


class _Tape:
    """The frames of one device; ``short`` is how long a payload may be so that it surely fits."""

    __slots__ = ("frames", "readings", "room", "short")

    def __init__(self, room: Room) -> None:
        self.frames: deque[_Raw] = deque(maxlen=room.frames)
        self.room = room
        self.readings = room.readings
        self.short = room.size // 4  # a character has at most four bytes


class Frames:
    """The tapes of all devices. Owned by the loop thread."""

    def __init__(self, clock: Clock) -> None:
        self.number = clock.arrival() * 1000
        """That of the newest frame. They go on growing over a restart, so that a page which stays open misses none."""
        self._clock = clock
        self._tapes: dict[str | None, _Tape] = {None: _Tape(UNATTRIBUTED)}
        self._watching: dict[str | None, list[Callable[[], None]]] = {}

    def note(
        self,
        device: str | None,
        channel: str,
        where: str,
        payload: str | bytes,
        decoder: str,
        outcome: Outcome,
        commit: Commit | None = None,
    ) -> None:
        """Remember a message; ``device`` is None where it could not be found out whose it is.

        ``where`` is the topic or the path, without secrets; ``decoder`` the name of the ecosystem, or ``native``.
        ``commit`` is what ``submit`` gave for a Batch; a Taken has its own.
        """
        tape = self._tapes.get(device) or self._begin(device)
        kept = payload if len(payload) <= tape.short else _cut(payload, tape.room.size)
        self.number += 1
        if isinstance(outcome, Batch):
            small = outcome if len(outcome.readings) <= tape.readings else _summary(outcome, tape.readings)
            now = self._clock.newest  # the gate has just asked
        else:
            if isinstance(outcome, Taken):
                commit = outcome.future
            small = _summary(outcome, tape.readings)
            now = self._clock.arrival()
        tape.frames.append((self.number, now, channel, where, kept, decoder, small, commit))
        if self._watching:
            for told in self._watching.get(device, ()):
                told()

    def note_all(
        self,
        devices: Collection[str],
        channel: str,
        where: str,
        payload: str | bytes,
        decoder: str,
        outcome: Outcome,
        commit: Commit | None = None,
    ) -> None:
        """Remember a message that speaks of several devices, or of none, for each of the first SHARED_MAX."""
        for _, device in zip(range(SHARED_MAX), devices or (None,), strict=False):
            self.note(device, channel, where, payload, decoder, outcome, commit)

    def newest(self, device: str | None, after: int = 0) -> list[Frame]:
        """The frames of a device, or of none, with a number above ``after``; the newest first."""
        tape = self._tapes.get(device)
        if tape is None:
            return []
        return [Frame(*frame) for frame in reversed(tape.frames) if frame[0] > after]

    def forget(self, device: str) -> None:
        """Drop what is kept of a device."""
        self._tapes.pop(device, None)

    def watch(self, device: str | None, told: Callable[[], None]) -> Callable[[], None]:
        """Have ``told`` called at each frame of a device, or of none; the answer ends that."""
        watching = self._watching.setdefault(device, [])
        watching.append(told)

        def unwatch() -> None:
            watching.remove(told)
            if not watching and self._watching.get(device) is watching:
                del self._watching[device]

        return unwatch

    def _begin(self, device: str | None) -> _Tape:
        if len(self._tapes) > DEVICES_MAX:
            silent = sorted((tape.frames[-1][0], key) for key, tape in self._tapes.items() if key is not None)
            for _, key in silent[:FORGOTTEN]:
                del self._tapes[key]
        wide = sum(tape.room is LARGE for tape in self._tapes.values()) < WIDE
        tape = self._tapes[device] = _Tape(LARGE if wide else SMALL)
        return tape


def _cut(payload: str | bytes, size: int) -> str | bytes | Cut:
    if isinstance(payload, bytes):
        return payload if len(payload) <= size else Cut(payload[:size], len(payload), text=False)
    data = payload.encode("utf-8", "surrogatepass")
    return payload if len(data) <= size else Cut(data[:size], len(data), text=True)


def _summary(outcome: Outcome, limit: int) -> Summary | Refusal | str:
    """A small copy: a message may hold ten thousand readings."""
    if isinstance(outcome, Batch):
        return Summary(outcome.readings[:limit], len(outcome.readings), [], [], 0)
    if isinstance(outcome, Taken):
        bad = outcome.refused
        return Summary(outcome.shown[:limit], outcome.readings, [], bad[:limit], len(bad), refusal=outcome.put_off)
    if isinstance(outcome, Decoded):
        samples, bad = outcome.samples, outcome.bad
        return Summary([], len(samples), samples[:limit], bad[:limit], len(bad), last_known=True)
    return outcome

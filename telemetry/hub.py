"""Fan-out: which reading goes to which room, one frame a tick for all members of a room.

A room is a set of patterns; every live session is in the one room of its own set (also the empty one). The hub owns
rooms and their readings of the current tick; sessions own their mailboxes. A reading is encoded once, a frame once a
room. What a session cannot take now it fetches later from the log, so nothing waits here for anyone.
"""

from __future__ import annotations

import asyncio
import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from telemetry.clock import Clock, monotonic
from telemetry.metrics import Metrics
from telemetry.model import Reading, Series, Span, reading_json
from telemetry.names import any_of
from telemetry.registry import Device, Registry
from telemetry.scope import Scope

HEARTBEAT = 0.7
"""Seconds without a frame after which a room gets one (the contract: at least one every second)."""
BEAT = 0.2
"""Seconds between looks for silent rooms."""


class Frame:
    """One JSON text for many sockets.

    ``wire`` keeps the encoded form of one channel; ``pulse`` marks a mere sign of life.
    """

    __slots__ = ("pulse", "seq", "size", "text", "wire")

    def __init__(self, seq: int, text: str, *, pulse: bool = False) -> None:
        self.seq = seq
        self.text = text
        self.pulse = pulse
        self.size = len(text)
        self.wire: bytes | None = None


class Member(Protocol):
    """A session as its room sees it."""

    operator: bool
    """Whether it may see devices that wait for approval."""
    cursor: int
    """Complete up to this seq."""
    scope: Scope | None
    """What it reaches; None is everything."""

    def deliver(self, frame: Frame) -> None:
        """Take a frame of the room, or leave the room."""

    def event(self, key: str, body: str) -> None:
        """Take something that is not a reading; of equal keys only the newest matters."""

    def changed(self, spans: Sequence[Span]) -> None:
        """Hear that these spans of history are not what was pushed."""


class Room:
    """Sessions with equal patterns and one scope, and the readings they have not been sent yet."""

    __slots__ = ("flushed", "matches", "members", "patterns", "pending", "scheduled", "scope", "sent", "shown")

    def __init__(self, patterns: frozenset[str], scope: Scope | None = None) -> None:
        self.patterns = patterns
        self.scope = scope
        self.members: list[Member] = []
        self.pending: list[str] = []
        self.scheduled = False
        self.flushed = self.sent = 0.0
        self.shown: dict[int, Series] = {}
        """By id: series that the room knows by a former name only, as they are called there."""
        self.matches = any_of(patterns)
        """Whether any of the room's patterns takes a series name."""

    def place(self, series: Series) -> None:
        """Take a series in if it has, or had, a name that the room asks for, and is in its scope."""
        if self.scope is not None and not self.scope.sees(series):
            return
        if self.matches(series.name):
            series.rooms.append(self)
        elif series.former and (name := asked(series, self.patterns)) is not None:
            series.rooms.append(self)
            self.shown[series.id] = series.called(name)

    def text(self, reading: Reading) -> str:
        """The JSON of a reading under the name by which the room knows its series."""
        series, ts, value = reading
        return reading_json(Reading(self.shown.get(series.id, series), ts, value))


def asked(series: Series, patterns: Iterable[str]) -> str | None:
    """The former name of a series that is among the patterns."""
    wanted = {unicodedata.normalize("NFC", pattern) for pattern in patterns}
    return next((name for name in series.former if name in wanted), None)


def part_of(device: Mapping[str, object]) -> dict[str, object]:
    """What is said of a device to those who do not reach all of it."""
    return {key: value for key, value in device.items() if key != "last_known"}


class Hub:
    """All rooms of one server. ``seq`` is the last one that was published."""

    def __init__(self, registry: Registry, clock: Clock, metrics: Metrics, *, tick: float, seq: int) -> None:
        self.seq = seq
        self._registry = registry
        self._clock = clock
        self._metrics = metrics
        self._tick = tick
        self._rooms: dict[tuple[frozenset[str], Scope | None], Room] = {}
        self._sessions: dict[Member, None] = {}
        registry.on_series.append(self._new_series)

    def publish(self, readings: Iterable[Reading], seq: int) -> None:
        """Hand out readings, the last of which has ``seq``; also keeps each series' latest value."""
        self.seq = seq
        for reading in readings:
            series, ts, value = reading
            if series.masks and series.hides(ts, value):
                continue
            latest = series.latest
            if latest is None or ts >= latest[0]:
                series.latest = (ts, value)
            if series.rooms:
                text = reading_json(reading)
                for room in series.rooms:
                    room.pending.append(room.text(reading) if room.shown else text)
                    if not room.scheduled:
                        self._schedule(room)

    def join(self, patterns: frozenset[str], member: Member) -> Room:
        """Put a session into the room of its patterns; from the next published reading on it gets all."""
        key = patterns, member.scope
        room = self._rooms.get(key)
        if room is None:
            room = self._rooms[key] = Room(*key)
            room.flushed = room.sent = monotonic()
            for series in self._registry.series.values():
                room.place(series)
        self.flush(room)
        room.members.append(member)
        return room

    def leave(self, room: Room, member: Member) -> None:
        """Take a session out; an empty room is closed."""
        room.members.remove(member)
        if not room.members:
            del self._rooms[room.patterns, room.scope]
            for series in self._registry.by_id.values():
                if room in series.rooms:
                    series.rooms.remove(room)
            room.pending.clear()

    def flush(self, room: Room) -> None:
        """Send a room what it has not had yet."""
        if not room.pending:
            return
        readings, room.pending = room.pending, []
        room.flushed = monotonic()
        self._send(room, Frame(self.seq, f'{{"seq":{self.seq},"readings":[{",".join(readings)}]}}'))

    def register(self, session: Member) -> None:
        """Let a session have events, in a room or not."""
        self._sessions[session] = None

    def unregister(self, session: Member) -> None:
        """The end of ``register``."""
        self._sessions.pop(session, None)

    def sessions(self) -> Iterator[Member]:
        """Every registered session."""
        return iter(list(self._sessions))

    def reached(self) -> int | None:
        """The lowest seq that every session has reached; None without sessions."""
        return min((session.cursor for session in self._sessions), default=None)

    def event(
        self,
        key: str,
        body: dict[str, object],
        *,
        operators: bool = False,
        within: Callable[[Scope], bool] = lambda _: False,
    ) -> None:
        """Tell every session (or operators') something that is not a reading; of equal keys only the newest matters.

        One with a scope is told only what is ``within`` that.
        """
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        for session in self.sessions():
            if (session.operator or not operators) and (session.scope is None or within(session.scope)):
                session.event(key, text)

    def device_event(self, key: str, body: dict[str, object], device: Device | None) -> None:
        """The same about a device, which is None while no reading of it came: then no scope reaches it.

        Who reaches a part of it only is not told the values that a broker keeps.
        """
        about = body.get("device")
        part = {**body, "device": part_of(about)} if isinstance(about, dict) else body
        texts = [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in (body, part)]
        for session in self.sessions():
            scope = session.scope
            if scope is None or (device is not None and scope.sees_device(device)):
                whole = scope is None or (device is not None and scope.covers(device.id))
                session.event(key, texts[0] if whole else texts[1])

    def waiting_changed(self, body: dict[str, object]) -> None:
        """Tell operators about a device that waits for approval: ``{"device": {"device": id, "state": …}}``."""
        device = body["device"]
        if isinstance(device, dict):
            self.event(f"device {device['device']}", body, operators=True)

    def changed(self, spans: Sequence[Span]) -> None:
        """Tell every session which spans of history are not what was pushed."""
        for room in list(self._rooms.values()):
            self.flush(room)
        for session in self.sessions():
            session.changed(spans)

    def beat(self) -> None:
        """Send the contract's sign of life to rooms that had nothing for a while."""
        now = monotonic()
        for room in list(self._rooms.values()):
            if now - room.sent >= HEARTBEAT:
                self.flush(room)
                self._send(room, self.pulse())

    def pulse(self) -> Frame:
        """The frame that says: complete up to here, and this is the server's time."""
        return Frame(self.seq, f'{{"seq":{self.seq},"time":{self.time()}}}', pulse=True)

    def time(self) -> int:
        """The server's time (ms)."""
        return self._clock.arrival()

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            await asyncio.sleep(BEAT)
            self.beat()

    def _schedule(self, room: Room) -> None:
        room.scheduled = True
        loop = asyncio.get_running_loop()
        wait = room.flushed + self._tick - monotonic()
        if wait > 0:
            loop.call_later(wait, self._due, room)
        else:
            loop.call_soon(self._due, room)

    def _due(self, room: Room) -> None:
        room.scheduled = False
        self.flush(room)

    def _send(self, room: Room, frame: Frame) -> None:
        room.sent = monotonic()
        for member in list(room.members):
            member.deliver(frame)
        self._metrics.pushed_frames += len(room.members)

    def renamed(self, some: Iterable[Series]) -> None:
        """Series have other names than before, or are no more: put each into the rooms that ask for it now."""
        for room in list(self._rooms.values()):
            self.flush(room)
        for series in some:
            for room in series.rooms:
                room.shown.pop(series.id, None)
            series.rooms.clear()
            if self._registry.series.get(series.name) is series:
                self._new_series(series)

    def _new_series(self, series: Series) -> None:
        for room in self._rooms.values():
            room.place(series)

"""One dashboard's session, without its socket: commands in, frames out, one cursor.

A session is live (a member of its room, every frame as it comes) or behind (a cursor in the log: after a resume, or
because its socket did not keep up). Behind, it reads the log page by page as fast as its socket takes it, and
joins the room again in the moment nothing is left to read. WebSocket, Server-Sent Events and long polling differ only
in how they carry ``mailbox``.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from telemetry.hub import Frame, Hub, Room
from telemetry.identity import Principal, Role
from telemetry.mailbox import Held, Mailbox
from telemetry.metrics import Metrics
from telemetry.model import Reading, Span, reading_json
from telemetry.registry import Registry
from telemetry.replay import Page, Replay, Selection
from telemetry.store.db import StoreError
from telemetry.tasks import Tasks

log = logging.getLogger(__name__)

LAG_MAX = 5_000
"""Readings that a slow socket may be behind before it is told ``skipped``."""
RESUME_LAG_MAX = 250_000
"""The same for a session that resumes: what it was promised, plus what arrives meanwhile."""
FRAME_READINGS = 1_000
"""Readings that one frame of a replay carries."""
RETRY = 1.0
"""Seconds before a log that could not be read is read again."""


class Visitor(NamedTuple):
    """Who is behind a session, for the page of the system: ``who`` of a ``kind`` from ``address``, by ``channel``."""

    who: str
    kind: str
    address: str
    channel: str
    since: int
    """When it came (ms)."""


def answer_json(body: dict[str, object]) -> str:
    """The JSON of an answer; ``latest`` in it is a list of readings."""
    rest = {key: value for key, value in body.items() if key != "latest"}
    text = json.dumps(rest, ensure_ascii=False, separators=(",", ":"))
    latest = body.get("latest")
    if not isinstance(latest, list):
        return text
    return f'{text[:-1]},"latest":[{",".join(map(reading_json, latest))}]}}'


class LiveSession:
    """Subscriptions and delivery of one dashboard. Owned by the loop thread; ``close`` it."""

    def __init__(
        self,
        hub: Hub,
        replay: Replay,
        registry: Registry,
        metrics: Metrics,
        tasks: Tasks,
        wake: Callable[[], None],
        who: Principal | None = None,
    ) -> None:
        """``who`` says what it may: without, it only reads."""
        operator = who is not None and who.role >= Role.OPERATOR
        self.scope = None if who is None else who.scope
        self.operator = operator and self.scope is None
        self._limited_operator = operator and self.scope is not None
        self.mailbox = Mailbox(wake)
        self.patterns: dict[str, int] = {}
        self.cursor = hub.seq
        self.visitor: Visitor | None = None
        self.skipped = 0
        """Readings that it was told it missed."""
        self._hub = hub
        self._replay = replay
        self._registry = registry
        self._metrics = metrics
        self._tasks = tasks
        self._held = Held()
        self._generation = 0
        self._limit = LAG_MAX
        self._catching: asyncio.Task[None] | None = None
        self._room: Room | None = hub.join(frozenset(), self)
        hub.register(self)

    @property
    def epoch(self) -> str:
        """The log that this session's cursor belongs to."""
        return self._replay.epoch

    @property
    def live(self) -> bool:
        """Whether it has every frame as it comes; else it reads on from the log."""
        return self._room is not None

    def may_command(self, device: str) -> bool:
        """Whether it may tell a device what to do: an operator whose scope has all of it, to write."""
        if self.scope is None:
            return self.operator
        return self._limited_operator and self.scope.write and self.scope.covers(device)

    async def subscribe(self, patterns: Sequence[str], since: tuple[str, int] | None) -> dict[str, object]:
        """Add patterns, from ``since`` (epoch, seq) on if the log still has that; returns the answer's fields.

        The answer is valid as of now: put it into the mailbox before anything else is awaited.
        """
        new = [pattern for pattern in patterns if pattern not in self.patterns]
        recovered = False
        if since is not None and new:
            try:
                recovered = await self._replay.resumable(*since)
            except StoreError as error:
                log.warning("resume not possible: %s", error)
            self._metrics.resumed += recovered
            self._metrics.resume_refused += not recovered
        self._leave()
        start = since[1] if recovered and since is not None else self._hub.seq
        self.patterns.update(dict.fromkeys(new, start))
        selection = Selection(((pattern, -1) for pattern in patterns), self.scope)
        latest = [
            Reading(selection.shown(one), *one.latest)
            for one in self._registry.series.values()
            if one.latest is not None and selection.wants(one, 0)
        ]
        self._move(min(start, self.cursor), RESUME_LAG_MAX if recovered else LAG_MAX)
        time = self._hub.time()
        return {"epoch": self.epoch, "seq": start, "time": time, "recovered": recovered, "latest": latest}

    def unsubscribe(self, patterns: Iterable[str]) -> None:
        """Drop patterns; unknown ones are ignored."""
        self._leave()
        for pattern in patterns:
            self.patterns.pop(pattern, None)
        self._move(self.cursor, LAG_MAX)

    def answer(self, body: dict[str, object]) -> None:
        """Send the answer to a command."""
        self.mailbox.put(Frame(self.cursor, answer_json(body)))

    def deliver(self, frame: Frame) -> None:
        """A frame of the room; one that does not fit makes the session leave and read on from the log."""
        if self.mailbox.full(frame.size):
            self._leave_room()
            self._move(self.cursor, LAG_MAX)
            return
        self.cursor = frame.seq
        self.mailbox.put(frame)

    def event(self, key: str, body: str) -> None:
        """Something that is not a reading; kept until the session is live."""
        if self._room is None or self.mailbox.full(len(body)):
            self._held.event(key, body)
        else:
            self.mailbox.put(Frame(self.cursor, body))

    def changed(self, spans: Sequence[Span]) -> None:
        """Spans of history that are not what was pushed."""
        selection = Selection(((pattern, -1) for pattern in self.patterns), self.scope)
        found = [(self._registry.find(name), frm, to) for name, frm, to in spans]
        mine = [
            (selection.shown(series).name, frm, to)
            for series, frm, to in found
            if series is not None and selection.wants(series, 0)
        ]
        if not mine:
            return
        self._held.changed(mine)
        if self._room is not None:
            self._release()

    def close(self) -> None:
        """Leave; nothing is delivered any more."""
        self._generation += 1
        if self._catching is not None:
            self._catching.cancel()
        self._leave_room()
        self._hub.unregister(self)

    def _leave(self) -> None:
        """Leave the room with everything in it delivered; each pattern then stands where delivery stands."""
        if self._room is not None:
            self._hub.flush(self._room)
        if self._room is not None:
            self.cursor = self._hub.seq
            self._leave_room()
        self.patterns = {pattern: max(start, self.cursor) for pattern, start in self.patterns.items()}

    def _leave_room(self) -> None:
        room, self._room = self._room, None
        if room is not None:
            self._hub.leave(room, self)

    def _move(self, cursor: int, limit: int) -> None:
        """Stand at a position: live if nothing follows it, else behind."""
        self.cursor = cursor
        self._generation += 1
        if self._catching is None or self._catching.done():
            self._limit = limit
            if cursor == self._hub.seq and self.mailbox.dry.is_set():
                self._go_live(self._selection())
            else:
                self._catching = self._tasks.start(self._catch_up(), "live catch-up")
        else:
            self._limit = max(limit, self._limit)

    def _selection(self) -> Selection:
        return Selection(self.patterns.items(), self.scope)

    async def _catch_up(self) -> None:
        while self._room is None:
            await self.mailbox.dry.wait()
            try:
                await self._step(self._generation, self._selection())
            except StoreError as error:
                log.warning("live replay waits for the disk: %s", error)
                await asyncio.sleep(RETRY)

    async def _step(self, generation: int, selection: Selection) -> None:
        if self._replay.on_disk(self.cursor) and self._replay.lag(self.cursor) > self._limit:
            await self._skip(generation, selection)
        elif self._replay.on_disk(self.cursor):
            page = await self._replay.page(self.cursor, selection)
            if generation == self._generation:
                self._put_page(page)
        elif not await self._replay.settle() and generation == self._generation:
            self._go_live(selection)

    def _put_page(self, page: Page) -> None:
        for at in range(0, len(page.readings), FRAME_READINGS):
            part = page.readings[at : at + FRAME_READINGS]
            self._put_readings(part[-1][0], [text for _, text in part])
        self.cursor = page.end

    async def _skip(self, generation: int, selection: Selection) -> None:
        skipped = await self._replay.skim(self.cursor, selection)
        if generation != self._generation:
            return
        self.cursor = skipped.end
        if not skipped.count:
            return
        self._metrics.skipped += skipped.count
        self.skipped += skipped.count
        told = {"count": skipped.count, "seq": skipped.end, "spans": list(skipped.spans.values())}
        self.mailbox.put(Frame(skipped.end, json.dumps({"skipped": told}, ensure_ascii=False)))
        self._put_readings(skipped.end, [reading_json(reading) for reading in skipped.newest.values()])

    def _go_live(self, selection: Selection) -> None:
        """Join the room; what is not on the disk yet goes ahead in one frame."""
        cursor = self.cursor
        room = self._hub.join(frozenset(self.patterns), self)
        self.cursor = self._hub.seq
        tail = self._replay.tail(cursor, selection) if cursor < self.cursor else []
        if tail:
            self._put_readings(self.cursor, tail)
        elif cursor < self.cursor:
            self.mailbox.put(self._hub.pulse())
        self._room = room
        self._release()

    def _put_readings(self, seq: int, texts: Sequence[str]) -> None:
        self.cursor = seq
        self.mailbox.put(Frame(seq, f'{{"seq":{seq},"readings":[{",".join(texts)}]}}'))

    def _release(self) -> None:
        events, spans = self._held.release()
        for body in events:
            self.mailbox.put(Frame(self.cursor, body))
        if spans:
            body = json.dumps({"seq": self._hub.seq, "changed": spans}, ensure_ascii=False)
            self.mailbox.put(Frame(self._hub.seq, body))

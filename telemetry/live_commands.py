"""The commands of a live session: one JSON object each, answered in order.

    {"id": 1, "subscribe": [pattern, ...], "since": {"epoch": "...", "seq": 12}}
    {"id": 2, "unsubscribe": [pattern, ...]}
    {"id": 3, "command": {"device": "boiler", "name": "reboot", "args": {}}}

Anything else is answered with ``bad_message``. Commands that wait are bounded; one too many is ``rate_limited``.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque

from telemetry.live import LiveSession
from telemetry.model import Reason, Refusal
from telemetry.names import MAX_PATTERN
from telemetry.switchboard import Switchboard
from telemetry.tasks import Tasks

WAITING_MAX = 64
"""Commands that may wait behind one that takes time."""
PATTERNS_MAX = 1_000
"""Patterns that one session may subscribe to."""
MAX_SEQ = 2**53 - 1

Since = tuple[str, int]
Answer = dict[str, object]


def patterns_of(value: object) -> list[str] | Refusal:
    """The patterns of a subscription, checked."""
    if not isinstance(value, list) or not all(isinstance(one, str) and 1 <= len(one) <= MAX_PATTERN for one in value):
        return Refusal(Reason.BAD_MESSAGE, f"patterns are a list of texts of 1 to {MAX_PATTERN} characters")
    if len(value) > PATTERNS_MAX:
        return Refusal(Reason.TOO_LARGE, f"at most {PATTERNS_MAX} patterns")
    return list(dict.fromkeys(value))


def since_of(value: object) -> Since | Refusal | None:
    """The position to resume from, checked; None where there is none."""
    if value is None:
        return None
    if isinstance(value, dict):
        epoch, seq = value.get("epoch"), value.get("seq")
        if isinstance(epoch, str) and type(seq) is int and 0 <= seq <= MAX_SEQ:
            return epoch, seq
    return Refusal(Reason.BAD_MESSAGE, 'since is {"epoch": text, "seq": integer}', at="since")


class LiveCommands:
    """Reads the commands of one session."""

    def __init__(self, session: LiveSession, switchboard: Switchboard, tasks: Tasks) -> None:
        self._session = session
        self._switchboard = switchboard
        self._tasks = tasks
        self._waiting: deque[str | bytes] = deque()
        self._task: asyncio.Task[None] | None = None

    def receive(self, message: str | bytes) -> None:
        """One frame from the client."""
        if len(self._waiting) >= WAITING_MAX:
            self._refuse(None, Refusal(Reason.RATE_LIMITED, "too many commands at once", retry_after=1000))
            return
        self._waiting.append(message)
        if self._task is None or self._task.done():
            self._task = self._tasks.start(self._work(), "live commands")

    def close(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()

    async def _work(self) -> None:
        while self._waiting:
            await self._one(self._waiting.popleft())

    async def _one(self, message: str | bytes) -> None:
        try:
            body = json.loads(message)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            self._refuse(None, Refusal(Reason.BAD_MESSAGE, "a command is a JSON object"))
            return
        id_ = body.pop("id", None)
        if not (isinstance(id_, str) and len(id_) <= 64) and (type(id_) is not int or not 0 <= id_ <= MAX_SEQ):
            self._refuse(None, Refusal(Reason.BAD_MESSAGE, "every command has an id: an integer or a short text"))
            return
        answer = await self._dispatch(body)
        if isinstance(answer, Refusal):
            self._refuse(id_, answer)
        else:
            self._session.answer({"id": id_, "ok": True, **answer})

    async def _dispatch(self, body: dict[str, object]) -> Answer | Refusal:
        match sorted(body):
            case ["subscribe"] | ["since", "subscribe"]:
                return await self._subscribe(body)
            case ["unsubscribe"]:
                patterns = patterns_of(body["unsubscribe"])
                if isinstance(patterns, Refusal):
                    return patterns
                self._session.unsubscribe(patterns)
                return {}
            case ["command"]:
                return await self._command(body["command"])
        return Refusal(Reason.BAD_MESSAGE, "a command is one of subscribe, unsubscribe, command")

    async def _subscribe(self, body: dict[str, object]) -> Answer | Refusal:
        patterns, since = patterns_of(body["subscribe"]), since_of(body.get("since"))
        if isinstance(patterns, Refusal):
            return patterns
        if isinstance(since, Refusal):
            return since
        if len(self._session.patterns.keys() | set(patterns)) > PATTERNS_MAX:
            return Refusal(Reason.TOO_LARGE, f"at most {PATTERNS_MAX} patterns a socket")
        return await self._session.subscribe(patterns, since)

    async def _command(self, command: object) -> Answer | Refusal:
        if not self._session.operator:
            return Refusal(Reason.FORBIDDEN, "only operators command devices")
        match command:
            case {"device": str(device), "name": str(name), **rest} if rest.keys() <= {"args"}:
                return await self._switchboard.command(device, name, rest.get("args", {}))
        return Refusal(Reason.BAD_MESSAGE, 'a command is {"device": id, "name": text, "args": {...}}')

    def _refuse(self, id_: object, refusal: Refusal) -> None:
        self._session.answer({"id": id_, "ok": False, "error": refusal.body()})

"""The commands of a live session: one JSON object each, answered in order.

    {"id": 1, "subscribe": [pattern, ...], "since": {"epoch": "...", "seq": 12}}
    {"id": 2, "unsubscribe": [pattern, ...]}
    {"id": 3, "command": {"device": "boiler", "name": "reboot", "args": {}}}

Anything else is answered with ``bad_message``. Commands that wait, and those of a second, are bounded; one too many is
``rate_limited``, and read more slowly. No command is begun while the answers to earlier ones are not taken.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from telemetry.live import LiveSession
from telemetry.model import Reason, Refusal
from telemetry.names import MAX_PATTERN
from telemetry.rate import Rate
from telemetry.tasks import Tasks

WAITING_MAX = 64
"""Commands that may wait behind one that takes time."""
PER_SECOND, BURST = 100, 1_000
"""Commands that one session may send in the long run, and at once."""
SLOWED = 0.05
"""Seconds for which the caller reads nothing after a command too many."""
WILD_MAX = 100
"""Patterns with * before their end among them: each is held against every series, on the loop."""
PATTERNS_MAX = 1_000
"""Patterns that one session may subscribe to."""
MAX_SEQ = 2**53 - 1

Since = tuple[str, int]
Answer = dict[str, object]
Send = Callable[[str, str, object], Awaitable[Answer | Refusal]]
"""Sends a device a command by its name, with arguments, and waits for the reply."""


def patterns_of(value: object) -> list[str] | Refusal:
    """The patterns of a subscription, checked."""
    if not isinstance(value, list) or not all(isinstance(one, str) and 1 <= len(one) <= MAX_PATTERN for one in value):
        return Refusal(Reason.BAD_MESSAGE, f"patterns are a list of texts of 1 to {MAX_PATTERN} characters")
    if len(value) > PATTERNS_MAX:
        return Refusal(Reason.TOO_LARGE, f"at most {PATTERNS_MAX} patterns")
    if _wild(value) > WILD_MAX:
        return Refusal(Reason.TOO_LARGE, f"at most {WILD_MAX} patterns with * before their end")
    return list(dict.fromkeys(value))


def _wild(patterns: Iterable[str]) -> int:
    return sum("*" in one[:-1] for one in patterns)


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

    def __init__(self, session: LiveSession, send: Send, tasks: Tasks) -> None:
        self._session = session
        self._send = send
        self._tasks = tasks
        self._rate = Rate(PER_SECOND, BURST)
        self._waiting: deque[str | bytes] = deque()
        self._task: asyncio.Task[None] | None = None

    def receive(self, message: str | bytes) -> float:
        """One frame from the client; for how long (s) no other should be read."""
        wait = self._rate.take()
        if wait or len(self._waiting) >= WAITING_MAX:
            again = Refusal(Reason.RATE_LIMITED, "too many commands at once", retry_after=1000)
            self._refuse(_id_of(_object(message)), again)
            return max(wait, SLOWED)
        self._waiting.append(message)
        if self._task is None or self._task.done():
            self._task = self._tasks.start(self._work(), "live commands")
        return 0.0

    def close(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()

    async def _work(self) -> None:
        mailbox = self._session.mailbox
        while self._waiting:
            if mailbox.full(0):
                await mailbox.dry.wait()
            await self._one(self._waiting.popleft())

    async def _one(self, message: str | bytes) -> None:
        body = _object(message)
        if body is None:
            self._refuse(None, Refusal(Reason.BAD_MESSAGE, "a command is a JSON object"))
            return
        id_ = _id_of(body)
        if id_ is None:
            self._refuse(None, Refusal(Reason.BAD_MESSAGE, "every command has an id: an integer or a short text"))
            return
        del body["id"]
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
        every = self._session.patterns.keys() | set(patterns)
        if len(every) > PATTERNS_MAX or _wild(every) > WILD_MAX:
            return Refusal(Reason.TOO_LARGE, f"at most {PATTERNS_MAX} patterns a socket")
        return await self._session.subscribe(patterns, since)

    async def _command(self, command: object) -> Answer | Refusal:
        match command:
            case {"device": str(device)} if not self._session.may_command(device):
                return Refusal(Reason.FORBIDDEN, "only operators command devices, within what they reach")
            case {"device": str(device), "name": str(name), **rest} if rest.keys() <= {"args"}:
                return await self._send(device, name, rest.get("args", {}))
        return Refusal(Reason.BAD_MESSAGE, 'a command is {"device": id, "name": text, "args": {...}}')

    def _refuse(self, id_: object, refusal: Refusal) -> None:
        self._session.answer({"id": id_, "ok": False, "error": refusal.body()})


def _object(message: str | bytes) -> dict[str, object] | None:
    """The JSON object of a frame, or None where it is none."""
    try:
        body = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _id_of(body: dict[str, object] | None) -> str | int | None:
    """The id of a command, or None where it has no valid one."""
    id_ = None if body is None else body.get("id")
    if isinstance(id_, str) and len(id_) <= 64:
        return id_
    return id_ if type(id_) is int and 0 <= id_ <= MAX_SEQ else None

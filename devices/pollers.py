"""Devices that do not send by themselves: air monitors that answer when asked, gateways that tell over a WebSocket.

Awair and AirGradient are asked by HTTP at a fixed interval, deCONZ is listened to. Answers are bounded in size and
time. A target that does not answer is asked again with backoff, counted, and named once in the log until it answers.
What comes is handed on decoded; this module stores nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from tornado.httpclient import HTTPClientError
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from devices import outgoing
from devices.backoff import Backoff
from devices.ecosystems.airgradient import PATH as AIRGRADIENT_PATH
from devices.ecosystems.awair import PATH as AWAIR_PATH
from devices.ecosystems.base import Request
from devices.ecosystems.catalogue import Catalogue
from devices.link import Dial, Link, LinkError
from telemetry.clock import monotonic, wall_ms
from telemetry.decoded import Decoded
from telemetry.model import Reason, Refusal
from telemetry.tasks import Tasks

log = logging.getLogger(__name__)

MAX_ANSWER = 64 << 10
"""Bytes of an answer or a frame; a real one has about 1 KiB."""
TIMEOUT = 10.0
"""Seconds until a whole answer must have come."""
PING = 20.0
"""Seconds between two pings to a gateway, and that it has to answer."""
STABLE = 10.0
"""Seconds after which a WebSocket counts as good; one that tells something and ends is no better than none."""
CAP = 300.0
"""Seconds that a target which does not answer is left alone at most."""
PATHS = {"awair": AWAIR_PATH, "airgradient": AIRGRADIENT_PATH}
"""Scheme of a target that is asked -> what it is asked for; the other scheme is ``deconz``."""

PORTS = {"deconz": 443}
"""Where a gateway listens unless it is told otherwise; the monitors answer on 80."""


class Take(Protocol):
    """What becomes of an answer: ``channel`` is the target, ``name`` the ecosystem. It must not block."""

    def __call__(self, channel: str, name: str, found: Decoded | Refusal, raw: bytes) -> None:
        """Take a decoded answer or frame, ``raw`` as it came."""


Decode = Callable[[Request], tuple[str, Decoded | Refusal] | None]
Lost = Callable[[str], None]
"""Called with a target that does not answer any more."""


class Limits(NamedTuple):
    """Seconds and bytes, for tests to shorten."""

    timeout: float = TIMEOUT
    ping: float = PING
    stable: float = STABLE
    answer: int = MAX_ANSWER


@dataclass(slots=True)
class Polled:
    """A target and how it fares: ``answers`` that were understood, ``failures`` of any kind.

    ``error`` is why the last try failed: None if it did not, "" before the first. ``silent`` since that was logged.
    """

    url: str
    scheme: str
    host: str
    port: int | None
    answers: int = 0
    failures: int = 0
    error: str | None = ""
    silent: bool = False


class Pollers:
    """One task a target, which ends when it is cancelled."""

    def __init__(
        self,
        targets: Sequence[str],
        interval: float,
        decode: Decode,
        take: Take,
        *,
        lost: Lost = lambda _target: None,
        limits: Limits | None = None,
        rng: Random | None = None,
    ) -> None:
        self.targets = [_target(url) for url in targets]
        self._interval = interval
        self._decode = decode
        self._take = take
        self._lost = lost
        self._limits = limits or Limits()
        self._rng = rng or Random()  # noqa: S311 - it spreads requests, it guards nothing

    def report(self) -> list[dict[str, object]]:
        """How each target fares, for the API; ``problem`` is None while it answers, "" before the first answer."""
        return [
            {"target": one.url, "answers": one.answers, "failures": one.failures, "problem": one.error}
            for one in self.targets
        ]

    def start(self, tasks: Tasks) -> None:
        """Ask or listen to every target until the tasks are closed."""
        for one in self.targets:
            tasks.start(
                self._ask_for_ever(one) if one.scheme in PATHS else self._listen_for_ever(one), f"poll {one.url}"
            )

    async def _ask_for_ever(self, target: Polled) -> None:
        # one client each: its own connection, closed with it; a stuck device holds up no other
        client = outgoing.client(outgoing.listed([target.host]), self._limits.answer)
        backoff = Backoff(self._rng, base=self._interval, cap=max(CAP, self._interval))
        try:
            # devices that are named in one file are not all asked in the same moment
            await asyncio.sleep(self._rng.uniform(0, min(1.0, self._interval)))
            while True:
                began = monotonic()
                if await self._ask(client, target):
                    backoff.reset()
                    wait = self._interval
                else:
                    wait = max(self._interval, backoff.delay())
                await asyncio.sleep(max(0.0, wait - (monotonic() - began)))
        finally:
            client.close()

    async def _ask(self, client: SimpleAsyncHTTPClient, target: Polled) -> bool:
        """Ask once; whether the answer was understood."""
        path = PATHS[target.scheme]
        url = f"http://{_netloc(target)}{path}"
        request = outgoing.request(url, self._limits.timeout, headers={"Accept": "application/json"})
        try:
            response = await client.fetch(request)
        except HTTPClientError as error:
            return self._unreached(target, f"HTTP {error.code}" if error.code != 599 else str(error))
        except outgoing.FAILURES as error:
            return self._unreached(target, str(error) or type(error).__name__)
        return self._hand(target, Request("GET", path, response.body, wall_ms(), host=target.host))

    async def _listen_for_ever(self, target: Polled) -> None:
        backoff = Backoff(self._rng, cap=CAP)
        resolver = outgoing.Judged(outgoing.listed([target.host]))
        dial = Dial(self._limits.timeout, self._limits.ping, max_frame=self._limits.answer, resolver=resolver)
        while True:
            await self._listen(target, backoff, dial)
            await asyncio.sleep(backoff.delay())

    async def _listen(self, target: Polled, backoff: Backoff, dial: Dial) -> None:
        """One WebSocket from dial to end."""

        def receive(frame: str | bytes) -> None:
            body = frame.encode() if isinstance(frame, str) else frame
            self._hand(target, Request("WS", "/", body, wall_ms(), host=target.host))

        link = Link(receive)
        try:
            await link.open(f"ws://{_netloc(target)}/", {}, dial)
        except LinkError as error:
            self._unreached(target, str(error))
            return
        began = monotonic()
        self._answering(target)
        try:
            code = await asyncio.shield(link.closed)
        except asyncio.CancelledError:
            await link.close()
            raise
        await link.close()
        if monotonic() - began >= self._limits.stable:
            backoff.reset()
        self._unreached(target, "the WebSocket was closed" + (f" ({code})" if code else ""))

    def _hand(self, target: Polled, request: Request) -> bool:
        """Decode and hand on; whether it was understood."""
        found = self._decode(request)
        name, what = found or (target.scheme, Refusal(Reason.BAD_MESSAGE, "the answer is not understood"))
        self._answering(target)
        if isinstance(what, Refusal):
            target.failures += 1
            target.error = what.message
        else:
            target.answers += 1
        try:
            self._take(target.url, name, what, request.body)
        except Exception:  # the devices must be asked again whatever became of one answer
            log.exception("an answer of %s was not taken", target.url)
        return isinstance(what, Decoded)

    def _unreached(self, target: Polled, why: str) -> bool:
        target.failures += 1
        target.error = why[:200] or "no answer"
        if not target.silent:
            log.warning("%s does not answer: %s", target.url, target.error)
        target.silent = True
        self._lost(target.url)
        return False

    def _answering(self, target: Polled) -> None:
        if target.silent:
            log.info("%s answers again", target.url)
        target.silent = False
        target.error = None


class Port(Protocol):
    """What the pollers need of the server."""

    def take(self, channel: str, name: str, found: Decoded | Refusal, raw: bytes) -> None:
        """See ``Take``."""

    def lost(self, channel: str) -> None:
        """See ``Lost``."""


def polling(targets: Sequence[str], interval: float, port: Port, tasks: Tasks) -> Callable[[], list[dict[str, object]]]:
    """Ask the targets every ``interval`` seconds from now on; what reports how each fares."""
    if not targets:
        return list
    pollers = Pollers(targets, interval, Catalogue().request, port.take, lost=port.lost)
    pollers.start(tasks)
    return pollers.report


def _target(url: str) -> Polled:
    """The target that a URL of the settings names; they have been checked there."""
    parts = urlsplit(url)
    return Polled(url, parts.scheme, parts.hostname or "", parts.port or PORTS.get(parts.scheme))


def _netloc(target: Polled) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port is None else f"{host}:{target.port}"

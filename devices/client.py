"""The reference device client: store and forward over one WebSocket, as ``docs/client.md`` shows.

    async with DeviceClient("ws://pi.local:8080", token="...") as client:
        client.send({"temperature": 21.5, "heater": True})
        await client.flush()

``send`` never waits: readings are queued (``devices/outbox.py``), put into envelopes, sent when there is a server, and
kept until it has acknowledged them. The client connects, resumes and backs off by itself. It decides no value.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from random import SystemRandom
from typing import Any, Self

from devices.backoff import Backoff
from devices.commands import Commands
from devices.connection import REPLACED, Connection
from devices.frames import CborFormat, Item, JsonFormat, count_readings, decoded
from devices.link import Link
from devices.options import Hooks, Options, State, Stats, device_url
from devices.outbox import Outbox
from devices.spool import Line, Spool
from telemetry.clock import monotonic, wall_ms
from telemetry.model import MAX_READINGS
from telemetry.tasks import Tasks

log = logging.getLogger(__name__)

TOO_BIG = 1009
"""Close code: a frame was over the server's limit."""


class DeviceClient:
    """One device. ``token`` names it; without one ``device`` does, where the server's admission allows that."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        device: str | None = None,
        options: Options | None = None,
        hooks: Hooks | None = None,
    ) -> None:
        self.options = options or Options()
        if self.options.spool and not self.options.clock:
            raise ValueError("a spool needs a clock: an age means nothing after a restart")
        rng = SystemRandom()
        # a random first id: the server's last_id may stem from an earlier run of this device
        first = rng.randrange(1, 2**52)
        self.outbox = Outbox(CborFormat() if self.options.cbor else JsonFormat(), self.options.limits, first)
        self.hooks = hooks or Hooks()
        self.stats = Stats()
        self.commands = Commands(self._message)
        self._url = url
        self._token = token
        self._device = device
        self._spool = Spool(self.options.spool) if self.options.spool else None
        self._tasks = Tasks()
        self._number = 0
        self._last_ts = 0
        self._timer: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()
        backoff = Backoff(rng, cap=self.options.max_backoff)
        self._connection = Connection(self._address, self.options.dial, backoff, self._receive, self._pump, self._ended)

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        await self.close(flush=5.0 if kind is None else 0.0)

    @property
    def state(self) -> State:
        """Where the client stands."""
        return self._connection.state

    # ------------------------------------------------------------------------------------------- for the program

    def start(self) -> None:
        """Load the spool and begin to connect; ``async with`` does this."""
        for _, line in self._spool.load() if self._spool else ():
            with contextlib.suppress(ValueError):
                self._put(line.values, line.ts, line.device)
        self._tasks.start(self._connection.run(), "device client")

    async def close(self, flush: float = 5.0) -> None:
        """Flush for at most so many seconds, then close the socket and stop."""
        if flush and self.state is not State.CLOSED:
            with contextlib.suppress(TimeoutError):
                await self.flush(flush)
        await self._connection.close()
        if self._timer:
            self._timer.cancel()
        await self.commands.close()
        await self._tasks.close()
        if self._spool:
            self._spool.close()
        if self.outbox.held:
            log.info("%d readings were not acknowledged%s", self.outbox.held, " and stay spooled" * bool(self._spool))

    def send(self, values: Mapping[str, object], ts: int | None = None, device: str | None = None) -> int:
        """Take readings; returns their number, for the hooks. Never waits.

        ``ts`` in ms (default: now, or the age where there is no clock); ``device`` with a gateway's token only.
        Raises ValueError for what no server would take: NaN, text that is too long, more than a message holds.
        """
        if ts is None and self.options.clock:
            ts = self._stamp()
        number = self._put(values, ts, device)
        if self._spool and ts is not None:
            try:
                self._spool.append(number, Line(ts, dict(values), device))
            except OSError as error:
                log.warning("the spool does not take readings, they are kept in memory only: %s", error)
        if self.outbox.online:
            self._pump()
        return number

    async def put(self, values: Mapping[str, object], ts: int | None = None, device: str | None = None) -> int:
        """As ``send``, but waits while the queue is long, so that nothing is dropped."""
        if not self.outbox.roomy(MAX_READINGS):
            readings = count_readings(values)
            await self._until(lambda: self.outbox.roomy(readings))
        return self.send(values, ts, device)

    async def flush(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  the caller's limit, not a scope's
        """Wait until all that was sent so far is acknowledged or refused. Raises TimeoutError after so many seconds."""
        number = self.outbox.flush_to = self._number
        self._pump()
        async with asyncio.timeout(timeout):
            await self._until(lambda: (self.outbox.oldest() or number + 1) > number)

    async def online(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  as flush
        """Wait until the server has said hello. Raises TimeoutError after so many seconds."""
        async with asyncio.timeout(timeout):
            await self._until(lambda: self.state is State.ONLINE)

    def report_config(self, config: Mapping[str, object]) -> None:
        """Tell the server which configuration is in force."""
        self._message({"config": dict(config)})

    def cut(self) -> None:
        """Cut the socket without a goodbye, as a lost network does; the client connects again."""
        if self._connection.link:
            self._connection.link.abort()

    # ------------------------------------------------------------------------------------------------- connection

    def _address(self) -> tuple[str, dict[str, str]]:
        if self._token:
            return device_url(self._url), {"Authorization": f"Bearer {self._token}"}
        return device_url(self._url, self._device), {}

    def _ended(self, code: int | None) -> None:
        self.outbox.lost()
        if code == REPLACED:
            self.stats.replaced += 1
        elif code == TOO_BIG:
            log.warning("a message was too big for the server: sending at most %d bytes", self.outbox.shrink())
        self._changed.set()

    # ---------------------------------------------------------------------------------------------------- messages

    def _receive(self, frame: str | bytes) -> None:
        try:
            message = decoded(frame)
        except ValueError as error:
            log.warning("a message of the server was not understood: %s", error)
            return
        if "ack" in message:
            self._connection.proved()
            self._acked(self.outbox.ack(message["ack"]))
        elif "error" in message:
            self._error(message["error"])
        elif "hello" in message:
            self._hello(message["hello"])
        elif "command" in message:
            self.commands.run(message["command"])
        elif "config" in message and self.hooks.config:
            self.hooks.config(message["config"])
        elif "token" in message:
            self._approved(message["token"])
        self._pump()

    def _hello(self, hello: dict[str, Any]) -> None:
        self.stats.connects += 1
        covered, oversize = self.outbox.hello(hello.get("last_id"), hello.get("max_message"))
        self._connection.ready()
        self._changed.set()
        if hello.get("pending"):
            log.warning("this device waits for approval: accept it on the dashboard")
        if covered:
            self._connection.proved()
        self._acked(covered)
        self._refused(oversize, {"code": "too_large", "message": "larger than the server's max_message"})
        if self.hooks.hello:
            self.hooks.hello(hello)

    def _approved(self, token: str) -> None:
        self._token = token
        self.outbox.resume()
        if self.hooks.token:
            self.hooks.token(token)

    def _error(self, error: dict[str, Any]) -> None:
        code = str(error.get("code"))
        if "id" not in error:
            self.stats.errors[code] += 1
            log.debug("error: %s", error)
            return
        self._refused(self.outbox.refuse(error, monotonic()), error)

    def _acked(self, items: list[Item]) -> None:
        self.stats.acked += sum(item.readings for item in items)
        self._settled(items)
        if items and self.hooks.acked:
            self.hooks.acked([item.number for item in items])

    def _refused(self, items: list[Item], error: Mapping[str, Any]) -> None:
        if not items:
            return
        self.stats.refused[str(error.get("code"))] += sum(item.readings for item in items)
        self._settled(items)
        log.warning("readings refused for good: %s at %s", error.get("message"), error.get("at", "the message"))
        if self.hooks.refused:
            self.hooks.refused([item.number for item in items], error)

    # ------------------------------------------------------------------------------------------------------ sending

    def _stamp(self) -> int:
        """Now in ms. Two readings of one millisecond get two stamps, or the server would keep only the later one."""
        now = wall_ms()
        if 0 <= self._last_ts - now < 1000:
            now = self._last_ts + 1
        self._last_ts = now
        return now

    def _put(self, values: Mapping[str, object], ts: int | None, device: str | None) -> int:
        content = self.outbox.format.content
        name = content(device) if device else b""
        item = Item(self._number + 1, monotonic(), ts, content(values), name, count_readings(values))
        dropped = self.outbox.put(item)
        self._number += 1
        self.stats.sent += item.readings
        if dropped:
            if not self.stats.dropped:
                log.warning("the queue is full (capacity %d): the oldest readings go", self.options.limits.capacity)
            self.stats.dropped += sum(one.readings for one in dropped)
            self._settled(dropped)
        return self._number

    def _pump(self) -> None:
        """Write what may be written, and come back when waiting allows more."""
        link = self._connection.link
        if link is None:
            return
        now = monotonic()
        while (frame := self.outbox.next(now)) is not None:
            self._write(link, frame)
        self._arm(self.outbox.wait(now))

    def _write(self, link: Link, frame: bytes) -> None:
        link.write(frame, binary=self.outbox.format.binary)

    def _message(self, message: Mapping[str, object]) -> None:
        if self._connection.link:
            self._connection.link.write(self.outbox.format.content(message), binary=self.outbox.format.binary)

    def _arm(self, wait: float | None) -> None:
        if wait is None:
            return
        loop = asyncio.get_running_loop()
        due = loop.time() + wait
        if self._timer is None or self._timer.cancelled() or self._timer.when() > due:
            if self._timer:
                self._timer.cancel()
            self._timer = loop.call_at(due, self._rearm)

    def _rearm(self) -> None:
        self._timer = None
        self._pump()

    def _settled(self, items: Sequence[Item]) -> None:
        if self._spool:
            for item in items:
                self._spool.settle(item.number)
        if items:
            self._changed.set()

    async def _until(self, predicate: Callable[[], bool]) -> None:
        while not predicate():
            self._changed.clear()
            await self._changed.wait()

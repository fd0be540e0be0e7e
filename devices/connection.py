"""Keeps a device connected: dials, waits for the hello, notices the end, backs off, dials again.

Owns the one link, the state and the waiting between two links. What is said over a link is the client's concern.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from devices.backoff import Backoff
from devices.link import Dial, Link, LinkError
from devices.options import State
from telemetry.clock import monotonic

log = logging.getLogger(__name__)

HELLO_WAIT = 30.0
"""Seconds between the upgrade and the hello."""
STABLE = 10.0
"""Seconds after which a connection counts as good even if nothing was acknowledged."""
REPLACED = 4000
"""Close code: a newer socket of the same device took over."""

Address = Callable[[], tuple[str, dict[str, str]]]
"""URL and headers of the next attempt."""


class Connection:
    """``receive(frame)`` gets every frame, the first perhaps before ``opened()`` says that the link can be written to.

    ``ended(code)`` is called when a link has ended or could not be made.
    """

    def __init__(
        self,
        address: Address,
        dial: Dial,
        backoff: Backoff,
        receive: Callable[[str | bytes], None],
        opened: Callable[[], None],
        ended: Callable[[int | None], None],
    ) -> None:
        self.state = State.CONNECTING
        self.link: Link | None = None
        self._address = address
        self._dial = dial
        self._backoff = backoff
        self._receive = receive
        self._opened = opened
        self._ended = ended

    async def run(self) -> None:
        """Stay connected until ``close``."""
        while self.state is not State.CLOSED:
            delay = await self._session()
            await asyncio.sleep(delay)

    def ready(self) -> None:
        """The server has said hello."""
        if self.state is not State.CLOSED:
            self.state = State.ONLINE

    def proved(self) -> None:
        """The server has taken something: the next retry is a first one."""
        self._backoff.reset()

    async def close(self) -> None:
        """Say goodbye; ``run`` dials no more."""
        self.state = State.CLOSED
        if self.link:
            await self.link.close()

    async def _session(self) -> float:
        """One link from dial to end; returns the seconds to wait before the next."""
        link = Link(self._receive)
        url, headers = self._address()
        try:
            await link.open(url, headers, self._dial)
        except LinkError as error:
            delay = self._unreachable(error)
            self._ended(None)
            return delay
        self.link = link
        # the hello may have come before this task did
        self._opened()
        began = monotonic()
        watch = asyncio.get_running_loop().call_later(HELLO_WAIT, self._no_hello, link)
        try:
            code = await asyncio.shield(link.closed)
        finally:
            watch.cancel()
            self.link = None
            # the connection object warns unless it was closed on this side too
            await link.close()
        delay = self._after(code, monotonic() - began)
        self._ended(code)
        return delay

    def _no_hello(self, link: Link) -> None:
        if self.state is not State.ONLINE:
            link.abort()

    def _unreachable(self, error: LinkError) -> float:
        if error.status in {401, 403}:
            if self.state is not State.REFUSED:
                log.error("the server refuses this device's credentials (%s): check the token", error)
            self._enter(State.REFUSED)
            return self._backoff.slow()
        log.debug("no connection: %s", error)
        self._enter(State.OFFLINE)
        return self._backoff.delay()

    def _after(self, code: int | None, lasted: float) -> float:
        if code == REPLACED:
            log.warning("replaced by a newer connection: do two programs use the identity of this device?")
            self._enter(State.REPLACED)
            return self._backoff.slow()
        if lasted > STABLE:
            self._backoff.reset()
        self._enter(State.OFFLINE)
        return self._backoff.delay()

    def _enter(self, state: State) -> None:
        if self.state is not State.CLOSED:
            self.state = state

"""Which device is on which socket: one each, the newer replaces the older; and commands, also by way of a broker.

Owned by the loop thread. A command waits for the device's reply at most ``PATIENCE`` seconds; commands that wait are
bounded per device.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from telemetry.model import Reason, Refusal

PATIENCE = 10.0
"""Seconds that a device may take to reply to a command."""
WAITING_MAX = 16
"""Commands without a reply that one device may have."""
REMOTE_MAX = 10_000
"""Devices behind brokers that commands can reach."""


class Line(Protocol):
    """A device's open socket."""

    def send(self, body: dict[str, object]) -> None:
        """Write one message to the device."""

    def replaced(self) -> None:
        """Close: a newer socket of the device has taken over."""


@dataclass(slots=True, eq=False)
class _Connected:
    line: Line
    replies: dict[str, asyncio.Future[dict[str, object]]] = field(default_factory=dict)


class _ByBroker:
    """A device behind a broker; what the broker does not take now is told at once."""

    def __init__(self, publish: Callable[[dict[str, object]], bool]) -> None:
        self.publish = publish

    def send(self, body: dict[str, object]) -> None:
        if not self.publish(body):
            raise ConnectionError

    def replaced(self) -> None:
        """A socket of the device has taken over; nothing has to be closed."""


class Switchboard:
    """The sockets of all devices."""

    def __init__(self) -> None:
        self._lines: dict[str, _Connected] = {}
        self._remote: dict[str, _Connected] = {}

    def reach(self, device: str, publish: Callable[[dict[str, object]], bool]) -> None:
        """A device without a socket can be sent commands by ``publish``, which says whether it was taken."""
        here = self._remote.get(device)
        if here is None:
            if len(self._remote) >= REMOTE_MAX:
                del self._remote[next(iter(self._remote))]
            self._remote[device] = _Connected(_ByBroker(publish))
        elif isinstance(here.line, _ByBroker):
            here.line.publish = publish

    def connect(self, device: str, line: Line) -> bool:
        """Make this the device's socket; an older one is told that it is replaced. Whether there was one."""
        old = self._lines.get(device)
        self._lines[device] = _Connected(line)
        if old is not None:
            self._hang_up(old)
            old.line.replaced()
        return old is not None

    def disconnect(self, device: str, line: Line) -> bool:
        """Forget a socket; False if a newer one has taken its place."""
        here = self._lines.get(device)
        if here is None or here.line is not line:
            return False
        del self._lines[device]
        self._hang_up(here)
        return True

    def connected(self, device: str) -> bool:
        """Whether the device has an open socket."""
        return device in self._lines

    def reachable(self, device: str) -> bool:
        """Whether there is a way to send the device a command."""
        return device in self._lines or device in self._remote

    async def command(self, device: str, name: str, args: object) -> dict[str, object] | Refusal:
        """Send a command and wait for the device's reply; returns ``{"result": …}``."""
        here = self._lines.get(device) or self._remote.get(device)
        if here is None:
            return Refusal(Reason.UNKNOWN_DEVICE, "the device is not connected")
        if len(here.replies) >= WAITING_MAX:
            return Refusal(Reason.TRY_LATER, "the device has not replied to earlier commands", retry_after=1000)
        id_ = secrets.token_hex(4)
        reply = here.replies[id_] = asyncio.get_running_loop().create_future()
        try:
            here.line.send({"command": {"id": id_, "name": name, "args": args}})
            async with asyncio.timeout(PATIENCE):
                answer = await reply
        except TimeoutError:
            return Refusal(Reason.TRY_LATER, f"the device did not reply within {PATIENCE:g} s")
        except ConnectionError:
            return Refusal(Reason.TRY_LATER, "the device disconnected before it replied")
        finally:
            here.replies.pop(id_, None)
        if answer.get("ok") is not True:
            return Refusal(Reason.BAD_VALUE, f"the device refused: {answer.get('error', answer.get('result'))}")
        return {"result": answer.get("result")}

    def reply(self, device: str, reply: dict[str, object]) -> bool:
        """Route a device's reply to who waits for it; False if no one does."""
        id_ = reply.get("id")
        for here in (self._lines.get(device), self._remote.get(device)):
            waiting = here.replies.get(id_) if here is not None and isinstance(id_, str) else None
            if waiting is not None and not waiting.done():
                waiting.set_result(reply)
                return True
        return False

    def _hang_up(self, here: _Connected) -> None:
        for waiting in here.replies.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError())

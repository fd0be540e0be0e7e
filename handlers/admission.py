"""``/api/devices/approve``, ``block`` and ``unblock``: operators decide on devices that have no token yet."""

from __future__ import annotations

import json

from handlers.base import Access, Guard
from telemetry.model import Refusal


class _Decision(Guard):
    """``POST {"device": ID}``; the answer says what the device is from now on."""

    access = Access.OPERATOR
    nothing = "no such device waits for approval"

    async def post(self) -> None:
        device = _device_of(self.request.body)
        if device is None:
            self.refuse(400, "bad_message", 'expected {"device": ID}')
            return
        state = await self.decide(device)
        if isinstance(state, Refusal):
            self.refuse_with(state)
        elif state is None:
            self.refuse(404, "unknown_device", self.nothing)
        else:
            self.write({"device": device, "state": state})

    async def decide(self, device: str) -> str | Refusal | None:
        """What became of the device, or None if there is nothing to decide."""
        raise NotImplementedError


class Approve(_Decision):
    """Its open socket gets a token; one that is not connected gets it when it comes again."""

    async def decide(self, device: str) -> str | None:
        return await self.core.admission.approve(self.actor, device)


class Block(_Decision):
    """It is refused from now on, after a restart too."""

    nothing = "this device has a token: revoke that instead"

    async def decide(self, device: str) -> str | Refusal | None:
        done = await self.core.admission.block(self.actor, device)
        return done if isinstance(done, Refusal) else "blocked" if done else None


class Unblock(_Decision):
    """It may knock again."""

    nothing = "this device is not blocked"

    async def decide(self, device: str) -> str | None:
        return "unblocked" if await self.core.admission.blocking.remove(self.actor, device) else None


def _device_of(body: bytes) -> str | None:
    try:
        device = json.loads(body)["device"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return device if isinstance(device, str) else None

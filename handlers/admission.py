"""``/api/devices/approve`` and ``/api/devices/block``: operators decide on devices that have no token yet."""

from __future__ import annotations

import json

from handlers.base import Access, Guard


class _Decision(Guard):
    """``POST {"device": ID}``; the answer says what the device is from now on."""

    access = Access.OPERATOR

    async def post(self) -> None:
        device = _device_of(self.request.body)
        if device is None:
            self.refuse(400, "bad_message", 'expected {"device": ID}')
            return
        state = await self.decide(device)
        if state is None:
            self.refuse(404, "unknown_device", "no such device waits for approval")
        else:
            self.write({"device": device, "state": state})

    async def decide(self, device: str) -> str | None:
        """What became of the device, or None if there is nothing to decide."""
        raise NotImplementedError


class Approve(_Decision):
    """Its open socket gets a token; one that is not connected gets it when it comes again."""

    async def decide(self, device: str) -> str | None:
        return await self.core.admission.approve(self.actor, device)


class Block(_Decision):
    """It is refused until the server is restarted."""

    async def decide(self, device: str) -> str | None:
        return "blocked" if self.core.admission.block(device) else None


def _device_of(body: bytes) -> str | None:
    try:
        device = json.loads(body)["device"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return device if isinstance(device, str) else None

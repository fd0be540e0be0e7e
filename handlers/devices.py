"""``GET /api/devices``: every device, online or offline, and for operators those that wait for approval."""

from __future__ import annotations

from handlers.reading import ReadHandler
from telemetry.auth import Role
from telemetry.presence import state


class Devices(ReadHandler):
    """Every device and whether it is online; operators also see those that wait for approval."""

    async def answer(self) -> None:
        """From memory; a device that waits is only listed as that."""
        pending = self.core.admission.list() if self.principal.role >= Role.OPERATOR else []
        waiting = {one["device"] for one in pending}
        known = [
            {"device": one.id, "name": one.name, "state": state(one), "last_seen": one.last_seen}
            for one in self.core.registry.devices.values()
            if one.id not in waiting
        ]
        self.give({"devices": known + pending})

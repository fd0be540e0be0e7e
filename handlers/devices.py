"""``GET /api/devices``: every device, online or offline, and for operators those that wait for approval."""

from __future__ import annotations

from handlers.reading import ReadHandler
from telemetry.auth import Role


class Devices(ReadHandler):
    """Every device and whether it is online; operators also see those that wait for approval."""

    async def answer(self) -> None:
        """From memory; a device that waits is only listed as that."""
        pending = self.core.admission.list() if self.principal.role >= Role.OPERATOR else []
        waiting = {one["device"] for one in pending}
        known = [one for one in self.core.roster.every() if one["device"] not in waiting]
        self.give({"devices": known + pending})

"""``GET /api/devices``: every device, online or offline, and for operators those that wait for approval."""

from __future__ import annotations

from handlers.base import READ
from handlers.reading import ReadHandler
from telemetry.auth import Role
from telemetry.hub import part_of
from telemetry.scope import Scope


class Devices(ReadHandler):
    """Every device and whether it is online; operators also see those that wait for approval."""

    scoped = READ

    async def answer(self) -> None:
        """From memory; a device that waits is only listed as that."""
        if self.scope is not None:
            self.give({"devices": self._within_scope(self.scope)})
            return
        pending = self.core.admission.list() if self.principal.role >= Role.OPERATOR else []
        waiting = {one["device"] for one in pending}
        known = [one for one in self.core.roster.every() if one["device"] not in waiting]
        self.give({"devices": known + pending})

    def _within_scope(self, scope: Scope) -> list[object]:
        """The devices of which the scope reaches something; what brokers keep of those only that it reaches whole."""
        roster = self.core.roster
        devices = [one for one in self.core.registry.devices.values() if scope.sees_device(one)]
        return [roster.one(one.id) if scope.covers(one.id) else part_of(roster.one(one.id)) for one in devices]

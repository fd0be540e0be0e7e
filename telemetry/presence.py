"""Who is online: a device with an open socket, or one that spoke within ``offline_after`` seconds.

``step`` is the rule, without I/O; ``Presence`` applies it once a second and tells dashboards about changes.
"""

from __future__ import annotations

import asyncio

from telemetry.clock import Clock
from telemetry.hub import Hub
from telemetry.registry import Device, Registry
from telemetry.switchboard import Switchboard

SWEEP = 1.0
"""Seconds between two looks at who fell silent."""


def step(device: Device, *, connected: bool, now: int, offline_after_ms: int) -> bool:
    """Whether the device counts as online at ``now`` (ms)."""
    return connected or (device.last_seen is not None and now - device.last_seen < offline_after_ms)


class Presence:
    """Keeps ``Device.online`` true to the rule."""

    def __init__(
        self, registry: Registry, switchboard: Switchboard, hub: Hub, clock: Clock, *, offline_after: float
    ) -> None:
        self._registry = registry
        self._switchboard = switchboard
        self._hub = hub
        self._clock = clock
        self._offline_after_ms = int(offline_after * 1000)
        registry.on_device.append(self._new_device)
        registry.on_return.append(self.update)

    def update(self, device: Device) -> None:
        """Apply the rule to one device now."""
        now = self._clock.arrival()
        connected = self._switchboard.connected(device.id)
        online = step(device, connected=connected, now=now, offline_after_ms=self._offline_after_ms)
        if online == device.online:
            return
        device.online = online
        since = now if connected or device.last_seen is None else device.last_seen
        self._hub.event(f"presence {device.id}", {"presence": [[device.id, state(device), since]]})

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            for device in list(self._registry.devices.values()):
                self.update(device)
            await asyncio.sleep(SWEEP)

    def _new_device(self, device: Device) -> None:
        body: dict[str, object] = {"device": device.id, "name": device.name, "state": state(device)}
        self._hub.event(f"device {device.id}", {"device": body})


def state(device: Device) -> str:
    """The word that the API and the pages use."""
    return "online" if device.online else "offline"

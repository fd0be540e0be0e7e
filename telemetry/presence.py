"""Who is online: a device with an open socket, or that a broker reports as online, or that spoke lately.

What a broker reports (a birth, a last will) holds until it reports something else, the device speaks after a report
that it is gone, or the broker itself is lost. ``step`` is the rule, without I/O; ``Presence`` applies it once a second
and tells dashboards about changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from telemetry.clock import Clock
from telemetry.hub import Hub
from telemetry.registry import Device, Registry
from telemetry.switchboard import Switchboard

SWEEP = 1.0
"""Seconds between two looks at who fell silent."""
REPORTS_MAX = 20_000
"""Devices of which a report is kept; the oldest report is let go."""


class Report(NamedTuple):
    """What ``source``, a broker, last said of a device, ``at`` (ms)."""

    online: bool
    at: int
    source: str


def step(device: Device, report: Report | None, *, connected: bool, now: int, offline_after_ms: int) -> bool:
    """Whether the device counts as online at ``now`` (ms)."""
    seen = device.last_seen
    if report is not None and not report.online and (seen is None or seen <= report.at):
        return connected
    if connected or (report is not None and report.online):
        return True
    return seen is not None and now - seen < offline_after_ms


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
        self._reports: dict[str, Report] = {}
        self.on_sweep: list[Callable[[], None]] = []
        """Called after each look at who fell silent."""
        registry.on_device.append(self._new_device)
        registry.on_return.append(self.update)

    def update(self, device: Device) -> None:
        """Apply the rule to one device now."""
        now = self._clock.arrival()
        connected = self._switchboard.connected(device.id)
        report = self._reports.get(device.id)
        online = step(device, report, connected=connected, now=now, offline_after_ms=self._offline_after_ms)
        if online == device.online:
            return
        device.online = online
        if connected or (online and report is not None and report.online):
            since = now
        elif report is not None and not report.online and not online:
            since = report.at
        else:
            since = device.last_seen or now
        self._hub.device_event(f"presence {device.id}", {"presence": [[device.id, state(device), since]]}, device)

    def report(self, device_id: str, *, online: bool, source: str) -> None:
        """A broker says that a device, known or not, is there or gone."""
        self._reports.pop(device_id, None)
        self._reports[device_id] = Report(online, self._clock.arrival(), source)
        if len(self._reports) > REPORTS_MAX:
            del self._reports[next(iter(self._reports))]
        device = self._registry.devices.get(device_id)
        if device is not None:
            self.update(device)
        else:
            self._tell(device_id, online=online)

    def forget(self, device_id: str) -> None:
        """Know no more what a broker said of a device."""
        self._reports.pop(device_id, None)

    def lost(self, source: str) -> None:
        """A broker is lost: no one knows any more what it reported as online."""
        for device_id in [one for one, report in self._reports.items() if report.online and report.source == source]:
            del self._reports[device_id]
            if device_id in self._registry.devices:
                self.update(self._registry.devices[device_id])
            else:
                self._tell(device_id, online=False)

    def reports(self) -> dict[str, Report]:
        """What brokers say of devices, by id."""
        return self._reports

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            for device in list(self._registry.devices.values()):
                self.update(device)
            for told in self.on_sweep:
                told()
            await asyncio.sleep(SWEEP)

    def _tell(self, device_id: str, *, online: bool) -> None:
        """Tell dashboards of a device that has no readings yet."""
        body: list[object] = [device_id, "online" if online else "offline", self._clock.arrival()]
        self._hub.event(f"presence {device_id}", {"presence": [body]})

    def _new_device(self, device: Device) -> None:
        body: dict[str, object] = {"device": device.id, "name": device.name, "state": state(device)}
        self._hub.device_event(f"device {device.id}", {"device": body}, device)


def state(device: Device) -> str:
    """The word that the API and the pages use."""
    return "online" if device.online else "offline"

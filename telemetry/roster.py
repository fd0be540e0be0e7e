"""What is said of each device: those with readings, and those that only a broker knows.

Changes that no reading tells (last known values, wrong clocks, names) are told to dashboards once a second.
"""

from __future__ import annotations

from collections.abc import Iterator

from telemetry.hub import Hub
from telemetry.last_known import LastKnown
from telemetry.presence import Presence, state
from telemetry.registry import Registry

Body = dict[str, object]
ADDRESSES_MAX = 10_000


class Roster:
    """The list of devices. Owned by the loop thread."""

    def __init__(self, registry: Registry, presence: Presence, known: LastKnown, hub: Hub) -> None:
        self._registry = registry
        self._presence = presence
        self._known = known
        self._hub = hub
        self._addresses: dict[str, str] = {}
        presence.on_sweep.append(self._tell)

    def heard(self, device_id: str, address: str) -> None:
        """A device came over HTTP or a socket from an address; of too many, the one heard longest ago is forgotten."""
        self._addresses.pop(device_id, None)
        self._addresses[device_id] = address
        if len(self._addresses) > ADDRESSES_MAX:
            del self._addresses[next(iter(self._addresses))]

    def address(self, device_id: str) -> str:
        """Where a device last came from since the start; empty if that is not known."""
        return self._addresses.get(device_id, "")

    def forget(self, device_id: str) -> None:
        """Know no more where a device came from."""
        self._addresses.pop(device_id, None)

    def every(self) -> Iterator[Body]:
        """All devices: those with readings in order of creation, then the others."""
        devices, reports = self._registry.devices, self._presence.reports()
        for device_id in dict.fromkeys((*devices, *reports, *self._known.devices())):
            yield self.one(device_id)

    def one(self, device_id: str) -> Body:
        """One device, with ``last_known`` and ``clock_warning`` where there are such."""
        device = self._registry.devices.get(device_id)
        if device is not None:
            name, word, seen = device.name, state(device), device.last_seen
        else:
            report = self._presence.reports().get(device_id)
            online = report is not None and report.online
            name, word, seen = self._known.name(device_id), "online" if online else "offline", None
        body: Body = {"device": device_id, "name": name, "state": word, "last_seen": seen}
        if values := self._known.values(device_id):
            body["last_known"] = {
                metric: {"value": value, "ts": ts, "unit": unit, "heard": at}
                for metric, (value, unit, ts, at) in values.items()
            }
        if (warning := self._known.clock(device_id)) is not None:
            body["clock_warning"] = {"said": warning.said, "at": warning.at}
        return body

    def _tell(self) -> None:
        """Tell dashboards what is fresh."""
        fresh, self._known.fresh = self._known.fresh, set()
        for device_id in fresh:
            known = self._registry.devices.get(device_id)
            self._hub.device_event(f"device {device_id}", {"device": self.one(device_id)}, known)

"""Devices and series in memory: looked up by every reading, so without SQL.

Owned by the loop thread. What is new stands in ``unsaved`` until the writer has committed it together with
the first reading that needs it. Nothing is created before its whole message has been accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from telemetry.model import MessageId, Reading, Series


@dataclass(slots=True, eq=False)
class Device:
    """A device: its series by metric, and what the pages show of it.

    ``last_seen`` is the arrival (ms) of its newest reading, ``last_id`` the contract's, ``online`` is decided by
    presence. ``gateway`` holds the patterns of ids that it may speak for, None for an ordinary device.
    """

    id: str
    name: str | None = None
    gateway: tuple[str, ...] | None = None
    created: int = 0
    last_seen: int | None = None
    last_id: MessageId | None = None
    online: bool = False
    series: dict[str, Series] = field(default_factory=dict)


class Registry:
    """Every device and series the server knows."""

    def __init__(self) -> None:
        self.devices: dict[str, Device] = {}
        self.series: dict[str, Series] = {}
        self.by_id: dict[int, Series] = {}
        self.unsaved_devices: list[Device] = []
        self.unsaved_series: list[Series] = []
        self.on_series: list[Callable[[Series], None]] = []
        self.on_device: list[Callable[[Device], None]] = []
        self.on_return: list[Callable[[Device], None]] = []
        """Called when a device that is not online speaks."""
        self._next_id = 1

    def load(self, devices: Iterable[Device], series: Iterable[Series]) -> None:
        """Take over what the store knows, before anything else runs."""
        for device in devices:
            self.devices[device.id] = device
        for one in series:
            self._place(one)

    def add_device(self, device_id: str, created: int, *, saved: bool = False) -> Device:
        """A new device; the id has passed ``names.device_id``. The writer saves it unless ``saved``."""
        device = Device(device_id, created=created)
        self.devices[device_id] = device
        if not saved:
            self.unsaved_devices.append(device)
        for told in self.on_device:
            told(device)
        return device

    def add_series(self, one: Series) -> Series:
        """Take in a new series, whose name is free, and give it its id."""
        one.id = self._next_id
        self._place(one)
        self.unsaved_series.append(one)
        for told in self.on_series:
            told(one)
        return one

    def seen(self, readings: Iterable[Reading], arrival: int) -> None:
        """Note that the devices of these readings spoke at ``arrival`` (ms)."""
        for device_id in {reading.series.device for reading in readings}:
            device = self.devices[device_id]
            device.last_seen = arrival
            if not device.online:
                for told in self.on_return:
                    told(device)

    def matching(self, test: Callable[[str], bool]) -> Iterator[Series]:
        """The series whose names pass the test, in order of creation."""
        return (one for one in self.series.values() if test(one.name))

    def _place(self, one: Series) -> None:
        self.series[one.name] = one
        self.by_id[one.id] = one
        self.devices[one.device].series[one.metric] = one
        self._next_id = max(self._next_id, one.id + 1)

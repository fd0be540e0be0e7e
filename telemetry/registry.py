"""Devices and series in memory: looked up by every reading, so without SQL.

Owned by the loop thread. What is new stands in ``unsaved`` until the writer has committed it together with
the first reading that needs it. Nothing is created before its whole message has been accepted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
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
        self.aliases: dict[str, Series] = {}
        """Series by the names that they had before."""
        self.by_id: dict[int, Series] = {}
        self.unsaved_devices: list[Device] = []
        self.unsaved_series: list[Series] = []
        self.on_series: list[Callable[[Series], None]] = []
        self.on_device: list[Callable[[Device], None]] = []
        self.on_return: list[Callable[[Device], None]] = []
        """Called when a device that is not online speaks."""
        self._next_id = 1

    def load(
        self, devices: Iterable[Device], series: Iterable[Series], aliases: Mapping[str, int] | None = None
    ) -> None:
        """Take over what the store knows, before anything else runs; ``aliases`` are former names and ids of series.

        A series of which the own name is a former one of another was merged into that.
        """
        for device in devices:
            self.devices[device.id] = device
        merged: list[Series] = []
        for one in series:
            if aliases and aliases.get(one.name, one.id) != one.id:
                merged.append(one)
                self._next_id = max(self._next_id, one.id + 1)
            else:
                self._place(one)
        for name, id_ in (aliases or {}).items():
            if id_ in self.by_id:
                self._alias(name, self.by_id[id_])
        for one in merged:
            if one.name in self.aliases:
                self.by_id[one.id] = self.aliases[one.name]
            else:
                self._place(one)

    def spare(self, ids: Iterable[int]) -> None:
        """Give these ids to no new series."""
        self._next_id = max([self._next_id, *(id_ + 1 for id_ in ids)])

    def find(self, name: str) -> Series | None:
        """The series that has or had this name."""
        return self.series.get(name) or self.aliases.get(name)

    def rename(self, one: Series, name: str) -> None:
        """Give a series a name that is free, or was its own before."""
        was = one.name
        self.aliases.pop(name, None)
        one.former = tuple(old for old in one.former if old != name)
        # in place: the order is that of creation
        self.series = {name if known == was else known: series for known, series in self.series.items()}
        one.name = name
        one.label = json.dumps(name)
        self._alias(was, one)

    def take_over(self, source: Series, target: Series) -> None:
        """Let ``target`` take what the device of ``source`` sends; its own device's metric is free to be refused."""
        former = self.devices[target.device].series
        if former.get(target.metric) is target:
            del former[target.metric]
        target.device, target.metric, target.bound = source.device, source.metric, True
        target.stamp = max(target.stamp, source.stamp)
        source.bound = False
        self.devices[target.device].series[target.metric] = target

    def merge(self, source: Series, target: Series) -> None:
        """Let everything that was ``source``, which is empty, mean ``target``."""
        del self.series[source.name]
        for name in (*source.former, source.name):
            self._alias(name, target)
        source.former = ()
        for id_, one in list(self.by_id.items()):
            if one is source:
                self.by_id[id_] = target

    def add_device(self, device_id: str, created: int, *, saved: bool = False) -> Device:
        """A new device; the id has passed ``names.device_id``. The writer saves it unless ``saved``."""
        device = Device(device_id, created=created)
        self.devices[device_id] = device
        if not saved:
            self.unsaved_devices.append(device)
        for told in self.on_device:
            told(device)
        return device

    def forget(self, device: Device) -> tuple[list[Series], Callable[[], None]]:
        """Know a device and its series no more, none of which is being saved right now.

        The series that it fed, and what takes all that back.
        """
        gone = [one for one in self.series.values() if one.device == device.id]
        series, aliases, by_id = self.series, self.aliases, self.by_id

        def kept(one: Series) -> bool:
            return one.device != device.id

        def take_back() -> None:
            self.devices[device.id] = device
            self.series, self.aliases, self.by_id = series | self.series, aliases | self.aliases, by_id | self.by_id

        del self.devices[device.id]
        self.series = {name: one for name, one in series.items() if kept(one)}
        self.aliases = {name: one for name, one in aliases.items() if kept(one)}
        self.by_id = {id_: one for id_, one in by_id.items() if kept(one)}
        if device in self.unsaved_devices or not all(kept(one) for one in self.unsaved_series):
            self.unsaved_devices[:] = [one for one in self.unsaved_devices if one is not device]
            self.unsaved_series[:] = [one for one in self.unsaved_series if kept(one)]
        return gone, take_back

    def call(self, device: Device, name: str) -> None:
        """Give a device that has none its display name; saved with the next commit."""
        if device.name is None:
            device.name = name
            self.unsaved_devices.append(device)  # once more, if it is just being saved without it

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
            device = self.devices.get(device_id)
            if device is None:  # removed while its readings were on their way
                continue
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
        if one.bound:
            self.devices[one.device].series[one.metric] = one
        self._next_id = max(self._next_id, one.id + 1)

    def _alias(self, name: str, one: Series) -> None:
        self.aliases[name] = one
        if name not in one.former:
            one.former = (*one.former, name)

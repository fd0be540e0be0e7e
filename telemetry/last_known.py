"""What is known of devices without a reading: values of retained messages, whose age no one knows, and wrong clocks.

In memory, bounded and gone with the server: a broker sends its retained messages again. Nothing here is history.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from telemetry.model import Value

_T = TypeVar("_T")
DEVICES_MAX = 2_000
METRICS_MAX = 256
"""Values that are kept of one device."""


class Known(NamedTuple):
    """A value that was true at some time: ``ts`` (ms) is what the message says, None if nothing; heard at ``at``."""

    value: Value
    unit: str | None
    ts: int | None
    at: int


class ClockWarning(NamedTuple):
    """A device's time that was out of range, and when it came (both ms)."""

    said: int
    at: int


class LastKnown:
    """Owned by the loop thread. Of too many devices the one that was heard of longest ago is forgotten."""

    def __init__(self) -> None:
        self.fresh: set[str] = set()
        """Devices of which something else is known than was told to dashboards; who tells it empties this."""
        self._values: dict[str, dict[str, Known]] = {}
        self._clocks: dict[str, ClockWarning] = {}
        self._names: dict[str, str] = {}

    def note(self, device: str, metric: str, known: Known) -> None:
        """Remember the value of a retained message."""
        values = self._values.pop(device, {})
        if metric in values or len(values) < METRICS_MAX:
            values[metric] = known
        self._values[device] = values
        self.fresh.add(device)
        _trim(self._values)

    def call(self, device: str, name: str) -> None:
        """Remember the display name of a device without a reading: its description comes before the first of them."""
        self._names.pop(device, None)
        self._names[device] = name
        self.fresh.add(device)
        _trim(self._names)

    def name(self, device: str) -> str | None:
        """The display name of a device, if it was told before its first reading."""
        return self._names.get(device)

    def clock_wrong(self, device: str, said: int, at: int) -> None:
        """A device sent a time that cannot be."""
        self._clocks.pop(device, None)
        self._clocks[device] = ClockWarning(said, at)
        self.fresh.add(device)
        _trim(self._clocks)

    def clock_right(self, device: str) -> None:
        """A device sent a time that can be."""
        if self._clocks.pop(device, None) is not None:
            self.fresh.add(device)

    def clocks(self) -> list[str]:
        """The devices whose clock is wrong, the one that was heard last at the end."""
        return list(self._clocks)

    def forget(self, device: str) -> None:
        """Know nothing of a device any more."""
        for table in (self._values, self._clocks, self._names):
            table.pop(device, None)
        self.fresh.discard(device)

    def devices(self) -> list[str]:
        """The devices of which a value is known."""
        return list(self._values)

    def values(self, device: str) -> dict[str, Known]:
        """The last known values of a device by metric."""
        return self._values.get(device, {})

    def clock(self, device: str) -> ClockWarning | None:
        """The newest complaint about a device's clock, if its time has not been right since."""
        return self._clocks.get(device)


def _trim(table: dict[str, _T]) -> None:
    if len(table) > DEVICES_MAX:
        del table[next(iter(table))]

"""Scopes: what a credential with limits reaches. Everything that is not said here is closed to it.

A pattern with ``*`` is cut at its last ``/``: what stands before means devices, what follows metrics, and a series is
matched by the device and the metric that the registry knows, not by its name. So ``boiler/*`` is the device boiler and
no series of a device ``boiler/x``. A pattern without ``*`` is the name, now or before, of one series; ``*`` is all.
"""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence

from telemetry.model import Series
from telemetry.names import MAX_PATTERN, matcher
from telemetry.registry import Device

Test = Callable[[str], bool]

MAX_PATTERNS = 100
"""Patterns of one scope."""
HOLE = "{device}"
"""What stands on a board for any device."""


class Scope(ABC):
    """What one credential reaches. Immutable: who gets another scope gets another object, and new sockets."""

    write = False
    """Whether it changes anything; else it only reads."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, bool]] = {}

    def sees(self, series: Series) -> bool:
        """Whether it reaches a series of the registry."""
        state = (series.name, series.device, series.metric, series.former)
        known = self._known.get(series.id)
        if known is None or known[0] != state:
            names = (series.name, *series.former)
            known = self._known[series.id] = state, self.takes(series.device, series.metric, names)
        return known[1]

    def sees_device(self, device: Device) -> bool:
        """Whether it reaches a device: all of it, or a series."""
        return self.covers(device.id) or any(self.sees(one) for one in device.series.values())

    @abstractmethod
    def takes(self, device: str, metric: str, names: Sequence[str]) -> bool:
        """Whether it reaches what a device sends as this metric, under any of these names."""

    def covers(self, device: str) -> bool:
        """Whether it reaches every series of a device, also those that it does not have yet."""
        del device
        return False

    def sees_board(self, board: int) -> bool:
        """Whether it reaches a board."""
        del board
        return False

    def sees_image(self, key: str) -> bool:
        """Whether it reaches an image of boards."""
        del key
        return False


class SeriesScope(Scope):
    """Some series, to read or also to write."""

    def __init__(self, patterns: Iterable[str], *, write: bool) -> None:
        super().__init__()
        self.write = write
        self.patterns = tuple(unicodedata.normalize("NFC", pattern) for pattern in patterns)
        self._names = {pattern for pattern in self.patterns if "*" not in pattern}
        halves = ("*/*" if pattern == "*" else pattern for pattern in self.patterns if "*" in pattern)
        cut = [half.rpartition("/") for half in halves]
        self._tests = [(matcher(device), matcher(metric)) for device, _, metric in cut]
        self._whole: list[Test] = [matcher(device) for device, _, metric in cut if metric == "*"]

    def takes(self, device: str, metric: str, names: Sequence[str]) -> bool:
        """By name, or by device and metric."""
        if not self._names.isdisjoint(names):
            return True
        return any(devices(device) and metrics(metric) for devices, metrics in self._tests)

    def covers(self, device: str) -> bool:
        """Whether a pattern takes all metrics of this device."""
        return any(test(device) for test in self._whole)


class BoardScope(Scope):
    """One board, and the series that it shows: by their names, as the page finds them."""

    def __init__(self, board: int, content: Mapping[str, object] | None) -> None:
        """``content`` is that of a board as ``board_content`` makes it; None: there is no such board now."""
        super().__init__()
        self.board = board
        parts = [] if content is None else content["parts"]
        self.shown = frozenset(_shown(parts if isinstance(parts, list) else []))
        self.images = frozenset(part["image"] for part in parts if "image" in part) if isinstance(parts, list) else ()
        self.devices = str((content or {}).get("devices") or "*")
        fixed = [pattern for pattern in self.shown if HOLE not in pattern]
        self._names = {pattern for pattern in fixed if "*" not in pattern}
        self._tests = [matcher(pattern) for pattern in fixed if "*" in pattern]
        self._each = [pattern for pattern in self.shown if HOLE in pattern]
        self._fits = matcher(self.devices)

    def same(self, other: BoardScope) -> bool:
        """Whether both reach the same."""
        return (self.board, self.shown, self.images, self.devices) == (
            other.board,
            other.shown,
            other.images,
            other.devices,
        )

    def takes(self, device: str, metric: str, names: Sequence[str]) -> bool:
        """Whether a part of the board shows it, for some device where the board is one for every device."""
        del metric
        if not self._names.isdisjoint(names) or any(test(names[0]) for test in self._tests):
            return True
        return bool(self._each) and any(self._fills(one, names) for one in _owners(device, names) if self._fits(one))

    def sees_board(self, board: int) -> bool:
        """Its own."""
        return board == self.board

    def sees_image(self, key: str) -> bool:
        """Those that stand on it."""
        return key in self.images

    def _fills(self, device: str, names: Sequence[str]) -> bool:
        for pattern in self._each:
            filled = pattern.replace(HOLE, device)
            if (matcher(filled)(names[0])) if "*" in filled else (filled in names):
                return True
        return False


def problem(pattern: str) -> str | None:
    """What is wrong with a pattern of a scope, or None."""
    if not 1 <= len(pattern) <= MAX_PATTERN or not pattern.isprintable():
        return f"a pattern has 1 to {MAX_PATTERN} printable characters"
    device, _, metric = pattern.rpartition("/")
    if "*" in pattern and pattern != "*" and not (device and metric):
        return f"write {pattern!r} as DEVICE/METRIC, as in boiler/* or */temperature, or * for all"
    return None


def _shown(parts: Sequence[Mapping[str, object]]) -> Iterable[str]:
    for part in parts:
        series, pins = part.get("series"), part.get("pins")
        yield from series if isinstance(series, list) else ()
        yield from (pin["series"] for pin in pins) if isinstance(pins, list) else ()


def _owners(device: str, names: Sequence[str]) -> set[str]:
    """The devices for which a board may show a series: whose it is now, and whose it is by a name."""
    found = {device}
    for name in names:
        at = name.find("/")
        while at >= 0:
            found.add(name[:at])
            at = name.find("/", at + 1)
    return found

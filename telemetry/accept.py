"""The gate: the one place where readings are accepted, whatever way they came by.

Takes the decoded entries of one message and answers with a batch, or with the first reason to refuse it whole. Order:
identity, time, names, values. Devices and series that are new, and arrival stamps, change only when the whole message
has passed. Values: finite numbers (kept as 64-bit floats), booleans, texts of at most 255; null is no reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from telemetry import names
from telemetry.clock import Clock
from telemetry.model import (
    AHEAD,
    EARLIEST_TS,
    MAX_READINGS,
    MAX_TEXT,
    Batch,
    Entry,
    Kind,
    Reading,
    Reason,
    Refusal,
    Series,
    Value,
    kind_of,
)
from telemetry.registry import Device, Registry

MAX_TS = 2**53
MAX_AT = 255
"""Characters of a path in an error: what is refused may be named by a text of any length."""


@dataclass(slots=True, frozen=True)
class Sender:
    """Who sends: a device id, and for a gateway the patterns of ids it may speak for."""

    id: str
    gateway: tuple[str, ...] | None = None
    tests: tuple[Callable[[str], bool], ...] = ()

    @staticmethod
    def of(device_id: str, gateway: tuple[str, ...] | None) -> Sender:
        """A sender with its patterns made ready."""
        return Sender(device_id, gateway, tuple(names.matcher(pattern) for pattern in gateway or ()))


class _Refused(Exception):
    """Inside one ``accept``: the reason, found deep in a message."""

    def __init__(self, code: Reason, message: str, path: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.path = path
        self.retry_after = retry_after


@dataclass(slots=True)
class _Draft:
    """A message on its way through the gate."""

    received: int
    readings: list[Reading] = field(default_factory=list)
    new: dict[str, Series] = field(default_factory=dict)
    stamps: dict[Series, int] = field(default_factory=dict)
    units: list[tuple[Series, str]] = field(default_factory=list)
    kinds: dict[Series, Kind] = field(default_factory=dict)


class Gate:
    """Judges messages. Owned by the loop thread."""

    def __init__(self, registry: Registry, clock: Clock, *, future_tolerance_ms: int, max_series: int) -> None:
        self._registry = registry
        self._clock = clock
        self._tolerance = future_tolerance_ms
        self._max_series = max_series

    def accept(self, entries: Sequence[Entry], sender: Sender, form: str = "[{}].") -> Batch | Refusal:
        """A batch of all readings in ``entries``, or why the message is refused; ``form`` makes paths of indexes."""
        draft = _Draft(self._clock.arrival())
        trusted = self._clock.trusted()
        index = 0
        try:
            for index, entry in enumerate(entries):  # noqa: B007 - the error names it
                self._entry(draft, entry, sender, trusted=trusted)
        except _Refused as refused:
            place = form.format(index)
            at = (place + refused.path)[:MAX_AT] if refused.path else place[:-1]
            return Refusal(refused.code, str(refused), at or None, refused.retry_after)
        return self._settle(draft, sender, flagged=not trusted)

    def _entry(self, draft: _Draft, entry: Entry, sender: Sender, *, trusted: bool) -> None:
        device_id = sender.id if entry.device is None else self._device_id(entry.device, sender)
        ts = entry.ts
        if type(ts) is not int or not EARLIEST_TS <= ts <= draft.received:
            ts = self._time(draft.received, entry, trusted=trusted)
        device = self._registry.devices.get(device_id)
        known: Mapping[str, Series] = {} if device is None else device.series
        readings = draft.readings
        for metric, value in entry.values.items():
            series = known.get(metric)
            # What most devices send most of the time; all else takes the long way.
            if series is not None and ts is not None and type(value) is float and value - value == 0.0:
                readings.append(Reading(series, ts, value))
                if series.kind is not Kind.NUMBER or draft.kinds:
                    draft.kinds[series] = Kind.NUMBER
            else:
                self._value(draft, entry, device_id, known, metric, value, ts)
            if len(readings) > MAX_READINGS:
                raise _Refused(Reason.TOO_LARGE, f"more than {MAX_READINGS} readings in one message", "")
        if entry.units:
            self._units(draft, entry.units, device_id)

    def _value(
        self,
        draft: _Draft,
        entry: Entry,
        device_id: str,
        known: Mapping[str, Series],
        name: object,
        value: object,
        ts: int | None,
    ) -> None:
        for path, leaf in _leaves(name, value):
            at = path if entry.bare else f"values.{path}"
            checked = _checked(leaf, at)
            if checked is None:
                continue
            series = known.get(path) or self._new(draft, device_id, path, at)
            stamp = self._stamp(draft, series, at) if ts is None else ts
            draft.readings.append(Reading(series, stamp, checked))
            if series.kind is not (kind := kind_of(checked)) or draft.kinds:
                draft.kinds[series] = kind

    def _units(self, draft: _Draft, units: Mapping[str, str], device_id: str) -> None:
        for path, unit in units.items():
            metric = names.metric_name(path)
            device = self._registry.devices.get(device_id)
            known = None if device is None or metric is None else device.series.get(metric)
            series = known or draft.new.get(f"{device_id}/{metric}")
            if series is not None and (series.source_unit if series.unit_given else series.unit) != unit:
                draft.units.append((series, unit))

    def _device_id(self, wanted: object, sender: Sender) -> str:
        if wanted == sender.id:
            return sender.id
        device_id = names.device_id(wanted) if isinstance(wanted, str) else None
        if device_id is None:
            raise _Refused(Reason.BAD_VALUE, "this is not a device id", "device")
        if device_id != sender.id and not any(test(device_id) for test in sender.tests):
            raise _Refused(Reason.FORBIDDEN, "this token may not speak for that device", "device")
        return device_id

    def _time(self, received: int, entry: Entry, *, trusted: bool) -> int | None:
        """The reading's own time, None where it has none."""
        if entry.ts is not None:
            ts, path = entry.ts, "ts"
        elif entry.age is not None:
            if type(entry.age) is not int or entry.age < 0:
                raise _Refused(Reason.BAD_TIME, "age is an integer of milliseconds, 0 or more", "age")
            ts, path = received - entry.age, "age"
        else:
            return None
        if type(ts) is not int:
            raise _Refused(Reason.BAD_TIME, "ts is an integer of milliseconds since 1970 UTC", path)
        if not 0 <= ts < MAX_TS or (trusted and not EARLIEST_TS <= ts <= received + self._tolerance):
            raise _Refused(Reason.BAD_TIME, f"this is too far from the server's time, which is {received}", path)
        return ts

    def _stamp(self, draft: _Draft, series: Series, at: str) -> int:
        if series in draft.stamps:
            raise _Refused(Reason.BAD_TIME, "a second reading of this series without a time of its own", at)
        stamp = max(draft.received, series.stamp + 1)
        if stamp > draft.received + AHEAD:
            raise _Refused(Reason.RATE_LIMITED, "more readings than milliseconds: send them with ts", at, AHEAD)
        draft.stamps[series] = stamp
        return stamp

    def _new(self, draft: _Draft, device_id: str, path: str, at: str) -> Series:
        """The series of a name that is not known as it was sent: a draft, registered when the message has passed."""
        metric = names.metric_name(path)
        if metric is None:
            raise _Refused(Reason.BAD_VALUE, "this is not a metric: 1 to 128 printable characters, no *", at)
        device = self._registry.devices.get(device_id)
        if device is not None and metric in device.series:
            return device.series[metric]
        name = f"{device_id}/{metric}"
        series = self._registry.find(name) or draft.new.get(name)
        if series is None:
            if len(self._registry.series) + len(draft.new) >= self._max_series:
                raise _Refused(Reason.BAD_VALUE, "too many series ([devices] max_series)", at)
            series = draft.new[name] = Series(0, device_id, metric, name, Kind.NUMBER)
        elif (series.device, series.metric) != (device_id, metric) or not series.bound:
            raise _Refused(Reason.BAD_VALUE, f"the name {name} belongs to a series of device {series.device}", at)
        return series

    def _settle(self, draft: _Draft, sender: Sender, *, flagged: bool) -> Batch:
        for series, stamp in draft.stamps.items():
            series.stamp = stamp
        for series, kind in draft.kinds.items():
            series.kind = kind
        for series, unit in draft.units:
            series.measured_in(unit)
        self._device(sender.id, draft.received)
        for series in draft.new.values():
            self._device(series.device, draft.received)
            self._registry.add_series(series)
        return Batch(draft.readings, sender.id, flagged=flagged)

    def _device(self, device_id: str, now: int) -> Device:
        return self._registry.devices.get(device_id) or self._registry.add_device(device_id, now)


def _leaves(name: object, value: object) -> Iterator[tuple[str, object]]:
    """Dotted paths and values of a value that may nest."""
    if not isinstance(name, str):
        raise _Refused(Reason.BAD_MESSAGE, "names are texts", str(name))
    if not isinstance(value, dict):
        yield name, value
        return
    if len(name) > names.MAX_NAME:
        raise _Refused(Reason.BAD_VALUE, f"a metric has at most {names.MAX_NAME} characters", name[: names.MAX_NAME])
    for key, inner in value.items():
        if not isinstance(key, str):
            raise _Refused(Reason.BAD_MESSAGE, "names are texts", name)
        yield from _leaves(f"{name}.{key}", inner)


def _checked(value: object, at: str) -> Value | None:
    """The value as it is kept; None for null."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            number = float("inf")
        if number - number != 0.0:
            raise _Refused(Reason.BAD_VALUE, "not a finite number", at)
        return number
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise _Refused(Reason.BAD_VALUE, f"a text has at most {MAX_TEXT} characters", at)
        return value
    raise _Refused(Reason.BAD_VALUE, "a value is a number, true, false or a text", at)

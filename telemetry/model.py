"""The words of the core: what a reading is, what a batch is, why one is refused.

Plain data, shared by every layer. Nothing here reads a clock, a socket or a disk.
Times are integer milliseconds since 1970 UTC everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from telemetry.hub import Room

Value = float | bool | str
"""A finite float, a boolean, or a text state."""

EARLIEST_TS = 946_684_800_000
"""2000-01-01T00:00:00Z in ms: an older stamp is a clock that was never set."""
AHEAD = 1_000
"""How far (ms) arrival stamps of one series may run ahead of the clock."""
MAX_READINGS = 10_000
"""Readings that one message may hold."""
MAX_TEXT = 255
"""Characters of a text state."""


class Reason(StrEnum):
    """Why something was refused; the ``code`` of every error that leaves the server."""

    BAD_MESSAGE = "bad_message"
    BAD_VALUE = "bad_value"
    BAD_TIME = "bad_time"
    TOO_LARGE = "too_large"
    UNKNOWN_DEVICE = "unknown_device"
    FORBIDDEN = "forbidden"
    RATE_LIMITED = "rate_limited"
    TRY_LATER = "try_later"


@dataclass(slots=True, frozen=True)
class Refusal:
    """A refusal as a value: ``retry_after`` in ms where sending again can help."""

    code: Reason
    message: str
    at: str | None = None
    retry_after: int | None = None

    def body(self) -> dict[str, object]:
        """The ``error`` object of the contract, without what is not known."""
        error: dict[str, object] = {"code": self.code.value, "message": self.message}
        if self.at is not None:
            error["at"] = self.at
        if self.retry_after is not None:
            error["retry_after"] = self.retry_after
        return error


class Entry(NamedTuple):
    """What one object of a message says, decoded but not judged yet.

    ``ts`` and ``age`` (ms) are as sent, of any type; None is absent. ``values`` may nest.
    ``bare`` is true for ``{"temperature": 21.5}``, whose values stand at the top level.
    """

    values: Mapping[str, object]
    ts: object = None
    age: object = None
    device: object = None
    bare: bool = False
    units: Mapping[str, str] | None = None


class Kind(StrEnum):
    """What a series holds, by its latest reading."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"


def kind_of(value: Value) -> Kind:
    """The kind of one value."""
    if isinstance(value, bool):
        return Kind.BOOLEAN
    return Kind.TEXT if isinstance(value, str) else Kind.NUMBER


class Mask(NamedTuple):
    """Readings with ``frm`` <= ts < ``to`` (ms) that are hidden by the correction ``id``.

    With a threshold only numbers and booleans (0 or 1) ``above`` or ``below`` it: a spike. Else all, text too.
    """

    id: int
    frm: int
    to: int
    above: float | None = None
    below: float | None = None

    def hides(self, ts: int, value: Value) -> bool:
        """Whether it takes one reading."""
        if not self.frm <= ts < self.to:
            return False
        if self.above is None and self.below is None:
            return True
        if isinstance(value, str):
            return False
        return (self.above is not None and value > self.above) or (self.below is not None and value < self.below)


class Threshold(NamedTuple):
    """A value that readings should not pass: upwards (``above``), or else downwards."""

    value: float
    above: bool


@dataclass(slots=True, eq=False)
class Series:
    """One series and what is known of it without the disk; owned by the registry.

    ``latest`` counts what was pushed, ``durable`` only what is committed: (ts, value), newest by ts.
    ``stamp`` is the last arrival stamp given out (ms). What ``masks`` hide is stored and shown to no one. A series
    that is not ``bound`` takes no readings any more: another one stands where its device sends. ``former`` are the
    names that it had before, or that series had which were merged into it; whoever asks by one of them finds it.
    ``title`` is its display name. ``unit`` is shown; where a person gave it, ``source_unit`` is what the source says.
    """

    id: int
    device: str
    metric: str
    name: str
    kind: Kind
    unit: str | None = None
    latest: tuple[int, Value] | None = None
    durable: tuple[int, Value] | None = None
    stamp: int = 0
    label: str = ""
    rooms: list[Room] = field(default_factory=list)
    masks: tuple[Mask, ...] = ()
    bound: bool = True
    former: tuple[str, ...] = ()
    title: str | None = None
    unit_given: bool = False
    source_unit: str | None = None
    thresholds: tuple[Threshold, ...] = ()

    def hides(self, ts: int, value: Value) -> bool:
        """Whether a mask takes this reading."""
        return any(mask.hides(ts, value) for mask in self.masks)

    def measured_in(self, unit: str) -> None:
        """The source says its unit."""
        if self.unit_given:
            self.source_unit = unit
        else:
            self.unit = unit

    def labelled(self, unit: str | None, source_unit: str | None, title: str | None) -> None:
        """A person gives a unit and a display name; None lets the source have its way."""
        self.title, self.unit_given = title, unit is not None
        self.unit, self.source_unit = (source_unit, None) if unit is None else (unit, source_unit)

    def __post_init__(self) -> None:
        self.label = json.dumps(self.name)

    def called(self, name: str) -> Series:
        """The series as it is shown to those who know it by another name."""
        return self if name == self.name else Series(self.id, self.device, self.metric, name, self.kind, self.unit)


class Reading(NamedTuple):
    """One value of one series at one time."""

    series: Series
    ts: int
    value: Value


def reading_json(reading: Reading) -> str:
    """The JSON of a reading as live frames and snapshots carry it: ``[series, ts, value]``."""
    series, ts, value = reading
    if value is True:
        text = "true"
    elif value is False:
        text = "false"
    else:
        text = json.dumps(value) if isinstance(value, str) else repr(value)
    return f"[{series.label},{ts},{text}]"


MessageId = int | str
"""The id of a device's envelope: opaque, 0…2^53-1 or at most 64 characters."""


@dataclass(slots=True, eq=False)
class Batch:
    """Accepted readings of one message, all or nothing, on the way to the disk.

    ``mark`` is (device, envelope id): durable with the batch, it becomes that device's ``last_id``.
    ``flagged`` says that the server's own clock was not to be trusted when it arrived.
    ``first_seq`` is given by the pipeline; the readings have consecutive seqs from there.
    """

    readings: list[Reading]
    sender: str = ""
    mark: tuple[str, MessageId] | None = None
    flagged: bool = False
    first_seq: int = 0


Span = tuple[str, int, int]
"""(series name, first ts, last ts), both included."""


def spans_of(readings: Iterable[Reading]) -> list[Span]:
    """The span of time that the readings touch in each series."""
    spans: dict[str, tuple[int, int]] = {}
    for series, ts, _ in readings:
        low, high = spans.get(series.name, (ts, ts))
        spans[series.name] = (min(low, ts), max(high, ts))
    return [(name, low, high) for name, (low, high) in spans.items()]

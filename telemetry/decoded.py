"""What passes between other ecosystems and the core: what a decoder found, and what is told of a series.

Unlike a native message it is not all or nothing: a reading that cannot be taken is reported, its neighbours are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from telemetry.model import Reason


class Sample(NamedTuple):
    """One value as a decoder found it, not judged yet.

    ``ts`` is ms since 1970 UTC, None where the message has no time that can be used: it is then that of arrival.
    ``unit`` is the sign as it is shown (``°C``), None where the source does not say.
    """

    device: str
    metric: str
    value: float | bool | str
    ts: int | None = None
    unit: str | None = None


class Columns(NamedTuple):
    """Many samples that are numbers with a time, as columns of equal length; ``places`` are (device, metric)."""

    places: list[tuple[str, str]]
    values: list[float]
    times: list[int]

    def samples(self) -> list[Sample]:
        """The same one by one."""
        return [Sample(*place, value, ts) for place, value, ts in zip(*self, strict=True)]


class BadPart(NamedTuple):
    """A line or a reading that is refused while its neighbours are kept; ``line`` counts from 1."""

    line: int
    message: str
    code: Reason = Reason.BAD_VALUE


class About(NamedTuple):
    """A series as it is announced elsewhere; ``id`` stays when it is renamed, ``kind`` is number, boolean or text."""

    id: int
    name: str
    device: str
    metric: str
    kind: str
    unit: str | None
    device_name: str | None
    label: str | None


class Raw(NamedTuple):
    """An MQTT message as it came; ``source`` names the broker, ``owner`` the device that sent it, if that is known."""

    source: str
    topic: str
    payload: bytes
    decoder: str
    owner: str | None = None


@dataclass(slots=True)
class Decoded:
    """All that one message yields; nothing at all is a message that is understood and holds no readings.

    ``presence`` is True for a device that says it is online, False for one that is gone. ``names`` are the display
    names of devices. ``strict``: a time out of range is refused, because the sender hears of it or the format says so;
    otherwise such a reading is stamped on arrival. ``lines``: the line of each sample, where the format has lines.
    ``columns``, if there are any, stand for ``samples``, which are then empty.
    """

    samples: list[Sample] = field(default_factory=list)
    presence: dict[str, bool] = field(default_factory=dict)
    bad: list[BadPart] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    strict: bool = False
    lines: list[int] = field(default_factory=list)
    columns: Columns | None = None

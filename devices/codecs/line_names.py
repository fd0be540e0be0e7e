"""The names of what stands in lines of InfluxDB's line protocol: device and metric, made once for each series.

Device: the first of the tags ``NAMING`` that there is, else the sender, else the measurement. Metric: measurement and
field with a dot, only the measurement for the field ``value``, only the field where the measurement is the device and
there are no tags. The other tags follow in braces.

    cpu,host=pi4,cpu=cpu0  usage  ->  pi4, cpu.usage{cpu=cpu0}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from devices.codecs.labels import labelled
from telemetry.model import Reason

NAMING: Final = ("device", "device_id", "sensor", "sensor_id", "node", "host", "id", "name")
"""Tags that name the device; the first of these that a line has does."""
ESCAPE: Final = re.compile(r"\\([,= ])")
_COMMA_OR_SPACE = re.compile(r"\\([, ])")
_PART = re.compile(r"((?:\\,|[^,])*+)(?:,|\Z)")
_TAG = re.compile(r"((?:\\=|[^=])++)=(.+)", re.DOTALL)
_SPECIAL = frozenset(', ="\\')
_ESCAPED = frozenset('"\\')


class BadLine(ValueError):
    """What is wrong with a line."""

    def __init__(self, message: str, code: Reason = Reason.BAD_VALUE) -> None:
        super().__init__(message)
        self.code = code


class Names(dict[str, tuple[str, str]]):
    """(device, metric) of each field of what stands before the fields; made when first asked for."""

    def __init__(self, head: str, owner: str | None, known: Known) -> None:
        """Raises BadLine."""
        super().__init__()
        self._known = known
        self._head = head
        first, *tags = _parts(head)
        measurement = _COMMA_OR_SPACE.sub(r"\1", first)
        labels: dict[str, str] = {}
        for tag in tags:
            found = _TAG.fullmatch(tag)
            if found is None:
                raise BadLine("a tag is key=value")
            key, value = (ESCAPE.sub(r"\1", one) for one in found.groups())
            if key in labels:
                raise BadLine("a tag comes twice")
            labels[key] = value
        naming = next((one for one in NAMING if one in labels), None)
        named = measurement if owner is None else owner
        self.device = named if naming is None else labels.pop(naming)
        self._bare = not tags and measurement == named
        self._measurement = measurement
        self._labels = labels

    def __missing__(self, field: str) -> tuple[str, str]:
        """The name by the rules: the measurement is no part of it where it is the device."""
        metric = self._measurement if field == "value" else f"{self._measurement}.{field}"
        if self._bare:
            metric = field
        self._known.made += 1
        self[field] = place = self.device, labelled(metric, self._labels)
        if _ESCAPED.isdisjoint(self._head) and _SPECIAL.isdisjoint(field):
            self._known.single[f"{self._head} {field}"] = place
        return place


class Known:
    """The names that are known for one sender."""

    __slots__ = ("heads", "made", "single")

    def __init__(self) -> None:
        self.heads: dict[str, Names] = {}
        """By what stands before the fields."""
        self.single: dict[str, tuple[str, str]] = {}
        """By all that stands before the value, in lines of one field without escapes."""
        self.made = 0


def _parts(head: str) -> Iterator[str]:
    """The measurement and the tags, with their escapes. Raises BadLine where one is empty."""
    at = 0
    while True:
        part = _PART.match(head, at)
        if part is None or not part[1]:
            raise BadLine("a measurement or a tag is missing")
        yield part[1]
        at = part.end()
        if at == len(head) and part[0] == part[1]:
            return

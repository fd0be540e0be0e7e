r"""The text in which Prometheus targets show their metrics, read line by line: good lines are kept, bad ones reported.

Layout (prometheus.io, "Exposition formats"; UTF-8): ``name{label="value",…} value [ms]`` or ``{"any name",…}``.
Escapes in labels are ``\\``, ``\"``, ``\n``. ``#`` begins a comment, or ``# TYPE``, ``# UNIT``. OpenMetrics differs:
times are seconds, ``# {…}`` after a value is an exemplar, ``# EOF`` ends it. NaN and infinities are no readings.

    'temp_celsius{room="a"} 21.5 1741169000123'  ->  temp_celsius, {"room": "a"}, 21.5, 1741169000123 ms
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from telemetry.decoded import BadPart
from telemetry.model import EARLIEST_TS, Reason

LABELS_MAX: Final = 128
"""Labels of one sample."""
UNITS: Final = {
    "celsius": "°C", "fahrenheit": "°F", "kelvin": "K", "percent": "%", "volts": "V", "amperes": "A", "watts": "W",
    "joules": "J", "hertz": "Hz", "bytes": "B", "seconds": "s", "meters": "m", "grams": "g", "pascals": "Pa",
    "kwh": "kWh", "hpa": "hPa", "ppm": "ppm", "lux": "lx", "dbm": "dBm", "degrees": "°",
}  # fmt: skip
"""Signs of the units that names end in (prometheus.io, "Metric and label naming")."""
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_LABEL = re.compile(r'\s*(?:([a-zA-Z_][\w]*|"(?:\\.|[^"\\])*+")\s*=\s*)?"((?:\\.|[^"\\])*+)"\s*(,|(?=\}))', re.ASCII)
_CLOSE = re.compile(r"\s*\}")
_REST = re.compile(r"[ \t]*(\S+)(?:[ \t]+([^\s#]+))?[ \t]*(#.*)?")
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_NONE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_MS = re.compile(r"-?\d{1,18}", re.ASCII)
_ESCAPE = re.compile(r"\\(.)")


class Point(NamedTuple):
    """One sample; ``value`` is finite, ``ts`` in ms, None where the line has none."""

    name: str
    labels: dict[str, str]
    value: float
    ts: int | None
    unit: str | None


class _Bad(Exception):
    """What is wrong with a line."""


def read(text: str, *, openmetrics: bool = False) -> Iterator[tuple[int, Point | BadPart]]:
    """(line, sample or what is wrong with it); nothing for comments and for values that are no readings."""
    units: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip(" \t\r")
        if line.startswith("#"):
            words = line.split(None, 3)
            if openmetrics and words[1:2] == ["UNIT"] and len(words) == 4 and len(units) < 10_000:
                units[words[2]] = words[3]
            elif openmetrics and words == ["#", "EOF"]:
                return
        elif line:
            try:
                point = _point(line, units, openmetrics=openmetrics)
            except _Bad as bad:
                yield number, BadPart(number, str(bad))
                continue
            if point is None:
                continue
            if point.ts is not None and point.ts < EARLIEST_TS:
                yield number, BadPart(number, "the time is before 2000", Reason.BAD_TIME)
            else:
                yield number, point


def unit_of(name: str) -> str | None:
    """The sign of the unit that a name ends in; ``_total`` and ``_sum`` do not count."""
    stem = name.removesuffix("_total").removesuffix("_sum")
    return UNITS.get(stem.rpartition("_")[2]) if "_" in stem else None


def _point(line: str, units: dict[str, str], *, openmetrics: bool) -> Point | None:
    found = _NAME.match(line)
    name, at = ("", 0) if found is None else (found[0], found.end())
    while line[at : at + 1] in (" ", "\t"):
        at += 1
    labels: dict[str, str] = {}
    if line[at : at + 1] == "{":
        named, at = _labels(line, at + 1, labels)
        name = name or named
    if not name:
        raise _Bad("there is no name")
    rest = _REST.fullmatch(line, at)
    if rest is None or (rest[3] and not openmetrics):
        raise _Bad("after the name come a value and at most a time")
    value, ts = rest[1], None
    if rest[2] is not None:
        ts = _time(rest[2], openmetrics=openmetrics)
    if _NONE.fullmatch(value):
        return None
    if not _FLOAT.fullmatch(value):
        raise _Bad("the value is no number")
    number = float(value)
    base = name.removesuffix("_total").removesuffix("_sum")
    unit = units.get(name) or units.get(base)
    return (
        Point(name, labels, number, ts, UNITS.get(unit, unit) if unit else unit_of(name))
        if math.isfinite(number)
        else None
    )


def _labels(line: str, at: int, labels: dict[str, str]) -> tuple[str, int]:
    """The name that stands among them, if one does, and where they end. Raises _Bad."""
    name = ""
    while (close := _CLOSE.match(line, at)) is None:
        found = _LABEL.match(line, at)
        if found is None:
            raise _Bad('a label is key="value"')
        key, value = found[1], _plain(found[2])
        if key is None:
            if name or labels:
                raise _Bad("a name in quotes stands first")
            name = value
        else:
            key = _plain(key[1:-1]) if key[0] == '"' else key
            if key in labels or len(labels) == LABELS_MAX:
                raise _Bad("a label comes twice, or there are too many")
            labels[key] = value
        at = found.end()
    return name, close.end()


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1] if found[1] in '\\"' else found[0], text)


def _time(text: str, *, openmetrics: bool) -> int:
    if openmetrics and _FLOAT.fullmatch(text) and math.isfinite(seconds := float(text)):
        return math.floor(seconds * 1000 + 1e-6)
    if not openmetrics and _MS.fullmatch(text):
        return int(text)
    raise _Bad("the time is no number")

"""NDJSON in: an object a line.

    {"device": "boiler", "metric": "temperature", "ts": 1700000000000, "value": 21.5, "unit": "°C"}
    {"device": "boiler", "ts": 1700000000.25, "data": {"temperature": 21.5, "pump": true}}

The first form is our own (``ts`` in ms, ``unit`` optional, other members ignored), the second that of recorded messages
(``ts`` in seconds, cut to ms; ``device_id`` where ``device`` is missing; nested objects become dotted metrics). A value
of null is no reading.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn

from telemetry.exchange.block import Block, Row, Rows
from telemetry.exchange.cells import checked_text, finite
from telemetry.model import MAX_TEXT, Value

PLAIN = {float}
NUMERIC = {float, int}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a finite number")


_parse = json.JSONDecoder(parse_constant=_no_constant).raw_decode


class Ndjson:
    """Lines to blocks; keeps nothing between them."""

    def parse(self, lines: list[str], first: int, *, last: bool) -> tuple[Block, int]:
        """The readings of lines, the first of which has the number ``first``; all lines are taken."""
        del last
        return self._fast(lines, first) or self._slow(lines, first), len(lines)

    def _fast(self, lines: list[str], first: int) -> Block | None:
        """The block where every line is of our own form with a number; else None."""
        try:
            parsed = [_parse(line) for line in lines]
            if any(end != len(line) for (_, end), line in zip(parsed, lines, strict=True)):
                return None
            objects: list[Any] = [one for one, _ in parsed]
            keys = [(one["device"], one["metric"]) for one in objects]
            ts = [one["ts"] for one in objects]
            values = [one["value"] for one in objects]
            units = {key: one["unit"] for key, one in zip(keys, objects, strict=True) if "unit" in one}
            kinds = set(map(type, values))
            if kinds != PLAIN and kinds <= NUMERIC:
                values = list(map(float, values))
            elif kinds != PLAIN:
                return None
        except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
            return None
        names = {*keys, *((unit, unit) for unit in units.values())}
        if set(map(type, ts)) != {int} or not all(map(math.isfinite, values)):
            return None
        if not all(type(a) is str and type(b) is str for a, b in names):
            return None
        return Block(keys, ts, values, range(first, first + len(lines)), units, plain=True)

    def _slow(self, lines: list[str], first: int) -> Block:
        found = Rows()
        for number, line in enumerate(lines, first):
            if not line.strip():
                continue
            try:
                for row, unit in _line(line.strip()):
                    found.add(number, row)
                    if unit is not None:
                        found.units[row.key] = unit
            except RecursionError:
                found.refuse(number, "this is nested too deeply")
            except ValueError as error:
                found.refuse(number, error)
        return found.block()


def _line(line: str) -> list[tuple[Row, str | None]]:
    """The readings of a line. Raises ValueError, with the reason, and RecursionError."""
    try:
        parsed, end = _parse(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"this is not JSON: {error.msg}") from None
    if end != len(line):
        raise ValueError("this is not JSON: something follows the object")
    if type(parsed) is not dict:
        raise ValueError("this is not an object")
    if "data" in parsed and "metric" not in parsed:
        return list(_message(parsed))
    for member in ("device", "metric", "ts", "value"):
        if member not in parsed:
            raise ValueError(f"{member} is missing")
    ts, unit = parsed["ts"], parsed.get("unit")
    if type(ts) is not int:
        raise ValueError("ts is an integer of milliseconds since 1970")
    if unit is not None and not isinstance(unit, str):
        raise ValueError("unit is a text")
    key = (_text(parsed["device"], "device"), _text(parsed["metric"], "metric"))
    value = _value(parsed["value"])
    return [] if value is None else [(Row(key, ts, value), unit)]


def _message(parsed: dict[str, Any]) -> Iterator[tuple[Row, None]]:
    device = _text(parsed.get("device", parsed.get("device_id")), "device")
    seconds, data = parsed.get("ts"), parsed["data"]
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not abs(seconds) < 1e12:
        raise ValueError("ts is a number of seconds since 1970")
    if not isinstance(data, dict):
        raise ValueError("data is an object")  # noqa: TRY004 - a reason to refuse a line
    for metric, leaf in _leaves(data, ""):
        value = _value(leaf)
        if value is not None:
            yield Row((device, metric), math.floor(seconds * 1000), value), None


def _leaves(data: dict[str, Any], before: str) -> Iterator[tuple[str, object]]:
    for name, value in data.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{before}{name}.")
        else:
            yield before + name, value


def _text(value: object, member: str) -> str:
    if type(value) is not str or len(value) > 4 * MAX_TEXT:
        raise ValueError(f"{member} is a name")
    return value


def _value(value: object) -> Value | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        try:
            return finite(float(value))
        except OverflowError:
            raise ValueError("not a finite number") from None
    if isinstance(value, str):
        return checked_text(value)
    raise ValueError("a value is a number, true, false or a text")

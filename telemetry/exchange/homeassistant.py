"""Rows of Home Assistant's recorder as lines of NDJSON.

The recorder knows entities and not devices, so all are metrics of one device, ``homeassistant``: the entity
``sensor.bath_t`` is the series ``homeassistant/sensor.bath_t``.

    states       ENTITY at the time of the state: a number, on/off as true/false, or a text; ``unknown``,
                 ``unavailable`` and nothing at all are no readings
    statistics   one row an hour. For hours before the entity's oldest state: mean as ENTITY, min and max as
                 ENTITY.min and ENTITY.max, all at the start of the hour, and the state of a meter as ENTITY at its end.
                 For every hour: sum as ENTITY.sum at its end

The unit is that of the newest state's attributes, else that of the statistics.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator

from telemetry.exchange.cells import NUMBER
from telemetry.model import Value
from telemetry.store.homeassistant import Entity, Hour, Recorder, State, Statistic

DEVICE = "homeassistant"
NO_STATE = frozenset({"", "unknown", "unavailable"})
SWITCH = {"on": True, "off": False}
HOUR = 3600
"""Seconds that a row of statistics stands for."""


class Lines:
    """Knows the entities of one database; makes lines of its rows."""

    def __init__(self, entities: Iterable[Entity], statistics: Iterable[Statistic]) -> None:
        self._statistics = {one.id: one for one in statistics}
        self._units = {one.name: one.unit for one in self._statistics.values()}
        self._entities: dict[int, _Metric] = {}
        self._first: dict[str, float] = {}
        for entity in entities:
            if unit := _unit_of(entity.attributes):
                self._units[entity.name] = unit
            if entity.first is not None:
                self._first[entity.name] = entity.first
            self._entities[entity.id] = _Metric(entity.name, self._units.get(entity.name))

    def of_states(self, states: Iterable[State]) -> str:
        """The lines of some states."""
        lines: list[str] = []
        for _, entity, state, at in states:
            metric, value = self._entities.get(entity), value_of(state)
            if metric is not None and value is not None:
                lines.append(metric.line(at, value))
        return "".join(lines)

    def of_hours(self, hours: Iterable[Hour]) -> str:
        """The lines of some hours of statistics."""
        return "".join(line for hour in hours for line in self._hour(hour))

    def _hour(self, hour: Hour) -> Iterator[str]:
        if hour.statistic not in self._statistics:
            return
        one = self._statistics[hour.statistic]
        unit = self._units[one.name]
        end = hour.start + HOUR
        if end <= self._first.get(one.name, math.inf):
            for name, value in ((one.name, hour.mean), (f"{one.name}.min", hour.min), (f"{one.name}.max", hour.max)):
                if value is not None:
                    yield _Metric(name, unit).line(hour.start, float(value))
            if one.has_sum and hour.state is not None:
                yield _Metric(one.name, unit).line(end, float(hour.state))
        if hour.sum is not None:
            yield _Metric(f"{one.name}.sum", unit).line(end, float(hour.sum))


def pieces(recorder: Recorder) -> Iterator[bytes]:
    """A database as NDJSON, piece by piece: statistics first, states after them."""
    lines = Lines(recorder.entities(), recorder.statistics())
    for hours in recorder.hours():
        yield lines.of_hours(hours).encode()
    for states in recorder.states():
        yield lines.of_states(states).encode()


def value_of(state: str | None) -> Value | None:
    """The value of a state, None where it is no reading."""
    if state is None or state in NO_STATE:
        return None
    if NUMBER.fullmatch(state):
        number = float(state)
        return number if math.isfinite(number) else None
    return SWITCH.get(state, state)


class _Metric:
    """What the lines of a series have in common."""

    def __init__(self, name: str, unit: str | None) -> None:
        self._before = f'{{"device":"{DEVICE}","metric":{json.dumps(name)},"ts":'
        self._after = f',"unit":{json.dumps(unit)}}}\n' if unit else "}\n"

    def line(self, at: float, value: Value) -> str:
        """A reading; ``at`` in seconds since 1970."""
        return f'{self._before}{round(at * 1000)},"value":{json.dumps(value)}{self._after}'


def _unit_of(attributes: str | None) -> str | None:
    try:
        unit = json.loads(attributes or "{}").get("unit_of_measurement")
    except (ValueError, AttributeError):
        return None
    return unit if isinstance(unit, str) else None

"""CSV in, by the names of its columns.

    device,metric,ts,time,value,unit      our own: a reading a line; ts in ms, or time in ISO 8601; unit optional
    series,timestamp,value                a reading a line: the metric "value" of the device that series names; ISO 8601
    ts,device,METRIC,METRIC,…             a message a line: ts in seconds, cut to ms; a column device_id is no metric

Columns may stand in any order, and others beside our own are ignored. An empty value is no reading.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from telemetry.exchange.block import Block, Key, NotReadable, Row, Rows
from telemetry.exchange.cells import ms_of, ms_of_iso, unguarded, value_of
from telemetry.exchange.records import Records, split
from telemetry.model import Value

KNOWN_KEYS = 100_000
"""Names whose cells are remembered."""

ToRows = Callable[[list[str]], list[Row]]


class Csv:
    """Lines to blocks; the header is known, keys are remembered."""

    def __init__(self, header: list[str]) -> None:
        self._header = header
        self._keys: dict[Key, Key] = {}
        column = {name: at for at, name in reversed(list(enumerate(header)))}
        self._unit = column.get("unit")
        self._fast: tuple[int, int, int, int] | None = None
        if {"device", "metric", "value"} <= column.keys() and column.keys() & {"ts", "time"}:
            places = column["device"], column["metric"], column.get("ts"), column.get("time"), column["value"]
            self._row: ToRows = _Long(*places).rows
            if "ts" in column:
                self._fast = column["device"], column["metric"], column["ts"], column["value"]
        elif {"series", "timestamp", "value"} <= column.keys():
            self._row = _Long(column["series"], None, None, column["timestamp"], column["value"]).rows
        elif "ts" in column and column.keys() & {"device", "device_id"} and len(header) > 2:
            self._row = _Wide(header).rows
        else:
            raise NotReadable(f"the columns {','.join(header)[:200]!r} are not known: see docs/protocol.md")

    def parse(self, lines: list[str], first: int, *, last: bool) -> tuple[Block, int]:
        """The readings of lines, the first of which has the number ``first``; and how many lines that took."""
        records = split(lines, first, last=last)
        block = self._columns(records) or self._row_by_row(records)
        block.refused += records.refused
        return block, records.taken

    def _columns(self, records: Records) -> Block | None:
        """The block, if it is our own form, and every line holds a number and a plain time."""
        width = len(self._header)
        if self._fast is None or set(map(len, records.rows)) != {width}:
            return None
        columns = list(zip(*records.rows, strict=True))
        devices, metrics, times, cells = (columns[at] for at in self._fast)
        digits, numbers = "".join(times), "".join(cells)
        if not (digits.isascii() and digits.isdigit() and numbers.isascii()) or "_" in numbers:
            return None
        try:
            ts, values = list(map(int, times)), list(map(float, cells))
        except ValueError:
            return None
        if not all(map(math.isfinite, values)):
            return None
        keys = self._clean(list(zip(devices, metrics, strict=True)))
        units: dict[Key, str] = {}
        if self._unit is not None:
            told = dict(zip(keys, columns[self._unit], strict=True))
            units = {key: unguarded(unit) for key, unit in told.items() if unit}
        return Block(keys, ts, values, records.lines, units, plain=True)

    def _clean(self, raw: Sequence[Key]) -> list[Key]:
        known = self._keys
        if len(known) > KNOWN_KEYS:
            known.clear()
        for key in set(raw) - known.keys():
            known[key] = unguarded(key[0]), unguarded(key[1])
        return list(map(known.__getitem__, raw))

    def _row_by_row(self, records: Records) -> Block:
        found = Rows()
        for line, cells in zip(records.lines, records.rows, strict=True):
            if not cells:
                continue
            if len(cells) != len(self._header):
                found.refuse(line, f"{len(self._header)} cells are expected, not {len(cells)}")
                continue
            try:
                rows = self._row(cells)
            except ValueError as error:
                found.refuse(line, error)
                continue
            for row in rows:
                found.add(line, row)
                if self._unit is not None and cells[self._unit]:
                    found.units[row.key] = unguarded(cells[self._unit])
        return found.block()


class _Long:
    """A reading a line; the places of its columns."""

    def __init__(self, device: int, metric: int | None, ts: int | None, time: int | None, value: int) -> None:
        self._device, self._metric, self._ts, self._time, self._value = device, metric, ts, time, value

    def rows(self, cells: list[str]) -> list[Row]:
        """The readings of a record. Raises ValueError."""
        value = value_of(cells[self._value])
        if value is None:
            return []
        if self._ts is not None and cells[self._ts].strip():
            ts = ms_of(cells[self._ts])
        elif self._time is not None and cells[self._time].strip():
            ts = ms_of_iso(cells[self._time])
        else:
            raise ValueError("the time is missing")
        metric = "value" if self._metric is None else unguarded(cells[self._metric])
        return [Row((unguarded(cells[self._device]), metric), ts, value)]


class _Wide:
    """A message a line."""

    def __init__(self, header: list[str]) -> None:
        self._ts = header.index("ts")
        self._device = header.index("device" if "device" in header else "device_id")
        self._metrics = [(at, name) for at, name in enumerate(header) if name not in ("ts", "device", "device_id")]

    def rows(self, cells: list[str]) -> list[Row]:
        """The readings of a record. Raises ValueError."""
        seconds: Value | None = value_of(cells[self._ts])
        if type(seconds) is not float or not abs(seconds) < 1e12:
            raise ValueError(f"{cells[self._ts][:40]!r} is not a time: seconds since 1970")
        ts, device = math.floor(seconds * 1000), unguarded(cells[self._device])
        values = ((name, value_of(cells[at])) for at, name in self._metrics)
        return [Row((device, unguarded(name)), ts, value) for name, value in values if value is not None]

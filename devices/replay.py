"""Recorded sensor data as devices would send it: read the files, stamp, pace, one socket a device.

Formats, by their content, ``.gz`` by name: NDJSON ``{"data": {...}, "ts": seconds, "device": ...}``; CSV with
``ts,device,METRIC,...`` (seconds); CSV ``series,timestamp,value`` (UTC date and time). A ``ts`` in ms is the whole
milliseconds of the recorded time, cut off, or the time of sending with ``now``.
"""

from __future__ import annotations

import asyncio
import csv
import gzip
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import IO, NamedTuple

from devices.client import DeviceClient
from telemetry.clock import monotonic, wall_ms

Value = float | bool | str


class Record(NamedTuple):
    """One message of the recording; ``ts`` in ms."""

    device: str
    ts: int
    values: Mapping[str, Value]


def read(path: Path, device_field: str | None = None) -> Iterator[Record]:
    """The records of a file in their order. Raises ValueError, with the line, for what is no recording."""
    with _open(path) as lines:
        first = next(lines, "")
        source = chain([first], lines)
        parse = _ndjson(device_field or "device") if first.startswith("{") else _csv(source, device_field)
        for number, line in enumerate(source, 1 if first.startswith("{") else 2):
            try:
                yield parse(line)
            except (ValueError, KeyError, TypeError, IndexError) as error:
                raise ValueError(f"{path}: line {number} is no record: {error}") from error


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def milliseconds(seconds: float) -> int:
    """Whole milliseconds of a time in seconds."""
    return math.floor(seconds * 1000)


def _ndjson(device_field: str) -> Callable[[str], Record]:
    def parse(line: str) -> Record:
        row = json.loads(line)
        return Record(str(row[device_field]), milliseconds(row["ts"]), row["data"])

    return parse


def _csv(lines: Iterator[str], device_field: str | None) -> Callable[[str], Record]:
    header = next(csv.reader([next(lines)]), [])
    if header[:1] == ["ts"]:
        return _wide(header, device_field or "device")
    if {"timestamp", "value"} <= set(header):
        return _long(device_field or "series", header)
    raise ValueError(f"the columns {header} are of no known recording")


def _wide(header: list[str], device_field: str) -> Callable[[str], Record]:
    metrics = [name for name in header if name not in {"ts", "device", "device_id", device_field}]

    def parse(line: str) -> Record:
        row = dict(zip(header, next(csv.reader([line])), strict=True))
        values = {name: _value(row[name]) for name in metrics if row[name] != ""}
        return Record(row[device_field], milliseconds(float(row["ts"])), values)

    return parse


def _long(device_field: str, header: list[str]) -> Callable[[str], Record]:
    def parse(line: str) -> Record:
        row = dict(zip(header, next(csv.reader([line])), strict=True))
        at = datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC)
        return Record(row[device_field], milliseconds(at.timestamp()), {"value": _value(row["value"])})

    return parse


def _value(text: str) -> Value:
    if text in {"true", "false"}:
        return text == "true"
    try:
        return float(text)
    except ValueError:
        return text


class Pace:
    """Holds the recorded times against the clock: ``speed`` recorded seconds a second, 0 for no holding back."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._start: tuple[int, float] | None = None

    async def wait(self, ts: int) -> None:
        """Wait until the recorded time ``ts`` (ms) has come."""
        if not self._speed:
            return
        if self._start is None:
            self._start = (ts, monotonic())
        first, began = self._start
        if (wait := (ts - first) / 1000 / self._speed - (monotonic() - began)) > 0:
            await asyncio.sleep(wait)


async def replay(
    records: Iterable[Record],
    client_for: Callable[[str], DeviceClient],
    speed: float = 0.0,
    *,
    now: bool = False,
    gateway: bool = False,
) -> list[DeviceClient]:
    """Send the records, each device over its own client, and wait for the last answer. Returns the clients, closed.

    ``client_for(device)`` makes a client that has not been started; with ``gateway`` one client speaks for all.
    ``speed`` 0 is as fast as it goes.
    """
    clients: dict[str, DeviceClient] = {}
    pace = Pace(speed)
    async with AsyncExitStack() as stack:
        for record in records:
            name, device = ("gateway", record.device) if gateway else (record.device, None)
            if (client := clients.get(name)) is None:
                client = clients[name] = await stack.enter_async_context(client_for(name))
            await pace.wait(record.ts)
            await client.put(record.values, wall_ms() if now else record.ts, device)
        for client in clients.values():
            await client.flush()
    return list(clients.values())

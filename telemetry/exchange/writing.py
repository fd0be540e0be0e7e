"""Readings as files: CSV and NDJSON, one series and one span of time after the other.

CSV has the columns of ``COLUMNS``: ``ts`` is in ms since 1970, ``time`` the same in ISO 8601 (UTC). NDJSON has an
object a line, ``{"device", "metric", "ts", "value"}`` and ``"unit"`` where it is known. Both in UTF-8 with LF.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from enum import Enum
from typing import NamedTuple

from telemetry.exchange.cells import cell_of, guarded, iso_of, quoted
from telemetry.model import Value

COLUMNS = "device,metric,ts,time,value,unit"


class Form(Enum):
    """The format of a file, by the end of its name."""

    CSV = "csv"
    NDJSON = "ndjson"


class Labels(NamedTuple):
    """What all readings of a series have in common."""

    device: str
    metric: str
    unit: str | None


Rows = Callable[[Labels, Sequence[int], Sequence[Value]], bytes]
"""Lines for readings of one series: their labels, times (ms) and values."""


def head(form: Form) -> bytes:
    """What stands before the first reading."""
    return f"{COLUMNS}\n".encode() if form is Form.CSV else b""


def rows(form: Form) -> Rows:
    """The writer of a format's lines."""
    return _csv if form is Form.CSV else _ndjson


def _csv(labels: Labels, times: Sequence[int], values: Sequence[Value]) -> bytes:
    before = f"{quoted(guarded(labels.device))},{quoted(guarded(labels.metric))},"
    after = f",{quoted(guarded(labels.unit))}\n" if labels.unit else ",\n"
    lines: list[str] = []
    last, text = -1, ""
    for ts, value in zip(times, values, strict=True):
        second, ms = divmod(ts, 1000)
        if second != last:
            last, text = second, iso_of(second)
        cell = repr(value) if type(value) is float else cell_of(value)
        time = f"{text}.{ms:03d}Z" if text else ""
        lines.append(f"{before}{ts},{time},{cell}{after}")
    return "".join(lines).encode()


def _ndjson(labels: Labels, times: Sequence[int], values: Sequence[Value]) -> bytes:
    device, metric = json.dumps(labels.device), json.dumps(labels.metric)
    before = f'{{"device":{device},"metric":{metric},"ts":'
    after = f',"unit":{json.dumps(labels.unit)}}}\n' if labels.unit else "}\n"
    return "".join(
        f'{before}{ts},"value":{repr(value) if type(value) is float else json.dumps(value)}{after}'
        for ts, value in zip(times, values, strict=True)
    ).encode()

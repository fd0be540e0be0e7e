"""Lines of InfluxDB's line protocol read column by column: in half the time, if all of them are of the plainest kind.

That is: without escapes and quotes, of known series, every value a number, with a time. None says that one of them is
not, and ``devices.codecs.line_protocol`` has to read them one by one. What is taken here is what is taken there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from devices.codecs.line_names import Names
from telemetry.decoded import Columns
from telemetry.model import EARLIEST_TS

LATEST_TS: Final = 2**63 // 1_000_000
"""ms of the last time that fits a signed 64-bit number of ns, which is all that the format has."""
FIELDS_MAX: Final = 1_000
"""Fields of one line."""
_NUMERIC = re.compile(r"[0-9.eE \-]+", re.ASCII)
_DIGITS = re.compile(r"(?:[0-9]{1,19}(?: |\Z))+", re.ASCII)

Found = tuple[Columns, Sequence[int]]


def together(lines: list[str], scale: tuple[int, int], known: Mapping[str, tuple[str, str]]) -> Found | None:
    """The columns of lines of one field and a time, and 1 for each; ``known`` is ``Known.single``."""
    cut = [line.rpartition("=") for line in lines]
    try:
        places = [known[before] for before, _, _ in cut]
    except KeyError:
        return None
    columns = " ".join([after for _, _, after in cut]).split(" ")
    if len(columns) != 2 * len(lines):
        return None
    values, times = _numbers(columns[::2]), _times(columns[1::2], scale)
    return None if values is None or times is None else (Columns(places, values, times), [1] * len(lines))


def several(lines: list[str], scale: tuple[int, int], known: Mapping[str, Names]) -> Found | None:
    """The columns of lines of any fields and a time, and how many fields each has; ``known`` is ``Known.heads``."""
    parts = [line.split(" ") for line in lines]
    if set(map(len, parts)) != {3}:
        return None
    counts = [fields.count(",") + 1 for _, fields, _ in parts]
    cut = [field.rpartition("=") for field in ",".join([fields for _, fields, _ in parts]).split(",")]
    names = [name for name, _, _ in cut]
    values, stamps = _numbers([value for _, _, value in cut]), _times([stamp for _, _, stamp in parts], scale)
    if values is None or stamps is None or max(counts) > FIELDS_MAX or "" in names or "=" in "".join(names):
        return None
    places: list[tuple[str, str]] = []
    times: list[int] = []
    at = 0
    try:
        for (head, _, _), count, time in zip(parts, counts, stamps, strict=True):
            of = known[head]
            places += [of[name] for name in names[at : at + count]]
            times += [time] * count
            at += count
    except KeyError:
        return None
    return Columns(places, values, times), counts


def _numbers(texts: list[str]) -> list[float] | None:
    if not _NUMERIC.fullmatch(" ".join(texts)):
        return None
    try:
        values = list(map(float, texts))
    except ValueError:
        return None
    total = sum(values)
    return values if total - total == 0.0 else None


def _times(texts: list[str], scale: tuple[int, int]) -> list[int] | None:
    if not _DIGITS.fullmatch(" ".join(texts)):
        return None
    try:
        times = list(map(int, texts))
    except ValueError:
        return None
    factor, divisor = scale
    if (factor, divisor) != (1, 1):
        times = [time * factor // divisor for time in times]
    return times if min(times) >= EARLIEST_TS and max(times) < LATEST_TS else None

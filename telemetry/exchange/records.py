"""Lines of CSV into records, also where a quoted cell holds line ends, and where a line makes no sense.

Python's csv module decides what a record is. Lines are handed over as they come, so the last record may be cut off:
its lines are given back, to come again with those that follow.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import NamedTuple

from telemetry.exchange.block import Refused

LONGEST = 300
"""Lines of one record: a text has at most 255 characters, so what is longer is a quote that was never closed."""


class Records(NamedTuple):
    """Records, the line on which each begins, what was refused, and how many lines all of that took."""

    rows: list[list[str]]
    lines: range | list[int]
    refused: list[Refused]
    taken: int


def split(lines: list[str], first: int, *, last: bool) -> Records:
    """The records of some lines, the first of which has the number ``first``; with ``last`` no more will follow."""
    if not any('"' in line for line in lines):
        try:
            return Records(list(csv.reader(lines)), range(first, first + len(lines)), [], len(lines))
        except csv.Error:
            pass  # one of them; find out which
    return _one_by_one(lines, first, last=last)


def _one_by_one(lines: list[str], first: int, *, last: bool) -> Records:
    found = Records([], [], [], 0)
    numbers: list[int] = []
    at = 0
    while at < len(lines):
        source = _Counted(lines, at)
        try:
            row = next(csv.reader(source))
        except (csv.Error, StopIteration) as error:
            found.refused.append(Refused(first + at, f"this is not CSV: {error}"))
            at += 1
            continue
        length = source.at - at
        if source.dry and length <= LONGEST and not last:
            break  # more of it may follow
        if source.dry or length > LONGEST:
            found.refused.append(Refused(first + at, "this is not CSV: a quote is not closed"))
            at += 1
            continue
        found.rows.append(row)
        numbers.append(first + at)
        at = source.at
    return found._replace(lines=numbers, taken=at)


class _Counted(Iterator[str]):
    """Lines from a place on, with their ends; knows whether it was asked for more than there are."""

    def __init__(self, lines: list[str], at: int) -> None:
        self.lines = lines
        self.at = at
        self.end = at + LONGEST + 1
        self.dry = False

    def __next__(self) -> str:
        if self.at >= min(len(self.lines), self.end):
            self.dry = True
            raise StopIteration
        self.at += 1
        return self.lines[self.at - 1] + "\n"

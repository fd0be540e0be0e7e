"""What a reader of a file hands on: readings as columns, and the lines that hold none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from telemetry.model import Value

Key = tuple[str, str]
"""(device, metric) as the file names them, not checked yet."""


class NotReadable(Exception):
    """The file as a whole cannot be read; the message says why."""


class Refused(NamedTuple):
    """A line that was refused, counted from 1, and why."""

    line: int
    why: str


class Position(NamedTuple):
    """How far a file was read: bytes and lines of its content (after gunzip), and the CRC-32 of those bytes."""

    offset: int = 0
    lines: int = 0
    crc: int = 0


START = Position()


class Row(NamedTuple):
    """One reading of a file; ``ts`` in ms, not checked yet."""

    key: Key
    ts: int
    value: Value


@dataclass(slots=True)
class Block:
    """Columns of equal length, and the unit of each key that has one. ``plain`` says that all values are floats."""

    keys: list[Key] = field(default_factory=list)
    ts: list[int] = field(default_factory=list)
    values: Sequence[Value] = field(default_factory=list)
    lines: Sequence[int] = field(default_factory=list)
    units: dict[Key, str] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    plain: bool = False
    end: Position = START


@dataclass(slots=True)
class Rows:
    """A block that is made row by row: exact where a column as a whole cannot be converted."""

    rows: list[Row] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    units: dict[Key, str] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)

    def add(self, line: int, row: Row) -> None:
        """A reading of a line."""
        self.rows.append(row)
        self.lines.append(line)

    def refuse(self, line: int, why: object) -> None:
        """A line that is refused."""
        self.refused.append(Refused(line, str(why)))

    def block(self) -> Block:
        """All of it as columns."""
        keys, ts, values = zip(*self.rows, strict=True) if self.rows else ((), (), ())
        return Block(list(keys), list(ts), list(values), self.lines, self.units, self.refused)

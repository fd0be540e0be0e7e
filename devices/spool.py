"""Readings that survive a restart of the device's program: append-only segments in a directory.

A segment is a file of JSON lines ``{"ts", "values", "device"?}``. It is deleted when every line in it is settled,
so nothing is ever rewritten. After a restart the lines of a half-settled segment are sent again, which is harmless
because each has its ``ts``. Lines are handed to the kernel at once, but synced only when a segment ends: a power cut
may take the newest ones. The spool mirrors the queue, it does not extend it.
"""

from __future__ import annotations

import errno
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

log = logging.getLogger(__name__)

SEGMENT = 1_000
"""Lines in a segment."""


class Line(NamedTuple):
    """A reading as the spool keeps it; ``ts`` in ms."""

    ts: int
    values: dict[str, object]
    device: str | None


@dataclass(slots=True, eq=False)
class _Segment:
    path: Path
    lines: int = 0
    open_numbers: int = 0


class Spool:
    """One directory, one writer. Numbers are the client's item numbers; each settles once."""

    def __init__(self, directory: Path, segment: int = SEGMENT) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._limit = segment
        self._of: dict[int, _Segment] = {}
        self._file: BinaryIO | None = None
        self._current: _Segment | None = None
        names = sorted(directory.glob("*.ndjson"))
        self._old = names
        self._next = int(names[-1].stem) + 1 if names else 1

    def load(self) -> Iterator[tuple[int, Line]]:
        """What earlier runs left, oldest first, as (number, line); numbers count from 1. Iterate to the end, once."""
        number = 0
        for path in self._old:
            lines = list(_lines(path))
            # counted whole first: a full queue may settle a line before the next one is asked for
            segment = _Segment(path, len(lines), len(lines))
            for line in lines:
                number += 1
                self._of[number] = segment
                yield number, line
            if not lines:
                path.unlink()
        self._old = []

    def append(self, number: int, line: Line) -> None:
        """Keep a line under its number. Raises OSError where the disk does not take it."""
        if self._current is None or self._current.lines >= self._limit:
            self._rotate()
        assert self._file is not None and self._current is not None  # noqa: S101,PT018  set by _rotate
        content = {"ts": line.ts, "values": line.values} | ({} if line.device is None else {"device": line.device})
        row = json.dumps(content, separators=(",", ":")).encode() + b"\n"
        if self._file.write(row) < len(row):
            # the next line must not follow half a line
            self._current.lines = self._limit
            raise OSError(errno.ENOSPC, "the spool's disk is full")
        self._current.lines += 1
        self._current.open_numbers += 1
        self._of[number] = self._current

    def settle(self, number: int) -> None:
        """The reading is durable, refused or dropped: its line is not needed any more."""
        segment = self._of.pop(number, None)
        if segment is None:
            return
        segment.open_numbers -= 1
        if not segment.open_numbers and segment is not self._current:
            segment.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Sync and close; a segment with nothing left in it is deleted."""
        self._end()

    def _rotate(self) -> None:
        self._end()
        path = self._directory / f"{self._next:012d}.ndjson"
        # unbuffered: what append has returned from outlives this process
        self._file = path.open("xb", buffering=0)
        self._next += 1
        self._current = _Segment(path)

    def _end(self) -> None:
        if self._file is None or self._current is None:
            return
        os.fsync(self._file.fileno())
        self._file.close()
        if not self._current.open_numbers:
            self._current.path.unlink(missing_ok=True)
        self._file = self._current = None


def _lines(path: Path) -> Iterator[Line]:
    for row in path.read_bytes().splitlines():
        try:
            content = json.loads(row)
            line = Line(int(content["ts"]), dict(content["values"]), content.get("device"))
        except (ValueError, KeyError, TypeError):
            # a crash may tear the last line of a segment
            log.warning("spool: an unreadable line in %s was skipped", path)
            continue
        yield line

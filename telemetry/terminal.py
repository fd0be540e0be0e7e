"""A line on standard error that says how far something is, where that is a terminal; and lines that stay."""

from __future__ import annotations

import sys
from typing import TextIO

from telemetry.clock import monotonic

EVERY = 0.1
"""Seconds between two states of the line."""
WIDTH = 24
"""Characters of the bar."""
CLEAR = "\r\x1b[K"


class Meter:
    """The line. ``total`` is what ``done`` of ``show`` comes up to, if that is known."""

    def __init__(self, total: int | None = None, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._live = self._stream.isatty()
        self._total = total
        self._shown = -EVERY
        self._open = False

    def show(self, done: int, text: str) -> None:
        """Bring the line up to date."""
        now = monotonic()
        if not self._live or now - self._shown < EVERY:
            return
        self._shown, self._open = now, True
        self._stream.write(f"{CLEAR}{self._bar(done)}{text}")
        self._stream.flush()

    def total(self, total: int) -> None:
        """Say what there is in all."""
        self._total = total

    def say(self, text: str) -> None:
        """Write a line that stays, above the one that moves."""
        self.end()
        self._stream.write(f"{text}\n")

    def end(self) -> None:
        """Take the line away."""
        if self._open:
            self._stream.write(CLEAR)
            self._stream.flush()
            self._open = False

    def _bar(self, done: int) -> str:
        if not self._total:
            return ""
        share = min(1.0, done / self._total)
        full = int(share * WIDTH)
        return f"[{'#' * full}{'.' * (WIDTH - full)}] {share:4.0%}  "

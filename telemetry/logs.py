"""The log on standard error: one line an event, whatever names, paths and errors say.

What would end a line, move a terminal's cursor or turn the direction of writing is written as an escape of Python.
The lines of a traceback are indented, so that none of them looks like an event.
"""

from __future__ import annotations

import logging
import sys
import unicodedata

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
INDENT = "    "


def start(level: str) -> None:
    """Log to standard error from ``level`` (a name of the settings) on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines(FORMAT))
    logging.basicConfig(level=level.upper(), handlers=[handler])


class Lines(logging.Formatter):
    """Makes each event one line, a traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        """The event as text."""
        whole = super().format(record)
        event = self.formatMessage(record)  # what it says may itself have line breaks
        below = whole.removeprefix(event).strip("\n")
        lines = [INDENT + printable(line) for line in below.split("\n")] if below else []
        return "\n".join([printable(event), *lines])


def printable(text: str) -> str:
    """A text of one line that shows what it is."""
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")

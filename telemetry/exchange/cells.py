"""Cells of a CSV file: values as text and back, and no cell that a spreadsheet takes for a formula.

A text that begins with one of ``= + - @ TAB CR '``, is blank, or reads as a number or a boolean gets a leading ``'``,
which reading removes. Numbers are written so that they read back as the same 64-bit float.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from telemetry.model import MAX_TEXT, Value

GUARDED = frozenset("=+-@\t\r'")
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
BOOLEANS = {"true": True, "false": False}
NO_NUMBER = frozenset({"nan", "inf", "infinity"})
"""What a number is printed as when it is none; a sign may stand before it."""
QUOTED = re.compile(r'[",\r\n]|^ | $')

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_10000 = 253_402_300_800_000


def guarded(text: str) -> str:
    """A text as a cell, before quoting."""
    return "'" + text if text[:1] in GUARDED or not text.strip() or _is_other(text.strip()) else text


def unguarded(cell: str) -> str:
    """The text of a cell."""
    return cell.removeprefix("'")


def quoted(cell: str) -> str:
    """A cell as it stands in a file."""
    return '"' + cell.replace('"', '""') + '"' if QUOTED.search(cell) else cell


def cell_of(value: Value) -> str:
    """A value as it stands in a file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else quoted(guarded(value))


def value_of(cell: str) -> Value | None:
    """The value of a cell, None for an empty one. Raises ValueError with the reason to refuse it."""
    text = cell.strip()
    if not text:
        return None
    if NUMBER.fullmatch(text):
        return finite(float(text))
    if (truth := BOOLEANS.get(text.lower())) is not None:
        return truth
    if _is_other(text):
        raise ValueError("not a finite number")
    return checked_text(unguarded(cell))


def finite(number: float) -> float:
    """A number that can be kept. Raises ValueError for NaN and infinities."""
    if number - number != 0.0:
        raise ValueError("not a finite number")
    return number


def checked_text(text: str) -> str:
    """A text that can be kept. Raises ValueError."""
    if len(text) > MAX_TEXT:
        raise ValueError(f"a text has at most {MAX_TEXT} characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("the text is not Unicode") from None
    return text


def ms_of(cell: str) -> int:
    """Milliseconds of a cell that holds them as a whole number. Raises ValueError."""
    text = cell.strip()
    if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 20):
        raise ValueError(f"{cell[:40]!r} is not a time: milliseconds since 1970")
    return int(text)


def ms_of_iso(cell: str) -> int:
    """Milliseconds of a date and time in ISO 8601, UTC unless it names a zone. Raises ValueError."""
    try:
        when = datetime.fromisoformat(cell.strip())
    except ValueError:
        raise ValueError(f"{cell[:40]!r} is not a time: ISO 8601") from None
    return (when.replace(tzinfo=when.tzinfo or UTC) - _EPOCH) // timedelta(milliseconds=1)


def iso_of(second: int) -> str:
    """``2026-11-21T10:00:00`` of a whole second since 1970 UTC; empty where no calendar reaches."""
    if not 0 <= second * 1000 < _YEAR_10000:
        return ""
    return (_EPOCH + timedelta(seconds=second)).isoformat()[:19]


def _is_other(text: str) -> bool:
    """Whether a text without blanks around it reads as a number (also as none), or as a boolean."""
    lower = text.lower()
    return bool(NUMBER.fullmatch(text)) or lower in BOOLEANS or lower.lstrip("+-") in NO_NUMBER

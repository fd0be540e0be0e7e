"""What a board holds, checked: its name and its parts, each with its kind, its size on the grid and what it shows.

A board is plain JSON, the same in the API, in a file and in the database. Sizes are in cells of a grid that is
``GRID`` wide; parts flow in their order. ``{device}`` in names and texts stands for the device that a viewer chooses.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable

from telemetry.model import Reason, Refusal

GRID = 12
"""Columns of the grid."""
TALLEST = 12
"""Rows that a part may take."""
MAX_PARTS = 60
"""Parts of one board."""
MAX_SERIES = 24
"""Series or patterns of one part."""
MAX_PINS = 60
"""Pins on one floor plan."""
MAX_IMAGES = 2
"""Different images on one board: with them it still fits into one request."""
MAX_NAME = 80
"""Characters of a name or a title."""
MAX_SERIES_NAME = 512
"""Characters of a series' name or a pattern."""
MAX_TEXT = 4_000
"""Characters of a text."""

KINDS = frozenset({"chart", "tile", "gauge", "strip", "table", "text", "plan"})
IMAGE = re.compile(r"[0-9a-f]{32}")
PART_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
RANGE = 1_000, 400 * 86_400_000
"""The shortest and the longest span of time (ms) that a board opens with."""

Content = dict[str, object]
Check = Callable[[object], object]


class _Bad(Exception):
    """A value that cannot stand, and where."""

    def __init__(self, message: str, at: str) -> None:
        super().__init__(message)
        self.at = at


def content_of(body: object) -> Content | Refusal:
    """The board that a JSON value describes, with names and texts in NFC; or why it is none."""
    try:
        return _board(body)
    except _Bad as error:
        return Refusal(Reason.BAD_VALUE, str(error), error.at or None)


def images_of(content: Content) -> set[str]:
    """The images that stand on a board."""
    parts = content["parts"]
    return {part["image"] for part in parts if "image" in part} if isinstance(parts, list) else set()


def _board(body: object) -> Content:
    known: dict[str, Check] = {
        "name": lambda value: _text(value, "name", MAX_NAME, least=1),
        "devices": lambda value: _text(value, "devices", MAX_SERIES_NAME),
        "range": lambda value: _whole(value, "range", *RANGE),
        "parts": _parts,
    }
    board = _fields(body, known, "", need=("name", "parts"))
    if len(images_of(board)) > MAX_IMAGES:
        raise _Bad(f"a board shows at most {MAX_IMAGES} different images", "parts")
    return board


def _parts(value: object) -> list[Content]:
    if not isinstance(value, list) or len(value) > MAX_PARTS:
        raise _Bad(f"expected a list of at most {MAX_PARTS} parts", "parts")
    parts = [_part(one, f"parts[{index}]") for index, one in enumerate(value)]
    if len({part["id"] for part in parts}) < len(parts):
        raise _Bad("two parts have the same id", "parts")
    return parts


def _part(value: object, at: str) -> Content:
    known: dict[str, Check] = {
        "id": lambda one: _match(one, PART_ID, f"{at}.id"),
        "kind": lambda one: _kind(one, f"{at}.kind"),
        "w": lambda one: _whole(one, f"{at}.w", 1, GRID),
        "h": lambda one: _whole(one, f"{at}.h", 1, TALLEST),
        "title": lambda one: _text(one, f"{at}.title", MAX_NAME),
        "series": lambda one: _series(one, f"{at}.series"),
        "text": lambda one: _text(one, f"{at}.text", MAX_TEXT, lines=True),
        "image": lambda one: _match(one, IMAGE, f"{at}.image"),
        "pins": lambda one: _pins(one, f"{at}.pins"),
    } | {key: _number_at(f"{at}.{key}") for key in ("min", "max", "low", "high")}
    part = _fields(value, known, at, need=("id", "kind", "w", "h"))
    low, high = part.get("min"), part.get("max")
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low >= high:
        raise _Bad("min must be below max", f"{at}.min")
    return part


def _pins(value: object, at: str) -> list[Content]:
    if not isinstance(value, list) or len(value) > MAX_PINS:
        raise _Bad(f"expected a list of at most {MAX_PINS} pins", at)
    return [_pin(one, f"{at}[{index}]") for index, one in enumerate(value)]


def _pin(value: object, at: str) -> Content:
    known: dict[str, Check] = {
        "series": lambda one: _text(one, f"{at}.series", MAX_SERIES_NAME, least=1),
        "label": lambda one: _text(one, f"{at}.label", MAX_NAME),
        "x": lambda one: _number(one, f"{at}.x", 0, 1),
        "y": lambda one: _number(one, f"{at}.y", 0, 1),
    }
    return _fields(value, known, at, need=("series", "x", "y"))


def _fields(value: object, known: dict[str, Check], at: str, *, need: tuple[str, ...]) -> Content:
    """The object with each field checked, in the order of ``known``; fields that are null are left out."""
    if not isinstance(value, dict):
        raise _Bad("expected an object", at)
    prefix = f"{at}." if at else ""
    for key in value:
        if key not in known:
            raise _Bad(f"there is no such field here: {str(key)[:40]}", at)
    for key in need:
        if value.get(key) is None:
            raise _Bad("this field is missing", f"{prefix}{key}")
    return {key: check(value[key]) for key, check in known.items() if value.get(key) is not None}


def _series(value: object, at: str) -> list[str]:
    if not isinstance(value, list) or len(value) > MAX_SERIES:
        raise _Bad(f"expected a list of at most {MAX_SERIES} names or patterns", at)
    return [_text(one, f"{at}[{index}]", MAX_SERIES_NAME, least=1) for index, one in enumerate(value)]


def _text(value: object, at: str, most: int, *, least: int = 0, lines: bool = False) -> str:
    if not isinstance(value, str) or len(value) > 4 * most:
        raise _Bad(f"expected a text of at most {most:,} characters", at)
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()
    if not least <= len(text) <= most or any(_control(one, lines=lines) for one in text):
        raise _Bad(f"expected {least} to {most:,} characters, and no control characters", at)
    return text


def _control(character: str, *, lines: bool) -> bool:
    return not (lines and character == "\n") and unicodedata.category(character) in {"Cc", "Cs"}


def _match(value: object, pattern: re.Pattern[str], at: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _Bad("this is not an id", at)
    return value


def _kind(value: object, at: str) -> str:
    if not isinstance(value, str) or value not in KINDS:
        raise _Bad(f"expected one of {', '.join(sorted(KINDS))}", at)
    return value


def _whole(value: object, at: str, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise _Bad(f"expected a whole number from {least} to {most}", at)
    return value


def _number_at(at: str) -> Check:
    return lambda value: _number(value, at, -1e15, 1e15)


def _number(value: object, at: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise _Bad(f"expected a number from {least:g} to {most:g}", at)
    if not math.isfinite(value):
        raise _Bad("expected a number", at)
    return value

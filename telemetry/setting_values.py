"""Parsers of single settings: text in, typed and checked value out; ValueError says what would be right."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

_SIZE = re.compile(r"([0-9]{1,15})\s*(|B|KiB|MiB|GiB)", re.ASCII)
_SCALE = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_AGE = re.compile(r"([0-9]{1,9})\s*(s|m|min|h|d|w|y)", re.ASCII)
_AGE_SCALE = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_557_600}
_LONGEST = 1_000 * 31_557_600
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def text(value: str) -> str:
    """Any text."""
    return value


def choice(*words: str) -> Callable[[str], str]:
    """One of the words."""

    def parse(value: str) -> str:
        if value not in words:
            raise ValueError(f"is not one of {', '.join(words)}")
        return value

    return parse


def whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number from ``low`` to ``high``."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,15}", value, re.ASCII) or not low <= int(value) <= high:
            raise ValueError(f"is not a whole number from {low} to {high}")
        return int(value)

    return parse


def number(low: float, high: float) -> Callable[[str], float]:
    """A finite number from ``low`` to ``high``."""

    def parse(value: str) -> float:
        try:
            found = float(value)
        except ValueError:
            found = math.nan
        if not low <= found <= high:
            raise ValueError(f"is not a number from {low:g} to {high:g}")
        return found

    return parse


def size(low: int, high: int) -> Callable[[str], int]:
    """Bytes, as ``262144`` or ``256 KiB``."""

    def parse(value: str) -> int:
        found = _SIZE.fullmatch(value)
        count = int(found[1]) * _SCALE[found[2]] if found else -1
        if not low <= count <= high:
            raise ValueError(f"is not a size from {low} to {high} bytes (write 262144 or 256 KiB)")
        return count

    return parse


def optional_size(low: int, high: int) -> Callable[[str], int | None]:
    """Bytes as ``size`` has them, or nothing."""
    parse = size(low, high)
    return lambda value: parse(value) if value else None


def ages(value: str) -> tuple[tuple[str, int | None], ...]:
    """(pattern, age in ms) for each part of ``boiler/* 30d, 2y``; None is for ever. Without a pattern: for all."""
    return tuple(_aged(part.strip()) for part in value.split(",")) if value else ()


def _aged(part: str) -> tuple[str, int | None]:
    *before, word = part.split() or [""]
    if word == "forever":
        return " ".join(before) or "*", None
    if before and before[-1].isdecimal() and word.isalpha():  # 90 d
        word = before.pop() + word
    found = _AGE.fullmatch(word)
    seconds = int(found[1]) * _AGE_SCALE[found[2]] if found else 0
    if not 0 < seconds <= _LONGEST:
        raise ValueError(f"has {part!r}, which does not end in an age (write 30d, 12h, 2y, PATTERN 90d, or forever)")
    return " ".join(before) or "*", seconds * 1_000


def path(value: str) -> Path:
    """The path of a file."""
    if not value or "\0" in value:
        raise ValueError("is not the path of a file")
    return Path(value)


def optional_path(value: str) -> Path | None:
    """The path of a file, or nothing."""
    return path(value) if value else None


def time_of_day(value: str) -> tuple[int, int] | None:
    """A time of day as (hour, minute), or nothing."""
    if not value:
        return None
    found = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", value, re.ASCII)
    if found is None:
        raise ValueError("is not a time of day (write 03:30)")
    return int(found[1]), int(found[2])


def _words(value: str) -> list[str]:
    return value.replace(",", " ").split()


def hosts(value: str) -> tuple[str, ...]:
    """Host names without port, in lower case."""
    names = tuple(word.lower().rstrip(".") for word in _words(value))
    for name in names:
        if not _HOST.fullmatch(name):
            raise ValueError(f"is not a list of host names: {name!r} (write a name without scheme and port)")
    return names


def origin(value: str) -> str | None:
    """An http(s) origin in one spelling (lower case, with its port), or None for anything else.

    ``file://`` stands for itself: no browser sends it, but WebSocket libraries of microcontrollers do.
    """
    if value.lower() == "file://":
        return "file://"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return None
    known = parts.scheme in _DEFAULT_PORTS and parts.hostname
    if not known or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    name = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    return f"{parts.scheme}://{name}:{_DEFAULT_PORTS[parts.scheme] if port is None else port}"


def origins(value: str) -> tuple[str, ...]:
    """Origins, each in the spelling of ``origin``."""
    found = []
    for word in _words(value):
        one = origin(word)
        if one is None:
            raise ValueError(f"is not a list of origins: {word!r} (write https://home.example or http://10.0.0.5:8080)")
        found.append(one)
    return tuple(found)

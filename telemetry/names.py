"""The grammar of names and patterns: devices, metrics, series, and the ``*`` of subscriptions.

A series is named ``DEVICE/METRIC`` and looked up, never taken apart. In patterns only ``*`` is special.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable

MAX_NAME = 128
"""Characters of a device id or a metric."""
LONGEST_FORM = 4 * MAX_NAME
"""Characters of what may become a name when composed; composing takes the square of the length."""
MAX_PATTERN = 512
"""Characters of a pattern: any series name fits (128 + 1 + 128), with room for stars."""


def _clean(text: str, forbidden: str) -> str | None:
    if len(text) > LONGEST_FORM:
        return None
    name = unicodedata.normalize("NFC", text)
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        return None
    if name[0] in " /" or name[-1] in " /" or any(c in name for c in forbidden):
        return None
    return name


def device_id(text: str) -> str | None:
    """The NFC form of a device id, or None where the contract's grammar does not take it."""
    return _clean(text, "+#*")


def metric_name(text: str) -> str | None:
    """The NFC form of a metric, or None; only here ``+`` and ``#`` are allowed."""
    return _clean(text, "*")


def matcher(pattern: str) -> Callable[[str], bool]:
    """A test for names by a pattern in which ``*`` stands for any characters, ``/`` included.

    The pattern is brought to NFC, as names are. Linear in the length of the name: each piece is searched for once, from
    the left.
    """
    pattern = unicodedata.normalize("NFC", pattern)
    if "*" not in pattern:
        return pattern.__eq__
    first, *middle, last = pattern.split("*")
    if not first and not last and not any(middle):
        return lambda _: True
    shortest = len(first) + len(last)

    def matches(name: str) -> bool:
        if len(name) < shortest or not name.startswith(first) or not name.endswith(last):
            return False
        at, end = len(first), len(name) - len(last)
        for piece in middle:
            found = name.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return True

    return matches


def any_of(patterns: Iterable[str]) -> Callable[[str], bool]:
    """A test for names that any of the patterns takes. Names and beginnings (``boiler/*``) cost next to nothing."""
    forms = {unicodedata.normalize("NFC", pattern) for pattern in patterns}
    whole = {form for form in forms if "*" not in form}
    beginnings = tuple(form[:-1] for form in forms - whole if "*" not in form[:-1])
    tests = [matcher(form) for form in sorted(forms) if "*" in form[:-1]]
    if "" in beginnings:
        return lambda _: True
    return lambda name: name in whole or name.startswith(beginnings) or any(test(name) for test in tests)

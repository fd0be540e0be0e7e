"""Retention: which series keeps its readings and its roll-ups for how long. Pure; ``purging`` acts on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from telemetry.names import matcher
from telemetry.settings import Ages, RetentionSettings
from telemetry.store.levels import LEVELS

KEYS = ("raw", *LEVELS.values())
Kept = tuple[int | None, ...]
"""Ages in ms, in the order of KEYS; None is for ever."""


class Line(NamedTuple):
    """The rule of one pattern, as people read it."""

    pattern: str
    ages: Kept


class Rules:
    """The settings, ready to be asked."""

    def __init__(self, settings: RetentionSettings) -> None:
        self._given: list[Ages] = [getattr(settings, key) for key in KEYS]
        self._tests: list[list[tuple[Callable[[str], bool], int | None]]] = [
            [(matcher(pattern), age) for pattern, age in given] for given in self._given
        ]

    def __bool__(self) -> bool:
        """Whether anything ever goes."""
        return any(age is not None for given in self._given for _, age in given)

    def kept(self, name: str) -> Kept:
        """How long the series of this name keeps its readings and each level."""
        return tuple(_first(tests, name) for tests in self._tests)

    def lines(self) -> list[Line]:
        """A line for each pattern in the settings, and the last for all other series."""
        patterns = dict.fromkeys(pattern for given in self._given for pattern, _ in given if pattern != "*")
        return [Line(pattern, self.kept(pattern)) for pattern in (*patterns, "*")]


def _first(tests: Sequence[tuple[Callable[[str], bool], int | None]], name: str) -> int | None:
    return next((age for test, age in tests if test(name)), None)

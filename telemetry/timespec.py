"""The grammar of a moment in a query: ``1700000000000``, ``2026-11-21T10:00:00+01:00``, ``-6h``, ``now``, ``now-15m``.

A moment is integer milliseconds since 1970 UTC. Pure: the caller says what time it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from telemetry.model import Reason, Refusal

UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
LIMIT = 8_640_000_000_000_000
"""The furthest ms from 1970 that a browser's Date knows; either side."""
GRAMMAR = "give ms since 1970, ISO 8601, or a time relative to now such as -6h or now-15m (ms, s, m, h, d, w)"

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_RELATIVE = re.compile(r"now|(?:now)?([ +-])([0-9]{1,12})(ms|[smhdw])")
_ZONE_AFTER_SPACE = re.compile(r"(T[0-9:.,]+) ([0-9]{2}(?::?[0-9]{2})?)$", re.IGNORECASE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(text: str, now: int, at: str) -> int | Refusal:
    """The ms that ``text`` means at ``now`` (ms); ``at`` names the parameter in a refusal.

    ISO 8601 without a zone is UTC; a part of a millisecond is dropped. A space where a ``+`` belongs is a ``+``
    that was not escaped in a URL.
    """
    ms = _moment(text.strip(), now)
    if ms is None:
        return Refusal(Reason.BAD_VALUE, f"{text[:64]!r} is no time: {GRAMMAR}", at)
    if not -LIMIT <= ms <= LIMIT:
        return Refusal(Reason.BAD_VALUE, f"{text[:64]!r} is out of range", at)
    return ms


def moment_in(body: Mapping[str, object], key: str, now: int) -> int | Refusal:
    """The same for a value of a JSON body: a string, or an integer (ms); ``key`` is where it stands."""
    value = body.get(key)
    if isinstance(value, str) or type(value) is int:
        return moment(str(value)[:64], now, key)
    return Refusal(Reason.BAD_TIME, "a time is ms since 1970, ISO 8601, or relative such as -6h", key)


def _moment(text: str, now: int) -> int | None:
    if _INTEGER.fullmatch(text):
        return int(text)
    if found := _RELATIVE.fullmatch(text):
        sign, amount, unit = found.groups()
        if sign is None:
            return now
        return now + (-1 if sign == "-" else 1) * int(amount) * UNITS[unit]
    try:
        when = datetime.fromisoformat(_ZONE_AFTER_SPACE.sub(r"\1+\2", text))
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return (when - _EPOCH) // timedelta(milliseconds=1)

"""The query parameters that the live channels over plain HTTP share."""

from __future__ import annotations

from handlers.base import Guard
from telemetry.live import Visitor
from telemetry.live_commands import patterns_of
from telemetry.model import Refusal


def patterns_of_query(handler: Guard) -> list[str] | None:
    """The ``series`` parameters, ``*`` if there are none; None after the request was refused."""
    patterns = patterns_of(handler.get_query_arguments("series", strip=False) or ["*"])
    if isinstance(patterns, Refusal):
        handler.refuse(400, patterns.code, patterns.message, at="series")
        return None
    return patterns


def visitor(handler: Guard, channel: str) -> Visitor:
    """Who watches by this request, as the page of the system names them."""
    return Visitor(*handler.actor, channel, handler.core.clock.arrival())

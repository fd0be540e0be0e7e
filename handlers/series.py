"""``GET /api/series``: every series with its unit and kind, and first, last and exact number of its readings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handlers.live_query import patterns_of_query
from handlers.reading import ReadHandler
from telemetry.history import kind_now
from telemetry.model import Series
from telemetry.names import matcher

if TYPE_CHECKING:
    from telemetry.store.extents import Extent


class SeriesList(ReadHandler):
    """Every series with unit, kind, first and last time, and the exact number of its readings."""

    async def answer(self) -> None:
        """Count on a reader thread."""
        patterns = patterns_of_query(self)
        if patterns is None:
            return
        tests = [matcher(pattern) for pattern in patterns]
        series = list(self.core.registry.matching(lambda name: any(test(name) for test in tests)))
        extents = await self.core.history.extents(series, self.gone.is_set)
        self.give({"series": [_body(one, extents.get(one.name)) for one in series]})


def _body(one: Series, extent: Extent | None) -> dict[str, object]:
    return {
        "series": one.name,
        "device": one.device,
        "metric": one.metric,
        "unit": one.unit,
        "kind": kind_now(one).value,
        "first": extent.first if extent else None,
        "last": extent.last if extent else None,
        "count": extent.count if extent else 0,
    }

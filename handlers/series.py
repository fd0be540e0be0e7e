"""``GET /api/series``: every series with its unit and kind, and first, last and exact number of its readings.

As in history and latest, a former name finds its series and is the name under which that is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from handlers.base import READ
from handlers.live_query import patterns_of_query
from handlers.reading import ReadHandler
from telemetry.history import kind_now
from telemetry.model import Series
from telemetry.replay import Selection
from telemetry.thresholds import bodies

if TYPE_CHECKING:
    from telemetry.store.extents import Extent


class SeriesList(ReadHandler):
    """Every series with unit, kind, first and last time, and the exact number of its readings."""

    scoped = READ

    async def answer(self) -> None:
        """Count on a reader thread."""
        patterns = patterns_of_query(self)
        if patterns is None:
            return
        selection = Selection(((pattern, -1) for pattern in patterns), self.scope)
        series = [one for one in self.core.registry.series.values() if selection.wants(one, 0)]
        extents = await self.core.history.extents(series, self.gone.is_set)
        self.give({"series": [_body(one, selection.shown(one).name, extents.get(one.name)) for one in series]})


def _body(one: Series, name: str, extent: Extent | None) -> dict[str, object]:
    return {
        "series": name,
        "device": one.device,
        "metric": one.metric,
        "label": one.title,
        "unit": one.unit,
        "source_unit": one.source_unit if one.unit_given else one.unit,
        "kind": kind_now(one).value,
        "thresholds": bodies(one.thresholds),
        "first": extent.first if extent else None,
        "last": extent.last if extent else None,
        "count": extent.count if extent else 0,
    }

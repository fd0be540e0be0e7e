"""Thresholds of series: an operator says above or below which value a reading stands out, and every page shows it.

They belong to the series, so that a rename loses none. Nothing happens when one is passed but that it is told.
"""

from __future__ import annotations

import asyncio
import math
import unicodedata

from telemetry.audit import Audit
from telemetry.hub import Hub
from telemetry.identity import Actor
from telemetry.ingest import Pipeline
from telemetry.model import Reason, Refusal, Series, Threshold
from telemetry.registry import Registry
from telemetry.store import audit as log
from telemetry.store import thresholds as stored
from telemetry.store.db import Connection, Store

MAX_THRESHOLDS = 8
"""Thresholds of one series: more are not told apart on a chart."""
SHAPE = 'expected {"series": name, "thresholds": [{"above": number} or {"below": number}, …]}'

Body = dict[str, object]


def bodies(thresholds: tuple[Threshold, ...]) -> list[Body]:
    """Thresholds as the API shows them."""
    return [{"above" if above else "below": value} for value, above in thresholds]


class Thresholds:
    """The thresholds of the series of one database. Owned by the loop thread."""

    def __init__(self, store: Store, registry: Registry, hub: Hub, pipeline: Pipeline, audit: Audit) -> None:
        self._store = store
        self._registry = registry
        self._hub = hub
        self._pipeline = pipeline
        self._audit = audit
        self._change = asyncio.Lock()

    async def put(self, by: Actor, body: object) -> Body | Refusal:
        """Give a series its thresholds in place of those it has; none takes them away. Raises StoreError."""
        match body:
            case {"series": str(name), "thresholds": list(given), **rest} if not rest:
                pass
            case _:
                return Refusal(Reason.BAD_MESSAGE, SHAPE)
        if len(given) > MAX_THRESHOLDS:
            return Refusal(Reason.BAD_VALUE, f"a series has at most {MAX_THRESHOLDS} thresholds", "thresholds")
        found: list[Threshold] = []
        for at, one in enumerate(given):
            threshold = _threshold(one)
            if threshold is None:
                where = f"thresholds[{at}]"
                return Refusal(Reason.BAD_VALUE, 'expected {"above": number} or {"below": number}', where)
            found.append(threshold)
        async with self._change:
            await self._pipeline.flush()  # a series that is new is on the disk then
            series = self._registry.find(unicodedata.normalize("NFC", name))
            if series is None:
                return Refusal(Reason.BAD_VALUE, "there is no such series", "series")
            new = tuple(sorted(set(found)))
            if new != series.thresholds:
                await self._keep(by, series, new)
        return self._shown(series)

    async def _keep(self, by: Actor, series: Series, new: tuple[Threshold, ...]) -> None:
        before, after = bodies(series.thresholds), bodies(new)
        entry = self._audit.entry(by, "series thresholds", series.name, before or None, after or None)

        def work(connection: Connection) -> None:
            stored.put(connection, series.id, new, by.name, entry.at)
            log.add(connection, entry)

        await self._store.write(work)
        series.thresholds = new
        body: Body = {"series": self._shown(series)}
        self._hub.event(f"thresholds {series.id}", body, within=lambda scope: scope.sees(series))

    def _shown(self, series: Series) -> Body:
        return {"series": series.name, "thresholds": bodies(series.thresholds)}


def _threshold(one: object) -> Threshold | None:
    match one:
        case {"above": value, **rest} if not rest:
            above = True
        case {"below": value, **rest} if not rest:
            above = False
        case _:
            return None
    if type(value) not in (int, float) or not abs(value) < 1e300 or not math.isfinite(value):
        return None
    return Threshold(float(value), above)

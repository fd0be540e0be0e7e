"""Units and display names of series: what a source says can be replaced by a person, and is not overwritten then.

Values are never converted here: a unit says what the numbers are.
"""

from __future__ import annotations

import asyncio
import unicodedata

from telemetry.audit import Audit, showing
from telemetry.clock import Clock
from telemetry.hub import Hub
from telemetry.identity import Actor
from telemetry.ingest import Pipeline
from telemetry.model import Reason, Refusal, Series
from telemetry.registry import Registry
from telemetry.store import audit as log
from telemetry.store import labels as stored
from telemetry.store.db import Connection, Store
from telemetry.store.labels import Label

MAX_UNIT = 32
MAX_TITLE = 128

Body = dict[str, object]


class Labels:
    """The labels of the series of one database. Owned by the loop thread."""

    def __init__(
        self, store: Store, registry: Registry, hub: Hub, pipeline: Pipeline, clock: Clock, audit: Audit
    ) -> None:
        self._store = store
        self._registry = registry
        self._hub = hub
        self._pipeline = pipeline
        self._clock = clock
        self._audit = audit
        self._change = asyncio.Lock()

    async def edit(self, by: Actor, body: object) -> Body | Refusal:
        """Give a series a unit or a display name; ``""`` takes it away. Raises StoreError."""
        match body:
            case {"series": str(name), **given} if given and given.keys() <= {"unit", "label"}:
                pass
            case _:
                return Refusal(Reason.BAD_MESSAGE, 'expected {"series": name, "unit"?: text, "label"?: text}')
        texts: dict[str, str] = {}
        for key, value in ((key, given[key]) for key in ("unit", "label") if key in given):
            limit = MAX_UNIT if key == "unit" else MAX_TITLE
            text = _text(value, limit)
            if text is None:
                return Refusal(Reason.BAD_VALUE, f"a {key} is a text of at most {limit} printable characters", key)
            texts[key] = text
        async with self._change:
            await self._pipeline.flush()  # a series that is new is on the disk then
            one = self._registry.find(unicodedata.normalize("NFC", name))
            if one is None:
                return Refusal(Reason.BAD_VALUE, "there is no such series", "series")
            label = _label(one, texts)
            made = self._clock.arrival()
            entry = showing(
                self._audit.entry(by, "series edit", one.name),
                {"unit": one.unit, "label": one.title},
                {"unit": label.unit or label.source_unit, "label": label.title},
            )

            def work(connection: Connection) -> None:
                stored.put(connection, one.id, label, by.name, made)
                log.add(connection, entry)

            await self._store.write(work)
            # what the source said while the disk was busy counts
            one.labelled(label.unit, one.source_unit if one.unit_given else one.unit, label.title)
        shown: Body = {"series": one.name, "unit": one.unit, "label": one.title}
        self._hub.event(f"series {one.id}", {"series": shown}, within=lambda scope: scope.sees(one))
        return shown


def _label(one: Series, texts: dict[str, str]) -> Label:
    """What stands after an edit; the empty text takes away."""
    unit = texts.get("unit", one.unit if one.unit_given else "")
    title = texts.get("label", one.title or "")
    return Label(unit or None, one.source_unit if one.unit_given else one.unit, title or None)


def _text(value: object, limit: int) -> str | None:
    if not isinstance(value, str) or len(value) > 4 * limit:
        return None
    text = unicodedata.normalize("NFC", value).strip()
    return text if len(text) <= limit and text.isprintable() else None

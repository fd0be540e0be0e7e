"""``GET /api/latest``: the newest value of every series that a pattern takes, all as of one seq."""

from __future__ import annotations

from handlers.base import READ
from handlers.live_query import patterns_of_query
from handlers.reading import ReadHandler
from telemetry.live import answer_json
from telemetry.model import Reading
from telemetry.replay import Selection


class Latest(ReadHandler):
    """The newest value of every series, all as of one seq."""

    scoped = READ

    async def answer(self) -> None:
        """Everything is in memory: nothing is awaited, so it is of one moment."""
        patterns = patterns_of_query(self)
        if patterns is None:
            return
        selection = Selection(((pattern, -1) for pattern in patterns), self.scope)
        latest = [
            Reading(selection.shown(one), *one.latest)
            for one in self.core.registry.series.values()
            if one.latest is not None and selection.wants(one, 0)
        ]
        core = self.core
        body = {
            "epoch": core.store.epoch,
            "seq": core.pipeline.last_seq,
            "time": core.clock.arrival(),
            "latest": latest,
        }
        self.set_header("Content-Type", "application/json")
        self.finish(answer_json(body))

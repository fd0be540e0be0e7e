"""Corrections: readings that were never true are deleted or masked, and brought back when someone undoes that.

A deletion takes out what is there now; a mask also hides what comes later, until it is undone. The work is done in
bounded steps as a job of maintenance; what a crash or a full disk interrupts goes on by itself. Owned by the loop
thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from telemetry.audit import Audit, showing
from telemetry.clock import Clock
from telemetry.correction_drafts import Draft, draft_of
from telemetry.hub import Hub
from telemetry.identity import Actor
from telemetry.ingest import Pipeline
from telemetry.maintenance import Maintenance
from telemetry.model import Mask, Reason, Refusal, Series, Value, kind_of
from telemetry.registry import Registry
from telemetry.replay import Selection
from telemetry.store import audit as log
from telemetry.store import corrections as stored
from telemetry.store.corrections import Correction
from telemetry.store.db import Connection, Store

MAX_CORRECTIONS = 10_000
"""Corrections of one database."""
LISTED = 1_000
"""Corrections in one answer, at most."""
PATIENCE = 2.0
"""Seconds that a request waits for the work to end before it answers that it goes on."""
KEPT = 30 * 86_400_000
"""Ms for which a deletion can be undone; masks can be undone for ever."""

Body = dict[str, object]


class Corrections:
    """The corrections of one database."""

    def __init__(
        self, store: Store, registry: Registry, hub: Hub, pipeline: Pipeline, maintenance: Maintenance, clock: Clock,
        audit: Audit,
    ) -> None:  # fmt: skip
        self._store = store
        self._registry = registry
        self._hub = hub
        self._pipeline = pipeline
        self._maintenance = maintenance
        self._clock = clock
        self._audit = audit
        self._finished: dict[int, asyncio.Event] = {}
        maintenance.first.append(self.work)
        maintenance.jobs.append(self.forget)

    async def listed(self, patterns: Sequence[str]) -> list[Body]:
        """The newest corrections of the series that match, the newest first. Raises StoreError."""
        selection = Selection((pattern, -1) for pattern in patterns)
        ids = [one.id for one in self._registry.series.values() if selection.wants(one, 0)]
        wanted = None if "*" in patterns else ids
        rows = await self._store.read(lambda connection: stored.newest(connection, wanted, LISTED))
        return [self._body(row) for row in rows]

    async def preview(self, body: object) -> int | Refusal:
        """How many readings a correction would take out. Raises StoreError."""
        draft, series = self._checked(body)
        if isinstance(draft, Refusal):
            return draft
        if isinstance(series, Refusal):
            return series
        await self._pipeline.flush()
        number, following = 0, int(draft.mask.frm)
        while True:
            work = partial(_count, store=self._store, series=series.id, mask=draft.mask, frm=following)
            some, then = await self._store.read(work)
            number += some
            if then is None:
                return number
            following = then

    async def add(self, by: Actor, body: object) -> Body | Refusal:
        """Correct; the correction as it is after PATIENCE at most. Raises StoreError."""
        draft, series = self._checked(body)
        if isinstance(draft, Refusal):
            return draft
        if isinstance(series, Refusal):
            return series
        await self._pipeline.flush()  # a series that is new is on the disk then
        mask = draft.mask
        row = Correction(
            0, series.id, mask.frm, mask.to, draft.action, mask.above, mask.below, draft.why, by.name,
            self._clock.arrival(),
        )  # fmt: skip
        entry = self._audit.entry(by, "correction add", series.name)

        def work(connection: Connection) -> Correction | None:
            if stored.count(connection) >= MAX_CORRECTIONS:
                return None
            done = stored.add(connection, row)
            log.add(connection, showing(entry, None, _state(done)))
            return done

        made = await self._store.write(work)
        if made is None:
            return Refusal(Reason.TOO_LARGE, f"there are {MAX_CORRECTIONS:,} corrections already")
        if made.action == "mask":
            series.masks = (*series.masks, made.mask)
        return await self._awaited(made.id)

    async def undo(self, by: Actor, correction: int) -> Body | Refusal | None:
        """Bring back what a correction took out; None if there is none of that id. Raises StoreError."""
        now, entry = self._clock.arrival(), self._audit.entry(by, "correction undo", "")

        def work(connection: Connection) -> Correction | Refusal | None:
            row = stored.find(connection, correction)
            if row is None or row.state in ("undone", "undoing"):
                return row
            if row.state != "done":
                return Refusal(Reason.TRY_LATER, "this correction is still at work", retry_after=1000)
            if row.action == "delete" and row.made < now - KEPT:
                return Refusal(Reason.BAD_VALUE, f"a deletion can be undone for {KEPT // 86_400_000} days")
            stored.undo(connection, correction, by.name, now)
            series = self._registry.by_id.get(row.series)
            subject = f"#{row.series}" if series is None else series.name
            log.add(connection, showing(entry._replace(subject=subject), _state(row), None))
            return row

        row = await self._store.write(work)
        if row is None or isinstance(row, Refusal):
            return row
        series = self._registry.by_id.get(row.series)
        if series is not None:
            series.masks = tuple(mask for mask in series.masks if mask.id != row.id)
        return await self._awaited(row.id)

    async def work(self) -> None:
        """Do what was begun and is not done; a job of maintenance. Raises StoreError and Damaged."""
        for row in await self._store.read(stored.unfinished):
            await self._carry_out(row)

    async def forget(self) -> None:
        """Drop what deletions took out that can no longer be undone; a job of maintenance. Raises StoreError."""
        before = self._clock.arrival() - KEPT
        if not await self._store.read(lambda connection: stored.expired(connection, before, 1)):
            return
        async with self._maintenance.exclusive("forgetting deleted readings"):
            more = True
            while more:
                more = await self._store.write_freeing(lambda connection: stored.expire(connection, before))

    async def newest(self, series: Series) -> None:
        """Look up the newest reading of a series that is shown, after others were taken or given. Raises StoreError."""
        while True:
            before = series.durable
            found = await self._store.read(partial(_latest, store=self._store, series=series.id))
            if series.durable is before:  # else a commit came between, which may be newer
                break
        series.durable = found
        for batch in self._pipeline.pending_batches():
            for one, ts, value in batch.readings:
                if one is series and (found is None or ts >= found[0]) and not series.hides(ts, value):
                    found = ts, value
        series.latest = found
        if found is not None:
            series.kind = kind_of(found[1])

    async def _carry_out(self, row: Correction) -> None:
        if row.state == "waiting":
            await self._pipeline.flush()
            await self._maintenance.seal(everything=True)
        async with self._maintenance.exclusive("a correction"):
            act, end = (_undo, "undone") if row.state == "undoing" else (_step, "done")
            more = True
            while more:
                more = await self._store.write(partial(act, id_=row.id))
            series = self._registry.by_id.get(row.series)
            if series is not None:
                await self.newest(series)
                await self._pipeline.save_state()  # a start must not read in the journal what was taken out
            seq = self._pipeline.last_seq
            await self._store.write(lambda c: stored.finish(c, row.id, end, seq))
            self._store.rewritten = self._pipeline.last_seq
        if series is not None:
            self._hub.changed([(series.name, row.from_ts, row.to_ts - 1)])
        if (waiting := self._finished.pop(row.id, None)) is not None:
            waiting.set()

    async def _awaited(self, correction: int) -> Body:
        """The correction when its work has ended, or after PATIENCE."""
        finished = self._finished.setdefault(correction, asyncio.Event())
        self._maintenance.wake()
        try:
            async with asyncio.timeout(PATIENCE):
                await finished.wait()
        except TimeoutError:
            self._finished.pop(correction, None)
        row = await self._store.read(lambda connection: stored.find(connection, correction))
        assert row is not None, correction  # noqa: S101 - none is ever deleted
        return self._body(row)

    def _checked(self, body: object) -> tuple[Draft | Refusal, Series | Refusal]:
        draft = draft_of(body, self._clock.arrival())
        if isinstance(draft, Refusal):
            return draft, draft
        series = self._registry.find(draft.series)
        return draft, series or Refusal(Reason.BAD_VALUE, "there is no such series", "series")

    def _body(self, row: Correction) -> Body:
        series = self._registry.by_id.get(row.series)
        return {
            "id": row.id,
            "series": None if series is None else series.name,
            "from": row.from_ts,
            "to": row.to_ts,
            "action": row.action,
            "above": row.above,
            "below": row.below,
            "why": row.why,
            "who": row.who,
            "when": row.made,
            "readings": row.readings,
            "state": row.state if row.state in ("done", "undone") else "running",
            "undone_by": row.undone_by,
            "undone_at": row.undone_at,
        }


def _state(row: Correction) -> Body:
    """A correction as the audit log shows it."""
    given = {"above": row.above, "below": row.below}
    return {
        "correction": row.id, "action": row.action, "from": row.from_ts, "to": row.to_ts, "why": row.why,
        **{key: value for key, value in given.items() if value is not None},
    }  # fmt: skip


# What follows runs on threads of the store, so that the loop does not wait for numpy to be imported.


def _step(connection: Connection, id_: int) -> bool:
    from telemetry.store import correcting

    row = stored.find(connection, id_)
    return row is not None and correcting.step(connection, row)


def _undo(connection: Connection, id_: int) -> bool:
    from telemetry.store import correcting

    row = stored.find(connection, id_)
    return row is not None and correcting.undo(connection, row)


def _count(connection: Connection, store: Store, series: int, mask: Mask, frm: int) -> tuple[int, int | None]:
    from telemetry.store import correcting

    return correcting.count(connection, store.tail, series, mask, frm)


def _latest(connection: Connection, store: Store, series: int) -> tuple[int, Value] | None:
    from telemetry.store import correcting

    return correcting.latest(connection, store.tail, series)

"""Roles: a series is a role that devices play, one after the other. Renaming it, and letting it take another one over.

A former name still finds its series, wherever a plain name is given; patterns look at the name of today. Owned by the
loop thread.
"""

from __future__ import annotations

import asyncio
import unicodedata
from functools import partial
from typing import NamedTuple

from telemetry import names
from telemetry.audit import Audit
from telemetry.corrections import Corrections
from telemetry.hub import Hub
from telemetry.identity import Actor
from telemetry.ingest import Pipeline
from telemetry.maintenance import Maintenance
from telemetry.model import Reason, Refusal, Series
from telemetry.registry import Registry
from telemetry.store import audit as log
from telemetry.store import roles as stored
from telemetry.store.db import Connection, Store
from telemetry.store.roles import Change
from telemetry.timespec import LIMIT, moment_in

LISTED = 1_000
"""Changes in one answer, at most."""
PATIENCE = 2.0
"""Seconds that a request waits for the work to end before it answers that it goes on."""

Body = dict[str, object]


class Merge(NamedTuple):
    """A merge that someone asks for: ``source`` is to be taken over by ``target`` from ``since`` (ms) on."""

    source: Series
    target: Series
    since: int | None


class Roles:
    """The names of the series of one database, and which device feeds which."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        hub: Hub,
        pipeline: Pipeline,
        maintenance: Maintenance,
        corrections: Corrections,
        audit: Audit,
    ) -> None:
        self._store = store
        self._registry = registry
        self._hub = hub
        self._pipeline = pipeline
        self._maintenance = maintenance
        self._corrections = corrections
        self._clock = audit.clock
        self._audit = audit
        self._change = asyncio.Lock()
        self._finished: dict[int, asyncio.Event] = {}
        maintenance.first.append(self.work)

    async def changes(self) -> list[Body]:
        """What was renamed and merged, the newest first. Raises StoreError."""
        return [self._body(one) for one in await self._store.read(lambda c: stored.newest(c, LISTED))]

    async def rename(self, by: Actor, body: object) -> Body | Refusal:
        """Give a series another name. Raises StoreError."""
        match body:
            case {"series": str(was), "name": str(wanted), **rest} if not rest:
                pass
            case _:
                return Refusal(Reason.BAD_MESSAGE, 'expected {"series": name, "name": the new one}')
        name = series_name(wanted)
        if name is None:
            return Refusal(Reason.BAD_VALUE, "a name has 1 to 257 printable characters, none of them + # *", "name")
        async with self._change:
            await self._pipeline.flush()  # a series that is new is on the disk then
            one = self._find(was)
            if one is None:
                return _unknown("series")
            holder = self._registry.find(name)
            if holder is not None and (holder is not one or name == one.name):
                return Refusal(Reason.BAD_VALUE, f"the name {name} is taken", "name")
            was = one.name
            change = Change(0, "rename", one.id, None, was, name, None, by.name, self._clock.arrival())
            entry = self._audit.entry(by, "series rename", was, {"name": was}, {"name": name})

            def work(connection: Connection) -> Change:
                stored.rename(connection, one.id, was, name)
                log.add(connection, entry)
                return stored.note(connection, change)

            made = await self._store.write(work)
            self._registry.rename(one, name)
            self._hub.renamed([one])
        self._tell(one)
        return self._body(made)

    async def merge(self, by: Actor, body: object) -> Body | Refusal:
        """Let one series take another one over; the change as it is after PATIENCE at most.

        Raises StoreError.
        """
        async with self._change:
            await self._pipeline.flush()
            asked = self._merge_of(body)
            if isinstance(asked, Refusal):
                return asked
            source, target, since = asked
            change = Change(
                0,
                "merge",
                target.id,
                source.id,
                source.name,
                target.name,
                since,
                by.name,
                self._clock.arrival(),
                0,
                "running",
            )
            told = {"into": target.name, "since": since}
            entry = self._audit.entry(by, "series merge", source.name, {"series": source.name}, told)

            def work(connection: Connection) -> Change:
                stored.take_over(connection, source, target)
                log.add(connection, entry)
                return stored.note(connection, change)

            made = await self._store.write(work)
            self._registry.take_over(source, target)
        finished = self._finished.setdefault(made.id, asyncio.Event())
        self._maintenance.wake()
        try:
            async with asyncio.timeout(PATIENCE):
                await finished.wait()
        except TimeoutError:
            self._finished.pop(made.id, None)
        now = await self._store.read(lambda connection: stored.find(connection, made.id))
        return self._body(now or made)

    async def work(self) -> None:
        """Go on with the merges that were begun; a job of maintenance. Raises StoreError and Damaged."""
        for one in await self._store.read(stored.unfinished):
            await self._carry_out(one)

    async def _carry_out(self, one: Change) -> None:
        source, target = self._registry.by_id.get(one.other or 0), self._registry.by_id.get(one.series)
        if source is None or target is None:
            return
        # what the device sent before it was bound to the other series is to move too
        await self._pipeline.flush()
        await self._maintenance.seal(everything=True)
        async with self._maintenance.exclusive("a merge"), self._change:
            more = True
            while more:
                more = await self._store.write(partial(_move, change=one.id))
            await self._corrections.newest(source)
            await self._corrections.newest(target)
            if target.unit is None:
                target.unit = source.unit
            await self._pipeline.save_state()
            seq = self._pipeline.last_seq
            if await self._store.write(partial(_finish, change=one, name=source.name, seq=seq)):
                self._registry.merge(source, target)
            self._store.rewritten = self._pipeline.last_seq
            self._hub.renamed([source, target])
        self._tell(source)
        self._tell(target)
        if (waiting := self._finished.pop(one.id, None)) is not None:
            waiting.set()

    def _merge_of(self, body: object) -> Merge | Refusal:
        match body:
            case {"from": str(source), "into": str(target), **rest} if rest.keys() <= {"since"}:
                pass
            case _:
                return Refusal(Reason.BAD_MESSAGE, 'expected {"from": name, "into": name, "since"?: time}')
        frm, into = self._find(source), self._find(target)
        if frm is None or into is None:
            return _unknown("from" if frm is None else "into")
        if frm is into:
            return Refusal(Reason.BAD_VALUE, "a series cannot take itself over", "into")
        if not frm.bound:
            return Refusal(Reason.BAD_VALUE, f"{frm.name} was taken over already: no device feeds it", "from")
        if rest.get("since") is None:
            return Merge(frm, into, None)
        at = moment_in({"since": rest["since"]}, "since", self._clock.arrival())
        return at if isinstance(at, Refusal) else Merge(frm, into, at)

    def _find(self, name: str) -> Series | None:
        return self._registry.find(unicodedata.normalize("NFC", name))

    def _tell(self, one: Series) -> None:
        """Charts of this series are to be fetched again."""
        if self._registry.by_id.get(one.id) is one:
            self._hub.changed([(one.name, -LIMIT, LIMIT)])

    def _body(self, one: Change) -> Body:
        return {
            "id": one.id,
            "action": one.action,
            "from": one.was,
            "into": one.name,
            "since": one.since,
            "who": one.who,
            "when": one.made,
            "readings": one.readings,
            "state": one.state,
        }


def series_name(text: str) -> str | None:
    """The NFC form of a name that a person gives to a series; None where the rules of names do not take it."""
    if len(text) > 2 * names.LONGEST_FORM:
        return None
    name = unicodedata.normalize("NFC", text)
    device, slash, metric = name.partition("/")
    parts = [names.device_id(device), names.metric_name(metric)] if slash else [names.device_id(name)]
    return name if all(part is not None for part in parts) else None


def _unknown(at: str) -> Refusal:
    return Refusal(Reason.BAD_VALUE, "there is no such series", at)


# What follows runs on threads of the store, so that the loop does not wait for numpy to be imported.


def _move(connection: Connection, change: int) -> bool:
    from telemetry.store import correcting

    row = stored.find(connection, change)
    return row is not None and correcting.move(connection, row)


def _finish(connection: Connection, change: Change, name: str, seq: int) -> bool:
    """Note that a merge is done; whether nothing is left of the series that was taken over."""
    stored.finish(connection, change.id, seq)
    gone = change.other is not None and stored.empty(connection, change.other)
    if gone and change.other is not None:
        stored.alias(connection, change.other, change.series, name)
    return gone

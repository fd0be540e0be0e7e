"""Annotations: what people note beside the readings, at a time or over a span, on one series or on all of them.

Every change is durable before it is answered and told to the open dashboards, as ``{"annotation": {…}}``. Deleting can
be undone. Owned by the loop thread.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from telemetry.audit import Audit, showing
from telemetry.clock import Clock
from telemetry.hub import Hub
from telemetry.identity import Actor
from telemetry.model import EARLIEST_TS, Reason, Refusal
from telemetry.names import matcher
from telemetry.registry import Registry
from telemetry.scope import Scope
from telemetry.store import annotations as stored
from telemetry.store import audit as log
from telemetry.store.annotations import LAST, AnnotationRow
from telemetry.store.db import Connection, Store
from telemetry.timespec import LIMIT

MAX_TEXT = 1_000
"""Characters of an annotation."""
MAX_ANNOTATIONS = 100_000
"""Annotations of one database; those deleted first make room."""
PAGE = 1_000
"""Annotations in one answer, at most."""
EVERY = "every series"
"""What a note stands on that is on no single series, in the audit log."""
RETRY_AFTER = 1_000
"""ms after which a series that was new will be on the disk."""

_FIELDS = {"series", "from", "to", "text"}
_BIDIRECTIONAL = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})

Body = dict[str, object]
Position = tuple[int, int]


class Draft(NamedTuple):
    """What someone asks for, checked: the name of a series or None, ms (``to`` exclusive, None: a point), the text."""

    series: str | None
    frm: int
    to: int | None
    text: str


def draft_of(body: object, now: int) -> Draft | Refusal:
    """The annotation that a JSON body describes; without ``from`` it is at ``now`` (ms)."""
    if not isinstance(body, dict) or not body.keys() <= _FIELDS:
        return Refusal(Reason.BAD_MESSAGE, 'expected {"text": …, "from": ms, "to": ms, "series": name}')
    series, frm, to = body.get("series"), body.get("from", now), body.get("to")
    if series is not None and not isinstance(series, str):
        return Refusal(Reason.BAD_VALUE, "a series is given by its name; null is all of them", "series")
    text = text_of(body.get("text"))
    if isinstance(text, Refusal):
        return text
    if type(frm) is not int or not EARLIEST_TS <= frm < LIMIT:
        return Refusal(Reason.BAD_TIME, "a time is an integer: ms since 1970, after 1999", "from")
    if to is not None and (type(to) is not int or not frm < to <= LIMIT):
        return Refusal(Reason.BAD_TIME, "the end is an integer: ms since 1970, after the beginning", "to")
    return Draft(None if series is None else unicodedata.normalize("NFC", series), frm, to, text)


def text_of(value: object) -> str | Refusal:
    """A text in NFC, without space at its ends; its only control characters are line feeds."""
    wrong = Refusal(Reason.BAD_VALUE, f"the text has 1 to {MAX_TEXT:,} characters, line breaks but no others", "text")
    if not isinstance(value, str) or len(value) > 4 * MAX_TEXT:
        return wrong
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()
    return wrong if not 1 <= len(text) <= MAX_TEXT or any(map(_unwanted, text)) else text


def _unwanted(character: str) -> bool:
    category = unicodedata.category(character)
    bidirectional = category == "Cf" and unicodedata.bidirectional(character) in _BIDIRECTIONAL
    return (category == "Cc" and character != "\n") or category == "Cs" or bidirectional


def position_of(text: str) -> Position | Refusal:
    """The position that ``next`` of an answer names."""
    ts, _, number = text.partition(".")
    if len(text) <= 40 and ts.removeprefix("-").isdecimal() and number.isdecimal():
        position = int(ts), int(number)
        if abs(position[0]) <= LIMIT and position[1] <= LAST[1]:
            return position
    return Refusal(Reason.BAD_VALUE, "give the `next` of the answer before, as it is", "page")


@dataclass(slots=True)
class Page:
    """One page of annotations, newest first; ``next`` names the one after it, None at the end."""

    annotations: list[Body]
    next: str | None


class Annotations:
    """The annotations of one database."""

    def __init__(
        self, store: Store, registry: Registry, hub: Hub, clock: Clock, audit: Audit, *, most: int = MAX_ANNOTATIONS
    ) -> None:
        self._store = store
        self._registry = registry
        self._hub = hub
        self._clock = clock
        self._audit = audit
        self._most = most

    async def page(
        self, patterns: Sequence[str], frm: int, to: int, before: Position = LAST, limit: int = PAGE,
        *, scope: Scope | None = None,
    ) -> Page:  # fmt: skip
        """What overlaps [``frm``, ``to``) ms on series that match, and global ones. Raises StoreError.

        With a scope only what stands on its series; a page may then have less than ``limit``.
        """
        tests = [matcher(pattern) for pattern in patterns]
        everything = "*" in patterns
        series = [one.id for one in self._registry.matching(lambda name: any(test(name) for test in tests))]
        rows = await self._store.read(
            lambda connection: stored.between(
                connection, frm, to, series=None if everything else series, before=before, limit=limit + 1
            )
        )
        more = len(rows) > limit
        last = rows[limit - 1] if more else None
        known = (row for row in rows[:limit] if row.series is None or row.series in self._registry.by_id)
        if scope is not None:
            known = (row for row in known if self._within(row, scope))
        return Page([self._body(row) for row in known], None if last is None else f"{last.from_ts}.{last.id}")

    async def add(self, by: Actor, body: object, *, scope: Scope | None = None) -> Body | Refusal:
        """Store a new one, on a series that the scope reaches. Raises StoreError."""
        now = self._clock.arrival()
        draft = draft_of(body, now)
        if isinstance(draft, Refusal):
            return draft
        series = self._series(draft)
        if isinstance(series, Refusal):
            return series
        if scope is not None and (series is None or not scope.sees(self._registry.by_id[series])):
            return Refusal(Reason.FORBIDDEN, "this credential does not reach this series", "series")
        row = AnnotationRow(0, series, draft.frm, draft.to, draft.text, by.name, now, now)
        entry = self._audit.entry(by, "note add", draft.series or EVERY)

        def work(connection: Connection) -> AnnotationRow | Refusal:
            if refusal := self._trouble(connection, series, more=True):
                return refusal
            made = stored.add(connection, row)
            log.add(connection, showing(entry, None, _state(made)))
            return made

        done = await self._store.write(work)
        return done if isinstance(done, Refusal) else self._tell(done)

    async def replace(self, by: Actor, annotation: int, body: object) -> Body | Refusal | None:
        """Let it say, and stand at, something else; None if there is none of that id. Raises StoreError."""
        now = self._clock.arrival()
        draft = draft_of(body, now)
        if isinstance(draft, Refusal):
            return draft
        series = self._series(draft)
        if isinstance(series, Refusal):
            return series
        entry = self._audit.entry(by, "note change", draft.series or EVERY)

        def work(connection: Connection) -> AnnotationRow | Refusal | None:
            found = stored.find(connection, annotation)
            if found is None or found.deleted is not None:
                return None
            if refusal := self._trouble(connection, series, more=False):
                return refusal
            row = AnnotationRow(found.id, series, draft.frm, draft.to, draft.text, by.name, found.created, now)
            stored.put(connection, row)
            log.add(connection, showing(entry, self._named(found), self._named(row)))
            return row

        done = await self._store.write(work)
        return done if done is None or isinstance(done, Refusal) else self._tell(done)

    async def delete(self, by: Actor, annotation: int) -> Body | None:
        """Take it away, until ``restore``; None if there is none of that id. Raises StoreError."""
        return await self._mark(by, annotation, self._clock.arrival())

    async def restore(self, by: Actor, annotation: int) -> Body | None:
        """Undo ``delete``; None if there is none of that id, any more. Raises StoreError."""
        return await self._mark(by, annotation, None)

    async def _mark(self, by: Actor, annotation: int, deleted: int | None) -> Body | None:
        entry = self._audit.entry(by, "note restore" if deleted is None else "note delete", EVERY)

        def work(connection: Connection) -> AnnotationRow | None:
            found = stored.find(connection, annotation)
            if found is None or (found.deleted is None) == (deleted is None):
                return found
            row = found._replace(deleted=deleted)
            stored.put(connection, row)
            states = (None, _state(row)) if deleted is None else (_state(row), None)
            log.add(connection, showing(entry._replace(subject=self._subject(row)), *states))
            return row

        done = await self._store.write(work)
        return None if done is None else self._tell(done)

    def _within(self, row: AnnotationRow, scope: Scope) -> bool:
        series = None if row.series is None else self._registry.by_id.get(row.series)
        return series is not None and scope.sees(series)

    def _subject(self, row: AnnotationRow) -> str:
        series = None if row.series is None else self._registry.by_id.get(row.series)
        return EVERY if series is None else series.name

    def _named(self, row: AnnotationRow) -> Body:
        return {**_state(row), "series": self._subject(row)}

    def _series(self, draft: Draft) -> int | Refusal | None:
        if draft.series is None:
            return None
        series = self._registry.find(draft.series)
        return Refusal(Reason.BAD_VALUE, "there is no such series", "series") if series is None else series.id

    def _trouble(self, connection: Connection, series: int | None, *, more: bool) -> Refusal | None:
        """Why the annotation cannot be stored: its series may vanish in a crash, or there are too many."""
        if series is not None and not stored.has_series(connection, series):
            return Refusal(
                Reason.TRY_LATER, "the first reading of this series is not stored yet", "series", RETRY_AFTER
            )
        if more and not stored.make_room(connection, self._most):
            return Refusal(Reason.TOO_LARGE, f"there are {self._most:,} annotations already: delete some first")
        return None

    def _tell(self, row: AnnotationRow) -> Body:
        """Tell the dashboards of a change; its body."""
        body = self._body(row)
        self._hub.event(f"annotation {row.id}", {"annotation": body}, within=lambda scope: self._within(row, scope))
        return body

    def _body(self, row: AnnotationRow) -> Body:
        series = None if row.series is None else self._registry.by_id.get(row.series)
        return {
            "id": row.id,
            "series": None if series is None else series.name,
            "from": row.from_ts,
            "to": row.to_ts,
            "text": row.text,
            "author": row.author,
            "created": row.created,
            "changed": row.changed,
            "deleted": row.deleted,
        }


def _state(row: AnnotationRow) -> Body:
    """An annotation as the audit log shows it."""
    return {"note": row.id, "from": row.from_ts, "to": row.to_ts, "text": row.text}

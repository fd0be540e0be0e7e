"""Layouts: what people changed on the overview, as a layer over the order in which it arranges itself.

Each person (or API token) has one, and operators keep a shared one that stands below all. A layout says only what is
other than by itself, so new devices always appear. Changes come as JSON merge patches (RFC 7396), are durable before
they are answered, and can be undone; those of the shared one stand in the audit log. Owned by the loop thread.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import partial

from telemetry.audit import Audit, showing
from telemetry.clock import Clock
from telemetry.identity import Actor, Principal
from telemetry.model import Reason, Refusal
from telemetry.store import audit as log
from telemetry.store import layouts as stored
from telemetry.store.db import Connection, Store
from telemetry.store.layouts import LayoutRow

SHARED = ""
"""The owner of the shared layout."""
MAX_BODY = 128 << 10
"""Bytes of a patch, and of a layout as it is kept."""
MAX_KEY = 300
"""Characters of the name of a series, a device or a list."""
MAX_TEXT = 128
MAX_TAGS = 16
MAX_UNIT = 32
COLOURS = 6
SIZES = ("S", "M", "L")
SHORTEST, LONGEST = 60_000, 400 * 86_400_000
"""ms that a sparkline may show."""

Body = dict[str, object]
Test = Callable[[object], bool]


def _text(value: object, limit: int = MAX_TEXT) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= limit and value.isprintable()


def _texts(value: object, *, most: int, limit: int) -> bool:
    return isinstance(value, list) and len(value) <= most and all(_text(one, limit) for one in value)


def _number(value: object) -> bool:
    return type(value) in (int, float) and abs(value) < 1e300 and math.isfinite(value)  # type: ignore[arg-type]


def _whole(value: object, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _flag(value: object) -> bool:
    return type(value) is bool


SERIES: dict[str, Test] = {
    "size": lambda value: value in SIZES,
    "hidden": _flag,
    "pinned": _flag,
    "title": _text,
    "colour": partial(_whole, low=1, high=COLOURS),
    "unit": partial(_text, limit=MAX_UNIT),
    "range": partial(_whole, low=SHORTEST, high=LONGEST),
    "low": _number,
    "high": _number,
}
DEVICE: dict[str, Test] = {
    "hidden": _flag,
    "title": _text,
    "group": _text,
    "tags": partial(_texts, most=MAX_TAGS, limit=MAX_TEXT),
}
SECTIONS: dict[str, dict[str, Test] | Test] = {
    "series": SERIES,
    "devices": DEVICE,
    "order": partial(_texts, most=5_000, limit=MAX_KEY),
    "units": partial(_text, limit=MAX_UNIT),
}
"""What a layout holds: objects of these fields, or values, by name. In a patch null takes a field or a name away."""


def checked(patch: object) -> Body | Refusal:
    """The patch, if all of it can be part of a layout."""
    if not isinstance(patch, dict) or not patch or not patch.keys() <= SECTIONS.keys():
        return Refusal(Reason.BAD_MESSAGE, f"expected an object of {', '.join(SECTIONS)}")
    for section, entries in patch.items():
        if not isinstance(entries, dict):
            return Refusal(Reason.BAD_VALUE, f"{section} is an object by name", section)
        for name, value in entries.items():
            if wrong := _wrong(SECTIONS[section], name, value):
                return Refusal(Reason.BAD_VALUE, wrong, section)
    return patch


def _wrong(rule: dict[str, Test] | Test, name: object, value: object) -> str | None:
    if not isinstance(name, str) or len(name) > MAX_KEY or not (name.isprintable()):
        return f"a name has at most {MAX_KEY} printable characters"
    if value is None:
        return None
    if not isinstance(rule, dict):
        return None if rule(value) else f"{name}: this cannot be its value"
    if not isinstance(value, dict) or not value.keys() <= rule.keys():
        return f"{name}: expected an object of {', '.join(rule)}"
    wrong = next((key for key, one in value.items() if one is not None and not rule[key](one)), None)
    return None if wrong is None else f"{name}: this cannot be its {wrong}"


def merged(layout: Body, patch: Body) -> Body:
    """The layout after a merge patch; objects that are left empty are left out."""
    result = dict(layout)
    for key, value in patch.items():
        before = result.get(key)
        new = merged(before if isinstance(before, dict) else {}, value) if isinstance(value, dict) else value
        if new is None or new == {}:
            result.pop(key, None)
        else:
            result[key] = new
    return result


def owner_of(principal: Principal) -> str:
    """Under which name the layout of who asks is kept."""
    return f"{principal.kind}:{principal.name}"


class Layouts:
    """The layouts of one database."""

    def __init__(self, store: Store, clock: Clock, audit: Audit) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit

    async def both(self, owner: str) -> Body:
        """The shared layout, and the owner's own. Raises StoreError."""

        def work(connection: Connection) -> tuple[LayoutRow, LayoutRow]:
            return stored.newest(connection, SHARED), stored.newest(connection, owner)

        shared, own = await self._store.read(work)
        return {"shared": _body(shared), "own": _body(own)}

    async def change(self, by: Actor, owner: str, patch: object) -> Body | Refusal:
        """Merge a patch into the layout of ``owner``. Raises StoreError."""
        good = checked(patch)
        if isinstance(good, Refusal):
            return good
        made, note = self._clock.arrival(), self._noting(by, "layout change", owner)

        def work(connection: Connection) -> LayoutRow | Refusal:
            before = json.loads(stored.newest(connection, owner).body)
            after = merged(before, good)
            if after == before:
                return stored.newest(connection, owner)
            text = json.dumps(after, ensure_ascii=False, separators=(",", ":"))
            if len(text.encode()) > MAX_BODY:
                return Refusal(Reason.TOO_LARGE, f"a layout has at most {MAX_BODY >> 10} KiB: reset it")
            note(connection, before, after)
            return stored.add(connection, owner, text, by.name, made)

        done = await self._store.write(work)
        return done if isinstance(done, Refusal) else _body(done)

    async def undo(self, by: Actor, owner: str) -> Body | None:
        """Take the last change back; None if there is none to take back. Raises StoreError."""
        note = self._noting(by, "layout undo", owner)

        def work(connection: Connection) -> LayoutRow | None:
            before = json.loads(stored.newest(connection, owner).body)
            row = stored.undo(connection, owner)
            if row is not None:
                note(connection, before, json.loads(row.body))
            return row

        done = await self._store.write(work)
        return None if done is None else _body(done)

    async def reset(self, by: Actor, owner: str) -> Body:
        """Let everything arrange itself again; this too can be undone. Raises StoreError."""
        made, note = self._clock.arrival(), self._noting(by, "layout reset", owner)

        def work(connection: Connection) -> LayoutRow:
            row = stored.newest(connection, owner)
            if row.body == "{}":
                return row
            note(connection, json.loads(row.body), {})
            return stored.add(connection, owner, "{}", by.name, made)

        return _body(await self._store.write(work))

    def _noting(self, by: Actor, action: str, owner: str) -> Callable[[Connection, Body, Body], None]:
        """What notes a change of the shared layout, within its transaction; one's own is nobody else's business."""
        entry = self._audit.entry(by, action, "the overview of everyone")

        def note(connection: Connection, before: Body, after: Body) -> None:
            if owner == SHARED:
                log.add(connection, showing(entry, before, after))

        return note


def _body(row: LayoutRow) -> Body:
    layout: Body = json.loads(row.body)
    return {"version": row.version, "layout": layout, "who": row.who, "made": row.made, "undo": row.before}

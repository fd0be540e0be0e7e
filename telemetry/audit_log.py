"""The audit log as people read it: by page, as a file; and the bounds of its size.

Entries older than ``[storage] audit_keep`` go, and of a log above MOST bytes the oldest, logins first. The server trims
it by the one door that the table has, once a day, and every trim is an entry of its own. Owned by the loop thread.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from enum import Enum
from functools import partial
from typing import NamedTuple

from telemetry.audit import Audit
from telemetry.clock import monotonic
from telemetry.exchange.cells import guarded, iso_of, quoted
from telemetry.identity import SERVER
from telemetry.store import audit as stored
from telemetry.store.audit import AuditRow, Wanted
from telemetry.store.db import Connection, Store

PAGE = 100
"""Entries in one answer, at most, unless it asks for more."""
MOST_ASKED = 1_000
PIECE = 1_000
"""Entries of a file that are read at once."""
MOST = 64 << 20
"""Bytes of all entries together."""
OFTEN = 86_400.0
"""Seconds between two looks at the size."""
AT_ONCE = 5_000
"""Entries that one transaction trims."""
HEAD = "id,ts,time,who,kind,address,action,subject,before,after\r\n"

Body = dict[str, object]


class Form(Enum):
    """A form of a file."""

    CSV = "csv"
    NDJSON = "ndjson"


class Page(NamedTuple):
    """Entries, the newest first; ``next`` is what asks for the older ones, None at the end."""

    entries: list[Body]
    next: int | None


class AuditLog:
    """The entries of one database. ``keep`` in seconds."""

    def __init__(self, store: Store, audit: Audit, keep: float, most: int = MOST) -> None:
        self._store = store
        self._audit = audit
        self._keep = int(keep * 1000)
        self._most = most
        self._due = 0.0

    async def page(self, wanted: Wanted, limit: int = PAGE) -> Page:
        """The newest entries that are wanted. Raises StoreError."""
        rows = await self._store.read(lambda connection: stored.newest(connection, wanted.before, limit + 1, wanted))
        return Page([body(row) for row in rows[:limit]], rows[limit - 1].id if len(rows) > limit else None)

    async def actions(self) -> list[str]:
        """Every action that occurs. Raises StoreError."""
        return await self._store.read(stored.actions)

    async def pieces(self, wanted: Wanted, form: Form) -> AsyncGenerator[bytes, None]:
        """The entries that are wanted as a file, the newest first, in bounded memory. Raises StoreError."""
        if form is Form.CSV:
            yield HEAD.encode()
        line = csv_line if form is Form.CSV else json_line
        while True:
            rows = await self._store.read(partial(_rows, wanted=wanted))
            if not rows:
                return
            yield "".join(map(line, rows)).encode("utf-8", "replace")
            wanted = wanted._replace(before=rows[-1].id)

    async def trim(self) -> None:
        """Keep the bounds, if a day has passed since the last look; a job of maintenance. Raises StoreError."""
        if monotonic() < self._due:
            return
        since = self._audit.clock.arrival() - self._keep
        if not self._audit.clock.trusted():
            since = 0  # a clock that is ahead must not empty the log
        gone = await self._store.read(lambda connection: stored.surplus(connection, since, self._most))
        for start in range(0, len(gone), AT_ONCE):
            some = gone[start : start + AT_ONCE]
            told = {"entries": len(some), "first": some[0], "last": some[-1]}
            entry = self._audit.entry(SERVER, "audit trim", "audit log", told)
            await self._store.write_freeing(partial(stored.trim, ids=some, entry=entry))
        self._due = monotonic() + OFTEN


def body(row: AuditRow) -> Body:
    """An entry as the API shows it."""
    shown: Body = {**row._asdict()}
    return shown | {"before": _state(row.before), "after": _state(row.after)}


def json_line(row: AuditRow) -> str:
    """An entry as a line of JSON."""
    return json.dumps(body(row), ensure_ascii=False) + "\n"


def csv_line(row: AuditRow) -> str:
    """An entry as a line of CSV; no cell of it is a formula."""
    seconds, ms = divmod(row.at, 1000)
    when = iso_of(seconds)
    texts = (row.who, row.kind, row.address, row.action, row.subject, row.before or "", row.after or "")
    cells = [str(row.id), str(row.at), f"{when}.{ms:03d}Z" if when else ""]
    cells += [quoted(guarded(text)) if text else "" for text in texts]
    return ",".join(cells) + "\r\n"


def _rows(connection: Connection, wanted: Wanted) -> list[AuditRow]:
    return stored.newest(connection, wanted.before, PIECE, wanted)


def _state(text: str | None) -> object:
    """What a state says; a text that is no JSON, as a damaged row may have, is shown as it is."""
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text

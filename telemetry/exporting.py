"""Export: readings as a file, in pieces, in bounded memory: by the names of their series, then by time."""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import AsyncGenerator, Sequence
from typing import NamedTuple

from telemetry.core import Core
from telemetry.exchange import writing
from telemetry.exchange.writing import Form, Labels
from telemetry.live_commands import patterns_of
from telemetry.model import Reason, Refusal, Series
from telemetry.names import matcher
from telemetry.scope import Scope
from telemetry.store.db import Connection, Store
from telemetry.timespec import moment

EVER = 1 << 62
"""Beyond every time (ms) that a reading can have."""
FASTEST = 1
"""gzip's level: on a small machine the network is faster than a better one."""


class Query(NamedTuple):
    """What is wanted: ``frm`` inclusive, ``to`` exclusive (ms)."""

    patterns: Sequence[str]
    frm: int
    to: int
    form: Form


def parse(patterns: object, frm: str | None, to: str | None, form: Form, now: int) -> Query | Refusal:
    """A query from its parameters as sent; what is missing means everything."""
    wanted = patterns_of(patterns or ["*"])
    if isinstance(wanted, Refusal):
        return Refusal(wanted.code, wanted.message, "series")
    start = moment(frm, now, "from") if frm else -EVER
    end = moment(to, now, "to") if to else EVER
    if isinstance(start, Refusal):
        return start
    if isinstance(end, Refusal):
        return end
    if start > end:
        return Refusal(Reason.BAD_VALUE, f"from ({start}) is after to ({end})", "from")
    return Query(wanted, start, end, form)


class Export:
    """One export, within a scope. ``readings`` of ``done`` of ``total`` series are in what was handed out."""

    def __init__(self, core: Core, query: Query, scope: Scope | None = None) -> None:
        tests = [matcher(unicodedata.normalize("NFC", pattern)) for pattern in query.patterns]
        matching = set(core.registry.matching(lambda name: any(test(name) for test in tests)))
        former = (core.registry.aliases.get(unicodedata.normalize("NFC", pattern)) for pattern in query.patterns)
        found = matching.union(filter(None, former))
        self._series = sorted((one for one in found if scope is None or scope.sees(one)), key=lambda one: one.name)
        self._core = core
        self._query = query
        self.total = len(self._series)
        self.done = 0
        self.readings = 0

    async def pieces(self, *, compress: bool = False) -> AsyncGenerator[bytes, None]:
        """The file, piece by piece, none empty; with ``compress`` as gzip. Raises StoreError and Damaged."""
        store = self._core.store
        packer = zlib.compressobj(FASTEST, zlib.DEFLATED, zlib.MAX_WBITS | 16) if compress else None
        head = writing.head(self._query.form)
        if head:
            yield head if packer is None else packer.compress(head) + packer.flush(zlib.Z_SYNC_FLUSH)
        for series in self._series:
            following: int | None = self._query.frm
            while following is not None:
                page = _Page(store, self._query, series, following, packer)
                made: Made = await store.read(page.make)
                following = made.following
                self.readings += made.readings
                if made.piece:
                    yield made.piece
            self.done += 1
        if packer is not None:
            yield packer.flush()


class Made(NamedTuple):
    """A piece of the file; what follows of the series begins at ``following`` (ms), None if nothing does."""

    piece: bytes
    readings: int
    following: int | None


class _Page(NamedTuple):
    """Reads one page of a series and makes text of it."""

    store: Store
    query: Query
    series: Series
    frm: int
    packer: zlib._Compress | None

    def make(self, connection: Connection) -> Made:
        """On a reader thread."""
        from telemetry.store import export

        series = self.series
        page = export.page(connection, self.store.tail, series.id, self.frm, self.query.to)
        labels = Labels(series.device, series.metric, series.unit)
        piece = writing.rows(self.query.form)(labels, page.ts, page.values) if page.ts else b""
        return Made(piece if self.packer is None else self.packer.compress(piece), len(page.ts), page.following)

"""Import: a file of readings into the store, in bounded memory, as often as one likes.

The bytes come in pieces, a thread makes blocks of them, devices and series are looked up or made here, and batches are
loaded as columns. How far an import came is durable with each batch: the same file, given again after a stop, goes on
from there. A bad line is reported and the others are kept. Of equal (series, time) the import stands.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from telemetry import names
from telemetry.accept import MAX_TS
from telemetry.audit import showing
from telemetry.clock import monotonic
from telemetry.core import Core
from telemetry.exchange.block import Block, Key, NotReadable, Position, Refused
from telemetry.exchange.reading import Reader
from telemetry.identity import Actor
from telemetry.model import EARLIEST_TS, Kind, Series, Span, kind_of
from telemetry.scope import Scope
from telemetry.store import audit, imports, ledger
from telemetry.store.db import Connection
from telemetry.store.imports import Job

if TYPE_CHECKING:
    from telemetry.store.bulk import Batch, Newest

Read = Callable[[], Awaitable[bytes]]
"""The next piece of the file, ``b""`` at its end."""

BATCH = 500_000
"""Readings that are loaded at once, near enough."""
TEXT = 16 << 20
"""The same in characters of different texts."""
HEAD = 64 << 10
"""Bytes by which a file is known again, with its size."""
ANNOUNCE = 1.0
"""Seconds between two announcements of what has changed."""
OUTSIDE = "this credential does not reach this series"
KNOWN_KEYS = 200_000
"""Names whose series are remembered; more than that many are looked up anew."""


@dataclass(slots=True)
class Progress:
    """What became of a file so far. ``bytes`` are those that were read, before gunzip."""

    bytes: int = 0
    lines: int = 0
    stored: int = 0
    duplicate: int = 0
    refused: int = 0
    resumed: int = 0
    """The line after which an earlier import had stopped."""

    @property
    def accepted(self) -> int:
        """Readings that are in the store now, repeats included."""
        return self.stored + self.duplicate


@dataclass(slots=True)
class Import:
    """One import of ``source``, a name for people.

    ``told`` is awaited with the lines that were refused since it was last called. The audit log has an entry with the
    first readings, and one at the end; of an import that was cut off only the first.
    """

    core: Core
    by: Actor
    source: str
    told: Callable[[Progress, Sequence[Refused]], Awaitable[None]]
    scope: Scope | None = None
    """Where it may write; None is everywhere."""
    progress: Progress = field(default_factory=Progress)
    _ids: dict[Key, int | str] = field(default_factory=dict)
    _spans: dict[str, Span] = field(default_factory=dict)
    _announced: float = field(default_factory=monotonic)
    _begun: bool = False

    async def run(self, read: Read, size: int | None) -> Progress:
        """Take in a file; ``size`` in bytes, if it is known. Raises NotReadable and StoreError.

        However it ends, what was loaded until then stays.
        """
        core = self.core
        head, read = await _head(self._counted(read))
        reach = "" if self.scope is None else f"-{self.by.name}"  # another's refusals are not taken over
        key = f"{'?' if size is None else size}-{hashlib.sha256(head).hexdigest()}{reach}"
        job = await core.store.read(lambda connection: imports.find(connection, key))
        self._take_up(job)
        # what arrived before the import must not be sealed over it later
        await core.pipeline.flush()
        await core.maintenance.seal(everything=True)
        try:
            async for batch, end in self._batches(read, job.position):
                await self._load(batch, key, end)
        except NotReadable as error:
            await core.store.write(self._ended(key, str(error)))
            raise
        finally:
            self._announce()
        await core.store.write(self._ended(key))
        await self.told(self.progress, [])
        return self.progress

    def _ended(self, key: str, error: str | None = None) -> Callable[[Connection], None]:
        """What forgets the job, and notes what came of it."""
        done = self.progress
        told = {"stored": done.stored, "duplicate": done.duplicate, "refused": done.refused}
        entry = self.core.audit.entry(self.by, "import end", self.source)

        def work(connection: Connection) -> None:
            imports.remove(connection, key)
            if self._begun:
                audit.add(connection, showing(entry, None, told if error is None else {**told, "error": error}))

        return work

    def _counted(self, read: Read) -> Read:
        async def counting() -> bytes:
            piece = await read()
            self.progress.bytes += len(piece)
            return piece

        return counting

    def _take_up(self, job: Job) -> None:
        progress = self.progress
        progress.lines = progress.resumed = job.position.lines
        progress.stored, progress.duplicate, progress.refused = job.stored, job.duplicate, job.refused

    async def _batches(self, read: Read, skip: Position) -> AsyncIterator[tuple[Batch, Position]]:
        """Batches, and where in the file each ends."""
        batch, end = await asyncio.to_thread(_new_batch), skip
        async for block in _blocks(Reader(skip), read):
            refused = [*block.refused, *await self._add(batch, block)]
            end = max(end, block.end)
            self.progress.lines = end.lines
            self.progress.refused += len(refused)
            if refused:
                await self.told(self.progress, sorted(refused))
            if batch.size >= BATCH or batch.text >= TEXT:
                yield batch, end
                batch = await asyncio.to_thread(_new_batch)
        yield batch, end

    async def _add(self, batch: Batch, block: Block) -> list[Refused]:
        clock, tolerance = self.core.clock, int(self.core.settings.devices.future_tolerance * 1000)
        latest = clock.arrival() + tolerance if clock.trusted() else MAX_TS
        if len(self._ids) > KNOWN_KEYS:
            self._ids.clear()
        for key, at in (await asyncio.to_thread(_unknown, block, self._ids, latest)).items():
            self._ids[key] = self._resolve(key, kind_of(block.values[at]))
        for key, unit in block.units.items():
            series = self.core.registry.by_id.get(id_) if isinstance(id_ := self._ids.get(key), int) else None
            if series is not None and series.unit is None:
                series.unit = unit
        return await asyncio.to_thread(batch.add, block, self._ids, EARLIEST_TS, latest)

    def _resolve(self, key: Key, kind: Kind) -> int | str:
        """The id of a series, made if need be, or why there can be none."""
        registry = self.core.registry
        device_id, metric = names.device_id(key[0]), names.metric_name(key[1])
        if device_id is None:
            return f"{key[0][: names.MAX_NAME]!r} is not a device id"
        if metric is None:
            return f"{key[1][: names.MAX_NAME]!r} is not a metric"
        device = registry.devices.get(device_id)
        if device is not None and metric in device.series:
            return self._allowed(device.series[metric])
        name = f"{device_id}/{metric}"
        series = registry.find(name)
        if series is None and self.scope is not None and not self.scope.takes(device_id, metric, (name,)):
            return OUTSIDE
        if series is None:
            if len(registry.series) >= self.core.settings.devices.max_series:
                return "too many series ([devices] max_series)"
            if device_id not in registry.devices:
                registry.add_device(device_id, self.core.clock.arrival())
            series = registry.add_series(Series(0, device_id, metric, name, kind))
        elif (series.device, series.metric) != (device_id, metric) or not series.bound:
            return f"the name {name} belongs to a series of device {series.device}"
        return self._allowed(series)

    def _allowed(self, series: Series) -> int | str:
        return series.id if self.scope is None or self.scope.sees(series) else OUTSIDE

    async def _load(self, batch: Batch, key: str, end: Position) -> None:
        core, progress = self.core, self.progress
        records, newest = await asyncio.to_thread(_finished, batch)
        touched = [core.registry.by_id[one.series] for one in newest]
        owners = [core.registry.devices[one.device] for one in touched]
        begun = core.audit.entry(self.by, "import begin", self.source)

        def create(connection: Connection) -> None:
            imports.create(connection, owners, touched)
            if touched and not self._begun:
                audit.add(connection, begun)

        await core.store.write(create)
        self._begun = self._begun or bool(touched)
        await core.pipeline.flush()  # what arrived before was written before
        await core.maintenance.seal(everything=True)
        loaded = await core.maintenance.load(records, batch.texts)
        progress.stored += loaded.stored
        progress.duplicate += loaded.duplicate
        for series, one in zip(touched, newest, strict=True):
            self._note(series, one)
        job = Job(end, progress.stored, progress.duplicate, progress.refused)
        # who resumes from before this would not hear of it
        seq = core.pipeline.last_seq
        await core.store.write(partial(_save, key=key, job=job, series=touched, now=core.clock.arrival(), seq=seq))
        core.store.rewritten = seq
        if monotonic() - self._announced >= ANNOUNCE:
            self._announce()
        await self.told(progress, [])

    def _note(self, series: Series, one: Newest) -> None:
        """Bring what is known of a series up to date with what was loaded."""
        if not series.hides(one.last_ts, one.value):
            if series.durable is None or one.last_ts >= series.durable[0]:
                series.durable = (one.last_ts, one.value)
            if series.latest is None or one.last_ts >= series.latest[0]:
                series.latest = (one.last_ts, one.value)
                series.kind = kind_of(one.value)
        _, first, last = self._spans.get(series.name, (series.name, one.first_ts, one.last_ts))
        self._spans[series.name] = series.name, min(first, one.first_ts), max(last, one.last_ts)

    def _announce(self) -> None:
        """Tell browsers which spans have changed."""
        if self._spans:
            self.core.hub.changed(list(self._spans.values()))
            self._spans.clear()
        self._announced = monotonic()


async def _head(read: Read) -> tuple[bytes, Read]:
    """The first bytes of a file, and the whole of it again."""
    pieces: list[bytes] = []
    while sum(map(len, pieces)) < HEAD and (piece := await read()):
        pieces.append(piece)

    async def again() -> bytes:
        return pieces.pop(0) if pieces else await read()

    return b"".join(pieces)[:HEAD], again


async def _blocks(reader: Reader, read: Read) -> AsyncIterator[Block]:
    """The blocks of a file, made on a thread. Raises NotReadable."""
    ended = False
    while not ended:
        piece = await read()
        ended = not piece
        some: Iterator[Block] = reader.feed(piece) if piece else reader.finish()
        while (block := await asyncio.to_thread(next, some, None)) is not None:
            yield block


def _unknown(block: Block, ids: Mapping[Key, int | str], latest: int) -> dict[Key, int]:
    """The keys that are new, and where each stands first with a time that will do; in their order."""
    if ids.keys() >= set(block.keys):
        return {}
    found: dict[Key, int] = {}
    for at, (key, ts) in enumerate(zip(block.keys, block.ts, strict=True)):
        if key not in ids and key not in found and EARLIEST_TS <= ts <= latest:
            found[key] = at
    return found


def _new_batch() -> Batch:
    from telemetry.store.bulk import Batch

    return Batch()


def _finished(batch: Batch) -> tuple[Any, list[Newest]]:
    from telemetry.store.bulk import newest

    records = batch.records()
    return records, newest(records, batch.texts)


def _save(connection: Connection, *, key: str, job: Job, series: list[Series], now: int, seq: int) -> None:
    imports.put(connection, key, job, now)
    imports.update(connection, series)
    ledger.put(connection, rewritten_seq=seq)

"""The intake: what decoders of other ecosystems found, made fit for the gate; a bad reading leaves its neighbours be.

Names: characters that the grammar forbids become ``_``, too long ones are cut. Time: one out of range is that of
arrival, with a warning on the device, because the sender would not hear of a refusal; ``strict`` messages are refused
that reading. Values of retained messages become "last known" and are stored nowhere. One batch per message.
"""

from __future__ import annotations

import asyncio
import math
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from telemetry import names
from telemetry.accept import MAX_TS, Gate, Sender
from telemetry.clock import Clock
from telemetry.decoded import BadPart, Columns, Decoded, Sample
from telemetry.ingest import Pipeline
from telemetry.last_known import Known, LastKnown
from telemetry.metrics import Metrics
from telemetry.model import EARLIEST_TS, Batch, Entry, Kind, MessageId, Reading, Reason, Refusal, Series
from telemetry.presence import Presence
from telemetry.registry import Device, Registry

CACHED_MAX = 20_000
"""Names as they came whose clean form is remembered."""
SHOWN = 20
"""Readings of a message that are shown to who looks at its frame."""

Admit = Callable[[str, Sample], Refusal | None]
"""Whether samples of a device (by its clean id) are taken from this sender; the reason if not."""


@dataclass(slots=True)
class Taken:
    """What became of one message.

    ``future`` resolves when its ``readings`` (how many) are durable, and fails with StoreError; None if there are none.
    ``refused`` are the parts that were not taken. ``put_off``: nothing was taken, all of it may be sent again.
    ``shown`` are the first of the readings, for who looks at the frames of a device.
    """

    readings: int = 0
    shown: list[Reading] = field(default_factory=list)
    refused: list[BadPart] = field(default_factory=list)
    future: asyncio.Future[None] | None = None
    put_off: Refusal | None = None


class Intake:
    """Takes decoded messages. Owned by the loop thread."""

    def __init__(
        self,
        registry: Registry,
        gate: Gate,
        pipeline: Pipeline,
        presence: Presence,
        clock: Clock,
        metrics: Metrics,
        *,
        future_tolerance_ms: int,
    ) -> None:
        self.known = LastKnown()
        self._registry = registry
        self._gate = gate
        self._pipeline = pipeline
        self._presence = presence
        self._clock = clock
        self._metrics = metrics
        self._tolerance = future_tolerance_ms
        registry.on_device.insert(0, self._new_device)
        self._clean: dict[tuple[str, bool], str | None] = {}

    def take(
        self,
        decoded: Decoded,
        source: str,
        admit: Admit,
        *,
        urgent: bool = False,
        mark: tuple[str, MessageId] | None = None,
    ) -> Taken:
        """Judge a message, hand its readings to the pipeline, and count what is refused.

        ``source`` names the broker or channel for presence. ``urgent``: someone waits for the commit.
        """
        taken = Taken(refused=list(decoded.bad))
        if decoded.columns is not None and (batch := self._columns(decoded.columns, admit)) is None:
            decoded.samples, decoded.columns = decoded.columns.samples(), None
        if decoded.columns is None:
            batch = self._at_once(decoded, admit)
        batch = batch or self._batch(list(self._entries(decoded, admit, taken)), taken)
        batch.mark = mark
        self._names(decoded)
        handed = self._hand_over(batch, decoded, taken, urgent=urgent)
        # after the readings: a message that says that a device is gone is newer than what it brings
        self._present(decoded, source)
        return handed

    def _hand_over(self, batch: Batch, decoded: Decoded, taken: Taken, *, urgent: bool) -> Taken:
        if taken.put_off is not None:
            self._metrics.refuse(taken.put_off.code, len(decoded.samples))
            return Taken(put_off=taken.put_off)
        if batch.readings or batch.mark is not None:
            future = self._pipeline.submit(batch, urgent=urgent)
            if isinstance(future, Refusal):
                self._metrics.refuse(future.code, len(batch.readings))
                return Taken(put_off=future)
            taken.future, taken.readings, taken.shown = future, len(batch.readings), batch.readings[:SHOWN]
        for part in taken.refused:
            self._metrics.refuse(part.code, 1)
        return taken

    def retained(self, decoded: Decoded, source: str) -> int:
        """What a retained message says is only last known, because its age is not; how many values."""
        now = self._clock.arrival()
        self._names(decoded)
        self._present(decoded, source)
        count = 0
        for sample in decoded.samples:
            device, metric = self._cleaned(sample.device, device=True), self._cleaned(sample.metric, device=False)
            if device and metric:
                self.known.note(device, metric, Known(sample.value, sample.unit, sample.ts, now))
                count += 1
        return count

    def devices(self, decoded: Decoded) -> list[str]:
        """The ids, by the grammar, of the devices that a message speaks of."""
        said = dict.fromkeys([sample.device for sample in decoded.samples])
        if decoded.columns is not None:
            said |= dict.fromkeys([device for device, _ in decoded.columns.places])
        found = dict.fromkeys(self._cleaned(name, device=True) for name in (*said, *decoded.presence, *decoded.names))
        return [name for name in found if name is not None]

    def _names(self, decoded: Decoded) -> None:
        for name, shown in decoded.names.items():
            if (device_id := self._cleaned(name, device=True)) and (text := self._cleaned(shown, device=False)):
                self._call(device_id, text)

    def _present(self, decoded: Decoded, source: str) -> None:
        for name, online in decoded.presence.items():
            if device_id := self._cleaned(name, device=True):
                self._presence.report(device_id, online=online, source=source)

    def _columns(self, columns: Columns, admit: Admit) -> Batch | None:
        """As ``_at_once``, in half the time: what is decided for a series holds for all of its samples."""
        places, values, times = columns
        now = self._clock.arrival()
        table: dict[tuple[str, str], Series] = {}
        admitted: set[str] = set()
        for place in set(places):
            name, metric = place
            device = self._registry.devices.get(name)
            series = None if device is None else device.series.get(metric)
            if series is None or series.kind is not Kind.NUMBER:
                return None
            if name not in admitted and admit(name, Sample(name, metric, values[0])) is not None:
                return None
            admitted.add(name)
            table[place] = series
        if not math.isfinite(sum(values)):
            return None  # one of them is not, or all are large: the gate looks at each
        if not places or min(times) < EARLIEST_TS or max(times) > now or not self._clock.trusted():
            return None
        rows = zip([table[place] for place in places], times, values, strict=True)
        return Batch(list(map(partial(tuple.__new__, Reading), rows)), places[0][0])

    def _at_once(self, decoded: Decoded, admit: Admit) -> Batch | None:
        """All at once, in a fifth of the time, if there is nothing new in it: numbers of known series with a time."""
        now, earliest, number = self._clock.arrival(), EARLIEST_TS, Kind.NUMBER
        devices, new = self._registry.devices, tuple.__new__
        at, known = "", dict[str, Series]()  # samples of one device come together
        admitted: set[str] = set()
        readings: list[Reading] = []
        for sample in decoded.samples:
            device, metric, value, ts, unit = sample
            if device != at:
                found = devices.get(device)
                if found is None or (device not in admitted and admit(device, sample) is not None):
                    return None
                admitted.add(device)
                at, known = device, found.series
            series = known.get(metric)
            if (
                series is None
                or ts is None
                or not earliest <= ts <= now
                or type(value) is not float
                or value - value != 0.0  # NaN and the infinities are for the gate to refuse
                or series.kind is not number
                or not (unit is None or unit in (series.unit, series.source_unit))
            ):
                return None
            readings.append(new(Reading, (series, ts, value)))
        if not readings or not self._clock.trusted():
            return None
        if not decoded.strict:
            for device in admitted:
                self.known.clock_right(device)
        return Batch(readings, decoded.samples[0].device)

    def _call(self, device_id: str, name: str) -> None:
        device = self._registry.devices.get(device_id)
        if device is None:
            self.known.call(device_id, name)
        elif device.name is None:
            self._registry.call(device, name)
            self.known.fresh.add(device_id)

    def _new_device(self, device: Device) -> None:
        if (name := self.known.name(device.id)) is not None:
            self._registry.call(device, name)

    def _entries(self, decoded: Decoded, admit: Admit, taken: Taken) -> Iterator[tuple[int, Entry]]:
        """(number of the sample from 1, entry) of what may pass the gate."""
        verdicts: dict[str, Refusal | None] = {}
        for line, sample in zip(decoded.lines or count(1), decoded.samples, strict=False):
            device, metric = self._cleaned(sample.device, device=True), self._cleaned(sample.metric, device=False)
            if device is None or metric is None:
                taken.refused.append(BadPart(line, "there is no name for the device or the metric"))
                continue
            if device not in verdicts:
                verdicts[device] = admit(device, sample)
            refusal = verdicts[device]
            if refusal is not None:
                taken.refused.append(BadPart(line, refusal.message, refusal.code))
                continue
            ts = sample.ts if decoded.strict else self._time(device, sample.ts)
            units = None if sample.unit is None else {metric: sample.unit}
            yield line, Entry({metric: sample.value}, ts, device=device, units=units)

    def _batch(self, found: list[tuple[int, Entry]], taken: Taken) -> Batch:
        """All at once, which is fast; where that is refused each half for itself, so that neighbours are kept."""
        if not found:
            return Batch([])
        sender = Sender(str(found[0][1].device), (), (_anyone,))
        batch = self._gate.accept([entry for _, entry in found], sender)
        if isinstance(batch, Batch):
            return batch
        if batch.code is Reason.RATE_LIMITED:
            taken.put_off = batch
            return Batch([])
        if len(found) == 1:
            taken.refused.append(BadPart(found[0][0], batch.message, batch.code))
            return Batch([])
        middle = len(found) // 2
        first, second = self._batch(found[:middle], taken), self._batch(found[middle:], taken)
        return Batch(first.readings + second.readings, sender.id, flagged=first.flagged or second.flagged)

    def _time(self, device: str, ts: int | None) -> int | None:
        if ts is None or (not self._clock.trusted() and 0 <= ts < MAX_TS):
            return ts
        now = self._clock.arrival()
        if EARLIEST_TS <= ts <= now + self._tolerance:
            self.known.clock_right(device)
            return ts
        self.known.clock_wrong(device, ts, now)
        return None

    def _cleaned(self, name: str, *, device: bool) -> str | None:
        key = (name, device)
        if key not in self._clean:
            if len(self._clean) >= CACHED_MAX:
                self._clean.clear()
            self._clean[key] = cleaned(name, device=device)
        return self._clean[key]


def cleaned(name: str, *, device: bool) -> str | None:
    """The name by the grammar of ``telemetry.names``: what is forbidden is ``_``; None if nothing is left."""
    good = names.device_id(name) if device else names.metric_name(name)
    if good is not None:
        return good
    forbidden = "+#*" if device else "*"
    text = unicodedata.normalize("NFC", name[: names.LONGEST_FORM])
    text = "".join("_" if c in forbidden or not c.isprintable() else c for c in text).strip(" /")
    text = text[: names.MAX_NAME].rstrip(" /")
    return (names.device_id(text) if device else names.metric_name(text)) if text else None


def _anyone(_device: str) -> bool:
    return True

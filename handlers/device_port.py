"""What a device's session gets of the core, for one device."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from devices.codecs.native import Note
from devices.protocol import Future
from telemetry.accept import Sender
from telemetry.admission import plain
from telemetry.core import Core
from telemetry.identity import DeviceIdentity
from telemetry.model import Batch, Entry, MessageId, Reason, Refusal
from telemetry.registry import Device

WHERE = "/ws/device"
NATIVE = "native"
"""The decoder's name of the contract's own messages."""


class DevicePort:
    """The ``Port`` of ``devices.protocol`` on a running core.

    ``overrun`` is for how long (s) its socket must send no more; 0: it may.
    """

    def __init__(self, core: Core, identity: DeviceIdentity, send: Callable[[str | bytes], None]) -> None:
        self.device = identity.id
        self.pending = identity.pending
        self.overrun = 0.0
        self.send = send
        self._core = core
        self._frames = core.frames
        self._sender = Sender.of(identity.id, identity.gateway)

    @property
    def last_id(self) -> MessageId | None:
        """The last id up to which all is durable or refused for good."""
        known = self._known()
        return None if known is None else known.last_id

    def accept(self, entries: Sequence[Entry], form: str) -> Batch | Refusal:
        """Judge entries of this device."""
        if self.overrun:
            wait = max(1, round(self.overrun * 1000))
            return Refusal(Reason.RATE_LIMITED, "too many messages ([devices] max_rate)", retry_after=wait)
        return self._core.gate.accept(entries, self._sender, form)

    def submit(self, batch: Batch) -> Future | Refusal:
        """Hand a batch to the pipeline."""
        return self._core.pipeline.submit(batch)

    def refused(self, reason: Reason, readings: int) -> None:
        """Count a refusal."""
        self._core.metrics.refuse(reason, readings)

    def note(self, note: Note) -> None:
        """Route a reply to who sent the command; other reports have no reader yet."""
        if note.kind == "reply":
            self._core.switchboard.reply(self.device, note.body)

    def values(self, values: Mapping[str, object]) -> None:
        """Show operators what a waiting device says: plain values only, nothing is stored."""
        self._core.admission.note(self.device, {name: value for name, value in values.items() if plain(value)})

    def keep(self, frame: str | bytes, outcome: Batch | Refusal | str, commit: Future | None) -> None:
        """Keep a frame for who looks at this device; that of a gateway also for those that it spoke for."""
        self._frames.note(self.device, "ws", WHERE, frame, NATIVE, outcome, commit)
        if self._sender.tests and isinstance(outcome, Batch):
            others = {reading.series.device for reading in outcome.readings} - {self.device}
            if others:
                self._frames.note_all(others, "ws", WHERE, frame, NATIVE, outcome, commit)

    def present(self) -> None:
        """Apply the rule of presence now: a socket has come or gone."""
        if (known := self._known()) is not None:
            self._core.presence.update(known)

    def _known(self) -> Device | None:
        return self._core.registry.devices.get(self.device)

"""What the MQTT bridge gets of the core: the ``Port`` of ``devices.mqtt_bridge``.

The broker has checked who may publish where, so a device is taken by its id, as ``[mqtt] admission`` says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from telemetry.accept import Sender
from telemetry.core import Core
from telemetry.decoded import Decoded, Raw, Sample
from telemetry.model import Entry, Reason, Refusal

FAR = 2**53
"""A time (ms) that no reading reaches."""
SENDERS_MAX = 10_000

Future = asyncio.Future[None]


class BridgePort:
    """The core, for one or more brokers. Owned by the loop thread."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._policy = core.settings.mqtt.admission
        self._tolerance = int(core.settings.devices.future_tolerance * 1000)
        self._senders: dict[str, Sender] = {}

    def now(self) -> int:
        """The arrival stamp (ms) of what comes now."""
        return self._core.clock.arrival()

    def latest(self) -> int:
        """The last ms that a reading's own time may be; far away while the server's clock is not trusted."""
        return self._core.clock.arrival() + self._tolerance if self._core.clock.trusted() else FAR

    def native(self, device: str, entries: Sequence[Entry], form: str, raw: Raw) -> Future | Refusal | None:
        """Take the readings of a native message, all or nothing; None: there are none; or why they are not taken."""
        core = self._core
        refusal = self._admit(device, raw.source)
        if refusal is not None:
            core.admission.note_entries(device, entries)
            return refusal
        if device not in core.registry.devices and not any(_holds(entry.values) for entry in entries):
            return None
        batch = core.gate.accept(entries, self._sender(device), form)
        if isinstance(batch, Refusal):
            return batch
        taken = core.pipeline.submit(batch)
        if not isinstance(taken, Refusal):
            core.frames.note(device, "mqtt", raw.topic, raw.payload, raw.decoder, batch, taken)
            if core.intake.known.clock(device) is not None and any(entry.ts is not None for entry in entries):
                core.intake.known.clock_right(device)
        return taken

    def take(self, found: Decoded, raw: Raw) -> Future | Refusal | None:
        """Take what a decoder found; None: nothing waits for the disk; a refusal: it has to come again."""
        core = self._core

        may = self._spokesman(raw.owner)
        self._limit(found, may)

        def admit(device: str, sample: Sample) -> Refusal | None:
            if not may(device):
                return Refusal(Reason.FORBIDDEN, f"the device {raw.owner} may not speak for {device}")
            refusal = self._admit(device, raw.source)
            if refusal is not None and refusal.code is Reason.UNKNOWN_DEVICE:
                core.admission.note(device, {sample.metric: sample.value})
            return refusal

        taken = core.intake.take(found, raw.source, admit)
        if taken.put_off is not None:
            return taken.put_off
        core.frames.note_all(core.intake.devices(found), "mqtt", raw.topic, raw.payload, raw.decoder, taken)
        return taken.future

    def retained(self, found: Decoded, raw: Raw, speaker: str | None) -> None:
        """Note what is last known, as far as ``speaker`` may say it; None: the broker has checked that."""
        may = self._spokesman(speaker)
        found.samples = [sample for sample in found.samples if may(sample.device) and self._known(sample.device)]
        self._limit(found, may)
        self._core.intake.retained(found, raw.source)

    def presence(self, device: str, *, online: bool, source: str) -> None:
        """Hear that a device is there or gone."""
        if self._known(device):
            self._core.presence.report(device, online=online, source=source)

    def reply(self, device: str, body: dict[str, object]) -> None:
        """Route the answer to a command."""
        self._core.switchboard.reply(device, body)

    def reachable(self, device: str, send: Callable[[dict[str, object]], bool]) -> None:
        """Hear that commands reach a device by ``send``."""
        self._core.switchboard.reach(device, send)

    def clock_wrong(self, device: str, said: int) -> None:
        """Hear of a device's time (ms) that cannot be."""
        self._core.intake.known.clock_wrong(device, said, self.now())

    def lost(self, source: str) -> None:
        """The broker is lost: what it reported as online, no one knows any more."""
        self._core.presence.lost(source)

    def refused(self, refusal: Refusal) -> None:
        """Count a refusal of a whole message."""
        self._core.metrics.refuse(refusal.code, 1)

    def hurry(self) -> None:
        """Start a commit at once."""
        self._core.pipeline.hurry()

    def frame(self, device: str | None, raw: Raw, outcome: Decoded | Refusal | str) -> None:
        """Show what became of a message that was not taken."""
        frames = self._core.frames
        if device is None and isinstance(outcome, Decoded):
            devices = self._core.intake.devices(outcome)
            frames.note_all(devices, "mqtt", raw.topic, raw.payload, raw.decoder, outcome)
        else:
            frames.note(device, "mqtt", raw.topic, raw.payload, raw.decoder, outcome)

    def _spokesman(self, owner: str | None) -> Callable[[str], bool]:
        """For whom a sender may speak; where the broker does not say who it is, it has checked that itself."""
        if owner is None:
            return lambda _: True
        sender = self._sender(owner)
        return lambda device: device == owner or any(test(device) for test in sender.tests)

    def _limit(self, found: Decoded, may: Callable[[str], bool]) -> None:
        """Leave out what is said of devices that are not taken, or for which the sender may not speak."""
        found.presence = {one: online for one, online in found.presence.items() if may(one) and self._known(one)}
        found.names = {one: name for one, name in found.names.items() if may(one)}

    def _known(self, device: str) -> bool:
        return self._core.admission.vouched(device, self._policy)

    def _admit(self, device: str, address: str) -> Refusal | None:
        return self._core.admission.admit(device, self._policy, address)

    def _sender(self, device: str) -> Sender:
        known = self._core.registry.devices.get(device)
        gateway = None if known is None else known.gateway
        sender = self._senders.get(device)
        if sender is None or sender.gateway != gateway:
            if len(self._senders) >= SENDERS_MAX:
                self._senders.clear()
            sender = self._senders[device] = Sender.of(device, gateway)
        return sender


def _holds(values: object) -> bool:
    """Whether there is anything but null in it: a device is not made of nothing."""
    return any(_holds(one) for one in values.values()) if isinstance(values, Mapping) else values is not None

"""What the pollers get of the core: the ``Take`` of ``devices.pollers``.

An operator has named these devices in the settings, so whoever they speak of is taken, unless an operator has blocked
it. Nobody can be answered: what the pipeline cannot take now is lost, counted, and shown among the frames.
"""

from __future__ import annotations

from telemetry.core import Core
from telemetry.decoded import Decoded, Sample
from telemetry.model import Refusal


class PollPort:
    """The core, for all pollers. Owned by the loop thread."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def take(self, channel: str, name: str, found: Decoded | Refusal, raw: bytes) -> None:
        """Take an answer; ``channel`` is the address that was asked, ``name`` the ecosystem."""
        core = self._core
        if isinstance(found, Refusal):
            core.metrics.refuse(found.code, 1)
            core.frames.note(None, "poll", channel, raw, name, found)
            return

        def admit(device: str, _sample: Sample) -> Refusal | None:
            return core.admission.admit(device, "open", channel)

        taken = core.intake.take(found, channel, admit)
        core.frames.note_all(core.intake.devices(found), "poll", channel, raw, name, taken)

    def lost(self, channel: str) -> None:
        """Whoever was asked does not answer: what it reported as online, no one knows any more."""
        self._core.presence.lost(channel)

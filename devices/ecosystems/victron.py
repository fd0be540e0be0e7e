"""Victron Venus OS (dbus-flashmq, before it dbus-mqtt): one message per D-Bus path.

Layout: ``N/<portal id>/<service>/<instance>/<path…>``, JSON ``{"value": x}``, for settings also ``min`` and ``max``.
Device = portal/service/instance, metric = the path joined by dots. null is a value that is not valid now. A payload of
zero bytes says that the service left the bus. ``W/`` (write) and ``R/`` (read, keepalive) go towards the device;
``N/<portal>/heartbeat`` and ``…/full_publish_completed`` tell of the bridge itself. Source: victronenergy/dbus-flashmq,
README.md.
"""

from __future__ import annotations

from typing import ClassVar

from devices.codecs import json_codec
from devices.ecosystems.base import Ecosystem, Message, Outcome, leaves
from telemetry.decoded import Decoded, Sample
from telemetry.model import Refusal

WORDS = {"keepalive", "heartbeat", "full_publish_completed", "suppress-keepalive"}
"""Topics right below the portal that belong to the bridge."""


class Victron(Ecosystem):
    """Readings of what hangs on a GX device; holds no state."""

    name: ClassVar[str] = "victron"
    rank: ClassVar[int] = 40

    def message(self, message: Message) -> Outcome:
        """Decode one path."""
        kind, *levels = message.topic.split("/")
        if kind not in ("N", "R", "W"):
            return None
        if len(levels) == 2 and levels[1] in WORDS:
            return Decoded()
        if len(levels) < 4 or "" in levels or not (levels[2].isascii() and levels[2].isdecimal()):
            return None
        if kind != "N":
            return Decoded()
        device, metric = "/".join(levels[:3]), ".".join(levels[3:])
        if not message.payload:
            return Decoded(presence={device: False})
        body = json_codec.decode(message.payload)
        if isinstance(body, Refusal):
            return body
        if not isinstance(body, dict) or "value" not in body:
            return None
        return Decoded([Sample(device, path, value) for path, value in leaves(body["value"], metric)])

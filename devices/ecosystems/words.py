"""What the decoders of several ecosystems share: the words for states, and JSON payloads."""

from __future__ import annotations

from typing import Any

from devices.codecs import json_codec
from telemetry.decoded import Decoded
from telemetry.model import Reason, Refusal

ON_OFF = {"ON": True, "OFF": False}
"""The switch words of Tasmota, zigbee2mqtt and ESPHome; case counts."""
ONLINE = {"online": True, "offline": False}
MEMORY = 10_000
"""Devices, prefixes or bases that a decoder remembers."""


def availability(payload: bytes) -> bool | None:
    """The presence that a bare ``online`` or ``offline`` tells, in any case; None for anything else."""
    return ONLINE.get(payload.strip().decode("ascii", "replace").lower())


def presence(device: str, *, online: bool | None) -> Decoded:
    """The presence of one device; nothing where it is not known."""
    return Decoded() if online is None else Decoded(presence={device: online})


def json_object(payload: bytes) -> dict[str, Any] | Refusal | None:
    """The object of a JSON payload; None for other JSON values, a refusal for what is no JSON."""
    body = json_codec.decode(payload)
    if isinstance(body, Refusal):
        return body
    return body if isinstance(body, dict) else None


def looks_like_json(payload: bytes) -> bool:
    """Whether it begins like an object or a list."""
    return payload.lstrip()[:1] in {b"{", b"["}


def not_utf8() -> Refusal:
    """The refusal of a text that is none."""
    return Refusal(Reason.BAD_MESSAGE, "not valid UTF-8")

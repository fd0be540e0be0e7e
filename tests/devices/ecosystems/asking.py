"""How the tests of single decoders ask: one message or request in, plain tuples out."""

from __future__ import annotations

import json
from typing import Any

from devices.ecosystems.base import Ecosystem, Message, Outcome, Request
from telemetry.decoded import Decoded
from telemetry.model import Reason, Refusal

NOW = 1_792_000_000_000
"""When everything arrives (ms)."""


def payload(said: Any) -> bytes:
    """Bytes as they are, text as UTF-8, anything else as JSON."""
    if isinstance(said, bytes):
        return said
    return said.encode() if isinstance(said, str) else json.dumps(said).encode()


def publish(one: Ecosystem, topic: str, said: Any, *, owner: str | None = None) -> Outcome:
    """The outcome of an MQTT message."""
    return one.message(Message(topic, payload(said), NOW, owner=owner))


def post(one: Ecosystem, path: str, said: Any, *, media: str = "application/json", **more: Any) -> Outcome:
    """The outcome of a POST; ``more`` are further fields of the request."""
    fields = {"method": "POST", "headers": {"content-type": media}} | more
    return one.request(Request(path=path, body=payload(said), received=NOW, **fields))


def readings(found: Outcome) -> list[tuple[str, str, Any, int | None]]:
    """(device, metric, value, ts) of what was decoded."""
    assert isinstance(found, Decoded), found
    return [(one.device, one.metric, one.value, one.ts) for one in found.samples]


def values(found: Outcome) -> dict[str, Any]:
    """Metric -> value, of one device."""
    assert isinstance(found, Decoded), found
    assert len({one.device for one in found.samples}) <= 1
    return {one.metric: one.value for one in found.samples}


def units(found: Outcome) -> dict[str, str | None]:
    """Metric -> unit."""
    assert isinstance(found, Decoded), found
    return {one.metric: one.unit for one in found.samples}


def nothing(found: Outcome) -> bool:
    """Whether a message was understood and holds nothing."""
    return found == Decoded()


def refused(found: Outcome, code: Reason = Reason.BAD_MESSAGE) -> bool:
    """Whether a message was refused for this reason."""
    return isinstance(found, Refusal) and found.code is code


def told(found: Outcome) -> dict[str, Any]:
    """``DEVICE METRIC`` -> value and ``DEVICE`` -> presence, of any number of devices; no series comes twice."""
    assert isinstance(found, Decoded), found
    said = {f"{one.device} {one.metric}": one.value for one in found.samples}
    assert len(said) == len(found.samples), "a series came twice"
    assert not said.keys() & found.presence.keys()
    return said | found.presence


def times(found: Outcome) -> set[int | None]:
    """The different times of the readings, of which there is at least one."""
    assert isinstance(found, Decoded), found
    assert found.samples
    return {one.ts for one in found.samples}

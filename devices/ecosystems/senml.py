"""SenML packs (RFC 8428), JSON or CBOR, that come on any topic or by HTTP.

    any topic       a list of records; told by its first record, which has a name, and by a value in any of them
    POST            a pack by its content type: application/senml+json, application/senml+cbor; or to a path …/senml

Records and times: ``devices.codecs.senml``. Device: the base name without trailing ``: / . _ -``, metric the name. A
record with only one of them is a device with the metric ``value``; by HTTP a name alone, unless it is a URN, is a
metric of whoever sends it. A time of 2^28 s or more is a time, a smaller one counts from the arrival. A time that
cannot be is refused with its reading; a record that cannot be understood, a name that is missing, and a base version
above 10 are refused with the pack.
"""

from __future__ import annotations

from typing import Any

from devices.codecs import cbor_codec, json_codec, senml
from devices.ecosystems.base import Ecosystem, Message, Outcome, Request, finite, usable
from telemetry.decoded import BadPart, Decoded, Sample
from telemetry.model import Reason, Refusal

_JSON = ("application/senml+json", "application/sensml+json")
_CBOR = ("application/senml+cbor", "application/sensml+cbor")
_OTHER = ("application/senml+xml", "application/sensml+xml", "application/senml-exi", "application/sensml-exi")
_LISTS = range(0x80, 0xA0)
"""First bytes of a CBOR list; no UTF-8 text begins with one."""
_VALUES = frozenset({"v", "vb", "vs", "vd", "s", "bv", 2, 3, 4, 5, 8, -5})
_NO_PACK = Refusal(Reason.BAD_MESSAGE, "not a SenML pack: a list of records, of which the first has bn or n")


class SenML(Ecosystem):
    """Packs of sensor measurements."""

    name = "senml"
    rank = 55

    def message(self, message: Message) -> Outcome:
        """Decode a pack; a topic that has the word senml says that it is one."""
        said = "senml" in message.topic.lower().split("/")
        payload = message.payload
        if not payload:
            return Decoded() if said else None
        binary = payload[0] in _LISTS
        if not said and not binary and not payload.lstrip(b" \t\r\n").startswith(b"["):
            return None
        items = _items(payload, binary=binary)
        if isinstance(items, Refusal):
            return items if said else None
        return _readings(items, message.received, None)

    def request(self, request: Request) -> Outcome:
        """Decode a pack by its content type or path."""
        kind = request.content_type
        if kind in _OTHER:
            return Refusal(Reason.BAD_MESSAGE, "SenML is taken as JSON or CBOR, not as XML or EXI")
        if kind not in (*_JSON, *_CBOR) and request.path.rstrip("/").rpartition("/")[2] != "senml":
            return None
        binary = kind in _CBOR or (kind not in _JSON and bool(request.body) and request.body[0] in _LISTS)
        items = _items(request.body, binary=binary)
        return items if isinstance(items, Refusal) else _readings(items, request.received, request.owner)


def _items(payload: bytes, *, binary: bool) -> list[Any] | Refusal:
    """The records of what looks like a pack, more loosely than in a device's own message, where lists mean more."""
    items = cbor_codec.decode(payload) if binary else json_codec.decode(payload)
    if isinstance(items, Refusal):
        return items
    first = items[0] if isinstance(items, list) and items else None
    if isinstance(items, list) and isinstance(first, dict):
        named = any(isinstance(first.get(key), str) for key in senml.NAMING)
        if named and any(isinstance(one, dict) and not _VALUES.isdisjoint(one) for one in items):
            return items
    return _NO_PACK


def _readings(items: list[Any], received: int, owner: str | None) -> Decoded | Refusal:
    found = Decoded(strict=True)
    for line, record in enumerate(senml.records(items), 1):
        if isinstance(record, Refusal):
            return record
        ts = record.ts if record.age is None else received - record.age
        if record.bad_time is not None or (ts is not None and usable(ts) is None):
            why = record.bad_time or "the time is before the year 2000, or far beyond any clock"
            found.bad.append(BadPart(line, f"SenML: {why}", Reason.BAD_TIME))
            continue
        device, metric = _named(record.base, record.name, owner)
        for suffix, value, unit in record.values:
            if (one := finite(value)) is not None:
                found.samples.append(Sample(device, f"{metric}{suffix}", one, ts, unit))
                found.lines.append(line)
    return found


def _named(base: str, name: str, owner: str | None) -> tuple[str, str]:
    """(device, metric) of a record, which has at least one of base name and name."""
    if base:
        return base, name or senml.DEFAULT_METRIC
    if owner is not None and not name.startswith("urn:"):
        return owner, name
    return name.rstrip(senml.SEPARATORS) or name, senml.DEFAULT_METRIC

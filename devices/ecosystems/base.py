"""What every ecosystem's decoder is built on: the message, the request, the interface, and the rules for all.

The rules: readings are finite numbers and booleans; nested keys are joined by dots; a list of nothing but numbers and
booleans gives ``key.0``, ``key.1`` …; text is a number only where the wire format is text; a time without a zone is
no time; what cannot be read is never 0. A decoder does no I/O and keeps what it has to remember in itself, bounded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from devices.codecs import json_codec
from telemetry import names
from telemetry.decoded import Decoded
from telemetry.model import EARLIEST_TS, Reason, Refusal

NESTED_MAX = 16
"""Levels that a message may nest; what lies deeper is no reading."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_FRACTION = re.compile(r"\.(\d+)")

Outcome = Decoded | Refusal | None
"""What a decoder found; a refusal: this is mine and it is broken; None: this is not mine."""


@dataclass(slots=True, frozen=True)
class Message:
    """An MQTT message. ``received`` is its arrival (ms), ``owner`` the device whose credential sent it, if known."""

    topic: str
    payload: bytes
    received: int
    retained: bool = False
    owner: str | None = None


@dataclass(slots=True, frozen=True)
class Request:
    """An HTTP request, or the answer to a poll (then ``host`` is who was asked).

    ``path`` is percent-decoded, ``query`` holds the last value of each parameter, ``headers`` have lower-case names,
    ``body`` is plain (gunzipped). ``owner`` is the device whose credential sent it.
    """

    method: str
    path: str
    body: bytes
    received: int
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    owner: str | None = None
    host: str = ""

    @property
    def content_type(self) -> str:
        """The media type, without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def no_codec(_device: str) -> str | None:
    """No device has a payload codec."""
    return None


def codec_of(codecs: Sequence[tuple[str, str]]) -> Callable[[str], str | None]:
    """The payload codec of a device by the first of (pattern, codec) that fits."""
    tests = [(names.matcher(pattern), codec) for pattern, codec in codecs]
    return lambda device: next((codec for test, codec in tests if test(device)), None)


class Ecosystem:
    """One ecosystem. A file of this package defines a subclass; ``devices.ecosystems.catalogue`` finds it.

    ``rank`` orders who is asked first: below 50 for formats with a root of their own (``shellies/…``), above for those
    that are told by their leaves (``…/SENSOR``). An instance belongs to one broker connection, or to HTTP.
    """

    name: ClassVar[str]
    rank: ClassVar[int] = 50

    def __init__(self, codec: Callable[[str], str | None] = no_codec) -> None:
        self.codec = codec
        """The payload codec that the configuration gives a device, for formats that carry raw bytes."""

    def message(self, message: Message) -> Outcome:
        """Decode an MQTT message."""
        del message
        return None

    def units(self, topic: str) -> Mapping[str, str]:
        """Units that were announced for a topic, by the path inside its payload; ``""`` is the whole payload."""
        del topic
        return {}

    def request(self, request: Request) -> Outcome:
        """Decode an HTTP request or the answer to a poll."""
        del request
        return None


def finite(value: object) -> float | bool | None:
    """The value as a reading, if it is a finite number or a boolean; integers of any size become floats."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None
    return None


def number(text: str) -> float | None:
    """The number that a text is, as a whole and trimmed, for wire formats that are text."""
    text = text.strip()
    if len(text) > 400 or not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def leaves(
    value: object, path: str = "", words: Mapping[str, bool] | None = None, depth: int = NESTED_MAX
) -> Iterator[tuple[str, float | bool]]:
    """(dotted path, reading) of everything in a decoded JSON value that is one; ``words`` are texts that mean one."""
    if isinstance(value, dict):
        if depth:
            for key, inner in value.items():
                yield from leaves(inner, f"{path}.{key}" if path else str(key), words, depth - 1)
    elif isinstance(value, list):
        found = [finite(one) for one in value]
        if None not in found:
            yield from ((f"{path}.{index}", one) for index, one in enumerate(found) if one is not None)
    elif isinstance(value, str):
        if words is not None and (word := words.get(value)) is not None:
            yield path, word
    elif (one := finite(value)) is not None:
        yield path, one


def usable(ms: float) -> int | None:
    """A time in ms as it is kept; None where it is before 2000 or no number: a clock that was never set."""
    # also false for NaN; isfinite would fail on an integer beyond a float
    if not EARLIEST_TS <= ms < 2**53:
        return None
    return math.floor(ms + 1e-6)


def seconds(value: object) -> int | None:
    """The ms of a number of seconds since 1970 UTC, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 2**53:
        return None
    return usable(round(value * 1000, 3))


def milliseconds(value: object) -> int | None:
    """The ms of a number of ms since 1970 UTC, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 2**53:
        return None
    return usable(value)


def iso(text: object, *, utc: bool = False) -> int | None:
    """The ms of an ISO 8601 time with zone (``Z``, ``+01:00``, ``+0100``), cut to ms; None without one.

    ``utc``: the format says that a time without zone is UTC.
    """
    if not isinstance(text, str) or len(text) > 64:
        return None
    cut = _FRACTION.sub(lambda found: "." + found.group(1)[:6].ljust(6, "0"), text.strip(), count=1)
    try:
        time = datetime.fromisoformat(cut)
    except ValueError:
        return None
    if time.tzinfo is None:
        if not utc:
            return None
        time = time.replace(tzinfo=UTC)
    try:
        since = time - datetime(1970, 1, 1, tzinfo=UTC)
    except OverflowError:
        return None
    return usable((since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000)


def text_of(payload: bytes) -> str | None:
    """The payload as UTF-8 text, or None."""
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return None


def document(payload: bytes) -> dict[str, Any] | Refusal:
    """The JSON object that a payload is; a refusal if it is anything else."""
    body = json_codec.decode(payload)
    if isinstance(body, dict | Refusal):
        return body
    return Refusal(Reason.BAD_MESSAGE, "a JSON object is expected")

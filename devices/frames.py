"""How a device writes its frames: JSON as text, CBOR as binary, with the same content.

Values are encoded once, when they are taken; an entry and its envelope are put together around them
when they are sent, because an ``age`` is known only then. Nothing here keeps state.

    JSON  {"id":17,"readings":[{"device":"node-7","ts":1700000000000,"values":{...}},...]}
    CBOR  A2 62"id" 11 68"readings" 8n {A3 66"device".. 62"ts".. 66"values"..}*n
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from telemetry.model import MAX_TEXT

MAX_INTEGER = 2**1024 - 2**970
"""Integers from here on do not fit a 64-bit float."""
OVERHEAD = 64
"""Bytes that an entry or an envelope adds to its content, at most."""

_dumps = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class Item(NamedTuple):
    """What one call of ``send`` took: ``body`` and ``device`` are encoded, ``at`` is monotonic seconds."""

    number: int
    at: float
    ts: int | None
    body: bytes
    device: bytes
    readings: int

    @property
    def size(self) -> int:
        """Bytes of the entry on the wire, at most."""
        return len(self.body) + len(self.device) + OVERHEAD

    def time(self, now: float) -> tuple[bytes, int]:
        """The key and value of the entry's time: the device's own ``ts``, or its ``age`` at ``now``; in ms."""
        return (b"age", max(0, round((now - self.at) * 1000))) if self.ts is None else (b"ts", self.ts)


def count_readings(values: Mapping[str, object]) -> int:
    """The readings in (nested) values; None is no reading. Raises ValueError for what no server takes."""
    count = 0
    for name, value in values.items():
        if isinstance(value, float):
            if not math.isfinite(value):
                raise ValueError(f"{name}: {value} is no finite number")
        elif isinstance(value, str):
            if len(value) > MAX_TEXT:
                raise ValueError(f"{name}: text is longer than {MAX_TEXT} characters")
        elif isinstance(value, Mapping):
            count += count_readings(value) - 1
        elif isinstance(value, int):
            if abs(value) >= MAX_INTEGER:
                raise ValueError(f"{name}: the number does not fit a 64-bit float")
        elif value is None:
            continue
        else:
            raise ValueError(f"{name}: {type(value).__name__} is not a number, boolean or text")
        count += 1
    return count


class Format(Protocol):
    """One way to write frames."""

    binary: bool

    def content(self, value: object) -> bytes:
        """Any content, encoded."""

    def envelope(self, number: int, items: Sequence[Item], now: float) -> bytes:
        """The frame of an envelope with id ``number``; ``now`` is monotonic seconds."""


class JsonFormat:
    """Text frames."""

    binary = False

    def content(self, value: object) -> bytes:
        """Any content, encoded."""
        return _dumps(value).encode()

    def envelope(self, number: int, items: Sequence[Item], now: float) -> bytes:
        """The frame of an envelope with id ``number``; ``now`` is monotonic seconds."""
        return b'{"id":%d,"readings":[%b]}' % (number, b",".join(self._entry(item, now) for item in items))

    def _entry(self, item: Item, now: float) -> bytes:
        device = b'"device":%b,' % item.device if item.device else b""
        return b'{%b"%b":%d,"values":%b}' % (device, *item.time(now), item.body)


class CborFormat:
    """Binary frames."""

    binary = True

    def __init__(self) -> None:
        import cbor2  # costs a device that speaks JSON 10 ms and 1 MB

        self._encode = cbor2.dumps

    def content(self, value: object) -> bytes:
        """Any content, encoded."""
        return self._encode(value)

    def envelope(self, number: int, items: Sequence[Item], now: float) -> bytes:
        """The frame of an envelope with id ``number``; ``now`` is monotonic seconds."""
        head = b"\xa2\x62id" + self._encode(number) + b"\x68readings" + _array(len(items))
        return head + b"".join(self._entry(item, now) for item in items)

    def _entry(self, item: Item, now: float) -> bytes:
        key, time = item.time(now)
        head = b"\xa3\x66device" + item.device if item.device else b"\xa2"
        return head + bytes([0x60 + len(key)]) + key + self._encode(time) + b"\x66values" + item.body


def _array(length: int) -> bytes:
    if length < 24:
        return bytes([0x80 + length])
    return b"\x98" + bytes([length]) if length < 256 else b"\x99" + length.to_bytes(2, "big")


def decoded(frame: str | bytes) -> dict[str, Any]:
    """A frame of the server. Raises ValueError for anything but one object."""
    if isinstance(frame, str):
        message = json.loads(frame)
    else:
        import cbor2

        try:
            message = cbor2.loads(frame)
        except (cbor2.CBORDecodeError, EOFError) as error:
            raise ValueError(f"no CBOR: {error}") from error
    if not isinstance(message, dict):
        raise ValueError("the server sent no object")  # noqa: TRY004  one error for all that is no message
    return message

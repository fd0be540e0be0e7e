"""What makers send without an ecosystem: ``sensors/<device>[/<metric>]``, or device, time and data inside the JSON.

Layout: a number or ``true``/``false`` as text (blanks around it are fine), or a JSON object. Inside an object
``device_id``, ``ts`` (s, ms or ISO 8601 with zone) and ``data`` are the device, the time and the readings, whatever the
topic is (as the data set of garystafford/aws-iot-analytics-demo has it); otherwise the levels of the topic tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from devices.codecs import json_codec
from devices.ecosystems.base import Ecosystem, Message, Outcome, iso, leaves, milliseconds, number, seconds, text_of
from telemetry.decoded import Decoded, Sample
from telemetry.model import Reason, Refusal

ROOT = "sensors"
COMMANDS = {"set", "get", "command", "cmd"}
STAMPS = ("ts", "timestamp", "time")
"""Keys of the time; the last two are readings where they hold something else."""
MS_FROM = 1e11
"""Numbers from here on are ms: as seconds they would be after the year 5000."""


class Generic(Ecosystem):
    """Plain topics and plain JSON; asked last. Holds no state."""

    name: ClassVar[str] = "generic"
    rank: ClassVar[int] = 99

    def message(self, message: Message) -> Outcome:
        """Decode a message below ``sensors/``, or one that names its device itself."""
        root, *levels = message.topic.split("/")
        plain = root == ROOT and bool(levels) and "" not in levels
        if not plain and b'"device_id"' not in message.payload:
            return None
        if not message.payload or (plain and len(levels) > 1 and levels[-1].lower() in COMMANDS):
            return Decoded() if plain else None
        text = text_of(message.payload)
        if text is None:
            return Refusal(Reason.BAD_MESSAGE, "not valid UTF-8") if plain else None
        body = json_codec.decode(text) if text.lstrip()[:1] in ("{", "[") else _scalar(text)
        if isinstance(body, Refusal):
            return body if plain else None
        if isinstance(body, dict) and (plain or isinstance(body.get("data"), dict)):
            device = _name(body.get("device_id"))
            if device is not None:
                return Decoded(list(_samples(device, "", body)))
        if not plain:
            return None
        return Decoded(list(_samples(levels[0], ".".join(levels[1:]), body)))


def _scalar(text: str) -> float | bool | None:
    return {"true": True, "false": False}.get(text.strip(), number(text))


def _name(value: object) -> str | None:
    """A device's name: text, or a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 2**64 else None
    return value if isinstance(value, str) and value else None


def _samples(device: str, metric: str, body: object) -> Iterator[Sample]:
    ts = None
    if isinstance(body, dict):
        ts, body = _unwrapped(body)
    for path, value in leaves(body, metric or ("" if isinstance(body, dict) else "value")):
        yield Sample(device, path, value, ts)


def _unwrapped(body: dict[Any, Any]) -> tuple[int | None, dict[Any, Any]]:
    """The time of an object, and its readings alone."""
    data = body.get("data")
    if isinstance(data, dict):
        body = data | {key: value for key, value in body.items() if key != "data"}
    found = [(key, ts) for key in STAMPS if (ts := _stamp(body.get(key))) is not None]
    skipped = {"device_id", "ts", *(key for key, _ in found)}
    return found[0][1] if found else None, {key: value for key, value in body.items() if key not in skipped}


def _stamp(value: object) -> int | None:
    if isinstance(value, str):
        return iso(value)
    if isinstance(value, int | float) and value >= MS_FROM:
        return milliseconds(value)
    return seconds(value)

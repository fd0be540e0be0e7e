"""rtl_433: a JSON object per received transmission, and one topic per value.

Layout: ``<base>/events`` JSON and ``<base>/devices[/type][/model][/subtype][/channel][/id]/<key>`` bare text, where the
base is ``rtl_433/<host>`` unless the user chose another; ``<base>/availability`` (online, offline), ``<base>/states``
(statistics). The device is its type, model, subtype, channel and id, as far as sent, with all but letters, digits,
``-`` and ``.`` replaced by ``_``, so that both kinds of topic agree. The unit is part of the key. ``time`` is ISO 8601,
with a zone or without, or s since 1970 as text, or ``@<s>s`` into a recording.
Sources: merbanan/rtl_433 docs/DATA_FORMAT.md, docs/OPERATION.md, src/output_mqtt.c.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from devices.ecosystems.base import Ecosystem, Message, Outcome, iso, leaves, no_codec, number, seconds, text_of
from devices.ecosystems.bounded import Bounded
from devices.ecosystems.words import MEMORY, availability, json_object, looks_like_json, not_utf8, presence
from telemetry.decoded import Decoded, Sample
from telemetry.model import Refusal

_ROOT = "rtl_433"
_PARTS = ("type", "model", "subtype", "channel", "id")
_SKIPPED = {*_PARTS, "time", "mic", "mod", "protocol"}
_NOT_IN_TOPICS = re.compile(r"[^-.A-Za-z0-9]")
_SHAPE = {"id", "channel", "mic", "protocol"}
_UNITS = {
    "humidity": "%",
    "moisture": "%",
    "rssi": "dB",
    "snr": "dB",
    "noise": "dB",
    "freq": "MHz",
    "freq1": "MHz",
    "freq2": "MHz",
}
_ENDINGS = (
    ("_C", "°C"),
    ("_F", "°F"),
    ("_hPa", "hPa"),
    ("_kPa", "kPa"),
    ("_PSI", "psi"),
    ("_bar", "bar"),
    ("_deg", "°"),
    ("_km_h", "km/h"),
    ("_kph", "km/h"),
    ("_mi_h", "mph"),
    ("_mph", "mph"),
    ("_m_s", "m/s"),
    ("_mm_h", "mm/h"),
    ("_in_h", "in/h"),
    ("_mm", "mm"),
    ("_cm", "cm"),
    ("_km", "km"),
    ("_in", "in"),
    ("_inch", "in"),
    ("_lux", "lx"),
    ("_klx", "klx"),
    ("_mV", "mV"),
    ("_V", "V"),
    ("_mA", "mA"),
    ("_A", "A"),
    ("_kWh", "kWh"),
    ("_kW", "kW"),
    ("_VA", "VA"),
    ("_W", "W"),
    ("_Hz", "Hz"),
    ("_ppm", "ppm"),
    ("_ppb", "ppb"),
    ("_ug_m3", "µg/m³"),
    ("_pct", "%"),
    ("_dB", "dB"),
)


class Rtl433(Ecosystem):
    """Keeps the bases other than ``rtl_433/<host>`` that events have come from."""

    name: ClassVar[str] = "rtl_433"
    rank: ClassVar[int] = 62

    def __init__(self, codec: Callable[[str], str | None] = no_codec) -> None:
        super().__init__(codec)
        self._bases: Bounded[str, bool] = Bounded(MEMORY)

    def message(self, message: Message) -> Outcome:
        """Decode an MQTT message."""
        topic, payload = message.topic, message.payload
        base, _, leaf = topic.rpartition("/")
        if topic.partition("/")[0] != _ROOT and not self._is_custom(topic):
            return self._by_shape(topic, payload)
        if not payload.strip():
            return Decoded()
        if leaf == "availability":
            return presence(base, online=availability(payload))
        if leaf == "states":
            return Decoded()
        if leaf == "events" or looks_like_json(payload):
            body = json_object(payload)
            if isinstance(body, Refusal):
                return body
            return _event(body) if body is not None else Decoded()
        return _of_topic(topic, payload)

    def _is_custom(self, topic: str) -> bool:
        base = topic.partition("/devices/")[0] if "/devices/" in topic else topic.rpartition("/")[0]
        return base in self._bases

    def _by_shape(self, topic: str, payload: bytes) -> Outcome:
        """What comes under a topic that the user chose: an event told by its model and time, a value by its key."""
        if "/devices/" in topic and _is_key(topic.rpartition("/")[2]) and _is_number(payload):
            return _of_topic(topic, payload)
        if b'"model"' not in payload or b'"time"' not in payload:
            return None
        body = json_object(payload)
        if not isinstance(body, dict) or not isinstance(body.get("model"), str) or _SHAPE.isdisjoint(body):
            return None
        base, _, leaf = topic.rpartition("/")
        if base and leaf == "events":
            self._bases[base] = True
        return _event(body)


def device_of(body: dict[str, Any]) -> str:
    """The device that a decoded transmission is of, as rtl_433 writes it into topics; empty if it names none."""
    found = (body.get(part) for part in _PARTS)
    parts = (_NOT_IN_TOPICS.sub("_", str(one)) for one in found if isinstance(one, str | int) and one is not True)
    return "/".join(part for part in parts if part)


def readings_of(device: str, body: dict[str, Any], ts: int | None) -> Iterator[Sample]:
    """What a transmission says, without what only names the sender or the modulation."""
    for path, value in leaves({key: one for key, one in body.items() if key not in _SKIPPED}):
        yield Sample(device, path, value, ts, unit_of(path))


def unit_of(key: str) -> str | None:
    """The sign of the unit that a key ends with."""
    return _UNITS.get(key) or next((unit for ending, unit in _ENDINGS if key.endswith(ending)), None)


def _event(body: dict[str, Any]) -> Decoded:
    if not isinstance(body.get("model"), str):
        return Decoded()
    return Decoded(list(readings_of(device_of(body), body, _time(body.get("time")))))


def _time(time: object) -> int | None:
    if isinstance(time, str):
        since = number(time)
        return iso(time) if since is None else seconds(since)
    return seconds(time)


def _is_number(payload: bytes) -> bool:
    return number(payload.decode("ascii", "replace")) is not None


def _is_key(key: str) -> bool:
    """Whether it is surely a key of rtl_433: by the unit at its end, or one of the commonest without."""
    return unit_of(key) is not None or key == "battery_ok"


def _of_topic(topic: str, payload: bytes) -> Outcome:
    """A value by its topic: behind ``devices`` the parts of the device, then the key and, in a list, the index."""
    levels = topic.split("/")
    behind = "devices" in levels
    parts, key = levels[levels.index("devices") + 1 if behind else 1 : -1], levels[-1]
    metric = key
    if len(parts) > 1 and key.isdigit():
        *parts, key = parts
        metric = f"{key}.{levels[-1]}"
    text = text_of(payload)
    if text is None:
        return not_utf8()
    value = number(text)
    if value is None or not parts or key in _SKIPPED or not (behind or len(parts) > 1 or _is_key(key)):
        return Decoded()
    return Decoded([Sample("/".join(parts), metric, value, None, unit_of(key))])

"""zigbee2mqtt: one JSON object per device under a base topic.

Layout: ``<base>/<friendly name>``, where the base is ``zigbee2mqtt`` or what the user chose (known from
``<base>/bridge/state``, ``info`` and ``devices``, all retained) and the name may hold ``/`` and blanks. With
``output: attribute`` there is one topic per key, ``<base>/<name>/<key>``, nested keys joined by ``-``. ``last_seen`` is
ISO 8601 with a zone or ms since 1970. ``/availability`` and ``bridge/state`` are JSON ``{"state": …}``, in 1.x bare
text. ``/set`` and ``/get`` are commands. ``bridge/devices`` says what a device exposes, with units: only there it is
told whether ``voltage`` is mV or V. Sources: Koenkk/zigbee2mqtt.io docs/guide/usage/mqtt_topics_and_messages.md,
docs/guide/usage/exposes.md, docs/guide/configuration; zigbee2mqtt 2.14.1 controller, mqtt, availability.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from devices.codecs import json_codec
from devices.ecosystems.base import Ecosystem, Message, Outcome, iso, leaves, milliseconds, no_codec, number, text_of
from devices.ecosystems.bounded import Bounded
from devices.ecosystems.words import (
    MEMORY,
    ON_OFF,
    ONLINE,
    availability,
    json_object,
    looks_like_json,
    not_utf8,
    presence,
)
from telemetry.decoded import Decoded, Sample
from telemetry.model import Refusal

_DEFAULT = "zigbee2mqtt"
_SKIPPED = {"update", "device", "elapsed", "last_seen"}
_TEXTS = {"action", "click"}
_COMMANDS = {"set", "get"}
_BASES_MAX = 100
_EXPOSES_MAX = 6
_UNITS = {
    "battery": "%",
    "humidity": "%",
    "soil_moisture": "%",
    "temperature": "°C",
    "device_temperature": "°C",
    "local_temperature": "°C",
    "soil_temperature": "°C",
    "pressure": "hPa",
    "illuminance_lux": "lx",
    "power": "W",
    "energy": "kWh",
    "co2": "ppm",
    "pm25": "µg/m³",
}
Exposed = dict[str, tuple[str, str | None]]
"""What a device exposes: path of the key -> (type, unit)."""


class Zigbee2Mqtt(Ecosystem):
    """Keeps the base topics that it has seen and, per base, what its devices expose."""

    name: ClassVar[str] = "zigbee2mqtt"
    rank: ClassVar[int] = 45

    def __init__(self, codec: Callable[[str], str | None] = no_codec) -> None:
        super().__init__(codec)
        self._bases: Bounded[str, Bounded[str, Exposed]] = Bounded(_BASES_MAX)

    def message(self, message: Message) -> Outcome:
        """Decode an MQTT message."""
        topic, payload = message.topic, message.payload
        base, rest = self._split(topic)
        if not base:
            base, _, document = topic.rpartition("/bridge/")
            if base and document in {"state", "info", "devices"}:
                return self._bridge(base, document, payload) if _announces(document, payload) else None
            return self._by_shape(topic, payload)
        if not rest:
            return None
        if rest.startswith("bridge/"):
            return self._bridge(base, rest.removeprefix("bridge/"), payload)
        known: Mapping[str, Exposed] = self._bases.get(base, {})
        name, _, last = rest.rpartition("/")
        if name and last == "availability":
            return _presence(name, payload)
        if rest not in known and not _COMMANDS.isdisjoint(rest.split("/")[1:]):
            return Decoded()
        if not payload.strip():
            return Decoded()
        if not name or rest in known or looks_like_json(payload):
            body = json_object(payload)
            if isinstance(body, Refusal):
                return body
            return Decoded(list(_readings(rest, body, known.get(rest, {})))) if body is not None else Decoded()
        return _attribute(name, last, payload, known.get(name, {}))

    def _split(self, topic: str) -> tuple[str, str]:
        """The longest base topic that is known and the rest; both empty if none is."""
        base = topic
        while base := base.rpartition("/")[0]:
            if base == _DEFAULT or base in self._bases:
                return base, topic[len(base) + 1 :]
        return "", ""

    def _bridge(self, base: str, document: str, payload: bytes) -> Outcome:
        if document == "state":
            if (online := availability(payload)) is None and payload.strip():
                found = _presence(base, payload)
            else:
                found = presence(base, online=online)
            if isinstance(found, Decoded):
                self._seen(base)
            return found
        if document == "info":
            self._seen(base)
        if document == "devices" and payload.strip():
            body = json_codec.decode(payload)
            if isinstance(body, Refusal):
                return body
            self._bases[base] = _devices(body)
        return Decoded()

    def _seen(self, base: str) -> None:
        self._bases[base] = self._bases.get(base) or Bounded(MEMORY)

    def _by_shape(self, topic: str, payload: bytes) -> Outcome:
        """``<base>/<name>`` of a base not announced yet: two levels leave no doubt, linkquality is no one else's."""
        base, _, name = topic.partition("/")
        if not base or not name or "/" in name or b'"linkquality"' not in payload:
            return None
        body = json_object(payload)
        if not isinstance(body, dict) or "linkquality" not in body:
            return None
        return Decoded(list(_readings(name, body, {})))


def _announces(document: str, payload: bytes) -> bool:
    """Whether a bridge document of an unknown base is one of zigbee2mqtt."""
    if document == "state" and availability(payload) is not None:
        return True
    body = json_codec.decode(payload)
    if isinstance(body, list):
        return document == "devices" and all(isinstance(one, dict) and "ieee_address" in one for one in body)
    if not isinstance(body, dict):
        return False
    return str(body.get("state")).lower() in ONLINE if document == "state" else document == "info" and "version" in body


def _presence(device: str, payload: bytes) -> Outcome:
    if not payload.strip():
        return Decoded()
    if not looks_like_json(payload):
        return presence(device, online=availability(payload))
    body = json_object(payload)
    if isinstance(body, Refusal):
        return body
    state = body.get("state") if body else None
    return presence(device, online=ONLINE.get(state.lower()) if isinstance(state, str) else None)


def _readings(device: str, body: dict[str, Any], exposed: Exposed) -> Iterator[Sample]:
    seen = body.get("last_seen")
    ts = iso(seen) if isinstance(seen, str) else milliseconds(seen)
    for path, value in leaves({key: one for key, one in body.items() if key not in _SKIPPED}, words=ON_OFF):
        yield Sample(device, path, value, ts, _unit(path, exposed))


def _attribute(device: str, key: str, payload: bytes, exposed: Exposed) -> Outcome:
    """One key as bare text; ``color-x`` is ``color.x`` where the device is known to expose that."""
    text = text_of(payload)
    if text is None:
        return not_utf8()
    if key in _TEXTS or key.partition("-")[0] in _SKIPPED:
        return Decoded()
    nested = key.replace("-", ".")
    metric = nested if nested in exposed else key
    if exposed.get(metric, ("", None))[0] in {"enum", "text"}:
        return Decoded()
    words = ON_OFF | {"true": True, "false": False}
    value = words.get(text.strip(), number(text))
    return Decoded() if value is None else Decoded([Sample(device, metric, value, None, _unit(metric, exposed))])


def _unit(path: str, exposed: Exposed) -> str | None:
    return exposed[path][1] if path in exposed else _UNITS.get(path)


def _devices(body: object) -> Bounded[str, Exposed]:
    """What each device of a device list exposes, by its name."""
    found: Bounded[str, Exposed] = Bounded(MEMORY)
    for one in body if isinstance(body, list) else ():
        name = one.get("friendly_name") if isinstance(one, dict) else None
        if isinstance(name, str):
            definition = one.get("definition")
            exposes = definition.get("exposes") if isinstance(definition, dict) else None
            found[name] = dict(_exposed(exposes, "", _EXPOSES_MAX))
    return found


def _exposed(exposes: object, above: str, depth: int) -> Iterator[tuple[str, tuple[str, str | None]]]:
    for one in exposes if isinstance(exposes, list) and depth else ():
        if not isinstance(one, dict):
            continue
        key, unit = one.get("property"), one.get("unit")
        path = f"{above}{key}" if isinstance(key, str) else above.rstrip(".")
        if isinstance(one.get("features"), list):
            yield from _exposed(one["features"], f"{path}." if path else "", depth - 1)
        elif isinstance(key, str):
            yield path, (str(one.get("type")), unit if isinstance(unit, str) and 0 < len(unit) <= 16 else None)

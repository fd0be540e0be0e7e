"""ESPHome over MQTT: bare text per entity under a prefix that each node chooses.

Layout: ``<prefix>/<component>/<object id>/state``, the prefix may hold ``/``; climate, cover, valve and fan have more
topics ``…/<object id>/<part>/state``; lights, events and updates send JSON. ``…/command`` is for the device,
``<prefix>/status`` its birth and will (``online``, ``offline``), ``<prefix>/debug`` its log, ``esphome/discover/#``
how the dashboard finds nodes. Text sensors use ``sensor`` as well. A sensor without a value sends ``nan``.
Sources: esphome/esphome-docs components/mqtt.rst; esphome/esphome components/mqtt (mqtt_component.cpp,
mqtt_climate.cpp, mqtt_cover.cpp, mqtt_fan.cpp, mqtt_sensor.cpp).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar, NamedTuple

from devices.ecosystems.base import Ecosystem, Message, Outcome, leaves, no_codec, number, text_of
from devices.ecosystems.bounded import Bounded
from devices.ecosystems.words import MEMORY, ON_OFF, ONLINE, json_object, looks_like_json, not_utf8, presence
from telemetry.decoded import Decoded, Sample
from telemetry.model import Refusal

_WITH_PARTS = {"climate", "cover", "valve", "fan", "water_heater"}
_PARTS = {
    *("mode", "action", "away", "preset", "custom_preset", "preset_mode", "fan_mode", "custom_fan_mode", "swing_mode"),
    *("current_temperature", "target_temperature", "target_temperature_low", "target_temperature_high"),
    *("current_humidity", "target_humidity", "position", "tilt", "oscillation", "speed", "speed_level", "direction"),
}
_COMPONENTS = _WITH_PARTS | {
    *("sensor", "binary_sensor", "text_sensor", "switch", "light", "number", "select", "text", "lock", "button"),
    *("event", "update", "date", "time", "datetime", "alarm_control_panel", "media_player"),
}
_NO_READINGS = {"select", "text", "date", "time", "datetime", "update"}
_BARE = {"sensor", "text_sensor", "binary_sensor"}
_OBJECT_ID = re.compile(r"[\w-]+")
_LOG_LINE = re.compile(rb"(\x1b\[[0-9;]*m)?(\[[\d:.]+\])?\[(C|D|I|W|E|V|VV)\]\[")
_NOT_NODES = {"homeassistant", "telltale"}
"""First levels whose ``status`` and ``<component>/…/state`` are of others."""


class _Place(NamedTuple):
    prefix: str
    component: str
    metric: str


class EspHome(Ecosystem):
    """Keeps the prefixes that it has seen, which tells a node's log from other topics of that name."""

    name: ClassVar[str] = "esphome"
    rank: ClassVar[int] = 80

    def __init__(self, codec: Callable[[str], str | None] = no_codec) -> None:
        super().__init__(codec)
        self._nodes: Bounded[str, bool] = Bounded(MEMORY)

    def message(self, message: Message) -> Outcome:
        """Decode an MQTT message."""
        prefix, _, leaf = message.topic.rpartition("/")
        if leaf in {"state", "command"}:
            place = _place(prefix.split("/"))
            if place is None:
                return None
            self._nodes[place.prefix] = True
            return _value(place, message.payload) if leaf == "state" else Decoded()
        if leaf == "status" and prefix in self._nodes:
            return presence(prefix, online=_birth(message.payload))
        if leaf == "debug" and (prefix in self._nodes or _LOG_LINE.match(message.payload)):
            return Decoded()
        return Decoded() if message.topic.startswith(("esphome/discover", "esphome/ping")) else None


class EspHomeBirth(Ecosystem):
    """The birth of a node that has sent nothing yet: so common a shape that whoever knows the topic comes before."""

    name: ClassVar[str] = "esphome"
    rank: ClassVar[int] = 95

    def message(self, message: Message) -> Outcome:
        """Decode an MQTT message."""
        prefix, _, leaf = message.topic.rpartition("/")
        if leaf != "status" or not prefix or prefix.partition("/")[0] in _NOT_NODES:
            return None
        online = _birth(message.payload)
        return None if online is None else presence(prefix, online=online)


def _birth(payload: bytes) -> bool | None:
    return ONLINE.get(payload.strip().decode("ascii", "replace"))


def _place(levels: list[str]) -> _Place | None:
    """Which entity the levels before ``state`` name, and what the reading is called."""
    if len(levels) > 2 and levels[-2] in _COMPONENTS and _OBJECT_ID.fullmatch(levels[-1]):
        place = _Place("/".join(levels[:-2]), levels[-2], levels[-1])
    elif len(levels) > 3 and levels[-3] in _WITH_PARTS and levels[-1] in _PARTS and _OBJECT_ID.fullmatch(levels[-2]):
        place = _Place("/".join(levels[:-3]), levels[-3], f"{levels[-2]}.{levels[-1]}")
    else:
        return None
    return place if place.prefix and levels[0] not in _NOT_NODES else None


def _value(place: _Place, payload: bytes) -> Outcome:
    if place.component in _NO_READINGS or not payload.strip():
        return Decoded()
    if looks_like_json(payload) and place.component not in _BARE:
        body = json_object(payload)
        if isinstance(body, Refusal):
            return body
        return Decoded([Sample(place.prefix, path, value) for path, value in leaves(body, place.metric, ON_OFF)])
    text = text_of(payload)
    if text is None:
        return not_utf8()
    value = ON_OFF.get(text.strip(), number(text))
    if value is None:
        return Decoded()
    # the climate component sends degrees Celsius, whatever it shows
    celsius = place.component == "climate" and "temperature" in place.metric.rpartition(".")[2]
    return Decoded([Sample(place.prefix, place.metric, value, None, "°C" if celsius else None)])

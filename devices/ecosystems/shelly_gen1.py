"""Shelly devices of the first generation: bare text per value.

Layout: ``shellies/<id>/<path>``, for example ``relay/0`` (on, off), ``relay/0/power`` (W), ``relay/0/energy``
(watt-minutes), ``emeter/0/total`` (Wh), ``sensor/temperature``, ``input/0`` (0, 1); ``light/0/status``,
``color/0/status``, ``white/0/status``, ``input_event/0``, ``ext_temperatures`` and the ``status`` of Motion and TRV are
JSON. ``online`` is true or false (will). ``announce``, ``info``, ``settings``, ``…/command`` and ``…/set`` hold no
readings. A topic ``…/status/<component>:<n>`` under the same root is of a later generation.
Sources: iobroker.shelly 10.6.1 lib/devices/gen1; shelly-api-docs.shelly.cloud/gen1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from devices.codecs import json_codec
from devices.ecosystems.base import Ecosystem, Message, Outcome, leaves, no_codec, number, text_of
from devices.ecosystems.bounded import Bounded
from devices.ecosystems.words import MEMORY, looks_like_json, not_utf8, presence
from telemetry.decoded import Decoded, Sample
from telemetry.model import Refusal

_WORDS = {"on": True, "off": False, "true": True, "false": False}
_DOCUMENTS = {"announce", "info", "settings"}
_COMMANDS = {"command", "set"}
_UNITS = {
    "power": "W",
    "overpower_value": "W",
    "reactive_power": "var",
    "energy": "Wmin",
    "returned_energy": "Wmin",
    "total": "Wh",
    "total_returned": "Wh",
    "voltage": "V",
    "current": "A",
    "adc": "V",
    "temperature": "°C",
    "ext_temperature": "°C",
    "tC": "°C",
    "temperature_f": "°F",
    "ext_temperature_f": "°F",
    "tF": "°F",
    "humidity": "%",
    "ext_humidity": "%",
    "hum": "%",
    "battery": "%",
    "bat": "%",
    "brightness": "%",
    "gain": "%",
    "pos": "%",
    "lux": "lx",
    "concentration": "ppm",
    "tilt": "°",
}


class ShellyGen1(Ecosystem):
    """Remembers which ids are of a later generation, whose users chose the same root."""

    name: ClassVar[str] = "shelly-gen1"
    rank: ClassVar[int] = 20

    def __init__(self, codec: Callable[[str], str | None] = no_codec) -> None:
        super().__init__(codec)
        self._later: Bounded[str, bool] = Bounded(MEMORY)

    def message(self, message: Message) -> Outcome:
        """Decode an MQTT message."""
        root, *levels = message.topic.split("/")
        if root != "shellies" or not levels:
            return None
        if len(levels) == 1:
            return Decoded()
        device, path = levels[0], levels[1:]
        if path[-2:] == ["events", "rpc"] or (path[-2:-1] == ["status"] and ":" in path[-1]):
            self._later[device] = True
        if device in self._later or path[-1] == "rpc":
            return None
        if not device or path[0] in _DOCUMENTS or not _COMMANDS.isdisjoint(path) or not message.payload.strip():
            return Decoded()
        if path == ["online"]:
            return presence(device, online=_WORDS.get(message.payload.strip().decode(errors="replace")))
        return _values(device, path, message.payload)


def _values(device: str, path: list[str], payload: bytes) -> Outcome:
    metric = ".".join(path)
    if looks_like_json(payload):
        body = json_codec.decode(payload)
        if isinstance(body, Refusal):
            return body
        return Decoded([Sample(device, where, one, None, _unit(where)) for where, one in leaves(body, metric, _WORDS)])
    text = text_of(payload)
    if text is None:
        return not_utf8()
    value = _WORDS.get(text.strip(), number(text))
    return Decoded() if value is None else Decoded([Sample(device, metric, value, None, _unit(metric))])


def _unit(metric: str) -> str | None:
    """The sign by the last name in the path; an index behind it does not count."""
    name = next((level for level in reversed(metric.split(".")) if not level.isdigit()), "")
    return _UNITS.get(name)

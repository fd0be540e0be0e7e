"""Shelly devices of the second and later generations: JSON per component.

Layout: ``<prefix>/status/<component>`` (the status, without a time) and ``<prefix>/events/rpc`` (``{"src", "method":
"NotifyStatus" | "NotifyFullStatus", "params": {"ts": s, "<component>": {…}}}``). The prefix is the device id unless
the user chose another, which may hold ``/``. A component is ``<type>:<id>``; those without an id (sys, wifi, cloud,
…) are services, of which only signal strength and uptime are kept. ``by_minute`` and ``minute_ts`` are the past.
NotifyEvent, ``…/rpc`` and ``…/command`` hold no readings; ``<prefix>/online`` is true or false (will). Energy is in Wh.
Source: shelly-api-docs.shelly.cloud/gen2 (Mqtt, Notifications, ComponentsAndServices).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from devices.ecosystems.base import Ecosystem, Message, Outcome, leaves, no_codec, seconds
from devices.ecosystems.bounded import Bounded
from devices.ecosystems.words import MEMORY, json_object, looks_like_json, presence
from telemetry.decoded import Decoded, Sample
from telemetry.model import Refusal

_COMPONENT = re.compile(r"[a-z][a-z0-9_]*:\d{1,4}")
_DEFAULT_PREFIX = re.compile(r"shelly[a-z0-9]+-[0-9a-f]{12}", re.IGNORECASE)
_SERVICES = {
    *("sys", "wifi", "eth", "cloud", "mqtt", "ble", "ws", "ui", "ht_ui", "wd_ui", "plugs_ui", "plugpm_ui", "bthome"),
    *("matter", "modbus", "knx", "zigbee", "schedule", "webhook", "kvs", "dali", "lora", "serviceinfo"),
}
_OF_SERVICES = {"wifi.rssi", "sys.uptime"}
_SKIPPED = {"id", "by_minute", "xby_minute", "minute_ts"}
_WORDS = {"true": True, "false": False}
_UNITS = {
    "apower": "W",
    "voltage": "V",
    "current": "A",
    "freq": "Hz",
    "tC": "°C",
    "target_C": "°C",
    "current_C": "°C",
    "tF": "°F",
    "target_F": "°F",
    "current_F": "°F",
    "rh": "%",
    "percent": "%",
    "brightness": "%",
    "current_pos": "%",
    "target_pos": "%",
    "V": "V",
    "lux": "lx",
    "rssi": "dBm",
    "uptime": "s",
}
_ENDINGS = (
    ("act_power", "W"),
    ("aprt_power", "VA"),
    ("_voltage", "V"),
    ("_current", "A"),
    ("_freq", "Hz"),
    ("_act_energy", "Wh"),
    ("_act_ret_energy", "Wh"),
    ("total_act", "Wh"),
    ("total_act_ret", "Wh"),
    ("aenergy.total", "Wh"),
)


class ShellyGen2(Ecosystem):
    """Keeps the prefixes that it has seen, which tells its other topics from those of others."""

    name: ClassVar[str] = "shelly-gen2"
    rank: ClassVar[int] = 70

    def __init__(self, codec: Callable[[str], str | None] = no_codec) -> None:
        super().__init__(codec)
        self._prefixes: Bounded[str, bool] = Bounded(MEMORY)

    def message(self, message: Message) -> Outcome:
        """Decode an MQTT message."""
        levels, payload = message.topic.split("/"), message.payload
        prefix, kind, last = "/".join(levels[:-2]), levels[-2] if len(levels) > 1 else "", levels[-1]
        if prefix and (kind, last) == ("events", "rpc"):
            return self._notified(prefix, payload)
        if prefix and kind == "status":
            return self._status(prefix, last, payload)
        if prefix and (kind == "command" and _COMPONENT.fullmatch(last)):
            return Decoded()
        whole = "/".join(levels[:-1])
        if last == "rpc" and whole:
            return Decoded() if whole in self._prefixes or _is_rpc(payload) else None
        if last == "online" and (whole in self._prefixes or _DEFAULT_PREFIX.fullmatch(whole)):
            return presence(whole, online=_will(payload))
        return Decoded() if (last == "command" and whole in self._prefixes) or self._is_log(prefix, levels) else None

    def _is_log(self, prefix: str, levels: list[str]) -> bool:
        return levels[-2:] == ["debug", "log"] and prefix in self._prefixes

    def _notified(self, prefix: str, payload: bytes) -> Outcome:
        if not payload.strip():
            return Decoded()
        body = json_object(payload)
        if isinstance(body, Refusal):
            return body
        if body is None or not str(body.get("method")).startswith("Notify"):
            return None
        self._prefixes[prefix] = True
        params = body.get("params")
        if body["method"] not in {"NotifyStatus", "NotifyFullStatus"} or not isinstance(params, dict):
            return Decoded()
        ts = seconds(params.get("ts"))
        return Decoded([one for key, value in params.items() for one in _readings(prefix, key, value, ts)])

    def _status(self, prefix: str, component: str, payload: bytes) -> Outcome:
        own = prefix in self._prefixes or _COMPONENT.fullmatch(component)
        if not own and component not in _SERVICES:
            return None
        if not payload.strip():
            return Decoded() if own else None
        body = json_object(payload)
        if not isinstance(body, dict):
            return body if own else None
        if own:
            self._prefixes[prefix] = True
        return Decoded(list(_readings(prefix, component, body, None)))


class ShellyGen2Will(Ecosystem):
    """The will under a prefix that the user chose, before its status: whoever knows the topic comes before."""

    name: ClassVar[str] = "shelly-gen2"
    rank: ClassVar[int] = 95

    def message(self, message: Message) -> Outcome:
        """Decode an MQTT message."""
        prefix, _, leaf = message.topic.rpartition("/")
        online = _will(message.payload) if leaf == "online" and prefix else None
        return None if online is None else presence(prefix, online=online)


def _will(payload: bytes) -> bool | None:
    return _WORDS.get(payload.strip().decode("ascii", "replace"))


def _is_rpc(payload: bytes) -> bool:
    """Whether it is a frame of the devices' remote procedure calls: a request, or an answer."""
    body = json_object(payload) if looks_like_json(payload) else None
    return isinstance(body, dict) and "id" in body and not {"method", "result", "error"}.isdisjoint(body)


def _readings(prefix: str, component: str, status: Any, ts: int | None) -> Iterator[Sample]:
    if not isinstance(status, dict):
        return
    service = _COMPONENT.fullmatch(component) is None
    for path, value in leaves(status, component):
        if _SKIPPED.isdisjoint(path.split(".")) and (not service or path in _OF_SERVICES):
            yield Sample(prefix, path, value, ts, _unit(path))


def _unit(path: str) -> str | None:
    last = path.rpartition(".")[2]
    return _UNITS.get(last) or next((unit for ending, unit in _ENDINGS if path.endswith(ending)), None)

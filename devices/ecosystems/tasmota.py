"""Tasmota: JSON under ``tele`` and ``stat``, wherever the full topic puts that level.

Layout: FullTopic is ``%prefix%/%topic%/`` by default, users move and add levels; then a leaf in capitals: SENSOR,
STATE, RESULT, STATUSn, INFOn (JSON), POWERn (ON, OFF), LWT (Online, Offline), other commands under SetOption4. The
device is the topic without prefix and leaf. ``Epoch`` is s since 1970; ``Time`` is local without a zone, or has one
(SetOption52), or is a number of s or ms. STATUS8, 10 and 11 wrap what SENSOR and STATE hold. Values of a Zigbee or
LoRaWAN bridge belong to the sub-device, named by ``Name``, else by its short address; SetOption83, 89, 100, 112, 118,
119, 120 and 125 change where that stands. Sources: tasmota/docs docs/MQTT.md, docs/Commands.md, docs/Zigbee.md,
docs/Power-Monitoring; arendst/Tasmota xdrv_12_discovery (tasmota/discovery/<mac>/config: t, ft, tp, dn, state).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from devices.ecosystems.base import Ecosystem, Message, Outcome, iso, leaves, milliseconds, no_codec, seconds
from devices.ecosystems.bounded import Bounded
from devices.ecosystems.words import (
    MEMORY,
    ON_OFF,
    availability,
    json_object,
    looks_like_json,
    presence,
)
from telemetry.decoded import Decoded, Sample
from telemetry.model import Refusal

_LEAF = re.compile(r"[A-Z][A-Z0-9_]*|(?:Zb|Lw)Received")
_JSON_LEAF = re.compile(r"SENSOR|STATE|RESULT|STATUS\d*|INFO\d|(?:Zb|Lw)Received")
_SUB_DEVICES = ("ZbReceived", "LwReceived")
_SHORT = re.compile(r"(?:0x)?([0-9A-Fa-f]{4})(?:_\d+)?")
_NOT_READINGS = re.compile(r"Time|Epoch|IrReceived|RfReceived|RfRaw|Zb\w+|SetOption\d+|Mqtt(?!Count)\w+")
_SKIPPED = {"Id", "TotalStartTime", "Endpoint"}
_TEMPERATURES = {"Temperature", "DewPoint"}
_PRESSURES = {"Pressure", "SeaPressure"}
_SIGNS = {"C": "°C", "F": "°F"}
_PARTICLES = re.compile(r"\.(PM|CF)\d+(\.\d)?$")
_MS_FROM = 100_000_000_000
_ENERGY = {
    "Total": "kWh",
    "TotalTariff": "kWh",
    "Yesterday": "kWh",
    "Today": "kWh",
    "Power": "W",
    "ApparentPower": "VA",
    "ReactivePower": "var",
    "ExportActive": "kWh",
    "ImportActive": "kWh",
    "ExportReactive": "kvarh",
    "ImportReactive": "kvarh",
}
_UNITS = {
    "Voltage": "V",
    "Current": "A",
    "Frequency": "Hz",
    "Humidity": "%",
    "Moisture": "%",
    "CarbonDioxide": "ppm",
    "eCO2": "ppm",
    "TVOC": "ppb",
    "Illuminance": "lx",
    "ActivePower": "W",
    "RMSVoltage": "V",
    "RMSCurrent": "A",
    "BatteryVoltage": "V",
    "BatteryPercentage": "%",
    "Dimmer": "%",
    "UptimeSec": "s",
    "Vcc": "V",
}
_PREFIXES = {"cmnd": False, "stat": True, "tele": True}
_PREFIXES_MAX = 100


class Tasmota(Ecosystem):
    """Keeps what discovery documents tell of a device: other words for the prefixes and for its states."""

    name: ClassVar[str] = "tasmota"
    rank: ClassVar[int] = 60

    def __init__(self, codec: Callable[[str], str | None] = no_codec) -> None:
        super().__init__(codec)
        self._prefixes: Bounded[str, bool] = Bounded(_PREFIXES_MAX)
        self._words: Bounded[str, dict[str, bool]] = Bounded(MEMORY)

    def message(self, message: Message) -> Outcome:
        """Decode an MQTT message."""
        levels = message.topic.split("/")
        if levels[:2] == ["tasmota", "discovery"]:
            return self._learn(levels[-1], message.payload)
        for at, level in enumerate(levels[:-1]):
            tells = _PREFIXES.get(level, self._prefixes.get(level))
            if tells is None:
                continue
            device, leaf = "/".join([*levels[:at], *levels[at + 1 : -1]]), levels[-1]
            if level not in _PREFIXES and device not in self._words:
                continue  # a word that one user chose is a prefix of announced devices only
            if not tells:
                return Decoded()
            return self._told(device, leaf, message.payload) if device and _LEAF.fullmatch(leaf) else None
        return None

    def _told(self, device: str, leaf: str, payload: bytes) -> Outcome:
        text = payload.strip()
        if not text:
            return Decoded()
        words = self._words.get(device, ON_OFF)
        if leaf == "LWT":
            online = availability(payload)
            return presence(device, online=words.get(text.decode(errors="replace")) if online is None else online)
        if not _JSON_LEAF.fullmatch(leaf) and not looks_like_json(payload):
            on = words.get(text.decode(errors="replace"))
            return Decoded() if on is None else Decoded([Sample(device, leaf, on)])
        body = json_object(payload)
        if isinstance(body, Refusal):
            return body
        return Decoded() if body is None else Decoded(list(_readings(device, leaf, body, words)))

    def _learn(self, leaf: str, payload: bytes) -> Decoded:
        """Take the words of a discovery document, which holds no readings."""
        body = json_object(payload) if leaf == "config" and payload.strip() else None
        if not isinstance(body, dict):
            return Decoded()
        topic, full, prefixes = body.get("t"), body.get("ft"), body.get("tp")
        if not isinstance(topic, str) or not isinstance(full, str):
            return Decoded()
        levels = [level for level in full.strip("/").split("/") if level != "%prefix%"]
        device = "/".join(levels).replace("%topic%", topic)
        words = dict(ON_OFF)
        for off_on in (body.get("state"), [body.get("ofln"), body.get("onln")]):
            off, on = off_on[:2] if isinstance(off_on, list) and len(off_on) > 1 else (None, None)
            # digits would turn the numbers that some sensors send as text into states
            if isinstance(off, str) and isinstance(on, str) and not (off.isdigit() or on.isdigit()):
                words |= {off: False, on: True}
        self._words[device] = words
        if isinstance(prefixes, list) and len(prefixes) == 3:
            for prefix, tells in zip(prefixes, _PREFIXES.values(), strict=True):
                if isinstance(prefix, str) and prefix and prefix not in _PREFIXES:
                    self._prefixes[prefix] = tells
        name = body.get("dn")
        return Decoded(names={device: name}) if isinstance(name, str) and name and device else Decoded()


def _readings(device: str, leaf: str, body: dict[str, Any], words: Mapping[str, bool]) -> Iterator[Sample]:
    """The readings of one JSON body; of a status answer only what SENSOR and STATE would say."""
    if leaf.startswith("STATUS"):
        for wrapper in ("StatusSNS", "StatusSTS"):
            if isinstance(inner := body.get(wrapper), dict):
                yield from _readings(device, "", inner, words)
        return
    if leaf in _SUB_DEVICES:
        body = {leaf: body}
    ts = _time(body)
    plain: dict[str, Any] = {}
    for key, value in body.items():
        if key in _SUB_DEVICES:
            yield from _received(device, value, ts, words)
        elif isinstance(value, dict) and _short(value.get("Device")):
            yield from _sub_device(device, key, value, ts, words)
        elif not _NOT_READINGS.fullmatch(key):
            plain[key] = value
    for path, value in leaves(plain, words=words):
        if not _skipped(path):
            yield Sample(device, path, value, ts, _unit(path, body))


def _received(device: str, value: object, ts: int | None, words: Mapping[str, bool]) -> Iterator[Sample]:
    """The sub-devices of a bridge: keyed by address or name, or, with that omitted, one that the topic names."""
    if not isinstance(value, dict):
        return
    if any(isinstance(inner, dict) for inner in value.values()):
        for key, inner in value.items():
            if isinstance(inner, dict):
                yield from _sub_device(device, key, inner, ts, words)
    else:
        yield from _sub_device(device, "", value, ts, words)


def _sub_device(
    device: str, key: str, body: dict[str, Any], ts: int | None, words: Mapping[str, bool]
) -> Iterator[Sample]:
    name, address = body.get("Name"), _short(body.get("Device")) or _short(key)
    bridge, _, last = device.rpartition("/")
    of_topic = _short(last)
    if not isinstance(name, str) or not name:
        name = key if key and not _short(key) else ""
    if (of_topic and of_topic == (address or of_topic)) or (name and last == name):
        device, address = bridge, address or of_topic
    name = name or (f"0x{address}" if address else key)
    whole = f"{device}/{name}".strip("/")
    for path, value in leaves(body, words=words):
        if not _skipped(path) and not _NOT_READINGS.fullmatch(path):
            unit = _unit(path, {"TempUnit": "C", "PressureUnit": "hPa"} | body)
            yield Sample(whole, path, value, ts, unit)


def _short(text: object) -> str:
    """The digits of a short address, written with or without ``0x`` and an endpoint; empty for anything else."""
    found = _SHORT.fullmatch(text) if isinstance(text, str) else None
    return found.group(1).upper() if found else ""


def _skipped(path: str) -> bool:
    last = path.rpartition(".")[2]
    return last in _SKIPPED or last.endswith("Unit")


def _time(body: Mapping[str, Any]) -> int | None:
    if (ts := seconds(body.get("Epoch"))) is not None:
        return ts
    time = body.get("Time")
    if isinstance(time, str):
        return iso(time)
    ts = seconds(time)
    return milliseconds(time) if isinstance(time, int) and time > _MS_FROM else ts


def _unit(path: str, body: Mapping[str, Any]) -> str | None:
    """The sign of a value: from ``TempUnit`` and ``PressureUnit`` beside it, else what the sensor always sends."""
    if _PARTICLES.search(path):
        return "µg/m³"
    levels = [level for level in path.split(".") if not level.isdigit()]
    name = levels[-1] if levels else ""
    if levels[-2:-1] == ["Wifi"]:
        return {"RSSI": "%", "Signal": "dBm"}.get(name)
    if "ENERGY" in levels and name in _ENERGY:
        return _ENERGY[name]
    name = name if name in _UNITS else name.rstrip("0123456789")
    for names, key in ((_TEMPERATURES, "TempUnit"), (_PRESSURES, "PressureUnit")):
        if name in names:
            sign = body.get(key)
            return _SIGNS.get(sign, sign) if isinstance(sign, str) else None
    return _UNITS.get(name)

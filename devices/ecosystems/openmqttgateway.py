"""OpenMQTTGateway and Theengs Gateway: radio and Bluetooth messages as JSON, one topic per module.

Layout: ``<base>/<gateway>/<module>toMQTT[/<sender>]``, the base is ``home`` unless the user chose another. BTtoMQTT:
``id`` is the device, a Bluetooth address in upper case with colons (bare in the topic). RTL_433toMQTT: as rtl_433.
LORAtoMQTT: ``id``, if the node has one. CLIMAtoMQTT and other sensors on the gateway's own pins: the gateway,
``<sensor>.<key>``. SYStoMQTT: the gateway itself. ``<base>/presence/<gateway>`` (older: home_presence): an address and
its distance (m). 433, IR and alike send codes, ``commands/MQTTto…`` is for the gateway, ``LWT`` is online or offline
in any case. Older firmware sends numbers as text.
Sources: 1technophile/OpenMQTTGateway docs/use/ble.md, lora.md, sensors.md, rf.md; decoder.theengs.io.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from devices.ecosystems.base import Ecosystem, Message, Outcome, finite, iso, leaves, number, seconds
from devices.ecosystems.rtl_433 import device_of, readings_of
from devices.ecosystems.words import availability, json_object, looks_like_json, presence
from telemetry.decoded import Decoded, Sample
from telemetry.model import Refusal

_MODULE = re.compile(r"(\w+)toMQTT")
_PINS = {"CLIMA", "DHT", "ADC", "HTU", "HTU21", "BH1750", "TSL2561", "INA226", "BME280", "AHT", "HCSR04", "HCSR501"}
_ADDRESS = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]?){5}[0-9A-Fa-f]{2}")
_UUID = re.compile(r"[0-9A-Fa-f-]{32,36}")
_NAMES = {
    "name",
    "brand",
    "model",
    "model_id",
    "type",
    "mfid",
    "device",
    "message",
    "hex",
    "from",
    "to",
    "unit",
    "addr",
}
_SKIPPED = {"id", "major", "minor", "txpower", "UTCtime", "unixtime", "res"}
_SKIPPED_LIKE = re.compile(r"mac\w*|\w*data|\w*uuid")
_NOT_HERE = {"tele", "stat", "cmnd"}
"""Levels of Tasmota, whose will has the same leaf."""
_UNITS = {
    "tempc": "°C",
    "tempf": "°F",
    "hum": "%",
    "moi": "%",
    "batt": "%",
    "lux": "lx",
    "fer": "µS/cm",
    "volt": "V",
    "current": "A",
    "power": "W",
    "energy": "kWh",
    "pres": "hPa",
    "rssi": "dBm",
    "distance": "m",
    "co2": "ppm",
    "uptime": "s",
}


class OpenMqttGateway(Ecosystem):
    """Needs no memory: every message names its sender."""

    name: ClassVar[str] = "openmqttgateway"
    rank: ClassVar[int] = 61

    def message(self, message: Message) -> Outcome:
        """Decode an MQTT message."""
        levels, payload = message.topic.split("/"), message.payload
        if any(level.startswith("MQTTto") for level in levels):
            return Decoded()
        if levels[-1] == "LWT" and len(levels) > 1 and _NOT_HERE.isdisjoint(levels):
            online = availability(payload)
            return Decoded() if not payload else None if online is None else presence(levels[-2], online=online)
        if levels[-2:-1] in (["presence"], ["home_presence"]):
            return _seen(payload)
        for at, level in enumerate(levels[1:], 1):
            if module := _MODULE.fullmatch(level):
                return _module(module.group(1), levels[at - 1], levels[at + 1 :], payload)
        return None


def _module(module: str, gateway: str, rest: list[str], payload: bytes) -> Outcome:
    decode = _MODULES.get(module, _pins if module in _PINS else None)
    if decode is None or not payload.strip():
        return Decoded()
    body = json_object(payload)
    if isinstance(body, Refusal):
        return body
    return Decoded() if body is None else decode(gateway, rest, body)


def _bluetooth(gateway: str, rest: list[str], body: dict[str, Any]) -> Decoded:
    del gateway
    device = _address(body.get("id")) or _address(rest[0] if rest else None)
    if not device or "characteristic" in body:
        return Decoded()
    name = body.get("name")
    names = {device: name} if isinstance(name, str) and name else {}
    return Decoded(list(_readings(device, "", body)), names=names)


def _radio(gateway: str, rest: list[str], body: dict[str, Any]) -> Decoded:
    """A transmission; without a model it is the module's own state."""
    del gateway
    if not rest and "model" not in body:
        return Decoded()
    device = device_of(body) or "/".join(rest)
    samples = (
        one._replace(unit="dBm") if one.metric == "rssi" else one for one in readings_of(device, body, _time(body))
    )
    return Decoded(list(samples))


def _lora(gateway: str, rest: list[str], body: dict[str, Any]) -> Decoded:
    """A packet; a node without an id is unknown, and what the gateway heard is the gateway's."""
    if "rssi" not in body:
        return Decoded()
    device = _address(body.get("id")) or _address(rest[0] if rest else None)
    return Decoded(list(_readings(device, "", body) if device else _readings(gateway, "LORA", body)))


def _pins(gateway: str, rest: list[str], body: dict[str, Any]) -> Decoded:
    return Decoded(list(_readings(gateway, ".".join(rest), body)))


def _system(gateway: str, rest: list[str], body: dict[str, Any]) -> Decoded:
    del rest
    return Decoded([Sample(gateway, path, one, _time(body), _unit(path)) for path, one in leaves(_told(body))])


_MODULES: dict[str, Callable[[str, list[str], dict[str, Any]], Decoded]] = {
    "BT": _bluetooth,
    "RTL_433": _radio,
    "LORA": _lora,
    "SYS": _system,
}


def _seen(payload: bytes) -> Outcome:
    """The distance of a Bluetooth device, as Home Assistant's room presence takes it."""
    body = json_object(payload) if looks_like_json(payload) else None
    if not isinstance(body, dict) or not isinstance(body.get("id"), str) or finite(body.get("distance")) is None:
        return None
    return _bluetooth("", [], body)


def _address(text: object) -> str:
    """A Bluetooth or node address as it is shown, upper case with colons; other ids as they are."""
    if not isinstance(text, str):
        return ""
    if _ADDRESS.fullmatch(text):
        digits = text.replace(":", "").replace("-", "").upper()
        return ":".join(digits[at : at + 2] for at in range(0, 12, 2))
    return text.upper() if _UUID.fullmatch(text) else text


def _told(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: one for key, one in body.items() if key not in _SKIPPED and not _SKIPPED_LIKE.fullmatch(key)}


def _readings(device: str, above: str, body: dict[str, Any]) -> Iterator[Sample]:
    ts = _time(body)
    for key, one in _told(body).items():
        value = number(one) if isinstance(one, str) and key not in _NAMES else one
        for path, reading in leaves(value, f"{above}.{key}" if above else key):
            yield Sample(device, path, reading, ts, _unit(key))


def _time(body: Mapping[str, Any]) -> int | None:
    """The time of an optional stamp: UTC as text, or s since 1970."""
    ts = seconds(body.get("unixtime"))
    return iso(body.get("UTCtime"), utc=True) if ts is None else ts


def _unit(key: str) -> str | None:
    return _UNITS.get(key.rpartition(".")[2].rstrip("0123456789"), _UNITS.get(key))

"""ChirpStack v4: events of LoRaWAN devices by MQTT and by its HTTP integration, as JSON.

    application/ID/device/DEVEUI/event/up       {"time": …, "deviceInfo": {"deviceName": …, "devEui": …},
                                                 "object": {…}, "data": base64, "rxInfo": [{"rssi": …, "snr": …}]}
    application/ID/device/DEVEUI/event/status   {…, "margin": 14, "batteryLevel": 64.5, "externalPowerSource": false}
    …/event/join, ack, txack, log, location, integration, …/command/down     nothing
    [REGION/]gateway/EUI/event/stats, …                                      nothing: between gateways and ChirpStack
    POST …?event=up                             the same JSON

Device: the devEui, which stays; deviceName is what it is called. Metrics: the paths in object, which the codec of the
device profile makes, else what the device's codec here makes of data. A device on external power has no battery level.
A user may put levels before the topic. Messages of version 3 have the same topics and no deviceInfo: nothing is read.
Source: chirpstack/chirpstack-docs, integrations/events.md and mqtt.md.
"""

from __future__ import annotations

import re
from typing import Any

from devices.ecosystems.base import Ecosystem, Message, Outcome, Request, document, finite, iso
from devices.ecosystems.lorawan import uplink
from telemetry.decoded import Decoded, Sample
from telemetry.model import Reason, Refusal

_TOPIC = re.compile(r"(?:.+/)?application/[^/]+/device/([^/]+)/(?:event/([^/]+)|command/[^/]+)", re.DOTALL)
_GATEWAY = re.compile(r"(?:.+/)?gateway/[0-9a-fA-F]{16}/(event|state|command)/[^/]+", re.DOTALL)
_PATH = re.compile(r"(^|/)chirpstack(/|$)")


class ChirpStack(Ecosystem):
    """Events of ChirpStack."""

    name = "chirpstack-v4"
    rank = 25

    def message(self, message: Message) -> Outcome:
        """Decode an event of a device."""
        topic = _TOPIC.fullmatch(message.topic)
        if topic is None:
            return Decoded() if _GATEWAY.fullmatch(message.topic) else None
        if topic[2] not in ("up", "status") or not message.payload:
            return Decoded()
        body = document(message.payload)
        if isinstance(body, Refusal):
            return Refusal(body.code, f"{body.message} (in chirpstack.toml, the MQTT integration needs json=true)")
        return self._event(topic[2], body, topic[1])

    def request(self, request: Request) -> Outcome:
        """Decode an event of the HTTP integration."""
        ours = _PATH.search(request.path) is not None
        if request.method != "POST" or not (ours or (b'"deviceInfo"' in request.body and "event" in request.query)):
            return None
        event = request.query.get("event")
        if event is None:
            return Refusal(Reason.BAD_MESSAGE, "ChirpStack names the event in the query, as in ?event=up")
        if event not in ("up", "status"):
            return Decoded()
        body = document(request.body)
        if isinstance(body, Refusal):
            return body if ours else None
        info = body.get("deviceInfo")
        device = info.get("devEui") if isinstance(info, dict) else None
        if isinstance(device, str) and device:
            return self._event(event, body, device)
        return Refusal(Reason.BAD_MESSAGE, "deviceInfo.devEui is missing") if ours else None

    def _event(self, event: str, body: dict[str, Any], device: str) -> Decoded | Refusal:
        info = body.get("deviceInfo")
        if not isinstance(info, dict):
            return Decoded()
        ts = iso(body.get("time"))
        if event == "up":
            codec = self.codec(device)
            found = uplink(device, ts, body.get("object"), body.get("data"), body.get("rxInfo"), codec)
        else:
            found = _status(body, device, ts)
        called = info.get("deviceName")
        if isinstance(found, Decoded) and isinstance(called, str) and called:
            found.names[device] = called
        return found


def _status(body: dict[str, Any], device: str, ts: int | None) -> Decoded:
    known = {"margin": "dB", "batteryLevel": "%"}
    if body.get("externalPowerSource") is True or body.get("batteryLevelUnavailable") is True:
        del known["batteryLevel"]
    found = ((metric, finite(body.get(metric)), unit) for metric, unit in known.items())
    return Decoded([Sample(device, metric, value, ts, unit) for metric, value, unit in found if value is not None])

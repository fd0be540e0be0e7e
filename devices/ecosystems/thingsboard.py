"""ThingsBoard's device and gateway API, by MQTT and HTTP: for devices that were built to talk to ThingsBoard.

    v1/devices/me/telemetry        {"temperature": 42.5, …} or {"ts": 1741168000512, "values": {…}}, or a list of either
    v2/t, v2/t/j                   the same under its short names
    v1/gateway/telemetry           {"Lathe": [either, …], "Saw 2": […]}
    v1/gateway/connect, disconnect {"device": "Saw 2"}: it is there, it is gone
    POST /api/v1/TOKEN/telemetry   as v1/devices/me/telemetry
    attributes, rpc, claim, …      nothing

Device: whoever the credential belongs to (``owner``); the token is a secret and never a name. A gateway names its
devices. Metrics: the keys, joined by dots where they nest. ts is in ms; both ts and values must be there to mean that.
Source: thingsboard.github.io, _includes/docs/reference/mqtt-api.md, gateway-mqtt-api.md and http-api.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from devices.codecs import json_codec
from devices.ecosystems.base import Ecosystem, Message, Outcome, Request, document, leaves, milliseconds
from telemetry.decoded import Decoded, Sample
from telemetry.model import Reason, Refusal

_DEVICE = "v1/devices/me/"
_GATEWAY = "v1/gateway/"
_TELEMETRY = frozenset({_DEVICE + "telemetry", "v2/t", "v2/t/j"})
_PRESENCE = {_GATEWAY + "connect": True, _GATEWAY + "disconnect": False}
_PATH = re.compile(r"/api/v1/[^/]+/(telemetry|attributes|rpc|claim)(/.*)?", re.DOTALL)
_UNKNOWN = Refusal(
    Reason.UNKNOWN_DEVICE,
    "ThingsBoard's topic does not name the device, and this broker does not tell who sent it: send to"
    " telltale/DEVICE/readings or by HTTP to /api/v1/TOKEN/telemetry, or use the embedded broker ([mqtt] embedded)",
)
_NO_TOKEN = Refusal(Reason.UNKNOWN_DEVICE, "the path holds no token of a device")


class ThingsBoard(Ecosystem):
    """Devices and gateways that speak ThingsBoard's API."""

    name = "thingsboard"
    rank = 15

    def message(self, message: Message) -> Outcome:
        """Decode telemetry, and who is behind a gateway."""
        topic = message.topic
        if topic in _TELEMETRY:
            return _telemetry(message.payload, message.owner, _UNKNOWN)
        if not topic.startswith((_DEVICE, _GATEWAY)):
            return None
        if not message.payload or (topic not in _PRESENCE and topic != _GATEWAY + "telemetry"):
            return Decoded()
        body = document(message.payload)
        if isinstance(body, Refusal):
            return body
        if topic in _PRESENCE:
            device = body.get("device")
            named = isinstance(device, str) and device
            return Decoded(presence={str(device): _PRESENCE[topic]}) if named else Decoded()
        return Decoded([one for device, said in body.items() for one in _samples(device, said)])

    def request(self, request: Request) -> Outcome:
        """Decode telemetry that came by HTTP."""
        path = _PATH.fullmatch(request.path)
        if path is None:
            return None
        if request.method != "POST" or path[1] != "telemetry" or path[2] not in (None, "/"):
            return Decoded()
        return _telemetry(request.body, request.owner, _NO_TOKEN)


def _telemetry(payload: bytes, owner: str | None, unknown: Refusal) -> Decoded | Refusal:
    if not payload:
        return Decoded()
    if owner is None:
        return unknown
    body = json_codec.decode(payload)
    if isinstance(body, Refusal):
        return body
    if not isinstance(body, dict | list):
        return Refusal(Reason.BAD_MESSAGE, "telemetry is a JSON object or a list of them")
    return Decoded(list(_samples(owner, body)))


def _samples(device: str, said: object) -> Iterator[Sample]:
    for one in said if isinstance(said, list) else [said]:
        if not isinstance(one, dict):
            continue
        stamped = "ts" in one and isinstance(one.get("values"), dict)
        ts = milliseconds(one["ts"]) if stamped else None
        for metric, value in leaves(one["values"] if stamped else one):
            yield Sample(device, metric, value, ts)

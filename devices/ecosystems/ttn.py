"""The Things Stack v3 (The Things Network): uplinks of LoRaWAN devices by MQTT and by webhook, as the same JSON.

    v3/APPLICATION[@TENANT]/devices/DEVICE/up       {"end_device_ids": {"device_id": …}, "received_at": …,
                                                     "uplink_message": {"received_at": …, "decoded_payload": {…},
                                                     "frm_payload": base64, "rx_metadata": [{"rssi": …, "snr": …}]}}
    …/join, …/down/ack, …/service/data, …            nothing: what the network did, not what the device measured
    POST of that JSON, to any path                   told by its end_device_ids

Device: device_id. Metrics: the paths in decoded_payload, else what the device's codec makes of frm_payload. Time: when
the network received the uplink (ns, cut to ms), not when its servers passed it on. A simulated uplink is no reading.
Source: TheThingsIndustries/lorawan-stack-docs, integrations/data-formats and other-integrations/mqtt.
"""

from __future__ import annotations

import re
from typing import Any

from devices.ecosystems.base import Ecosystem, Message, Outcome, Request, document, iso
from devices.ecosystems.lorawan import uplink
from telemetry.decoded import Decoded
from telemetry.model import Reason, Refusal

_TOPIC = re.compile(r"v3/[^/]+/devices/([^/]+)/(.+)", re.DOTALL)
_PATH = re.compile(r"(^|/)(ttn|tts|thethings\w*)(/|$)")


class TheThingsStack(Ecosystem):
    """Uplinks of The Things Stack."""

    name = "ttn-v3"
    rank = 20

    def message(self, message: Message) -> Outcome:
        """Decode an event of a device."""
        topic = _TOPIC.fullmatch(message.topic)
        if topic is None:
            return None
        if topic[2] != "up" or not message.payload:
            return Decoded()
        body = document(message.payload)
        return body if isinstance(body, Refusal) else self._uplink(body, topic[1])

    def request(self, request: Request) -> Outcome:
        """Decode a webhook."""
        ours = _PATH.search(request.path) is not None
        if request.method != "POST" or not (ours or b'"end_device_ids"' in request.body):
            return None
        body = document(request.body)
        if isinstance(body, Refusal):
            return body if ours else None
        ids = body.get("end_device_ids")
        device = ids.get("device_id") if isinstance(ids, dict) else None
        if isinstance(device, str) and device:
            return self._uplink(body, device)
        return Refusal(Reason.BAD_MESSAGE, "end_device_ids.device_id is missing") if ours else None

    def _uplink(self, body: dict[str, Any], device: str) -> Decoded | Refusal:
        sent = body.get("uplink_message")
        if not isinstance(sent, dict) or body.get("simulated") is True:
            return Decoded()
        ts = iso(sent.get("received_at")) or iso(body.get("received_at"))
        values, frame, gateways = (sent.get(key) for key in ("decoded_payload", "frm_payload", "rx_metadata"))
        return uplink(device, ts, values, frame, gateways, self.codec(device))

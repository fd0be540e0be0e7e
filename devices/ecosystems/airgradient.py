"""AirGradient ONE and Open Air: the answers of their local server, which a poller asks, and the same by MQTT.

    GET http://HOST/measures/current        {"serialno": "ecda3b1e0b21", "wifi": -53, "rco2": 655, "atmp": 22.41, …}
    airgradient/readings/SERIAL             the same; older firmware leaves serialno out

Device: the serial number, which may be made of digits only. Metrics: the fields as they are named; an Open Air with two
sensors adds ``channels.1.pm02``. What a broken or missing sensor has is null or absent. There is no time. The counter
of measurements (boot, bootCount) and what the display shows are no readings.
Source: airgradienthq/arduino, docs/local-server.md and src/AgValue.cpp.
"""

from __future__ import annotations

import re
from typing import Any

from devices.ecosystems.base import Ecosystem, Message, Outcome, Request, document, leaves
from telemetry.decoded import Decoded, Sample
from telemetry.model import Refusal

PATH = "/measures/current"
_TOPIC = re.compile(r"airgradient/readings/([^/]+)")
_ABOUT = frozenset({"serialno", "boot", "bootCount", "monitorDisplayCompensatedValues"})
_UNITS = {
    "wifi": "dBm",
    "rco2": "ppm",
    "pm01": "µg/m³",
    "pm02": "µg/m³",
    "pm10": "µg/m³",
    "pm01Standard": "µg/m³",
    "pm02Standard": "µg/m³",
    "pm10Standard": "µg/m³",
    "pm02Compensated": "µg/m³",
    "atmp": "°C",
    "atmpCompensated": "°C",
    "rhum": "%",
    "rhumCompensated": "%",
}


class AirGradient(Ecosystem):
    """Air monitors of AirGradient."""

    name = "airgradient"
    rank = 20

    def message(self, message: Message) -> Outcome:
        """Decode what a monitor publishes."""
        topic = _TOPIC.fullmatch(message.topic)
        if topic is None:
            return None
        return _measures(message.payload, topic[1]) if message.payload else Decoded()

    def request(self, request: Request) -> Outcome:
        """Decode the answer to a poll."""
        if request.method != "GET" or request.path != PATH or not request.host:
            return None
        return _measures(request.body, request.host)


def _measures(payload: bytes, otherwise: str) -> Decoded | Refusal:
    """The readings of a monitor; ``otherwise`` is its name where it does not say its serial number."""
    body = document(payload)
    if isinstance(body, Refusal):
        return body
    device = str(body.get("serialno") or otherwise)
    measured: dict[str, Any] = {key: value for key, value in body.items() if key not in _ABOUT}
    return Decoded(
        [Sample(device, path, one, None, _UNITS.get(path.rpartition(".")[2])) for path, one in leaves(measured)]
    )

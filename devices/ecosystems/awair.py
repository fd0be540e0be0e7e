"""Awair: the local API of its air monitors, which a poller asks.

    GET http://HOST/air-data/latest     {"timestamp": "2025-03-05T10:40:11.431Z", "score": 91, "temp": 21.35, …}

Device: the host that was asked, because the answer names none. Metrics: the fields as they are named; models differ in
what they have. timestamp is the device's clock. The switch for it is in the app: device, Awair APIs, Local API.
Source: docs.rs awair-local-api (fields and units), Awair's support page of the Local API feature.
"""

from __future__ import annotations

from devices.ecosystems.base import Ecosystem, Outcome, Request, document, iso, leaves
from telemetry.decoded import Decoded, Sample
from telemetry.model import Refusal

PATH = "/air-data/latest"
_UNITS = {
    "temp": "°C",
    "dew_point": "°C",
    "humid": "%",
    "abs_humid": "g/m³",
    "co2": "ppm",
    "co2_est": "ppm",
    "voc": "ppb",
    "pm25": "µg/m³",
    "pm10": "µg/m³",
    "pm10_est": "µg/m³",
    "lux": "lx",
    "spl_a": "dB",
}


class Awair(Ecosystem):
    """Air monitors of Awair."""

    name = "awair"

    def request(self, request: Request) -> Outcome:
        """Decode the answer to a poll."""
        if request.method != "GET" or request.path != PATH or not request.host:
            return None
        body = document(request.body)
        if isinstance(body, Refusal):
            return body
        ts = iso(body.pop("timestamp", None))
        return Decoded([Sample(request.host, metric, one, ts, _UNITS.get(metric)) for metric, one in leaves(body)])

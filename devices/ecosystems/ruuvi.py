"""Ruuvi Gateway: what Ruuvi's sensors advertise, passed on by MQTT and by HTTP.

    PREFIX/GATEWAY/TAG         {"gw_mac": …, "rssi": -26, "ts": "1741170000", "data": "0201061BFF990405…", …}
    PREFIX/GATEWAY/gw_status   {"state": "online"} or {"state": "offline"}, retained; also the gateway's last will
    POST                       {"data": {"gw_mac": …, "tags": {TAG: {"rssi": …, "timestamp": "1741170060", "data": …}}}}

PREFIX is ``ruuvi`` unless a user has changed it; GATEWAY and TAG are addresses, ``F0:9A:12:7B:44:01``. data is the
advertisement in hexadecimal (``devices.codecs.ruuvi``); where the gateway decodes itself there is none, and the values
stand beside ts under its own names. Times are text, in seconds; a gateway without a clock sends a counter instead.
Advertisements of other makers are nothing. A sensor that sends format E1 also sends 6, its short form: that is left.
Source: ruuvi/docs, ruuvi-gateway-firmware/data-formats; names of decoded values: its GET /history.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from devices.codecs import ruuvi
from devices.ecosystems.base import Ecosystem, Message, Outcome, Request, document, finite, no_codec, number, seconds
from devices.ecosystems.bounded import Bounded
from telemetry.decoded import BadPart, Decoded, Sample
from telemetry.model import Reason, Refusal

TAGS_MAX = 10_000
"""Sensors of which it is remembered that they send format E1."""
_ADDRESS = re.compile(r"([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}")
_ROOT = "ruuvi"
_STATUS = "gw_status"
_STATES = {"online": True, "offline": False}
_PATH = re.compile(r"(^|/)ruuvi(/|$)")
_DECODED = {
    "temperature": ("temperature", "°C"),
    "humidity": ("humidity", "%"),
    "pressure": ("pressure", "Pa"),
    "accelX": ("acceleration_x", "g"),
    "accelY": ("acceleration_y", "g"),
    "accelZ": ("acceleration_z", "g"),
    "voltage": ("battery_voltage", "V"),
    "txPower": ("tx_power", "dBm"),
    "movementCounter": ("movement_counter", None),
    "measurementSequenceNumber": ("measurement_sequence", None),
    "PM1.0": ("pm1_0", "µg/m³"),
    "PM2.5": ("pm2_5", "µg/m³"),
    "PM4.0": ("pm4_0", "µg/m³"),
    "PM10.0": ("pm10_0", "µg/m³"),
    "CO2": ("co2", "ppm"),
    "VOC": ("voc", None),
    "NOx": ("nox", None),
    "luminosity": ("luminosity", "lx"),
}
"""What the gateway calls a value that it has decoded -> metric and unit, as the codec has them."""


class Ruuvi(Ecosystem):
    """Sensors behind a Ruuvi Gateway."""

    name = "ruuvi"
    rank = 30

    def __init__(self, codec: Callable[[str], str | None] = no_codec) -> None:
        super().__init__(codec)
        self._extended: Bounded[str, bool] = Bounded(TAGS_MAX)

    def message(self, message: Message) -> Outcome:
        """Decode an advertisement, or the state of the gateway."""
        levels = message.topic.split("/")
        ours = levels[0] == _ROOT and len(levels) == 3
        leaf = levels[-1]
        if len(levels) < 2 or not (leaf == _STATUS or _ADDRESS.fullmatch(leaf)):
            return None
        if not message.payload:
            return Decoded() if ours else None
        body = document(message.payload)
        if isinstance(body, Refusal):
            return body if ours else None
        if leaf == _STATUS and (ours or _ADDRESS.fullmatch(levels[-2])):
            online = _STATES.get(str(body.get("state")))
            return Decoded() if online is None else Decoded(presence={levels[-2]: online})
        if not ours and not ("gw_mac" in body and ("data" in body or "dataFormat" in body)):
            return None
        try:
            return Decoded(self._advertisement(leaf, body, body.get("ts")))
        except ValueError as error:
            return Refusal(Reason.BAD_MESSAGE, f"data: {error}")

    def request(self, request: Request) -> Outcome:
        """Decode a list of sensors; a broken one leaves the others."""
        ours = _PATH.search(request.path) is not None
        if request.method != "POST" or not (ours or (b'"gw_mac"' in request.body and b'"tags"' in request.body)):
            return None
        body = document(request.body)
        if isinstance(body, Refusal):
            return body if ours else None
        data = body.get("data")
        tags = data.get("tags") if isinstance(data, dict) else None
        if not isinstance(tags, dict):
            return Decoded() if ours else None
        found = Decoded()
        for index, (tag, one) in enumerate(tags.items(), 1):
            try:
                found.samples += self._advertisement(tag, one, one.get("timestamp")) if isinstance(one, dict) else ()
            except ValueError as error:
                found.bad.append(BadPart(index, f"{tag}: {error}", Reason.BAD_MESSAGE))
            found.lines += [index] * (len(found.samples) - len(found.lines))
        return found

    def _advertisement(self, tag: str, body: dict[str, Any], stamp: object) -> list[Sample]:
        """The readings of one advertisement. Raises ValueError if it is broken."""
        data = body.get("data")
        fields = _named(body) if data is None else self._fields(tag, data)
        if not fields:
            return []
        rssi = finite(body.get("rssi"))
        if rssi is not None and not isinstance(rssi, bool):
            fields.append(ruuvi.Field("rssi", rssi, "dBm"))
        ts = seconds(number(stamp) if isinstance(stamp, str) else stamp)
        return [Sample(tag, one.metric, one.value, ts, one.unit) for one in fields]

    def _fields(self, tag: str, data: object) -> list[ruuvi.Field]:
        if not isinstance(data, str):
            raise ValueError("it is not hexadecimal text")  # noqa: TRY004 - whoever sends it hears one kind of error
        raw = ruuvi.manufacturer_data(bytes.fromhex(data))
        if not raw:
            return []
        if raw[0] == 0xE1:
            self._extended[tag] = True
        elif raw[0] == 0x06 and tag in self._extended:
            return []
        return ruuvi.decode(raw) or []


def _named(body: dict[str, Any]) -> list[ruuvi.Field]:
    """What a gateway has decoded."""
    found = ((metric, finite(body.get(key)), unit) for key, (metric, unit) in _DECODED.items())
    return [ruuvi.Field(metric, value, unit) for metric, value, unit in found if value is not None]

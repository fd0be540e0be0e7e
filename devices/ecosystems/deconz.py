"""deCONZ: events of a Zigbee gateway (ConBee, RaspBee, Phoscon), which a poller hears over the gateway's WebSocket.

    {"t": "event", "e": "changed", "r": "sensors", "id": "7", "uniqueid": "00:15:8d:00:02:aa:bb:cc-01-0402",
     "state": {"lastupdated": "2025-03-05T10:30:00.560", "temperature": 2154}}
    {…, "config": {"battery": 87, "reachable": true, …}}      battery, and whether the device can be reached
    {…, "attr": {"name": "Attic", …}}                         what it is called
    {"e": "added"|"deleted"|"scene-called", …}, groups        nothing

Device: the address at the beginning of uniqueid, because one device has several ids; a virtual sensor has none, and is
called by all of it. Metrics: the keys of state. temperature, floortemperature, humidity and moisture come in
hundredths, consumption in Wh. lastupdated is UTC without saying so; config and lights have no time.
Source: pydeconz 115, models (names and scales); frames in public logs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from devices.ecosystems.base import Ecosystem, Outcome, Request, document, finite, iso, leaves
from telemetry.decoded import Decoded, Sample
from telemetry.model import Refusal

_ADDRESS = re.compile(r"((?:[0-9a-fA-F]{2}:){5,7}[0-9a-fA-F]{2})(?:-.*)?", re.DOTALL)
_KNOWN = {
    "temperature": (100, "°C"),
    "floortemperature": (100, "°C"),
    "humidity": (100, "%"),
    "moisture": (100, "%"),
    "consumption": (1000, "kWh"),
    "power": (1, "W"),
    "voltage": (1, "V"),
    "current": (1, "mA"),
    "pressure": (1, "hPa"),
    "lux": (1, "lx"),
    "battery": (1, "%"),
    "valve": (1, None),
    "airqualityppb": (1, "ppb"),
    "airquality_co2_density": (1, "ppm"),
    "pm2_5": (1, "µg/m³"),
}
"""Key of state -> what it is divided by, and the unit then."""


class Deconz(Ecosystem):
    """Devices behind a deCONZ gateway."""

    name = "deconz"

    def request(self, request: Request) -> Outcome:
        """Decode one frame of the WebSocket."""
        if request.method != "WS":
            return None
        event = document(request.body)
        if isinstance(event, Refusal):
            return event
        unique = event.get("uniqueid")
        if event.get("t") != "event" or event.get("e") != "changed" or not isinstance(unique, str) or not unique:
            return Decoded()
        if event.get("r") not in ("sensors", "lights"):
            return Decoded()
        address = _ADDRESS.fullmatch(unique)
        return _changed(event, address[1] if address else unique)


def _changed(event: dict[str, Any], device: str) -> Decoded:
    state, config, about = ({} if not isinstance(one := event.get(key), dict) else one for key in _PARTS)
    found = Decoded(list(_state(state, device)))
    battery = finite(config.get("battery"))
    if battery is not None:
        found.samples.append(Sample(device, "battery", battery, None, "%"))
    for part in (config, state):
        if isinstance(reachable := part.get("reachable"), bool):
            found.presence[device] = reachable
    if isinstance(called := about.get("name"), str) and called:
        found.names[device] = called
    return found


_PARTS = ("state", "config", "attr")


def _state(state: dict[str, Any], device: str) -> Iterator[Sample]:
    ts = iso(state.get("lastupdated"), utc=True)
    for metric, value in leaves({key: one for key, one in state.items() if key not in ("reachable", "lastupdated")}):
        scale, unit = _KNOWN.get(metric, (1, None))
        yield Sample(device, metric, value / scale if scale != 1 else value, ts, unit)

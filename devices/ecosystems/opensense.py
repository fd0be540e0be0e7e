"""openSenseMap boxes (senseBox) and airRohr (Sensor.Community) sensors, over HTTP.

Sources: docs.opensensemap.org "Measurements"; opendata-stuttgart/sensors-software. ``POST /boxes/BOX/SENSOR``
``{"value", "createdAt"?}``; ``POST /boxes/BOX/data``: a JSON list of ``{"sensor", "value", "createdAt"?}``, a JSON
object ``{SENSOR: value | [value, time?, place?]}``, CSV ``sensor,value[,time[,lon,lat[,height]]]``, or bytes: records
of a 12 byte id and a little-endian float32, for ``application/sbx-bytes-ts`` with a uint32 of seconds as well. Any
path: ``{"esp8266id", "sensordatavalues": [{"value_type", "value"}]}`` of airRohr. Numbers may be texts. Device: that
of the credential, else the box or ``esp8266-ID``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from devices.codecs import json_codec
from devices.ecosystems.base import Ecosystem, Outcome, Request, finite, iso, number, seconds, text_of
from telemetry.decoded import BadPart, Decoded, Sample
from telemetry.model import Reason, Refusal

RECORDS = {"application/sbx-bytes": struct.Struct("<12sf"), "application/sbx-bytes-ts": struct.Struct("<12sfI")}
IDS = ("esp8266id", "espid", "raspiid", "chipid")
"""Members of airRohr's JSON that say which board it is."""
ENDINGS = {"temperature": "°C", "humidity": "%", "pressure": "Pa", "P0": "µg/m³", "P1": "µg/m³", "P2": "µg/m³",
           "P4": "µg/m³", "signal": "dBm", "noise_LAeq": "dB(A)", "lat": "°", "lon": "°", "height": "m"}  # fmt: skip
"""Units of airRohr's values, by the last part of their names."""


class OpenSense(Ecosystem):
    """Uploads of senseBoxes and of airRohr boards."""

    name = "opensense"
    rank = 40

    def request(self, request: Request) -> Outcome:
        """An upload to /boxes/…, or airRohr's JSON on any path."""
        if request.method != "POST":
            return None
        parts = request.path.strip("/").split("/")
        if len(parts) >= 2 and parts[-3:-2] == ["boxes"]:
            return _box(request, request.owner or parts[-2], parts[-1])
        if b'"sensordatavalues"' not in request.body:
            return None
        return _airrohr(request)


def _box(request: Request, device: str, last: str) -> Decoded | Refusal:
    kind = request.content_type
    if last == "data" and kind in RECORDS:
        return _records(request.body, device, RECORDS[kind])
    if last == "data" and kind == "text/csv":
        return _csv(request.body, device)
    value = json_codec.decode(request.body)
    if isinstance(value, Refusal):
        return value
    if isinstance(value, dict) and isinstance(value.get("sensordatavalues"), list):
        return _values(value["sensordatavalues"], device)
    found = Decoded()
    if last != "data":
        if not isinstance(value, dict) or "value" not in value:
            return Refusal(Reason.BAD_MESSAGE, 'a measurement is {"value": …, "createdAt": …}')
        _put(found, 1, device, last, value["value"], iso(value.get("createdAt")))
    elif isinstance(value, list | dict):
        for at, (sensor, one, time) in enumerate(_measurements(value), 1):
            if isinstance(sensor, str) and sensor:
                _put(found, at, device, sensor, one, iso(time))
            else:
                found.bad.append(BadPart(at, "a measurement without its sensor"))
    else:
        return Refusal(Reason.BAD_MESSAGE, "measurements are a list or an object")
    return found


def _measurements(value: list[Any] | dict[str, Any]) -> Iterator[tuple[object, object, object]]:
    """(sensor, value, time) of both forms of JSON."""
    if isinstance(value, dict):
        for sensor, one in value.items():
            parts = one if isinstance(one, list) else [one]
            yield sensor, parts[0] if parts else None, parts[1] if len(parts) > 1 else None
        return
    for one in value:
        if isinstance(one, dict):
            yield one.get("sensor", one.get("sensor_id")), one.get("value"), one.get("createdAt")
        else:
            yield None, None, None


def _csv(body: bytes, device: str) -> Decoded | Refusal:
    text = text_of(body)
    if text is None:
        return Refusal(Reason.BAD_MESSAGE, "the body is not UTF-8")
    found = Decoded()
    for line, row in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in row.split(",")]
        if not row.strip():
            continue
        if len(cells) < 2 or not cells[0]:
            found.bad.append(BadPart(line, "a row is sensor,value[,time[,longitude,latitude[,height]]]"))
            continue
        _put(found, line, device, cells[0], cells[1], iso(cells[2]) if len(cells) > 2 else None)
    return found


def _records(body: bytes, device: str, record: struct.Struct) -> Decoded | Refusal:
    if not body or len(body) % record.size:
        return Refusal(Reason.BAD_MESSAGE, f"the body is records of {record.size} bytes")
    found = Decoded()
    for line, (sensor, value, *time) in enumerate(record.iter_unpack(body), 1):
        _put(found, line, device, sensor.hex(), value, seconds(time[0]) if time else None)
    return found


def _airrohr(request: Request) -> Decoded | Refusal | None:
    value = json_codec.decode(request.body)
    if isinstance(value, Refusal):
        return value
    if not isinstance(value, dict) or not isinstance(value.get("sensordatavalues"), list):
        return None
    board = next((str(value[key]) for key in IDS if isinstance(value.get(key), str | int)), "")
    header = request.headers.get("x-sensor", "") or request.headers.get("sensor", "")
    device = request.owner or (f"esp8266-{board}" if board else header)
    if not device:
        return Refusal(Reason.BAD_MESSAGE, "it does not say which board it is (esp8266id)")
    return _values(value["sensordatavalues"], device)


def _values(values: list[Any], device: str) -> Decoded:
    """The list ``sensordatavalues`` of airRohr, which openSenseMap takes as well."""
    found = Decoded()
    for at, one in enumerate(values, 1):
        if isinstance(one, dict) and isinstance(name := one.get("value_type"), str) and name:
            _put(found, at, device, name, one.get("value"), None, _unit(name))
        else:
            found.bad.append(BadPart(at, "a value without value_type"))
    return found


def _unit(name: str) -> str | None:
    return next((unit for end, unit in ENDINGS.items() if name == end or name.endswith(f"_{end}")), None)


def _put(
    found: Decoded, line: int, device: str, metric: str, value: object, ts: int | None, unit: str | None = None
) -> None:
    reading = number(value) if isinstance(value, str) else finite(value)
    if reading is not None:
        found.samples.append(Sample(device, metric, reading, ts, unit))
        found.lines.append(line)
    elif isinstance(value, str) and value.strip().lower() not in ("", "nan", "null", "inf", "-inf"):
        found.bad.append(BadPart(line, "the value is no number"))

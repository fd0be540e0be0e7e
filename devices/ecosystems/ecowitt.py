"""Weather stations that upload as to Ecowitt ("customized" upload) or to Weather Underground.

Sources: home-assistant-libs/aioecowitt (fields), the PWS upload protocol of wunderground.com. Ecowitt: a form posted
to ``/data/report/``; Ambient sends the same as a query. Weather Underground: ``GET …/updateweatherstation.php?ID=``.
Every field that is a number is a reading under its own name; "", ``--`` and -9999 are sensors that are not there.
``dateutc`` is UTC, ``now`` is arrival. Device: that of the credential, else PASSKEY or ID. PASSKEY and PASSWORD are
secrets: the model is the name that is shown.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl

from devices.ecosystems.base import Ecosystem, Outcome, Request, iso, number, text_of
from telemetry.decoded import Decoded, Sample
from telemetry.model import Reason, Refusal

REPORT: Final = "/data/report"
UPDATE: Final = "/updateweatherstation.php"
FIELDS_MAX: Final = 1_000
MISSING: Final = -9999.0
SKIPPED: Final = frozenset(
    {"passkey", "password", "id", "token", "dateutc", "date", "model", "freq", "stationtype", "softwaretype", "action",
     "interval", "realtime", "rtfreq", "weather", "clouds", "mac", "name"}
)  # fmt: skip
"""Fields, in lower case, that say who sends and how."""
UNITS: Final = tuple(
    (re.compile(pattern), unit)
    for pattern, unit in (
        (r"(indoor)?temp.*f|tf_.*|(dewpt|dewpoint|windchill|heatindex|feelslike|soiltemp)\w*f\d*|(wbgt|bgt)f?", "°F"),
        (r"(indoor|feelslike)?temp.*c|tf_\w*c", "°C"),
        (r"(indoor)?humi(dity)?(in|\d+)?|humi_.*|soilmoisture\d*|leafwetness(_ch)?\d*", "%"),
        (r"barom\w*in", "inHg"),
        (r"barom\w*hpa", "hPa"),
        (r"windsp\w*mph\w*|windgustmph\w*|maxdailygust", "mph"),
        (r"windsp\w*kmh\w*|windgustkmh\w*", "km/h"),
        (r"wind(gust)?dir\w*", "°"),
        (r"rainratein|rrain_piezo", "in/h"),
        (r"\w*rainin|[a-z0-9]+rain_piezo", "in"),
        (r"\w*rainmm", "mm"),
        (r"solarradiation", "W/m²"),
        (r"pm(1|25|4|10)_.*|aqpm.*", "µg/m³"),
        (r"co2(in)?(_24h)?|co2in_24h", "ppm"),
        (r"lightning", "km"),
        (r"\w*volt", "V"),
    )
)
"""Units by the names of fields, in lower case; the first that fits."""
_TIME = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})[ T](\d{1,2}):(\d{1,2}):(\d{1,2})", re.ASCII)


class Ecowitt(Ecosystem):
    """Uploads of Ecowitt, Ambient and Weather Underground stations."""

    name = "ecowitt"
    rank = 40

    def request(self, request: Request) -> Outcome:
        """One upload."""
        path = request.path.rstrip("/")
        if path.endswith(UPDATE):
            who = "ID"
        elif path == REPORT or path.startswith(REPORT + "/"):
            who = "PASSKEY"
        else:
            return None
        fields = _fields(request)
        if isinstance(fields, Refusal):
            return fields
        device = request.owner or fields.get(who, "").strip()
        if not device:
            return Refusal(Reason.BAD_MESSAGE, f"{who} is missing: it does not say which station it is")
        found = Decoded()
        ts = _time(fields.get("dateutc", ""))
        for name, text in fields.items():
            lower = name.lower()
            if lower in SKIPPED or lower.endswith("_ver") or not name:
                continue
            value = number(text)
            if value is not None and value != MISSING:
                found.samples.append(Sample(device, name, value, ts, _unit(lower)))
        if model := fields.get("model") or fields.get("stationtype"):
            found.names[device] = model
        return found


def _fields(request: Request) -> dict[str, str] | Refusal:
    """What the station says, of the query and the form."""
    text = text_of(request.body)
    if text is None:
        return Refusal(Reason.BAD_MESSAGE, "the form is not UTF-8")
    try:
        form = parse_qsl(text.strip(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        return Refusal(Reason.BAD_MESSAGE, "too many fields")
    return {name.lstrip("&?"): value for name, value in (*request.query.items(), *form)}


def _time(text: str) -> int | None:
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return iso(text, utc=True)
    year, *rest = found.groups()
    month, day, hour, minute, second = (one.zfill(2) for one in rest)
    return iso(f"{year}-{month}-{day}T{hour}:{minute}:{second}", utc=True)


def _unit(name: str) -> str | None:
    return next((unit for pattern, unit in UNITS if pattern.fullmatch(name)), None)

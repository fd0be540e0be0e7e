"""OwnTracks, the location app: MQTT and its HTTP mode.

Layout: JSON with ``_type``. ``location``: lat, lon, alt (m), acc, vac (m), batt (%), vel (km/h), cog (°), p (kPa), tst
(s, time of the fix); ``steps`` (or ``step``): steps, distance (m), tst; ``lwt``: the app lost the broker; ``card``: a
name. Other messages hold no readings. MQTT: topic ``owntracks/<user>/<device>``, steps and cards one level below; the
first level is the user's to choose, then the shape of the message tells. HTTP: POST to ``…/pub`` or ``…/owntracks``, or
anywhere with both names; user and device come from the query (u, d), from the headers X-Limit-U and X-Limit-D, or from
the message's ``topic``. Source: owntracks.org, booklet, tech/json and tech/http.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from devices.codecs import json_codec
from devices.ecosystems.base import Ecosystem, Message, Outcome, Request, finite, seconds
from telemetry.decoded import Decoded, Sample
from telemetry.model import Reason, Refusal

ROOT = "owntracks"
LOCATION: Mapping[str, str | None] = {
    "lat": "°",
    "lon": "°",
    "alt": "m",
    "acc": "m",
    "vac": "m",
    "batt": "%",
    "vel": "km/h",
    "cog": "°",
    "p": "kPa",
}
"""Metric of a location -> its unit."""
STEPS: Mapping[str, str | None] = {"steps": None, "distance": "m", "floorsup": None, "floorsdown": None}
UNITS = {"location": LOCATION, "steps": STEPS, "step": STEPS}
BELOW = {"event", "step", "steps", "info", "waypoint", "waypoints", "cmd", "beacon", "dump", "status", "request"}
"""Last levels that stand below the device's own topic."""


class OwnTracks(Ecosystem):
    """Positions of people and vehicles; holds no state."""

    name: ClassVar[str] = "owntracks"
    rank: ClassVar[int] = 40

    def message(self, message: Message) -> Outcome:
        """Decode a message of the app; below another root only a position or steps."""
        levels = message.topic.split("/")
        own = levels[0] == ROOT and len(levels) >= 3
        if not own and (len(levels) < 3 or b'"_type"' not in message.payload):
            return None
        if not message.payload:
            return Decoded()
        body = json_codec.decode(message.payload)
        if isinstance(body, Refusal):
            return body if own else None
        if not own and not _is_ours(body):
            return None
        device = levels[1:3] if own else (levels[:-1] if levels[-1] in BELOW else levels)[-2:]
        return _decoded("/".join(device), body)

    def request(self, request: Request) -> Outcome:
        """Decode a POST of the app's HTTP mode."""
        own = request.path.rstrip("/").rpartition("/")[2] in ("pub", ROOT)
        user = request.query.get("u") or request.headers.get("x-limit-u")
        device = request.query.get("d") or request.headers.get("x-limit-d")
        if request.method not in ("POST", "PUT") or not (own or (user and device and b'"_type"' in request.body)):
            return None
        body = json_codec.decode(request.body)
        if isinstance(body, Refusal):
            return body if own else None
        if not isinstance(body, dict) or "_type" not in body:
            return None
        topic = body.get("topic")
        if user and device:
            return _decoded(f"{user}/{device}", body)
        if isinstance(topic, str) and topic.count("/") >= 2:
            return _decoded("/".join(topic.split("/")[1:3]), body)
        if name := request.owner or device or user:
            return _decoded(name, body)
        return Refusal(Reason.BAD_MESSAGE, "no device: give user and device in the app, or ?u=USER&d=DEVICE")


def _is_ours(body: object) -> bool:
    """Whether the shape alone says that this is a position or a count of steps."""
    if not isinstance(body, dict) or "tst" not in body:
        return False
    return (body.get("_type") == "location" and "lat" in body and "lon" in body) or (
        body.get("_type") in ("steps", "step") and "steps" in body
    )


def _decoded(device: str, body: object) -> Decoded:
    found: Mapping[str, Any] = body if isinstance(body, dict) else {}
    kind = found.get("_type")
    if kind == "lwt":
        return Decoded(presence={device: False})
    if kind == "card" and isinstance(found.get("name"), str) and found["name"]:
        return Decoded(names={device: found["name"]})
    units = UNITS.get(kind, {}) if isinstance(kind, str) else {}
    ts = seconds(found.get("tst"))
    values = ((metric, finite(found.get(metric)), unit) for metric, unit in units.items())
    return Decoded([Sample(device, metric, value, ts, unit) for metric, value, unit in values if type(value) is float])

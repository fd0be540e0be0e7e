"""Adafruit IO's API, by MQTT and HTTP: for devices that were built to talk to io.adafruit.com.

    USER/feeds/KEY, USER/f/KEY             22.5
    …/json                                 {"value": "22.5", "lat": …, "lon": …, "ele": …, "created_at": …}
    …/csv                                  22.5,52.1,4.9,3.0
    USER/groups/KEY, USER/g/KEY [/json]    {"feeds": {"temperature": "20.5", …}, "location": {…}}
    …/csv                                  a line "temperature,20.5" for each feed
    POST /api/v2/USER/feeds/KEY/data       {"value": …, "created_at": "2025-03-05T09:50:00Z"}, or "datum" around it
    POST …/feeds/KEY/data/batch            a list of those, or "data" around it
    POST …/groups/KEY/feeds/FEED/data      the same
    POST /api/v2/USER/groups/KEY/data      {"feeds": [{"key": "temperature", "value": …}], "created_at": …}
    …/get, USER/throttle, USER/errors      nothing

Device and metric: of the key GROUP.FEED the group and the feed; a feed without group is a metric of the user. Values
are text: a number counts if all of it is one, and ON and OFF are what a toggle of Adafruit's dashboards writes. Where a
device is (lat, lon, ele, location) is no reading. Only the long names are Adafruit's alone: under ``f`` and ``g`` a
JSON object without value or feeds is someone else's.
Source: adafruit-io 3.0.0 (mqtt_client.py, client.py, model.py), the documentation of API v2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from devices.codecs import json_codec
from devices.ecosystems.base import (
    Ecosystem,
    Message,
    Outcome,
    Request,
    document,
    finite,
    iso,
    number,
    seconds,
    text_of,
)
from telemetry.decoded import BadPart, Decoded, Sample
from telemetry.model import Reason, Refusal

_TOPIC = re.compile(r"([^/]+)/(feeds|f|groups|g)/([^/]+)(?:/([^/]+))?")
_SERVICE = re.compile(r"[^/]+/(throttle|errors)")
_PATH = re.compile(r"/api/v2/([^/]+)/(feeds|groups)/([^/]+)(?:/feeds/([^/]+))?/data(?:/batch)?")
_SWITCH = {"ON": True, "OFF": False}


class AdafruitIO(Ecosystem):
    """Feeds and groups of Adafruit IO."""

    name = "adafruit-io"
    rank = 60

    def message(self, message: Message) -> Outcome:
        """Decode what a device publishes to a feed or a group."""
        topic = _TOPIC.fullmatch(message.topic)
        text = text_of(message.payload)
        if topic is None:
            spoken = _SERVICE.fullmatch(message.topic) and text is not None and number(text) is None
            return Decoded() if spoken else None
        user, kind, key, form = topic.groups()
        sure = kind in ("feeds", "groups")
        if form == "get" or not message.payload:
            return Decoded() if sure or form == "get" else None
        if text is None:
            return Refusal(Reason.BAD_MESSAGE, "not valid UTF-8") if sure else None
        if kind in ("groups", "g"):
            return _group_message(key, form, text, sure=sure)
        return _feed_message(_named(user, key), form, text, sure=sure)

    def request(self, request: Request) -> Outcome:
        """Decode what a device posts to a feed or a group."""
        path = _PATH.fullmatch(request.path)
        if path is None or request.method not in ("POST", "PUT"):
            return None
        user, kind, key, feed = path.groups()
        body = json_codec.decode(request.body)
        if isinstance(body, Refusal):
            return body
        if kind == "groups" and feed is None:
            return Decoded(list(_group(key, body))) if isinstance(body, dict) else _not_an_object()
        if isinstance(body, dict):
            body = next((body[one] for one in ("datum", "data") if isinstance(body.get(one), dict | list)), body)
        device, metric = _named(user, key) if feed is None else (key, feed.removeprefix(f"{key}."))
        points = body if isinstance(body, list) else [body]
        return Decoded([one for point in points for one in _point(device, metric, point)])


def _not_an_object() -> Refusal:
    return Refusal(Reason.BAD_MESSAGE, "a JSON object is expected")


def _named(user: str, key: str) -> tuple[str, str]:
    """(device, metric) of a feed's key."""
    group, _, feed = key.partition(".")
    return (group, feed) if group and feed else (user, key)


def _feed_message(names: tuple[str, str], form: str | None, text: str, *, sure: bool) -> Outcome:
    if form not in (None, "json", "csv"):
        return None
    if form == "csv":
        return Decoded(_samples(*names, text.partition(",")[0], None))
    if form is None and not text.lstrip().startswith("{"):
        return Decoded(_samples(*names, text, None))
    body = document(text.encode())
    if isinstance(body, Refusal):
        return body if sure else None
    inner = body.get("data")
    point = inner if "value" not in body and isinstance(inner, dict) else body
    return Decoded(_point(*names, point)) if sure or "value" in point else None


def _group_message(key: str, form: str | None, text: str, *, sure: bool) -> Outcome:
    if form == "csv":
        return _lines(key, text)
    if form not in (None, "json"):
        # a feed of the group, as the broker passes it on to subscribers of the group
        return Decoded(_samples(key, form, text, None)) if sure else None
    body = document(text.encode())
    if isinstance(body, Refusal):
        return body if sure else None
    return Decoded(list(_group(key, body))) if sure or "feeds" in body else None


def _lines(group: str, text: str) -> Decoded:
    found = Decoded()
    for index, line in enumerate(text.splitlines(), 1):
        feed, comma, rest = (part.strip() for part in line.partition(","))
        if feed and comma and feed != "location":
            found.samples += _samples(group, feed, rest.partition(",")[0], None)
        elif line.strip() and not comma:
            found.bad.append(BadPart(index, "a line is FEED,VALUE", Reason.BAD_MESSAGE))
        found.lines += [index] * (len(found.samples) - len(found.lines))
    return found


def _group(group: str, body: dict[str, Any]) -> Iterator[Sample]:
    ts = _time(body)
    feeds = body.get("feeds")
    if isinstance(feeds, dict):
        for feed, value in feeds.items():
            yield from _samples(group, feed.removeprefix(f"{group}."), value, ts)
    elif isinstance(feeds, list):
        for one in feeds:
            if isinstance(one, dict) and isinstance(feed := one.get("key"), str) and feed:
                yield from _samples(group, feed.removeprefix(f"{group}."), one.get("value"), _time(one) or ts)


def _point(device: str, metric: str, point: object) -> list[Sample]:
    """The reading of one data point; a bare value is one too."""
    if isinstance(point, dict):
        return _samples(device, metric, point.get("value"), _time(point))
    return _samples(device, metric, point, None)


def _time(point: dict[str, Any]) -> int | None:
    return iso(point.get("created_at")) or seconds(point.get("created_epoch"))


def _samples(device: str, metric: str, value: object, ts: int | None) -> list[Sample]:
    if isinstance(value, str):
        found = _SWITCH.get(value.strip()) if value.strip() in _SWITCH else number(value)
    else:
        found = finite(value)
    return [] if found is None else [Sample(device, metric, found, ts)]

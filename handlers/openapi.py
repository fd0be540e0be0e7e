"""``GET /api/openapi.json``: the HTTP API for machines, as OpenAPI 3.1. A test holds it against the routes.

The prose is in docs/protocol.md; what both say of a message, that page says in full.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from handlers.reading import ReadHandler
from telemetry import history
from telemetry.model import Kind, Reason

Schema = dict[str, Any]

INTEGER: Schema = {"type": "integer"}
TEXT: Schema = {"type": "string"}
NUMBERS: Schema = {"type": "array", "items": {"type": "number"}}
MS: Schema = {"type": "integer", "description": "Milliseconds since 1970 UTC."}
MAYBE_MS: Schema = {"type": ["integer", "null"], "description": "Milliseconds since 1970 UTC."}
VALUE: Schema = {"type": ["number", "boolean", "string"]}
TIME = "Milliseconds since 1970, ISO 8601 (UTC unless it names a zone), or relative: -6h, now, now-15m (ms s m h d w)."


class OpenApi(ReadHandler):
    """The HTTP API for machines, as OpenAPI 3.1."""

    async def answer(self) -> None:
        """Send it."""
        self.give(document())


def _object(properties: Schema, *, optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _query(name: str, text: str, schema: Schema, *, required: bool = False) -> Schema:
    return {"name": name, "in": "query", "description": text, "required": required, "schema": schema}


def _patterns() -> Schema:
    text = "A series name or a pattern, in which * stands for any characters; may be repeated. Default: all."
    return _query("series", text, _list(TEXT))


def _ok(text: str, schema: Schema, media: str = "application/json") -> Schema:
    return {"description": text, "content": {media: {"schema": schema}}}


def _operation(
    summary: str, answer: Schema, *, status: str = "200", errors: tuple[int, ...] = (), **more: Any
) -> Schema:
    refused = {str(code): {"$ref": "#/components/responses/Refused"} for code in (401, 403, 421, *errors)}
    return {"summary": summary, **more, "responses": {status: answer, **refused}}


def _history() -> Schema:
    columns = "float64 columns: 4-byte length of the header, JSON header, columns. See docs/protocol.md."
    answer = _ok(
        "By name; unknown series are absent.",
        _object({"series": {"type": "object", "additionalProperties": _ref("Columns")}}),
    )
    answer["content"]["application/octet-stream"] = {
        "schema": {"type": "string", "format": "binary", "description": columns}
    }
    points = {**INTEGER, "minimum": 1, "maximum": history.MAX_POINTS, "default": history.DEFAULT_POINTS}
    parameters = [
        _query(
            "series",
            "The name of a series; may be repeated.",
            {**_list(TEXT), "maxItems": history.MAX_SERIES},
            required=True,
        ),
        _query("from", f"Inclusive. {TIME} Default: an hour before `to`.", TEXT),
        _query("to", f"Exclusive. {TIME} Default: now.", TEXT),
        _query("points", "More readings than this are answered as buckets.", points),
    ]
    return _operation("Readings in a span of time, raw or in buckets", answer, errors=(400, 503), parameters=parameters)


def _read_paths() -> Schema:
    devices = _ok("Waiting ones are shown to operators only.", _object({"devices": _list(_ref("Device"))}))
    series = _ok("In order of creation.", _object({"series": _list(_ref("Series"))}))
    return {
        "/api/latest": {
            "get": _operation(
                "The newest value of every series",
                _ok("As of one seq.", _ref("Snapshot")),
                errors=(400,),
                parameters=[_patterns()],
            )
        },
        "/api/history": {"get": _history()},
        "/api/series": {
            "get": _operation(
                "Every series, with the exact number of its readings",
                series,
                errors=(400, 503),
                parameters=[_patterns()],
            )
        },
        "/api/devices": {"get": _operation("Every device and its state", devices)},
        "/api/openapi.json": {"get": _operation("This document", _ok("OpenAPI 3.1.", {"type": "object"}))},
        "/metrics": {
            "get": _operation("Counters for Prometheus", _ok("Text format 0.0.4.", TEXT, "text/plain"), errors=(503,))
        },
        "/healthz": {
            "get": _operation(
                "Whether the server can do its work",
                _ok("It can.", _object({"status": {"const": "ok"}, "uptime": INTEGER})),
                errors=(503,),
                security=[],
            )
        },
    }


def _live_paths() -> Schema:
    position = [_query("epoch", "Of an earlier answer.", TEXT), _query("seq", "Complete up to here.", INTEGER)]
    wait = _query(
        "wait", "Seconds to wait for the first push.", {"type": "number", "minimum": 0, "maximum": 60, "default": 25}
    )
    poll = _ok(
        "The snapshot, and what followed the position.",
        {"allOf": [_ref("Snapshot"), _object({"pushes": _list({"type": "object"})})]},
    )
    resume = {"name": "Last-Event-ID", "in": "header", "description": "EPOCH:SEQ, to resume.", "schema": TEXT}
    socket = {"description": "Switching to WebSocket; the messages are in docs/protocol.md."}
    return {
        "/api/stream": {
            "get": _operation(
                "Live readings as Server-Sent Events",
                _ok("Events.", TEXT, "text/event-stream"),
                errors=(400,),
                parameters=[_patterns(), resume],
            )
        },
        "/api/poll": {
            "get": _operation(
                "Live readings by long polling", poll, errors=(400,), parameters=[_patterns(), *position, wait]
            )
        },
        "/ws/live": {"get": _operation("Live readings by WebSocket", socket, status="101")},
        "/ws/device": {
            "get": _operation("A device's WebSocket", socket, status="101", security=DEVICE, parameters=[_device()])
        },
    }


def _write_paths() -> Schema:
    readings = {
        "description": "Readings as on /ws/device: JSON, CBOR or SenML.",
        "required": True,
        "content": {
            media: {"schema": {}} for media in ("application/json", "application/cbor", "application/senml+json")
        },
    }
    decision = {"required": True, "content": {"application/json": {"schema": _object({"device": TEXT})}}}
    decided = _ok("What the device is from now on.", _object({"device": TEXT, "state": TEXT}))
    ingest = _operation(
        "Readings from a device, all or nothing",
        _ok("Durable.", _object({"accepted": INTEGER})),
        errors=(400, 413, 415, 429, 503),
        security=DEVICE,
        parameters=[_device()],
        requestBody=readings,
    )
    return {
        "/api/ingest": {"post": ingest},
        "/api/devices/approve": {
            "post": _operation("Accept a device that waits", decided, errors=(400, 404, 503), requestBody=decision)
        },
        "/api/devices/block": {
            "post": _operation("Refuse a device that waits", decided, errors=(400, 404), requestBody=decision)
        },
    }


PERSON: list[Schema] = [{"token": []}, {"query_token": []}, {"login": []}]
DEVICE: list[Schema] = [{"token": []}, {"query_token": []}, {}]


def _device() -> Schema:
    return _query("device", "The device's id, where it has no token and [devices] admission allows that.", TEXT)


def _schemas() -> Schema:
    reading = {"type": "array", "prefixItems": [TEXT, MS, VALUE], "minItems": 3, "maxItems": 3}
    columns = {
        "resolution": {"oneOf": [{"const": "raw"}, {"type": "integer", "description": "Width of a bucket in ms."}]},
        "t": {**_list(MS), "description": "Times of the readings, or starts of the buckets."},
        "v": {
            "type": "array",
            "items": {"type": ["number", "string"]},
            "description": "Raw values (booleans as 0 and 1), or the last text of each bucket.",
        },
        "min": NUMBERS,
        "max": NUMBERS,
        "avg": NUMBERS,
        "count": _list(INTEGER),
    }
    error = {"code": TEXT, "message": TEXT, "at": TEXT, "retry_after": INTEGER, "id": {}}
    codes = ", ".join(reason.value for reason in Reason)
    return {
        "Error": _object(
            {
                "error": {
                    **_object(error, optional=("at", "retry_after", "id")),
                    "description": f"Codes of readings: {codes}.",
                }
            }
        ),
        "Reading": {**reading, "description": "[series, ts, value]"},
        "Snapshot": _object({"epoch": TEXT, "seq": INTEGER, "time": MS, "latest": _list(_ref("Reading"))}),
        "Columns": _object(columns, optional=("v", "min", "max", "avg", "count")),
        "Series": _object(
            {
                "series": TEXT,
                "device": TEXT,
                "metric": TEXT,
                "unit": {"type": ["string", "null"]},
                "kind": {"enum": [kind.value for kind in Kind]},
                "first": MAYBE_MS,
                "last": MAYBE_MS,
                "count": INTEGER,
            }
        ),
        "Device": _object(
            {
                "device": TEXT,
                "name": {"type": ["string", "null"]},
                "state": {"enum": ["online", "offline", "pending"]},
                "last_seen": MAYBE_MS,
            }
        ),
    }


@cache
def document() -> Schema:
    """The whole document."""
    refused = {"description": "Why not.", "content": {"application/json": {"schema": _ref("Error")}}}
    schemes = {
        "token": {"type": "http", "scheme": "bearer"},
        "query_token": {"type": "apiKey", "in": "query", "name": "token"},
        "login": {"type": "apiKey", "in": "cookie", "name": "telltale_session"},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Telltale",
            "version": "1",
            "description": "Sensor telemetry: readings in, history and live values out.",
        },
        "security": PERSON,
        "paths": {**_read_paths(), **_live_paths(), **_write_paths()},
        "components": {"schemas": _schemas(), "responses": {"Refused": refused}, "securitySchemes": schemes},
    }

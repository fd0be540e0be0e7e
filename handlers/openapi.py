"""``GET /api/openapi.json``: the HTTP API for machines, as OpenAPI 3.1. A test holds it against the routes.

The prose is in docs/protocol.md; what both say of a message, that page says in full.
"""

from __future__ import annotations

from functools import cache

from handlers.base import READ
from handlers.openapi_audit import audit_paths, audit_schemas
from handlers.openapi_boards import board_paths, board_schemas
from handlers.openapi_bridges import bridge_paths
from handlers.openapi_data import (
    annotation_paths,
    annotation_schemas,
    correction_paths,
    correction_schemas,
    damage_paths,
    exchange_paths,
    role_paths,
    role_schemas,
    storage_answer,
    thresholds,
)
from handlers.openapi_devices import device_paths
from handlers.openapi_foreign import foreign_paths
from handlers.openapi_frames import frame_paths, frame_schemas
from handlers.openapi_layouts import layout_paths, layout_schemas
from handlers.openapi_people import account_paths, people_paths
from handlers.openapi_system import system_paths
from handlers.openapi_tokens import token_paths
from handlers.openapi_words import (
    INTEGER,
    MAYBE_MS,
    MS,
    NUMBERS,
    TEXT,
    TIME,
    VALUE,
    Schema,
    list_of,
    object_of,
    ok,
    operation,
    patterns,
    query,
    ref,
)
from handlers.reading import ReadHandler
from telemetry import history
from telemetry.model import Kind, Reason


class OpenApi(ReadHandler):
    """The HTTP API for machines, as OpenAPI 3.1."""

    scoped = READ

    async def answer(self) -> None:
        """Send it."""
        self.give(document())


def _history() -> Schema:
    columns = "float64 columns: 4-byte length of the header, JSON header, columns. See docs/protocol.md."
    answer = ok(
        "By name; unknown series are absent.",
        object_of({"series": {"type": "object", "additionalProperties": ref("Columns")}}),
    )
    answer["content"]["application/octet-stream"] = {
        "schema": {"type": "string", "format": "binary", "description": columns}
    }
    points = {**INTEGER, "minimum": 1, "maximum": history.MAX_POINTS, "default": history.DEFAULT_POINTS}
    parameters = [
        query(
            "series",
            "The name of a series; may be repeated.",
            {**list_of(TEXT), "maxItems": history.MAX_SERIES},
            required=True,
        ),
        query("from", f"Inclusive. {TIME} Default: an hour before `to`.", TEXT),
        query("to", f"Exclusive. {TIME} Default: now.", TEXT),
        query("points", "More readings than this are answered as buckets.", points),
    ]
    return operation("Readings in a span of time, raw or in buckets", answer, errors=(400, 503), parameters=parameters)


def _read_paths() -> Schema:
    devices = ok("Waiting ones are shown to operators only.", object_of({"devices": list_of(ref("Device"))}))
    series = ok("In order of creation.", object_of({"series": list_of(ref("Series"))}))
    return {
        "/api/latest": {
            "get": operation(
                "The newest value of every series",
                ok("As of one seq.", ref("Snapshot")),
                errors=(400,),
                parameters=[patterns()],
            )
        },
        "/api/history": {"get": _history()},
        "/api/series": {
            "get": operation(
                "Every series, with the exact number of its readings",
                series,
                errors=(400, 503),
                parameters=[patterns()],
            )
        },
        "/api/storage": {"get": operation("What is kept, and when the room ends", storage_answer(), errors=(503,))},
        **damage_paths(),
        **system_paths(),
        **audit_paths(),
        **bridge_paths(),
        **frame_paths(),
        "/api/devices": {"get": operation("Every device and its state", devices)},
        "/api/openapi.json": {"get": operation("This document", ok("OpenAPI 3.1.", {"type": "object"}))},
        "/metrics": {
            "get": operation("Counters for Prometheus", ok("Text format 0.0.4.", TEXT, "text/plain"), errors=(503,))
        },
        "/healthz": {
            "get": operation(
                "Whether the server can do its work",
                ok("It can.", object_of({"status": {"enum": ["ok", "damaged"]}, "uptime": INTEGER})),
                errors=(503,),
                security=[],
            )
        },
    }


def _live_paths() -> Schema:
    position = [query("epoch", "Of an earlier answer.", TEXT), query("seq", "Complete up to here.", INTEGER)]
    wait = query(
        "wait", "Seconds to wait for the first push.", {"type": "number", "minimum": 0, "maximum": 60, "default": 25}
    )
    poll = ok(
        "The snapshot, and what followed the position.",
        {"allOf": [ref("Snapshot"), object_of({"pushes": list_of({"type": "object"})})]},
    )
    resume = {"name": "Last-Event-ID", "in": "header", "description": "EPOCH:SEQ, to resume.", "schema": TEXT}
    socket = {"description": "Switching to WebSocket; the messages are in docs/protocol.md."}
    return {
        "/api/stream": {
            "get": operation(
                "Live readings as Server-Sent Events",
                ok("Events.", TEXT, "text/event-stream"),
                errors=(400,),
                parameters=[patterns(), resume],
            )
        },
        "/api/poll": {
            "get": operation(
                "Live readings by long polling", poll, errors=(400,), parameters=[patterns(), *position, wait]
            )
        },
        "/ws/live": {"get": operation("Live readings by WebSocket", socket, status="101")},
        "/ws/device": {
            "get": operation("A device's WebSocket", socket, status="101", security=DEVICE, parameters=[_device()])
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
    ingest = operation(
        "Readings from a device, all or nothing",
        ok("Durable.", object_of({"accepted": INTEGER})),
        errors=(400, 413, 415, 429, 503),
        security=DEVICE,
        parameters=[_device()],
        requestBody=readings,
    )
    return {
        **annotation_paths(),
        **board_paths(),
        **token_paths(),
        **correction_paths(),
        **role_paths(),
        **layout_paths(),
        **people_paths(),
        **account_paths(),
        "/api/ingest": {"post": ingest},
        **device_paths(),
    }


PERSON: list[Schema] = [{"token": []}, {"query_token": []}, {"login": []}]
DEVICE: list[Schema] = [{"token": []}, {"query_token": []}, {}]


def _device() -> Schema:
    return query("device", "The device's id, where it has no token and [devices] admission allows that.", TEXT)


def _schemas() -> Schema:
    reading = {"type": "array", "prefixItems": [TEXT, MS, VALUE], "minItems": 3, "maxItems": 3}
    columns = {
        "resolution": {"oneOf": [{"const": "raw"}, {"type": "integer", "description": "Width of a bucket in ms."}]},
        "t": {**list_of(MS), "description": "Times of the readings, or starts of the buckets."},
        "v": {
            "type": "array",
            "items": {"type": ["number", "string"]},
            "description": "Raw values (booleans as 0 and 1), or the last text of each bucket.",
        },
        "min": NUMBERS,
        "max": NUMBERS,
        "avg": NUMBERS,
        "count": list_of(INTEGER),
    }
    error = {"code": TEXT, "message": TEXT, "at": TEXT, "retry_after": INTEGER, "id": {}}
    codes = ", ".join(reason.value for reason in Reason)
    return {
        "Error": object_of(
            {
                "error": {
                    **object_of(error, optional=("at", "retry_after", "id")),
                    "description": f"Codes of readings: {codes}.",
                }
            }
        ),
        "Reading": {**reading, "description": "[series, ts, value]"},
        "Snapshot": object_of({"epoch": TEXT, "seq": INTEGER, "time": MS, "latest": list_of(ref("Reading"))}),
        "Columns": object_of(columns, optional=("v", "min", "max", "avg", "count")),
        "Series": object_of(
            {
                "series": TEXT,
                "device": TEXT,
                "metric": TEXT,
                "label": {"type": ["string", "null"], "description": "The display name that a person gave."},
                "unit": {"type": ["string", "null"]},
                "source_unit": {"type": ["string", "null"], "description": "What the source says."},
                "thresholds": thresholds(),
                "kind": {"enum": [kind.value for kind in Kind]},
                "first": MAYBE_MS,
                "last": MAYBE_MS,
                "count": INTEGER,
            }
        ),
        **annotation_schemas(),
        **board_schemas(),
        **correction_schemas(),
        **role_schemas(),
        **layout_schemas(),
        **audit_schemas(),
        **frame_schemas(),
    }


@cache
def document() -> Schema:
    """The whole document."""
    refused = {"description": "Why not.", "content": {"application/json": {"schema": ref("Error")}}}
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
        "paths": {
            **_read_paths(),
            **exchange_paths(),
            **_live_paths(),
            **_write_paths(),
            **foreign_paths(DEVICE),
        },
        "components": {"schemas": _schemas(), "responses": {"Refused": refused}, "securitySchemes": schemes},
    }

"""The part of the OpenAPI document that describes the addresses of other ecosystems' senders.

What is in the bodies is theirs to say; docs/protocol.md says what is taken from them.
"""

from __future__ import annotations

from typing import Any

from handlers.openapi_words import INTEGER, TEXT, Schema, object_of, ok, operation

_TAKEN = ok("Durable.", object_of({"accepted": INTEGER}))
_EMPTY: Schema = {"description": "Durable."}
_PRECISION = {
    "name": "precision",
    "in": "query",
    "required": False,
    "description": "The unit of the times: ns (the default), us, ms, s, m, h.",
    "schema": TEXT,
}


def _path(*names: str) -> list[Schema]:
    return [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]


def _takes(media: str, summary: str, security: list[Schema], answer: Schema = _TAKEN, **more: Any) -> Schema:
    """A POST of a body in another ecosystem's format."""
    body = {"required": True, "content": {media: {"schema": {}}}}
    errors = (400, 413, 429, 503)
    return operation(summary, answer, errors=errors, security=security, requestBody=body, **more)


def foreign_paths(security: list[Schema]) -> Schema:
    """The addresses; ``security`` is that of devices."""
    write = _takes("text/plain", "InfluxDB line protocol", security, _EMPTY, status="204", parameters=[_PRECISION])
    version = ok("The version that clients look for.", object_of({"version": TEXT}))
    health = ok("Readings are taken.", object_of({"status": TEXT, "message": TEXT, "version": TEXT}))
    query = operation("CREATE DATABASE, which changes nothing", ok("Always.", {"type": "object"}), security=security)
    remote = _takes("application/x-protobuf", "Prometheus remote write 1.0", security, _EMPTY, status="204")
    board = _takes("application/json", "ThingsBoard telemetry", security, _EMPTY)
    station = operation(
        "A weather station's upload", ok("success", TEXT, "text/plain"), errors=(400, 503), security=security
    )
    adafruit = _takes("application/json", "Values as to Adafruit IO", security, ok("Durable.", {}))
    box = _takes("application/json", "Values as to openSenseMap", security, ok("Durable.", TEXT), status="201")
    pushed = _takes("text/plain", "Metrics as to a Pushgateway", security, _EMPTY)
    removed = operation("Understood; takes nothing away", _EMPTY, status="202", security=security)
    hooks = {
        "/api/webhook/ttn": "Uplinks of The Things Stack",
        "/api/webhook/chirpstack": "Events of ChirpStack's HTTP integration",
        "/hooks/ttn": "Uplinks of The Things Stack",
        "/hooks/chirpstack": "Events of ChirpStack's HTTP integration",
        "/ruuvi": "What a Ruuvi gateway hears",
        "/senml": "A SenML pack (RFC 8428)",
        "/data.php": "Values of an airRohr sensor",
    }
    return {
        "/write": {"post": write},
        "/api/v2/write": {"post": write},
        "/ping": {"get": operation("Whether someone is there", version, security=[])},
        "/health": {"get": operation("Whether readings are taken", health, errors=(503,), security=[])},
        "/query": {"get": query, "post": query},
        "/api/v1/write": {"post": remote},
        **{
            path: {"parameters": _path("labels"), "post": pushed, "put": pushed, "delete": removed}
            for path in ("/metrics/job/{labels}", "/metrics/job@base64/{labels}")
        },
        "/api/v1/{token}/telemetry": {"parameters": _path("token"), "post": board},
        **{path: {"post": _takes("application/json", text, security)} for path, text in hooks.items()},
        "/boxes/{box}/{sensor}": {"parameters": _path("box", "sensor"), "post": box},
        **{
            f"/api/v2/{{user}}/{kind}": {"parameters": _path("user", "key"), "post": adafruit}
            for kind in ("feeds/{key}/data", "feeds/{key}/data/batch", "groups/{key}/data")
        },
        "/data/report": {"get": station, "post": station},
        "/data/report/": {"get": station, "post": station},
        "/data/report/{token}": {"parameters": _path("token"), "get": station, "post": station},
        "/weatherstation/updateweatherstation.php": {"get": station, "post": station},
        "/pub": {
            "post": _takes("application/json", "A place, from OwnTracks", security, ok("Durable.", {"type": "array"}))
        },
    }

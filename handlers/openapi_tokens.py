"""What the OpenAPI document says of API tokens, and of the links by which screens show a board."""

from __future__ import annotations

from handlers.openapi_words import INTEGER, MAYBE_MS, MS, TEXT, Schema, list_of, object_of, ok, operation
from telemetry import scope
from telemetry.auth import ROLES
from telemetry.names import MAX_PATTERN

_FLAG: Schema = {"type": "boolean"}
_END: Schema = {
    "type": ["integer", "string", "null"],
    "description": "When it ends: ms, ISO 8601, or a length such as 90d. Default: when it is revoked.",
}


def _taking(fields: dict[str, Schema]) -> Schema:
    schema = object_of(fields, optional=tuple(name for name in fields if name != "name"))
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def token_paths() -> Schema:
    """API tokens for admins, links for operators."""
    name = {"name": "name", "in": "path", "description": "Its name.", "required": True, "schema": TEXT}
    number = {"name": "number", "in": "path", "description": "The board's id.", "required": True, "schema": INTEGER}
    patterns: Schema = {**list_of({**TEXT, "maxLength": MAX_PATTERN}), "maxItems": scope.MAX_PATTERNS}
    board: Schema = {"type": ["integer", "null"], "description": "The one that it shows, and nothing else."}
    role: Schema = {"enum": list(ROLES), "default": "viewer"}
    line = object_of(
        {
            "name": TEXT,
            "role": role,
            "created": MS,
            "series": {"type": ["array", "null"], "items": TEXT, "description": "What it reaches; null is all."},
            "write": {**_FLAG, "description": "Whether it may change what it reaches, as its role allows."},
            "board": board,
            "expires": MAYBE_MS,
            "expired": _FLAG,
            "used": MAYBE_MS,
            "open": {**INTEGER, "description": "Connections that it has now."},
        }
    )
    made = ok(
        "Durable. The secret is in this answer only.",
        object_of({"name": TEXT, "token": TEXT, "link": TEXT}, optional=("link",)),
    )
    gone = ok("Ended, with what was connected.", object_of({"name": TEXT, "state": TEXT}))
    asked = {"name": TEXT, "role": role, "series": patterns, "write": _FLAG, "board": board, "expires": _END}
    listed = ok("By name.", object_of({"time": MS, "tokens": list_of(line)}))
    links = ok("By name.", object_of({"time": MS, "links": list_of(line)}))
    return {
        "/api/tokens": {
            "get": operation("Every API token and link", listed, errors=(503,)),
            "post": operation("Make one", made, status="201", errors=(400, 409, 413, 503), requestBody=_taking(asked)),
        },
        "/api/tokens/{name}": {"parameters": [name], "delete": operation("Revoke one", gone, errors=(404, 503))},
        "/api/boards/{number}/links": {
            "parameters": [number],
            "get": operation("The links by which screens show a board", links, errors=(503,)),
            "post": operation(
                "Make one",
                made,
                status="201",
                errors=(400, 409, 413, 503),
                requestBody=_taking({"name": TEXT, "expires": _END}),
            ),
        },
        "/api/boards/{number}/links/{name}": {
            "parameters": [number, name],
            "delete": operation("Revoke one", gone, errors=(404, 503)),
        },
    }

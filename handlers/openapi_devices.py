"""What the OpenAPI document says of devices' tokens, of those that wait, and of removing one."""

from __future__ import annotations

from handlers.openapi_words import INTEGER, MAYBE_MS, MS, TEXT, Schema, list_of, object_of, ok, operation, query

_BOOLEAN: Schema = {"type": "boolean"}
_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_GATEWAY: Schema = {
    "type": ["array", "null"],
    "items": TEXT,
    "maxItems": 100,
    "description": "Patterns of the ids for which it may speak; empty: all; null: its own only.",
}
_TOKEN: Schema = {**TEXT, "description": "Shown this once."}
_ROTATING = object_of({"until": MS, "new_used": _BOOLEAN, "old_used": _BOOLEAN})


def _body(properties: Schema, *optional: str) -> Schema:
    schema = object_of(properties, optional=optional)
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _post(
    summary: str, answer: Schema, body: Schema, *optional: str, errors: tuple[int, ...] = (400, 404, 503)
) -> Schema:
    asked = _body({"device": TEXT, **body}, *optional)
    return {"post": operation(summary, ok("Done.", object_of(answer)), errors=errors, requestBody=asked)}


def device_paths() -> Schema:
    """Devices as operators see and change them."""
    state = {"device": TEXT, "state": TEXT}
    seconds: Schema = {"type": "number", "minimum": 0, "maximum": 7_776_000}
    one = query("device", "The device's id.", TEXT, required=True)
    device = object_of(
        {
            **state,
            "name": _MAYBE_TEXT,
            "last_seen": MAYBE_MS,
            "address": {**TEXT, "description": "Where it last came from since the start; empty if that is not known."},
            "token": {**_BOOLEAN, "description": "Whether it has one."},
            "created": MS,
            "gateway": _GATEWAY,
            "series": INTEGER,
            "rotating": _ROTATING,
        },
        optional=("rotating",),
    )
    blocked = object_of({"device": TEXT, "address": TEXT, "who": TEXT, "at": MS})
    credentials = object_of(
        {
            "devices": list_of(device),
            "waiting": list_of({"type": "object"}),
            "blocked": list_of(blocked),
            "admission": {"enum": ["token", "open", "approve"]},
            "rotation_grace": {"type": "number"},
            "time": MS,
        }
    )
    reading: Schema = {"type": "array", "description": "[metric, ts, value, unit or null]"}
    arrivals = object_of(
        {
            "urls": list_of(TEXT),
            "mqtt": {"type": ["object", "null"]},
            "readings": list_of(reading),
            "used": {**_BOOLEAN, "description": "Whether its present token was used since the start."},
            "time": MS,
        }
    )
    held = object_of({"series": list_of(TEXT), "readings": INTEGER})
    return {
        "/api/devices/approve": _post("Accept a device that waits", state, {}),
        "/api/devices/block": _post("Refuse a device that has no token", state, {}, errors=(400, 404, 413, 503)),
        "/api/devices/unblock": _post("Let a blocked device knock again", state, {}),
        "/api/devices/credentials": {
            "get": operation("Every device with its token, and who waits or is blocked", ok("Now.", credentials))
        },
        "/api/devices/arrivals": {
            "get": operation(
                "Where devices reach this server, and the newest reading of each metric of one",
                ok("Now.", arrivals),
                parameters=[query("device", "The device's id.", TEXT)],
            )
        },
        "/api/devices/held": {
            "get": operation(
                "What would go with a device", ok("What is stored.", held), errors=(503,), parameters=[one]
            )
        },
        "/api/devices/add": _post(
            "Give a device that has none a token",
            {"device": TEXT, "token": _TOKEN},
            {"name": _MAYBE_TEXT, "gateway": _GATEWAY},
            "name",
            "gateway",
            errors=(400, 409, 503),
        ),
        "/api/devices/rotate": _post(
            "Give a device another token; the old one works for `grace` seconds more",
            {"device": TEXT, "token": _TOKEN, "old_until": MAYBE_MS},
            {"grace": seconds},
            "grace",
        ),
        "/api/devices/rotate/end": _post("End the old token now", {"device": TEXT}, {}),
        "/api/devices/revoke": _post("End a device's tokens; its data stays", {"device": TEXT}, {}),
        "/api/devices/gateway": _post(
            "Say for which devices a token may speak", {"device": TEXT, "gateway": _GATEWAY}, {"gateway": _GATEWAY}
        ),
        "/api/devices/remove": _post(
            "Remove a device with its data, from the files too",
            {"device": TEXT, "state": {"enum": ["removed", "removing"]}},
            {},
        ),
    }

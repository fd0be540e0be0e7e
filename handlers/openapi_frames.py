"""What the OpenAPI document says of raw frames, and of devices."""

from __future__ import annotations

from handlers.frames import WAIT_MAX
from handlers.openapi_words import (
    INTEGER,
    MAYBE_MS,
    MS,
    TEXT,
    VALUE,
    Schema,
    list_of,
    object_of,
    ok,
    operation,
    query,
    ref,
)

MAYBE_TEXT: Schema = {"type": ["string", "null"]}


def frame_paths() -> Schema:
    """The last frames of a device, and of none."""
    device = {
        "name": "device",
        "in": "path",
        "description": "Its id, percent-encoded; it may hold `/`.",
        "required": True,
        "schema": TEXT,
    }
    parameters = [
        query("after", "Only frames with a number above this: the `number` of an earlier answer.", INTEGER),
        query(
            "wait",
            "Seconds to wait for the first such frame.",
            {"type": "number", "minimum": 0, "maximum": WAIT_MAX, "default": 0},
        ),
    ]
    found = {"frames": {**list_of(ref("Frame")), "description": "The newest first."}, "number": INTEGER}
    about = {"device": TEXT, "name": MAYBE_TEXT, "known": {"type": "boolean"}}
    own = ok("An id that is not known has none.", object_of(about | found))
    none = ok("Of unknown topics, and broken.", object_of(found))
    return {
        "/api/devices/{device}/frames": {
            "parameters": [device],
            "get": operation("The last raw frames of a device", own, errors=(400,), parameters=parameters),
        },
        "/api/frames": {
            "get": operation("The last raw frames of no device", none, errors=(400,), parameters=parameters)
        },
    }


def frame_schemas() -> Schema:
    """A frame, and a device."""
    maybe_unit = {"unit": MAYBE_TEXT}
    value = object_of({"series": TEXT, "ts": MAYBE_MS, "value": VALUE, **maybe_unit})
    error = {"code": TEXT, "message": TEXT, "at": TEXT, "line": INTEGER, "retry_after": INTEGER}
    frame = {
        "number": {**INTEGER, "description": "Orders all frames."},
        "time": MS,
        "channel": {"enum": ["ws", "http", "mqtt", "poll"]},
        "where": {**TEXT, "description": "The path or topic, without secrets."},
        "decoder": {**TEXT, "description": "The ecosystem, or `native`; empty where no one knows the message."},
        "size": {**INTEGER, "description": "Bytes of the payload."},
        "text": {**TEXT, "description": "The payload, or its beginning, without secrets."},
        "hex": {**TEXT, "description": "Instead of `text` where the payload is none."},
        "cut": {"const": True, "description": "There was more of it."},
        "state": {"enum": ["pending", "stored", "refused", "ignored", "last_known"]},
        "readings": {**INTEGER, "description": "How many were taken."},
        "values": {**list_of(value), "description": "The first of them."},
        "errors": {
            **list_of(object_of(error, optional=("at", "line", "retry_after"))),
            "description": "Why it, or a part of it, was refused.",
        },
        "more_errors": {**INTEGER, "description": "How many more there were."},
        "reason": {**TEXT, "description": "Why there is nothing in it to store."},
    }
    optional = ("text", "hex", "cut", "readings", "values", "errors", "more_errors", "reason")
    known = object_of({"value": VALUE, "ts": MAYBE_MS, **maybe_unit, "heard": MS})
    device = {
        "device": TEXT,
        "name": MAYBE_TEXT,
        "state": {"enum": ["online", "offline", "pending"]},
        "last_seen": MAYBE_MS,
        "last_known": {
            "type": "object",
            "additionalProperties": known,
            "description": "Values of retained messages by metric: no one knows how old they are.",
        },
        "clock_warning": {
            **object_of({"said": INTEGER, "at": MS}),
            "description": "It sent a time that cannot be; its readings have that of their arrival.",
        },
    }
    return {
        "Frame": object_of(frame, optional=optional),
        "Device": object_of(device, optional=("last_known", "clock_warning")),
    }

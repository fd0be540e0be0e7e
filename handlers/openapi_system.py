"""The part of the OpenAPI document that tells how the server itself fares."""

from __future__ import annotations

from handlers.openapi_words import INTEGER, MAYBE_MS, MS, TEXT, Schema, list_of, object_of, ok, operation
from telemetry.model import Reason

NUMBER: Schema = {"type": "number"}
MAYBE: Schema = {"type": ["integer", "null"]}


def system_paths() -> Schema:
    """GET /api/system."""
    watcher = {
        "who": TEXT,
        "kind": TEXT,
        "address": TEXT,
        "channel": {"enum": ["live", "stream", "poll", ""]},
        "since": MAYBE_MS,
        "patterns": INTEGER,
        "state": {
            "enum": ["live", "slow", "behind"],
            "description": "slow: it has not taken what it was given; behind: it reads on from the log.",
        },
        "behind": {**INTEGER, "description": "Readings that it has not been handed."},
        "waiting": {**INTEGER, "description": "Characters in its mailbox."},
        "stalled": {**INTEGER, "description": "Ms since it last had taken everything."},
        "skipped": {**INTEGER, "description": "Readings that it was told it missed."},
    }
    counts = ("received", "journalled", "pushed", "skipped", "cpu")
    reasons = object_of({reason.value: INTEGER for reason in Reason})
    found = {
        "time": MS,
        "uptime": {**INTEGER, "description": "Ms."},
        "demo": {"type": "boolean"},
        "versions": object_of(
            dict.fromkeys(("telltale", "python", "sqlite", "system", "kernel", "machine", "tornado"), TEXT)
        ),
        "clock": object_of(
            {
                "trusted": {"type": "boolean"},
                "behind": {**INTEGER, "description": "Ms that the wall clock is behind the newest arrival."},
                "zone": TEXT,
                "wrong": {**INTEGER, "description": "Devices whose own clock is wrong."},
                "devices": list_of(TEXT),
            }
        ),
        "readings": object_of({"received": INTEGER, "journalled": INTEGER, "pending": INTEGER, "refused": reasons}),
        "rates": {
            **object_of(
                {
                    "seconds": NUMBER,
                    **dict.fromkeys(counts, NUMBER),
                    "refused": {"type": "object", "additionalProperties": NUMBER},
                }
            ),
            "description": "A second, over the last `seconds`; cpu: processors used.",
        },
        "history": {
            **object_of({"step": INTEGER, "received": list_of(NUMBER), "refused": list_of(NUMBER)}),
            "description": "Readings a second in each step (ms), the oldest first; ten minutes at most.",
        },
        "commits": object_of({"done": INTEGER, "failed": INTEGER, "late_max": INTEGER, "disk_ok": {"type": "boolean"}}),
        "devices": object_of(dict.fromkeys(("online", "offline", "pending"), INTEGER)),
        "series": INTEGER,
        "sockets": object_of(dict.fromkeys(("device", "live", "stream", "poll"), INTEGER)),
        "watchers": {**list_of(object_of(watcher)), "description": "The slowest first, 100 at most."},
        "delivery": object_of(dict.fromkeys(("frames", "skipped", "resumed", "resume_refused"), INTEGER)),
        "memory": object_of(dict.fromkeys(("process", "total", "available"), MAYBE)),
        "processor": object_of(
            {
                "cores": MAYBE,
                "load": {"type": ["array", "null"], "items": NUMBER},
                "temperature": {"type": ["number", "null"], "description": "°C."},
            }
        ),
    }
    answer = ok("Of one moment; spans in ms, sizes in bytes.", object_of(found))
    return {"/api/system": {"get": operation("How the server itself fares", answer)}}

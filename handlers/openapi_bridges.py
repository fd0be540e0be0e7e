"""The part of the OpenAPI document that tells of the MQTT bridge and of the pollers."""

from __future__ import annotations

from handlers.openapi_words import INTEGER, MS, TEXT, Schema, list_of, object_of, ok, operation

COUNTS = ("received", "taken", "retained", "refused", "unknown", "own", "empty", "duplicates", "held")


def bridge_paths() -> Schema:
    """The state of each broker, and of each device that is asked."""
    maybe = {"type": ["string", "null"]}
    bridge = {
        "broker": TEXT,
        "state": {"enum": ["connecting", "connected", "waiting"]},
        "since": MS,
        "lost": {"type": ["integer", "null"], "description": "ms; since when it is missing, through all retries."},
        "problem": {**maybe, "description": "Why it is not connected, or what it does not let us read."},
        "version": {**maybe, "description": "Of the protocol: 5 or 3.1.1."},
        "client_id": TEXT,
        "session_present": {"type": "boolean", "description": "The broker had kept our session."},
        "connections": INTEGER,
        "unacknowledged": {**INTEGER, "description": "Messages that wait for their commit."},
        "published": INTEGER,
        "unpublished": {**INTEGER, "description": "What the broker did not take in time."},
        "messages": object_of(dict.fromkeys(COUNTS, INTEGER)),
    }
    answer = ok(
        "In the order of [mqtt] url; empty: the bridge is off.", object_of({"bridges": list_of(object_of(bridge))})
    )
    problem = {**maybe, "description": "Why the last try failed; empty before the first, null while it answers."}
    target = {"target": TEXT, "answers": INTEGER, "failures": INTEGER, "problem": problem}
    polled = ok("In the order of [poll] targets.", object_of({"pollers": list_of(object_of(target))}))
    return {
        "/api/bridges": {"get": operation("The MQTT brokers, and what came from them in this run", answer)},
        "/api/pollers": {"get": operation("The devices that are asked, and how they fare", polled)},
    }

"""What the OpenAPI document says of the audit log."""

from __future__ import annotations

from handlers.openapi_words import INTEGER, MS, TEXT, TIME, Schema, list_of, object_of, ok, operation, query, ref
from telemetry.audit_log import MOST_ASKED, PAGE

STATE: Schema = {"description": "What the change took away or put there, as JSON; null where there is nothing."}


def audit_paths() -> Schema:
    """The audit log, for admins."""
    pattern = "A pattern, in which * stands for any characters. Default: all."
    filters = [
        *(query(name, pattern, TEXT) for name in ("who", "action", "subject")),
        query("from", f"Inclusive. {TIME} Default: the first.", TEXT),
        query("to", f"Exclusive. {TIME} Default: the last.", TEXT),
        query("page", "The `next` of the answer before.", INTEGER),
    ]
    limit = query("limit", "Entries in one answer.", {**INTEGER, "minimum": 1, "maximum": MOST_ASKED, "default": PAGE})
    following = {"type": ["integer", "null"], "description": "What asks for older entries; null at the end."}
    actions = {**list_of(TEXT), "description": "Every action that occurs; with the first page only."}
    page = {"entries": list_of(ref("AuditEntry")), "next": following, "actions": actions}
    listed = ok("Newest first.", object_of(page, optional=("actions",)))
    file = ok("Newest first: id, ts, time, who, kind, address, action, subject, before, after.", TEXT, "text/csv")
    return {
        "/api/audit": {
            "get": operation("Who changed what", listed, errors=(400, 503), parameters=[*filters, limit]),
        },
        "/api/audit.csv": {
            "get": operation("Who changed what, as CSV", file, errors=(400, 503), parameters=filters),
        },
    }


def audit_schemas() -> Schema:
    """An entry."""
    kinds = ["user", "token", "demo", "terminal", "server", "stranger"]
    entry = {
        "id": INTEGER,
        "at": MS,
        "who": TEXT,
        "kind": {**TEXT, "description": f"What `who` is: {', '.join(kinds)}."},
        "address": {**TEXT, "description": "Where from; empty for what needs no network."},
        "action": TEXT,
        "subject": TEXT,
        "before": STATE,
        "after": STATE,
    }
    return {"AuditEntry": object_of(entry)}

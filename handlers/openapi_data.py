"""What the OpenAPI document says of stored data: files, annotations, corrections, names of series, and the space."""

from __future__ import annotations

from handlers.openapi_words import (
    INTEGER,
    MAYBE_MS,
    MS,
    TEXT,
    TIME,
    Schema,
    list_of,
    object_of,
    ok,
    operation,
    patterns,
    query,
    ref,
)
from telemetry.annotations import MAX_TEXT
from telemetry.correction_drafts import MAX_WHY
from telemetry.labels import MAX_TITLE, MAX_UNIT
from telemetry.retention import KEYS
from telemetry.store.ledger import Accounts
from telemetry.store.space import Files
from telemetry.thresholds import MAX_THRESHOLDS


def _export(summary: str, media: str) -> Schema:
    parameters = [
        patterns(),
        query("from", f"Inclusive. {TIME} Default: the beginning.", TEXT),
        query("to", f"Exclusive. {TIME} Default: the end.", TEXT),
    ]
    return {"get": operation(summary, ok("A file.", TEXT, media), errors=(400, 503), parameters=parameters)}


def exchange_paths() -> Schema:
    """Export and import."""
    file = {
        "description": "CSV, NDJSON or a recording, as it is or as gzip, of any size. See docs/protocol.md.",
        "required": True,
        "content": {media: {"schema": {}} for media in ("text/csv", "application/x-ndjson", "application/gzip")},
    }
    report = object_of(
        {
            "accepted": {**INTEGER, "description": "Readings that are stored, repeats included."},
            "stored": {**INTEGER, "description": "Those of them that were new."},
            "duplicate": INTEGER,
            "refused": {**INTEGER, "description": "Lines that were refused."},
            "lines": {**list_of(object_of({"line": INTEGER, "message": TEXT})), "description": "The first of them."},
        }
    )
    return {
        "/api/export.csv": _export("Readings as CSV", "text/csv"),
        "/api/export.ndjson": _export("Readings as NDJSON", "application/x-ndjson"),
        "/api/import": {
            "post": operation("Readings from a file", ok("Durable.", report), errors=(400, 503), requestBody=file)
        },
    }


def annotation_paths() -> Schema:
    """Annotations."""
    body = {"required": True, "content": {"application/json": {"schema": ref("AnnotationDraft")}}}
    number = {"name": "number", "in": "path", "description": "Its id.", "required": True, "schema": INTEGER}
    standing = ok("As it is now.", ref("Annotation"))
    found = ok(
        "Newest first; `next` is for `page`, null at the end.",
        object_of({"annotations": list_of(ref("Annotation")), "next": {"type": ["string", "null"]}}),
    )
    parameters = [
        patterns(),
        query("from", f"Inclusive. {TIME} Default: all.", TEXT),
        query("to", f"Exclusive. {TIME} Default: all.", TEXT),
        query("page", "The `next` of the answer before.", TEXT),
    ]
    return {
        "/api/annotations": {
            "get": operation("What is noted in a span of time", found, errors=(400, 503), parameters=parameters),
            "post": operation("Note something", standing, status="201", errors=(400, 413, 503), requestBody=body),
        },
        "/api/annotations.csv": _notes("Notes as CSV", "text/csv", parameters),
        "/api/annotations.ndjson": _notes("Notes as NDJSON", "application/x-ndjson", parameters),
        "/api/annotations/{number}": {
            "parameters": [number],
            "put": operation("Replace a note", standing, errors=(400, 404, 503), requestBody=body),
            "delete": operation("Take a note away", standing, errors=(404, 503)),
        },
        "/api/annotations/{number}/restore": {
            "parameters": [number],
            "post": operation("Bring a deleted note back", standing, errors=(404, 503)),
        },
    }


def _notes(summary: str, media: str, parameters: list[Schema]) -> Schema:
    return {"get": operation(summary, ok("A file.", TEXT, media), errors=(400, 503), parameters=parameters)}


def annotation_schemas() -> Schema:
    """An annotation, and what makes one."""
    series = {"type": ["string", "null"], "description": "The name of a series; null: all of them."}
    to = {**MAYBE_MS, "description": "Exclusive, in ms since 1970 UTC; null: a point in time."}
    text = {**TEXT, "minLength": 1, "maxLength": MAX_TEXT}
    draft = {"text": text, "from": {**MS, "description": "Default: now."}, "to": to, "series": series}
    standing = {"id": INTEGER, **draft, "from": MS, "author": TEXT, "created": MS, "changed": MS, "deleted": MAYBE_MS}
    return {"AnnotationDraft": object_of(draft, optional=("from", "to", "series")), "Annotation": object_of(standing)}


def correction_paths() -> Schema:
    """Corrections."""
    body = {"required": True, "content": {"application/json": {"schema": ref("CorrectionDraft")}}}
    number = {"name": "number", "in": "path", "description": "Its id.", "required": True, "schema": INTEGER}
    preview = query("preview", "1: say how many readings it would be, and change nothing.", {"enum": ["1"]})
    made = operation(
        "Delete or mask readings",
        ok("Done.", ref("Correction")),
        status="201",
        errors=(400, 413, 503),
        requestBody=body,
        parameters=[preview],
    )
    made["responses"]["200"] = ok("The answer to a preview.", object_of({"readings": INTEGER}))
    made["responses"]["202"] = ok("It goes on.", ref("Correction"))
    undone = operation(
        "Bring back what a correction took out", ok("Undone.", ref("Correction")), errors=(400, 404, 503)
    )
    undone["responses"]["202"] = ok("It goes on.", ref("Correction"))
    listed = ok("Newest first, at most 1,000.", object_of({"corrections": list_of(ref("Correction"))}))
    return {
        "/api/corrections": {
            "get": operation("What was corrected", listed, errors=(400, 503), parameters=[patterns()]),
            "post": made,
        },
        "/api/corrections/{number}/undo": {"parameters": [number], "post": undone},
    }


def correction_schemas() -> Schema:
    """A correction, and what makes one."""
    limit = {"type": ["number", "null"]}
    above = {**limit, "description": "Only numbers and booleans (0 or 1) above it; beside `below`, either of the two."}
    below = {**limit, "description": "Only numbers and booleans (0 or 1) below it."}
    action = {"enum": ["delete", "mask"]}
    time = {"type": ["integer", "string"], "description": TIME}
    why = {**TEXT, "minLength": 1, "maxLength": MAX_WHY}
    rest = {"action": action, "above": above, "below": below, "why": why}
    correction = {
        "id": INTEGER,
        "series": {"type": ["string", "null"]},
        "from": MS,
        "to": {**MS, "description": "Exclusive, in ms since 1970 UTC."},
        **rest,
        "who": TEXT,
        "when": MS,
        "readings": {**INTEGER, "description": "How many it took out so far."},
        "state": {"enum": ["running", "done", "undone"]},
        "undone_by": {"type": ["string", "null"]},
        "undone_at": MAYBE_MS,
    }
    draft = object_of({"series": TEXT, "from": time, "to": time, **rest}, optional=("above", "below"))
    return {"CorrectionDraft": draft, "Correction": object_of(correction)}


def role_paths() -> Schema:
    """Names of series, and who feeds them."""
    since = {"type": ["integer", "string", "null"], "description": f"Only readings from then on. {TIME} Default: all."}
    maybe = {"type": ["string", "null"]}
    unit = {**TEXT, "maxLength": MAX_UNIT, "description": "Empty: what the source says."}
    edit = object_of(
        {"series": TEXT, "unit": unit, "label": {**TEXT, "maxLength": MAX_TITLE}}, optional=("unit", "label")
    )
    rename = object_of({"series": TEXT, "name": TEXT})
    merge = object_of({"from": TEXT, "into": TEXT, "since": since}, optional=("since",))
    merged = operation(
        "Let a series go on with another one and its device",
        ok("Done.", ref("Change")),
        errors=(400, 503),
        requestBody={"required": True, "content": {"application/json": {"schema": merge}}},
    )
    merged["responses"]["202"] = ok("Readings are still being moved.", ref("Change"))
    listed = ok("Newest first, at most 1,000.", object_of({"changes": list_of(ref("Change"))}))
    return {
        "/api/series/edit": {
            "post": operation(
                "Give a series a unit or a display name",
                ok("What is shown now.", object_of({"series": TEXT, "unit": maybe, "label": maybe})),
                errors=(400, 503),
                requestBody={"required": True, "content": {"application/json": {"schema": edit}}},
            )
        },
        "/api/series/thresholds": {
            "post": operation(
                "Say above or below which values a series stands out",
                ok("What is shown now.", object_of({"series": TEXT, "thresholds": thresholds()})),
                errors=(400, 503),
                requestBody={
                    "required": True,
                    "content": {
                        "application/json": {"schema": object_of({"series": TEXT, "thresholds": thresholds()})}
                    },
                },
            )
        },
        "/api/series/rename": {
            "post": operation(
                "Give a series another name",
                ok("Done.", ref("Change")),
                errors=(400, 503),
                requestBody={"required": True, "content": {"application/json": {"schema": rename}}},
            )
        },
        "/api/series/merge": {"post": merged},
        "/api/series/changes": {"get": operation("What was renamed and merged", listed, errors=(503,))},
    }


def thresholds() -> Schema:
    """Thresholds of a series."""
    number = {"type": "number"}
    one = {"type": "object", "properties": {"above": number, "below": number}, "additionalProperties": False}
    return {**list_of({**one, "minProperties": 1, "maxProperties": 1}), "maxItems": MAX_THRESHOLDS}


def role_schemas() -> Schema:
    """A rename or a merge."""
    change = {
        "id": INTEGER,
        "action": {"enum": ["rename", "merge"]},
        "from": {**TEXT, "description": "The name before, or of the series that was taken over."},
        "into": {**TEXT, "description": "The name after, or of the series that took over."},
        "since": MAYBE_MS,
        "who": TEXT,
        "when": MS,
        "readings": {**INTEGER, "description": "How many a merge has moved so far."},
        "state": {"enum": ["running", "done"]},
    }
    return {"Change": object_of(change)}


def damage_paths() -> Schema:
    """Damage that was found, and its acknowledgement."""
    kind = {"enum": ["row", "file"]}
    finding = object_of({"id": INTEGER, "time": MS, "kind": kind, "place": TEXT, "acknowledged": MAYBE_MS})
    progress = {**object_of({"done": INTEGER, "total": INTEGER}), "type": ["object", "null"]}
    report = {"damaged": {"type": "boolean"}, "count": INTEGER, "found": list_of(finding), "salvage": progress}
    told = ok("Findings, and how far a damaged file is saved.", object_of(report))
    seen = ok("How many findings were new.", object_of({"acknowledged": INTEGER}))
    return {
        "/api/storage/damage": {"get": operation("What was found damaged, the newest first", told, errors=(503,))},
        "/api/storage/damage/acknowledge": {
            "post": operation("A person has seen what was found; operators only", seen, errors=(503,))
        },
    }


def storage_answer() -> Schema:
    """What GET /api/storage answers."""
    maybe = {"type": ["integer", "null"]}
    ages = {key: {**maybe, "description": "Ms; null: for ever."} for key in KEYS}
    found = {
        "files": object_of(dict.fromkeys(Files._fields, INTEGER)),
        "quota": {**maybe, "description": "Bytes; null: no limit."},
        "disk_free": INTEGER,
        "live": {**INTEGER, "description": "Bytes of the database that hold data."},
        "readings": object_of(dict.fromkeys(Accounts._fields, INTEGER)),
        "sealed_until": MAYBE_MS,
        "oldest": MAYBE_MS,
        "rates": object_of(dict.fromkeys(("readings_per_day", "stored_bytes_per_day", "written_bytes_per_day"), maybe)),
        "full_on": {
            **MAYBE_MS,
            "description": "When the quota or the disk ends at this rate; null: never, or not known.",
        },
        "retention": list_of(object_of({"pattern": TEXT, **ages})),
        "backup": {"type": ["object", "null"]},
        "damage": {"type": ["object", "null"]},
        "busy": {"type": ["object", "null"], "description": "What is being done in the background: job, done."},
    }
    return ok("Of one moment; null: not known.", object_of(found))

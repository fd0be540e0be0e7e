"""The words of the OpenAPI document: short ways to write a schema, a parameter, an operation."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

INTEGER: Schema = {"type": "integer"}
TEXT: Schema = {"type": "string"}
NUMBERS: Schema = {"type": "array", "items": {"type": "number"}}
MS: Schema = {"type": "integer", "description": "Milliseconds since 1970 UTC."}
MAYBE_MS: Schema = {"type": ["integer", "null"], "description": "Milliseconds since 1970 UTC."}
VALUE: Schema = {"type": ["number", "boolean", "string"]}
TIME = "Milliseconds since 1970, ISO 8601 (UTC unless it names a zone), or relative: -6h, now, now-15m (ms s m h d w)."


def object_of(properties: Schema, *, optional: tuple[str, ...] = ()) -> Schema:
    """An object with these properties, all required but the optional ones."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def ref(name: str) -> Schema:
    """A schema of the document, by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(items: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": items}


def query(name: str, text: str, schema: Schema, *, required: bool = False) -> Schema:
    """A query parameter."""
    return {"name": name, "in": "query", "description": text, "required": required, "schema": schema}


def patterns() -> Schema:
    """The query parameter that chooses series."""
    text = "A series name or a pattern, in which * stands for any characters; may be repeated. Default: all."
    return query("series", text, list_of(TEXT))


def ok(text: str, schema: Schema, media: str = "application/json") -> Schema:
    """An answer that is no refusal."""
    return {"description": text, "content": {media: {"schema": schema}}}


def operation(
    summary: str, answer: Schema, *, status: str = "200", errors: tuple[int, ...] = (), **more: Any
) -> Schema:
    """An operation with its one good answer; ``errors`` are the refusals besides those that every route may give."""
    refused = {str(code): {"$ref": "#/components/responses/Refused"} for code in (401, 403, 421, *errors)}
    return {"summary": summary, **more, "responses": {status: answer, **refused}}

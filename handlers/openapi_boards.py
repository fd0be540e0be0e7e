"""What the OpenAPI document says of boards and their images."""

from __future__ import annotations

from handlers.openapi_words import INTEGER, MAYBE_MS, MS, TEXT, Schema, list_of, object_of, ok, operation, query, ref
from telemetry import board_content as content
from telemetry import images

_NUMBER: Schema = {"type": "number"}


def _whole(least: int, most: int) -> Schema:
    return {**INTEGER, "minimum": least, "maximum": most}


def _text(most: int) -> Schema:
    return {**TEXT, "maxLength": most}


def _json(name: str) -> Schema:
    return {"required": True, "content": {"application/json": {"schema": ref(name)}}}


def board_paths() -> Schema:
    """Boards, and images."""
    number = {"name": "number", "in": "path", "description": "Its id.", "required": True, "schema": INTEGER}
    key = {"name": "key", "in": "path", "description": "Its id.", "required": True, "schema": TEXT}
    standing = ok("As it is now.", ref("Board"))
    everyone = ok("In the order of their making.", object_of({"boards": list_of(ref("BoardSummary"))}))
    version = object_of({"version": INTEGER, "author": TEXT, "changed": MS})
    image = {
        "required": True,
        "content": {media: {"schema": {}} for media in ("image/png", "image/jpeg", "image/webp")},
    }
    sides = object_of({"id": TEXT, "media": TEXT, "width": INTEGER, "height": INTEGER, "size": INTEGER})
    back = {"content": {"application/json": {"schema": object_of({"version": INTEGER}, optional=("version",))}}}
    older = query("version", "An older one of those that are kept.", INTEGER)
    return {
        "/api/boards": {
            "get": operation("Every board", everyone, errors=(503,)),
            "post": operation(
                "Make a board", standing, status="201", errors=(400, 413, 503), requestBody=_json("BoardContent")
            ),
        },
        "/api/boards/import": {
            "post": operation(
                "A new board from a file",
                standing,
                status="201",
                errors=(400, 413, 503),
                requestBody=_json("BoardFile"),
            )
        },
        "/api/boards/{number}": {
            "parameters": [number],
            "get": operation("A board", standing, errors=(404, 503), parameters=[older]),
            "put": operation(
                "Save a board on top of the version that was read",
                standing,
                errors=(400, 404, 409, 413, 503),
                requestBody=_json("BoardChange"),
            ),
            "delete": operation("Take a board away", standing, errors=(404, 503)),
        },
        "/api/boards/{number}/versions": {
            "parameters": [number],
            "get": operation(
                "The versions that are kept",
                ok("Newest first.", object_of({"versions": list_of(version)})),
                errors=(404, 503),
            ),
        },
        "/api/boards/{number}/restore": {
            "parameters": [number],
            "post": operation(
                "Bring a deleted board, or an older version, back", standing, errors=(400, 404, 503), requestBody=back
            ),
        },
        "/api/boards/{number}/export": {
            "parameters": [number],
            "get": operation("A board with its images as a file", ok("A file.", ref("BoardFile")), errors=(404, 503)),
        },
        "/api/images": {
            "post": operation(
                f"Upload an image of at most {images.MAX_BYTES} bytes",
                ok("Durable.", sides),
                status="201",
                errors=(400, 413, 503),
                requestBody=image,
            )
        },
        "/api/images/{key}": {
            "parameters": [key],
            "get": operation("An image", ok("As it was uploaded.", {}, "image/*"), errors=(404, 503)),
        },
        "/api/build": {
            "get": operation("Which build of the pages this server has", ok("A hash.", object_of({"build": TEXT})))
        },
    }


def board_schemas() -> Schema:
    """A board, its parts, and the file with one."""
    share = {"type": "number", "minimum": 0, "maximum": 1}
    pin = {"series": _text(content.MAX_SERIES_NAME), "label": _text(content.MAX_NAME), "x": share, "y": share}
    part = {
        "id": {**TEXT, "pattern": f"^{content.PART_ID.pattern}$"},
        "kind": {"enum": sorted(content.KINDS)},
        "w": _whole(1, content.GRID),
        "h": _whole(1, content.TALLEST),
        "title": _text(content.MAX_NAME),
        "series": {**list_of(_text(content.MAX_SERIES_NAME)), "maxItems": content.MAX_SERIES},
        "text": _text(content.MAX_TEXT),
        "image": TEXT,
        "pins": {**list_of(object_of(pin, optional=("label",))), "maxItems": content.MAX_PINS},
        **dict.fromkeys(("min", "max", "low", "high"), _NUMBER),
    }
    optional = tuple(name for name in part if name not in {"id", "kind", "w", "h"})
    board = {
        "name": _text(content.MAX_NAME),
        "devices": {**_text(content.MAX_SERIES_NAME), "description": "A pattern: the devices that it is for."},
        "range": {**_whole(*content.RANGE), "description": "ms that it shows when it is opened."},
        "parts": {**list_of(object_of(part, optional=optional)), "maxItems": content.MAX_PARTS},
    }
    about = {"id": INTEGER, "version": INTEGER, "author": TEXT, "created": MS, "changed": MS, "deleted": MAYBE_MS}
    file = {
        "telltale": {"const": "board"},
        "format": {"const": 1},
        "board": ref("BoardContent"),
        "images": {"type": "object", "additionalProperties": {**TEXT, "contentEncoding": "base64"}},
    }
    return {
        "BoardContent": object_of(board, optional=("devices", "range")),
        "Board": object_of({**about, "board": ref("BoardContent")}),
        "BoardSummary": object_of({**about, "name": TEXT, "parts": list_of(TEXT), "template": {"type": "boolean"}}),
        "BoardChange": object_of({"version": INTEGER, "board": ref("BoardContent")}),
        "BoardFile": object_of(file, optional=("images",)),
    }

"""What the OpenAPI document says of the layouts of the overview."""

from __future__ import annotations

from handlers.openapi_words import INTEGER, MS, TEXT, Schema, list_of, object_of, ok, operation, ref
from telemetry import layouts

_TEXT: Schema = {**TEXT, "minLength": 1, "maxLength": layouts.MAX_TEXT}
_FLAG: Schema = {"type": "boolean"}


def _by_name(value: Schema) -> Schema:
    return {"type": "object", "additionalProperties": value}


def layout_paths() -> Schema:
    """Layouts."""
    body = {"required": True, "content": {"application/json": {"schema": ref("Layout")}}}
    stands = ok("As it stands now.", ref("LayoutState"))
    answer = ok("Both.", object_of({"shared": ref("LayoutState"), "own": ref("LayoutState")}))

    def one(whose: str) -> Schema:
        return {
            "patch": operation(
                f"Merge a change into {whose} (RFC 7396)", stands, errors=(400, 413, 503), requestBody=body
            ),
            "delete": operation(f"Reset {whose}", stands, errors=(503,)),
        }

    return {
        "/api/layouts": {"get": operation("The layouts of the overview", answer, errors=(503,))},
        "/api/layouts/own": one("one's own layout"),
        "/api/layouts/own/undo": {"post": operation("Take the last change back", stands, errors=(404, 503))},
        "/api/layouts/shared": one("the shared layout"),
        "/api/layouts/shared/undo": {"post": operation("Take the last change back", stands, errors=(404, 503))},
    }


def layout_schemas() -> Schema:
    """A layout, and what stands."""
    series = {
        "size": {"enum": list(layouts.SIZES)},
        "hidden": _FLAG,
        "pinned": _FLAG,
        "title": _TEXT,
        "colour": {**INTEGER, "minimum": 1, "maximum": layouts.COLOURS},
        "unit": {**TEXT, "description": "The unit to show values in; the stored ones are never converted."},
        "range": {**INTEGER, "description": "ms that its sparkline shows."},
        "low": {"type": "number", "description": "The lower end of its sparkline, in the unit of the series."},
        "high": {"type": "number", "description": "The upper end of its sparkline, in the unit of the series."},
    }
    devices = {"hidden": _FLAG, "title": _TEXT, "group": _TEXT, "tags": list_of(_TEXT)}
    listed = "What comes first, by list: groups, group:NAME, device:ID, pinned."
    order = {**_by_name(list_of(TEXT)), "description": listed}
    units = {**_by_name(TEXT), "description": "Units to show instead of others, everywhere."}
    layout = {
        "series": _by_name(object_of(series, optional=tuple(series))),
        "devices": _by_name(object_of(devices, optional=tuple(devices))),
        "order": order,
        "units": units,
    }
    state = {"version": INTEGER, "layout": ref("Layout"), "who": TEXT, "made": MS, "undo": _FLAG}
    return {"Layout": object_of(layout, optional=tuple(layout)), "LayoutState": object_of(state)}

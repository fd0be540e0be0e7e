"""What the OpenAPI document says of people: who may log in, and one's own account."""

from __future__ import annotations

from handlers.openapi_words import INTEGER, MAYBE_MS, MS, TEXT, Schema, list_of, object_of, ok, operation
from telemetry import passwords
from telemetry.auth import ROLES

_ROLE: Schema = {"enum": list(ROLES)}
_FLAG: Schema = {"type": "boolean"}
_PASSWORD: Schema = {**TEXT, "format": "password"}
_NEW: Schema = {**_PASSWORD, "minLength": passwords.MIN_LENGTH, "maxLength": passwords.MAX_LENGTH}
_DONE = ok("Done.", {"type": "object"})


def _taking(**fields: Schema) -> Schema:
    return {"required": True, "content": {"application/json": {"schema": object_of(fields)}}}


def people_paths() -> Schema:
    """For admins."""
    link = object_of({"link": {**TEXT, "description": "The path of the page; shown once."}, "until": MS})
    person = {
        "name": TEXT,
        "role": _ROLE,
        "created": MS,
        "password": {**_FLAG, "description": "Whether one is set."},
        "codes": {**_FLAG, "description": "Whether one-time codes are asked for."},
        "link": {**MAYBE_MS, "description": "Until when a link to set a password works (ms), if there is one."},
        "sessions": INTEGER,
        "seen": MAYBE_MS,
        "oneself": _FLAG,
    }
    everyone = ok("By name.", object_of({"time": MS, "people": list_of(object_of(person))}))
    named = ok("Done.", object_of({"name": TEXT}))

    def change(summary: str, answer: Schema = named, **fields: Schema) -> Schema:
        body = _taking(name=TEXT, **fields)
        return {"post": operation(summary, answer, errors=(400, 503), requestBody=body)}

    invite = operation(
        "Add someone, who sets the first password by a link",
        ok("The link, once.", link),
        status="201",
        errors=(400, 503),
        requestBody=_taking(name=TEXT, role=_ROLE),
    )
    return {
        "/api/people": {"get": operation("Everyone who may log in", everyone), "post": invite},
        "/api/people/role": change("Give someone another role, which ends all logins of that user", role=_ROLE),
        "/api/people/link": change("Make a link that sets a password once", ok("The link, once.", link)),
        "/api/people/codes-off": change("Let someone in without one-time codes"),
        "/api/people/remove": change("Remove someone, and all logins of that user"),
    }


def account_paths() -> Schema:
    """For everyone who logs in; an API token is refused."""
    session = {
        "id": TEXT,
        "created": MS,
        "expires": MS,
        "seen": MS,
        "address": TEXT,
        "agent": {**TEXT, "description": "What the browser said it is."},
        "current": _FLAG,
    }
    account = {
        "name": TEXT,
        "role": _ROLE,
        "created": MS,
        "password": _FLAG,
        "codes": _FLAG,
        "recovery": {**INTEGER, "description": "Recovery codes that are left."},
        "time": MS,
        "sessions": list_of(object_of(session)),
    }
    offer = ok("Counts when confirmed.", object_of({"secret": TEXT, "uri": TEXT}))
    recovery = ok("Recovery codes, shown once.", object_of({"recovery": list_of(TEXT)}))
    number = {"name": "number", "in": "path", "required": True, "schema": TEXT}

    def post(summary: str, answer: Schema, **fields: Schema) -> Schema:
        errors = (400, 429, 503)
        return {"post": operation(summary, answer, errors=errors, requestBody=_taking(**fields))}

    return {
        "/api/account": {"get": operation("One's own account and logins", ok("As it is.", object_of(account)))},
        "/api/account/password": post(
            "Set another password; every other login ends", _DONE, password=_PASSWORD, new=_NEW
        ),
        "/api/account/sessions": {
            "delete": operation("End all other logins", ok("How many.", object_of({"ended": INTEGER})), errors=(503,))
        },
        "/api/account/sessions/{number}": {
            "delete": operation("End one login", _DONE, errors=(404, 503), parameters=[number])
        },
        "/api/account/codes/begin": post("Offer a secret for one-time codes", offer, password=_PASSWORD),
        "/api/account/codes/confirm": post("Ask for one-time codes from now on", recovery, code=TEXT),
        "/api/account/codes/renew": post("Make new recovery codes", recovery, password=_PASSWORD),
        "/api/account/codes/off": post("Switch one-time codes off", _DONE, password=_PASSWORD),
    }

"""What the small writes of the API share: a JSON object in, an id in the address, and one thing or why not out."""

from __future__ import annotations

import json

from handlers.base import ERRORS, Guard
from telemetry.model import Refusal

MAX_BODY = 32 << 10
"""Bytes of a body: the longest text, escaped in the longest way."""

Body = dict[str, object]


def json_of(handler: Guard, most: int = MAX_BODY) -> object:
    """The JSON of a request's body; None where it is none, or longer than ``most`` bytes."""
    body = handler.request.body
    try:
        return json.loads(body) if len(body) <= most else None
    except (ValueError, RecursionError):
        return None


def key_of(text: str) -> int | None:
    """The id in an address, or None where it cannot be one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def reply(handler: Guard, done: Body | Refusal | None, *, kind: str = "thing", made: bool = False) -> None:
    """Finish with the thing as it is now, or with why not; None: there is no such ``kind``.

    The status is 202 while work on it goes on, 201 where it was ``made``.
    """
    if done is None:
        handler.refuse(404, ERRORS[404][0], f"there is no such {kind}")
    elif isinstance(done, Refusal):
        handler.refuse_with(done)
    else:
        if done.get("state") == "running":
            handler.set_status(202)
        elif made:
            handler.set_status(201)
        handler.finish(done)

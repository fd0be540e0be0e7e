"""JSON as devices send it, read strictly: what cannot be stored faithfully is refused, not guessed.

Layout: UTF-8 text without a byte order mark, one JSON value (RFC 8259). Refused besides broken syntax: a key that comes
twice in one object, half of a surrogate pair, nesting deeper than Python's parser takes. NaN and Infinity, which many
encoders write, come out as floats: the gate refuses them with their place.

    '{"t": 21.5}'       -> {"t": 21.5}
    '{"t": 1, "t": 2}'  -> bad_message
    '{"t": Infinity}'   -> {"t": Infinity}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from telemetry.model import Reason, Refusal


class _Twice(ValueError):
    """A key came twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


_decode = json.JSONDecoder(object_pairs_hook=_object).decode


def decode(data: str | bytes) -> object | Refusal:
    """The value of a JSON text, made of dict, list, str, int, float, bool and None; or ``bad_message``."""
    try:
        text = data if isinstance(data, str) else data.decode()
        value: object = _decode(text)
        if "\\u" in text:
            _refuse_surrogates(value)
    except _Twice:
        return Refusal(Reason.BAD_MESSAGE, "a key comes twice in one object")
    except UnicodeError:
        return Refusal(Reason.BAD_MESSAGE, "not valid UTF-8")
    except RecursionError:
        return Refusal(Reason.BAD_MESSAGE, "nested too deeply")
    except ValueError as error:
        return Refusal(Reason.BAD_MESSAGE, f"not valid JSON: {error}"[:200])
    return value


def encode(body: Mapping[str, object]) -> str:
    """A message as JSON text. Raises TypeError and ValueError for what JSON does not have."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _refuse_surrogates(value: object) -> None:
    json.dumps(value, ensure_ascii=False).encode()

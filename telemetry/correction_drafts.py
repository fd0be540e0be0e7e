"""What someone asks for who corrects readings: which, of when, and why. Pure."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import replace
from typing import NamedTuple

from telemetry.annotations import text_of
from telemetry.model import Mask, Reason, Refusal
from telemetry.timespec import moment_in

MAX_WHY = 500
"""Characters of a reason."""

_FIELDS = {"series", "from", "to", "action", "above", "below", "why"}


class Draft(NamedTuple):
    """What someone asks for, checked."""

    series: str
    action: str
    mask: Mask
    why: str


def draft_of(body: object, now: int) -> Draft | Refusal:
    """The correction that a JSON body describes; relative times are relative to ``now`` (ms)."""
    if not isinstance(body, dict) or not body.keys() <= _FIELDS:
        return Refusal(Reason.BAD_MESSAGE, 'expected {"series", "from", "to", "action", "above"?, "below"?, "why"}')
    series, action = body.get("series"), body.get("action")
    if not isinstance(series, str):
        return Refusal(Reason.BAD_VALUE, "a series is given by its name", "series")
    if not isinstance(action, str) or action not in ("delete", "mask"):
        return Refusal(Reason.BAD_VALUE, "the action is delete or mask", "action")
    frm, to = moment_in(body, "from", now), moment_in(body, "to", now)
    if isinstance(frm, Refusal):
        return frm
    if isinstance(to, Refusal):
        return to
    if frm >= to:
        return Refusal(Reason.BAD_TIME, "from must be before to", "from")
    above, below = body.get("above"), body.get("below")
    for name, limit in (("above", above), ("below", below)):
        if limit is not None and (type(limit) not in (int, float) or not math.isfinite(limit)):
            return Refusal(Reason.BAD_VALUE, "a threshold is a finite number", name)
    why = text_of(body.get("why"))
    if isinstance(why, Refusal):
        return replace(why, at="why")
    if len(why) > MAX_WHY:
        return Refusal(Reason.BAD_VALUE, f"the reason has at most {MAX_WHY} characters", "why")
    limits = [None if limit is None else float(limit) for limit in (above, below)]
    return Draft(unicodedata.normalize("NFC", series), action, Mask(0, frm, to, *limits), why)

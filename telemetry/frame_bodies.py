"""Frames as the API and the page show them: plain values for JSON, secrets left out.

A payload is ``text``, or ``hex`` where it is not; ``cut`` says that there was more of it. ``state`` is
``pending`` until the disk has it, then ``stored``; ``refused`` (nothing of it was taken), ``ignored`` (nothing in it
to store) or ``last_known`` (retained by a broker, of unknown age). A ``stored`` frame may hold ``errors`` as well.
"""

from __future__ import annotations

import re

from telemetry.decoded import BadPart
from telemetry.frames import MAX_WHERE, Commit, Cut, Frame, Summary
from telemetry.model import Batch, Reading, Reason, Refusal

HIDDEN = "***"
_SECRET = re.compile(
    r"""(?isx)
    ( (?: password | passwd | passphrase | token | secret | api_?key | (?<![a-z]) (?: pass | pwd | psk ) ) \d*
      \\?["']? \s*[=:]\s* )
    (?: (\\?["']) (?: (?!\2) (?: \\. | . ) )+ | [^\s"'&;,}\\]+ )"""
)
"""Group 1 is the name, 2 the quote that the value runs to; in JSON inside JSON it is escaped."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LOST = Refusal(Reason.TRY_LATER, "the disk did not take it")


def body(frame: Frame) -> dict[str, object]:
    """One frame, complete."""
    shown: dict[str, object] = {
        "number": frame.number,
        "time": frame.time,
        "channel": frame.channel,
        "where": _hidden(frame.where[:MAX_WHERE]),
        "decoder": frame.decoder,
    }
    return shown | _payload(frame.payload) | _outcome(frame)


def pending(frame: Frame) -> bool:
    """Whether its fate is not decided yet."""
    return frame.commit is not None and not frame.commit.done()


def _payload(payload: str | bytes | Cut) -> dict[str, object]:
    if isinstance(payload, str):
        return {"size": len(payload.encode("utf-8", "surrogatepass")), "text": _hidden(_printable(payload))}
    if isinstance(payload, bytes):
        payload = Cut(payload, len(payload), text=False)
    text = _text(payload)
    what: dict[str, object] = {"hex": payload.data.hex()} if text is None else {"text": _hidden(text)}
    return {"size": payload.size} | what | ({"cut": True} if len(payload.data) < payload.size else {})


def _text(payload: Cut) -> str | None:
    """The payload as text; a character that was cut in two is dropped. None where it is not text."""
    if payload.text:
        return _printable(payload.data.decode("utf-8", "ignore"))
    for end in range(4 if len(payload.data) < payload.size else 1):
        try:
            text = payload.data[: len(payload.data) - end].decode()
        except UnicodeDecodeError:
            continue
        return None if _CONTROL.search(text) else text
    return None


def _printable(text: str) -> str:
    """Text that JSON can carry: half a surrogate pair is shown as a question mark."""
    return text.encode("utf-8", "replace").decode()


def _hidden(text: str) -> str:
    return _SECRET.sub(rf"\1\2{HIDDEN}", text)


def _outcome(frame: Frame) -> dict[str, object]:
    outcome = frame.outcome
    if isinstance(outcome, str):
        return {"state": "ignored", "reason": outcome}
    if isinstance(outcome, Refusal):
        return {"state": "refused", "errors": [outcome.body()]}
    if isinstance(outcome, Batch):
        outcome = Summary(outcome.readings, len(outcome.readings), [], [], 0)
    errors = [_error(part) for part in outcome.bad]
    if outcome.refusal is not None:
        return {"state": "refused", "errors": [outcome.refusal.body(), *errors]}
    shown: dict[str, object] = {"readings": outcome.total, "errors": errors}
    if len(errors) < outcome.bad_total:
        shown["more_errors"] = outcome.bad_total - len(errors)
    if outcome.last_known:
        values = [
            {"series": f"{one.device}/{one.metric}", "ts": one.ts, "value": one.value, "unit": one.unit}
            for one in outcome.values
        ]
        return shown | {"state": "last_known", "values": values}
    if _failed(frame.commit):
        return shown | {"state": "refused", "readings": 0, "errors": [_LOST.body(), *errors]}
    if not outcome.total and errors:
        return shown | {"state": "refused"}
    if not outcome.total:
        return shown | {"state": "ignored", "reason": "understood; there is no reading in it"}
    state = "pending" if pending(frame) else "stored"
    return shown | {"state": state, "values": [_value(one) for one in outcome.readings]}


def _failed(commit: Commit | None) -> bool:
    return commit is not None and commit.done() and (commit.cancelled() or commit.exception() is not None)


def _value(reading: Reading) -> dict[str, object]:
    series, ts, value = reading
    return {"series": series.name, "ts": ts, "value": value, "unit": series.unit}


def _error(part: BadPart) -> dict[str, object]:
    return {"code": part.code.value, "message": part.message, "line": part.line}

"""The audit log: an entry for everything that someone changes.

Whoever changes something makes the entry here, on the loop, and stores it with ``telemetry.store.audit.add`` in the
transaction of the change: neither is there without the other. ``showing`` puts in what only the transaction knows.
Secrets (passwords, tokens, their hashes) never go into an entry.
"""

from __future__ import annotations

import json
from typing import Any

from telemetry.clock import Clock
from telemetry.identity import Actor
from telemetry.store.audit import AuditRow

MAX_STATE = 8 << 10
"""Characters of a state as JSON; of one that is longer, the entry says what it was and how long."""
MAX_SUBJECT = 300
"""Characters of what something was done to."""
GIST = 200
"""Characters that are left of a long text in a state that is too long."""

State = dict[str, Any]


class Audit:
    """Makes the entries of one server."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def entry(self, actor: Actor, action: str, subject: str, before: object = None, after: object = None) -> AuditRow:
        """An entry: ``action`` as in "user add", ``subject`` what it was done to, and its states as JSON shows them."""
        at = self.clock.arrival()
        subject = subject[:MAX_SUBJECT]
        return AuditRow(0, at, actor.name, actor.kind, actor.address, action, subject, _text(before), _text(after))


def showing(entry: AuditRow, before: object, after: object) -> AuditRow:
    """The entry with what two states do not have in common; safe on any thread."""
    old, new = difference(before, after)
    return entry._replace(before=_text(old), after=_text(new))


def difference(before: object, after: object) -> tuple[object, object]:
    """Two states without what they share: objects by key, lists of the same length by their place as an object."""
    if isinstance(before, dict) and isinstance(after, dict):
        return _apart(before, after)
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after) and before != after:
        old, new = ({str(at): one for at, one in enumerate(some)} for some in (before, after))
        return _apart(old, new)
    return before, after


def _apart(before: State, after: State) -> tuple[State, State]:
    old: State = {}
    new: State = {}
    for key in dict.fromkeys((*before, *after)):
        if key not in after:
            old[key] = before[key]
        elif key not in before:
            new[key] = after[key]
        elif before[key] != after[key]:
            old[key], new[key] = difference(before[key], after[key])
    return old, new


def _text(state: object) -> str | None:
    if state is None:
        return None
    text = _json(state)
    if len(text) <= MAX_STATE:
        return text
    gist = {key: _gist(value) for key, value in state.items()} if isinstance(state, dict) else {}
    shorter = _json({**gist, "…": f"{len(text)} characters"})
    return shorter if len(shorter) <= MAX_STATE else _json({"…": f"{len(text)} characters"})


def _gist(value: object) -> object:
    """What is left of one value: a text's beginning, a plain value, the number of what it holds."""
    if isinstance(value, str):
        return value if len(value) <= GIST else value[:GIST] + "…"
    return f"… {len(value)}" if isinstance(value, dict | list) else value


def _json(state: object) -> str:
    return json.dumps(state, ensure_ascii=False, separators=(",", ":"))

"""The audit log: an entry for everything that someone changes.

Whoever changes something makes the entry here and stores it with ``telemetry.store.audit.add`` in the transaction of
the change: neither is there without the other. Secrets (passwords, tokens, their hashes) never go into an entry.
"""

from __future__ import annotations

import json

from telemetry.clock import Clock
from telemetry.identity import Actor
from telemetry.store.audit import AuditRow


class Audit:
    """Makes the entries of one server."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def entry(self, actor: Actor, action: str, subject: str, before: object = None, after: object = None) -> AuditRow:
        """An entry: ``action`` as in "user add", ``subject`` what it was done to, and its states as JSON shows them."""
        at = self._clock.arrival()
        return AuditRow(0, at, actor.name, actor.kind, actor.address, action, subject, _text(before), _text(after))


def _text(state: object) -> str | None:
    return None if state is None else json.dumps(state, ensure_ascii=False, separators=(",", ":"))

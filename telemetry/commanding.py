"""Commands that people send to devices: each stands in the audit log before the device hears of it.

A command whose entry cannot be written is not sent. What looks like a secret among its arguments is left out of the
entry.
"""

from __future__ import annotations

import re

from telemetry.audit import Audit, showing
from telemetry.identity import Actor
from telemetry.model import Reason, Refusal
from telemetry.store import audit as log
from telemetry.store.db import Store, StoreError
from telemetry.switchboard import Switchboard

SECRET = re.compile(r"pass|pwd|(?:^|_)pw(?:$|_)|secret|token|key|psk|credential|auth|(?:^|_)pin(?:$|_)", re.IGNORECASE)
"""Names of arguments whose values stay out of the log."""
DEPTH = 8
"""How deep arguments are looked through; what lies deeper stays out."""


class Commanding:
    """The way of a person's command to a device. Owned by the loop thread."""

    def __init__(self, store: Store, switchboard: Switchboard, audit: Audit) -> None:
        self._store = store
        self._switchboard = switchboard
        self._audit = audit

    async def send(self, by: Actor, device: str, name: str, args: object) -> dict[str, object] | Refusal:
        """Send a command and wait for the device's reply; returns ``{"result": …}``."""
        if not self._switchboard.reachable(device):
            return Refusal(Reason.UNKNOWN_DEVICE, "the device is not connected")
        entry = self._audit.entry(by, "device command", device)
        shown = showing(entry, None, {"name": name, "args": masked(args)})
        try:
            await self._store.write(lambda connection: log.add(connection, shown))
        except StoreError as error:
            return Refusal(Reason.TRY_LATER, error.advice, retry_after=1000)
        return await self._switchboard.command(device, name, args)


def masked(value: object, depth: int = DEPTH) -> object:
    """Arguments without what their names call secret."""
    if not depth:
        return "…"
    if isinstance(value, dict):
        return {key: "…" if SECRET.search(str(key)) else masked(one, depth - 1) for key, one in value.items()}
    return [masked(one, depth - 1) for one in value] if isinstance(value, list) else value

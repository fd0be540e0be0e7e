"""API tokens: the credentials of programs and screens.

What is added is durable before it works; what is revoked stops working first, whatever the disk says.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from telemetry.audit import Audit
from telemetry.clock import Clock
from telemetry.identity import ROLES, Actor, Principal, Role, digest
from telemetry.store import accounts as rows
from telemetry.store import audit as log
from telemetry.store.accounts import TokenRow, administer
from telemetry.store.db import Store


class ApiTokens:
    """The API tokens of one server, looked up in memory. Owned by the loop thread."""

    def __init__(self, store: Store, clock: Clock, audit: Audit, end: Callable[[str], None]) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit
        self._end = end
        self._tokens: dict[bytes, Principal] = {}

    async def load(self) -> None:
        """Read them. Raises StoreError."""
        self._tokens = {token.hash: _principal(token) for token in await self._store.read(rows.tokens)}

    def principal(self, token: str) -> Principal | None:
        """Who owns this token."""
        return self._tokens.get(digest(token))

    async def add(self, by: Actor, name: str, role: Role) -> str | None:
        """A new token, or None if the name is taken. Raises StoreError."""
        token = f"tt_a_{secrets.token_urlsafe(32)}"
        row = TokenRow(name, role.name.lower(), digest(token), self._clock.arrival())
        entry = self._audit.entry(by, "token add", name, None, {"role": row.role})
        if not await administer(self._store, lambda db: rows.add_token(db, row) and log.note(db, entry)):
            return None
        self._tokens[row.hash] = _principal(row)
        return token

    async def revoke(self, by: Actor, name: str) -> bool:
        """End a token and its sockets; False if there is none of that name. Raises StoreError."""
        self._forget(name)
        entry = self._audit.entry(by, "token revoke", name)
        try:
            return await administer(self._store, lambda db: rows.remove_token(db, name) and log.note(db, entry))
        finally:
            self._forget(name)  # one that was being added meanwhile was removed too

    def _forget(self, name: str) -> None:
        key = f"token:{name}"
        self._tokens = {token: one for token, one in self._tokens.items() if one.key != key}
        self._end(key)


def _principal(row: TokenRow) -> Principal:
    return Principal("token", row.name, ROLES[row.role], f"token:{row.name}")

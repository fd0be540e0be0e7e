"""Logins: a random cookie each, kept as its hash, for 30 days at most.

The deadline runs on the monotonic clock, so that a step of the wall clock neither ends a session nor revives one; only
at a start it is taken from the wall time in the store, and clamped.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from telemetry.clock import Clock, monotonic
from telemetry.identity import ROLES, Principal, digest
from telemetry.store import accounts
from telemetry.store.accounts import SessionRow, UserRow
from telemetry.store.db import Store, StoreError

log = logging.getLogger(__name__)

LIFETIME = 30 * 86_400
"""Seconds."""
MAX_PER_USER = 64
"""Logins that one user may have at once; the oldest gives way."""
LONGEST_SLEEP = 60.0


@dataclass(frozen=True, slots=True)
class _Session:
    principal: Principal
    deadline: float


class Sessions:
    """The logins of one server; ``end`` closes what is tied to a credential's key."""

    def __init__(
        self, store: Store, clock: Clock, end: Callable[[str], None], mono: Callable[[], float] = monotonic
    ) -> None:
        self._store = store
        self._clock = clock
        self._end = end
        self._mono = mono
        self._open: dict[bytes, _Session] = {}

    def load(self, rows: Iterable[SessionRow], users: Mapping[str, UserRow]) -> None:
        """Take over what is stored and has not expired."""
        now = self._clock.arrival()
        for row in rows:
            left = min((row.expires - now) / 1000, LIFETIME)
            if row.user in users and left > 0:
                self._place(row.hash, users[row.user], left)

    def principal(self, cookie: str) -> Principal | None:
        """Who is logged in with this cookie."""
        session = self._open.get(digest(cookie))
        return session.principal if session is not None and session.deadline > self._mono() else None

    async def start(self, user: UserRow) -> str:
        """Log a user in; the cookie. Raises StoreError."""
        cookie = secrets.token_urlsafe(32)
        now = self._clock.arrival()
        row = SessionRow(digest(cookie), user.name, now, now + LIFETIME * 1000)
        mine = self._of(user.name)
        surplus = mine[: max(0, len(mine) + 1 - MAX_PER_USER)]
        await self._store.write(lambda connection: accounts.add_session(connection, row, surplus))
        self._forget(surplus)
        self._place(row.hash, user, LIFETIME)
        return cookie

    async def stop(self, cookie: str) -> None:
        """End a login and its sockets. Raises StoreError."""
        await self._remove([digest(cookie)])

    def forget_user(self, name: str) -> None:
        """End all logins of a user in memory; the store has removed them with the user."""
        self._forget(self._of(name))

    async def expire(self) -> None:
        """Run for ever: end logins and their sockets when their time is over."""
        while True:
            first = min((session.deadline for session in self._open.values()), default=float("inf"))
            await asyncio.sleep(min(LONGEST_SLEEP, max(0.0, first - self._mono())))
            now = self._mono()
            if over := [token for token, session in self._open.items() if session.deadline <= now]:
                try:
                    await self._remove(over)
                except StoreError as error:
                    log.warning("could not delete expired sessions: %s", error)

    async def _remove(self, tokens: list[bytes]) -> None:
        self._forget(tokens)
        await self._store.write(lambda connection: accounts.remove_sessions(connection, tokens))

    def _of(self, name: str) -> list[bytes]:
        """A user's sessions, oldest first."""
        return [token for token, session in self._open.items() if session.principal.name == name]

    def _place(self, token: bytes, user: UserRow, seconds: float) -> None:
        principal = Principal("user", user.name, ROLES[user.role], f"session:{token.hex()}")
        self._open[token] = _Session(principal, self._mono() + seconds)

    def _forget(self, tokens: Iterable[bytes]) -> None:
        for token in tokens:
            session = self._open.pop(token, None)
            if session is not None:
                self._end(session.principal.key)

"""Users: who they are, and how they log in.

What is added is durable before it works; who is removed is out first, so that a failing disk cannot keep anyone in.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from telemetry.audit import Audit
from telemetry.clock import Clock, monotonic
from telemetry.identity import SERVER, Actor, Principal, Role, digest
from telemetry.passwords import Busy, Passwords
from telemetry.sessions import Sessions
from telemetry.store import accounts as rows
from telemetry.store import audit as log
from telemetry.store.accounts import UserRow, administer
from telemetry.store.db import Store
from telemetry.throttle import Throttle

BUSY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Throttled:
    """A login that was not even tried; ``wait`` in seconds."""

    wait: float


class People:
    """The users of one server and their sessions. Owned by the loop thread."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        audit: Audit,
        end: Callable[[str], None],
        mono: Callable[[], float] = monotonic,
    ) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit
        self._sessions = Sessions(store, clock, end, mono)
        self._passwords = Passwords()
        self._throttle = Throttle(mono)
        self._users: dict[str, UserRow] = {}
        self._setup: str | None = None
        self.expire = self._sessions.expire

    async def load(self) -> None:
        """Read users and sessions; without any user, make the one-time setup token. Raises StoreError."""
        self._users = {user.name: user for user in await self._store.read(rows.users)}
        self._sessions.load(await self._store.read(rows.sessions), self._users)
        self._setup = None if self._users else secrets.token_urlsafe(32)

    def close(self) -> None:
        """Let the password thread go."""
        self._passwords.close()

    def principal(self, cookie: str) -> Principal | None:
        """Who is logged in with this cookie."""
        return self._sessions.principal(cookie)

    async def add(self, by: Actor, name: str, role: Role, password: str) -> bool:
        """A new user; False if the name is taken. Raises StoreError and Busy."""
        return await self._add(by, name, role, password, first=False)

    async def remove(self, by: Actor, name: str) -> bool:
        """Delete a user, the user's sessions and their sockets; False if there is none of that name."""
        before = self._users.get(name)
        self._forget(name)
        entry = self._audit.entry(by, "user remove", name, before and {"role": before.role})
        try:
            return await administer(self._store, lambda db: rows.remove_user(db, name) and log.note(db, entry))
        finally:
            self._forget(name)  # and those who logged in meanwhile

    # the first user

    @property
    def setup_token(self) -> str | None:
        """What the one-time link to create the first user carries; None once there is a user."""
        return self._setup

    def setup_fits(self, token: str) -> bool:
        """Whether this token may create the first user."""
        return self._setup is not None and hmac.compare_digest(digest(self._setup), digest(token))

    async def set_up(self, token: str, name: str, password: str, address: str) -> bool:
        """Create the first user, an admin. False if the link is used up or another visitor was first."""
        if not self.setup_fits(token):
            return False
        # Claimed before the first await: a second visitor with the same link finds nothing to claim
        claimed, self._setup = self._setup, None
        try:
            return await self._add(SERVER._replace(address=address), name, Role.ADMIN, password, first=True)
        finally:
            self._setup = None if self._users else claimed

    async def _add(self, by: Actor, name: str, role: Role, password: str, *, first: bool) -> bool:
        hashed = await self._passwords.hash(password)
        row = UserRow(name, role.name.lower(), hashed, self._clock.arrival())
        entry = self._audit.entry(by, "user add", name, None, {"role": row.role})
        if not await administer(self._store, lambda db: rows.add_user(db, row, first=first) and log.note(db, entry)):
            return False
        self._users[name] = row
        self._setup = None
        return True

    # logins

    async def log_in(self, name: str, password: str, address: str) -> str | Throttled | None:
        """A new session's cookie; None if user or password are wrong, which take equally long. Raises StoreError."""
        if wait := self._throttle.attempt(address, name):
            return Throttled(wait)
        user = self._users.get(name)
        try:
            fits = await self._passwords.fits(user.password if user else None, password)
        except Busy:
            self._throttle.take_back(address, name)
            return Throttled(BUSY_SECONDS)
        if user is None or not fits or self._users.get(name) is not user:
            return None
        self._throttle.take_back(address, name)
        return await self.open_session(name)

    async def open_session(self, name: str) -> str | None:
        """Log in a user whose right to it was checked; None if there is no such user. Raises StoreError."""
        user = self._users.get(name)
        return None if user is None else await self._sessions.start(user)

    async def log_out(self, cookie: str) -> None:
        """End a session and its sockets. Raises StoreError."""
        await self._sessions.stop(cookie)

    def _forget(self, name: str) -> None:
        self._users.pop(name, None)
        self._sessions.forget_user(name)

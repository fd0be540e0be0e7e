"""Logins: a random cookie each, kept as its hash, until it is idle for too long or its time is over.

Both deadlines run on the monotonic clock, so that a step of the wall clock neither ends a session nor revives one; only
at a start they are taken from the wall times in the store, and clamped. A page that is open uses its session.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from telemetry.audit import Audit
from telemetry.clock import Clock, monotonic
from telemetry.identity import ROLES, Actor, Principal, Watchers, digest
from telemetry.store import accounts
from telemetry.store.accounts import SessionRow, UserRow
from telemetry.store.db import Store, StoreError

log = logging.getLogger(__name__)

MAX_PER_USER = 64
"""Logins that one user may have at once; the oldest gives way."""
MAX_AGENT = 256
"""Characters that are kept of what a browser says it is."""
LONGEST_SLEEP = 60.0
NOTED = 3_600.0
"""Seconds between two notes in the store of when a session was last used."""


class Lifetimes(NamedTuple):
    """Seconds that a session may be unused, and last."""

    idle: float
    whole: float


DEFAULT = Lifetimes(7 * 86_400, 30 * 86_400)


class SessionView(NamedTuple):
    """A login as its user sees it; times in ms, ``id`` names it and opens nothing."""

    id: str
    created: int
    expires: int
    seen: int
    address: str
    agent: str


@dataclass(slots=True)
class _Session:
    row: SessionRow
    principal: Principal
    deadline: float
    used: float
    noted: float


class Sessions:
    """The logins of one server; ``watchers`` ends what is tied to a credential's key, and knows what is."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        watchers: Watchers,
        mono: Callable[[], float] = monotonic,
        lifetimes: Lifetimes = DEFAULT,
    ) -> None:
        self._store = store
        self._clock = clock
        self._audit = Audit(clock)
        self._watchers = watchers
        self._mono = mono
        self._idle, self.lifetime = lifetimes
        self._open: dict[bytes, _Session] = {}

    def load(self, rows: Iterable[SessionRow], users: Mapping[str, UserRow]) -> None:
        """Take over what is stored and has not expired."""
        now = self._clock.arrival()
        for row in rows:
            left = min((row.expires - now) / 1000, self.lifetime)
            unused = max(0.0, (now - max(row.seen, row.created)) / 1000)
            if row.user in users and left > 0 and unused < self._idle:
                self._place(row, users[row.user], left, unused)

    def principal(self, cookie: str) -> Principal | None:
        """Who is logged in with this cookie; asking uses the session."""
        session = self._open.get(digest(cookie))
        if session is None or not self._lives(session):
            return None
        session.used = self._mono()
        return session.principal

    async def start(
        self, user: UserRow, address: str = "", agent: str = "", stands: Callable[[], bool] = lambda: True
    ) -> str | None:
        """Log a user in; the cookie, or None if the user no longer ``stands`` when it is stored. Raises StoreError."""
        cookie = secrets.token_urlsafe(32)
        now = self._clock.arrival()
        expires = now + int(self.lifetime * 1000)
        row = SessionRow(digest(cookie), user.name, now, expires, now, address, _shown(agent))
        mine = self._of(user.name)
        surplus = mine[: max(0, len(mine) + 1 - MAX_PER_USER)]
        entry = self._audit.entry(Actor(user.name, "user", address), "login", user.name)
        await self._store.write(lambda connection: accounts.add_session(connection, row, surplus, entry))
        self._forget(surplus)
        if not stands():  # changed while the disk was busy: what was just stored came after that change
            await self._store.write(lambda connection: accounts.remove_sessions(connection, [row.hash]))
            return None
        self._place(row, user, self.lifetime, 0.0)
        return cookie

    async def stop(self, cookie: str, address: str = "") -> None:
        """End a login and its sockets. Raises StoreError."""
        session = self._open.get(digest(cookie))
        if session is not None:
            await self._end([digest(cookie)], Actor(session.row.user, "user", address))

    def of(self, name: str) -> list[SessionView]:
        """A user's logins, the last used first."""
        now, mono = self._clock.arrival(), self._mono()
        found = [self._open[one] for one in self._of(name)]
        views = [
            SessionView(
                _id(one.row.hash),
                one.row.created,
                now + int((one.deadline - mono) * 1000),
                now if self._watchers.any(one.principal.key) else now - int((mono - one.used) * 1000),
                one.row.address,
                one.row.agent,
            )
            for one in found
            if self._lives(one)
        ]
        return sorted(views, key=lambda view: (view.seen, view.created), reverse=True)

    def id_of(self, cookie: str | None) -> str | None:
        """What ``of`` calls the session of a cookie."""
        hashed = digest(cookie) if cookie is not None else b""
        return _id(hashed) if hashed in self._open else None

    async def end_one(self, by: Actor, name: str, wanted: str) -> bool:
        """End the login of a user that ``of`` calls so; False if there is none. Raises StoreError."""
        found = [one for one in self._of(name) if _id(one) == wanted]
        await self._end(found, by)
        return bool(found)

    async def end_others(self, by: Actor, name: str, keep: str | None) -> int:
        """End a user's logins but for the one that ``of`` calls ``keep``; how many. Raises StoreError."""
        found = [one for one in self._of(name) if _id(one) != keep]
        await self._end(found, by)
        return len(found)

    def forget_user(self, name: str) -> None:
        """End all logins of a user in memory; the store has removed them with the user."""
        self._forget(self._of(name))

    async def expire(self) -> None:
        """Run for ever: end logins and their sockets when their time is over, and note when they were used."""
        while True:
            longest = min(LONGEST_SLEEP, self._idle / 4, self.lifetime / 4)  # a session may begin meanwhile
            await asyncio.sleep(min(longest, max(0.0, self._first() - self._mono())))
            try:
                await self._sweep()
            except StoreError as error:
                log.warning("could not bring sessions up to date: %s", error)

    async def _sweep(self) -> None:
        now = self._mono()
        for session in self._open.values():
            if self._watchers.any(session.principal.key):
                session.used = now
        if over := [token for token, session in self._open.items() if not self._lives(session)]:
            self._forget(over)
            await self._store.write(lambda connection: accounts.remove_sessions(connection, over))
        every = min(NOTED, self._idle / 4)
        late = [one for one in self._open.values() if one.used - one.noted >= every]
        if late:
            wall = self._clock.arrival()
            seen = [(wall - int((now - one.used) * 1000), one.row.hash) for one in late]
            for one in late:
                one.noted = one.used
            await self._store.write(lambda connection: accounts.seen_sessions(connection, seen))

    def _first(self) -> float:
        """When the next session may end; one with an open page only by its whole lifetime."""
        ends = (
            one.deadline if self._watchers.any(one.principal.key) else min(one.deadline, one.used + self._idle)
            for one in self._open.values()
        )
        return min(ends, default=float("inf"))

    def _lives(self, session: _Session) -> bool:
        now = self._mono()
        busy = session.used + self._idle > now or self._watchers.any(session.principal.key)
        return session.deadline > now and busy

    async def _end(self, tokens: list[bytes], by: Actor) -> None:
        if tokens:
            entry = self._audit.entry(by, "logout", self._open[tokens[0]].row.user, {"sessions": len(tokens)})
            self._forget(tokens)
            await self._store.write(lambda connection: accounts.remove_sessions(connection, tokens, entry))

    def _of(self, name: str) -> list[bytes]:
        """A user's sessions, oldest first."""
        return [token for token, session in self._open.items() if session.principal.name == name]

    def _place(self, row: SessionRow, user: UserRow, seconds: float, unused: float) -> None:
        principal = Principal("user", user.name, ROLES[user.role], f"session:{row.hash.hex()}")
        used = self._mono() - unused
        self._open[row.hash] = _Session(row, principal, self._mono() + seconds, used, used)

    def _forget(self, tokens: Iterable[bytes]) -> None:
        for token in tokens:
            session = self._open.pop(token, None)
            if session is not None:
                self._watchers.end(session.principal.key)


def _id(hashed: bytes) -> str:
    return hashed[:8].hex()


def _shown(agent: str) -> str:
    return "".join(one for one in agent[:MAX_AGENT] if one.isprintable())

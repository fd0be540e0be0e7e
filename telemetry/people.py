"""Users: who they are, and every change of them.

What is added is durable before it works; who is removed is out first, so that a failing disk cannot keep anyone in. A
user who has no password yet, or has forgotten it, gets a link that sets one, once.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import NamedTuple

from telemetry.audit import Audit
from telemetry.clock import Clock, monotonic
from telemetry.identity import ROLES, SERVER, Actor, Principal, Role, Watchers, digest, person_key
from telemetry.logins import Logins
from telemetry.model import Reason, Refusal
from telemetry.passwords import Passwords
from telemetry.sessions import DEFAULT, Lifetimes, Sessions
from telemetry.store import accounts as rows
from telemetry.store import audit as log
from telemetry.store.accounts import UserRow, administer
from telemetry.store.db import Store

LINK_SECONDS = 24 * 3_600
"""How long a link to set a password works."""
GONE = Refusal(Reason.BAD_VALUE, "there is no such user", "name")
TAKEN = Refusal(Reason.BAD_VALUE, "this name is taken", "name")
MEANWHILE = Refusal(Reason.TRY_LATER, "this user was changed in the meantime: try again", retry_after=1000)
LAST = Refusal(Reason.FORBIDDEN, "this is the last admin who can log in", "name")
ONESELF = Refusal(Reason.FORBIDDEN, "no one can lock oneself out: another admin has to do this", "name")


class Link(NamedTuple):
    """The secret of a link that sets a password, and until when (ms) it works."""

    token: str
    until: int


class People:
    """The users of one server and their sessions. Owned by the loop thread."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        audit: Audit,
        watchers: Watchers,
        mono: Callable[[], float] = monotonic,
        lifetimes: Lifetimes = DEFAULT,
    ) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit
        self._watchers = watchers
        self._mono = mono
        self.passwords = Passwords()
        self.sessions = Sessions(store, clock, watchers, mono, lifetimes)
        self._users: dict[str, UserRow] = {}
        self._links: dict[str, float] = {}
        """Until when, on the monotonic clock, the link of a user works."""
        self.logins = Logins(self._users, self.sessions, self.passwords, self.replace, clock, mono)
        self._setup: str | None = None
        self.expire = self.sessions.expire
        self.principal = self.sessions.principal
        self.log_in = self.logins.log_in
        self.log_out = self.sessions.stop

    async def load(self) -> None:
        """Read users and sessions; without any user, make the one-time setup token. Raises StoreError."""
        now = self._clock.arrival()
        for user in await self._store.read(rows.users):
            self._place(user, min((user.link_until - now) / 1000, LINK_SECONDS))
        sessions = await self._store.read(rows.sessions)
        self.sessions.load(sessions, self._users)
        for session in sessions:
            self.logins.throttle.know(session.address, session.user)
        self._setup = None if self._users else secrets.token_urlsafe(32)

    def close(self) -> None:
        """Let the password thread go."""
        self.passwords.close()

    # who there is

    def find(self, name: str) -> UserRow | None:
        """The user of this name."""
        return self._users.get(name)

    def every(self) -> list[UserRow]:
        """All users, by name."""
        return sorted(self._users.values())

    def link_until(self, user: UserRow) -> int | None:
        """Until when (ms) the link of a user works, if there is one that does."""
        left = self._links.get(user.name, 0.0) - self._mono()
        return self._clock.arrival() + int(left * 1000) if user.link is not None and left > 0 else None

    def signed_on(self, name: str) -> Principal | None:
        """Who a trusted proxy says is there; None for a name that was not added."""
        user = self._users.get(name)
        return user and Principal("user", name, ROLES[user.role], person_key(name))

    # what changes them

    async def add(self, by: Actor, name: str, role: Role, password: str) -> bool:
        """A new user; False if the name is taken. Raises StoreError and Busy."""
        return await self._add(by, name, role, await self.passwords.hash(password))

    async def invite(self, by: Actor, name: str, role: Role) -> Link | Refusal:
        """A new user who sets the first password by the link. Raises StoreError."""
        link = self._new_link()
        made = await self._add(by, name, role, "", link=link)
        return link if made else TAKEN

    async def remove(self, by: Actor, name: str) -> bool | Refusal:
        """Delete a user, the user's sessions and their sockets; False if there is none of that name."""
        before = self._users.get(name)
        if (refusal := self._locks_out(by, name)) is not None:
            return refusal
        self._forget(name)
        entry = self._audit.entry(by, "user remove", name, before and {"role": before.role})
        free = by.kind == "terminal" or before is None or before.role != "admin"
        me = by.name if by.kind == "user" else name
        done: bool | None = False
        try:
            done = await administer(
                self._store,
                lambda db: (
                    rows.remove_user(db, name) and log.note(db, entry)
                    if free or rows.other_admin(db.conn, name, me)
                    else None
                ),
            )
        finally:
            self._forget(name)  # and those who logged in meanwhile
        if done is None and before is not None:
            self._users[name] = before
            return LAST
        return bool(done)

    async def set_role(self, by: Actor, name: str, role: Role) -> bool | Refusal:
        """Give a user another role, and log the user out; False if there is none of that name. Raises StoreError."""
        user = self._users.get(name)
        if user is None:
            return False
        if user.role == role.name.lower():
            return True
        if role is not Role.ADMIN and (refusal := self._locks_out(by, name)) is not None:
            return refusal
        changed = user._replace(role=role.name.lower())
        entry = self._audit.entry(by, "user role", name, {"role": user.role}, {"role": changed.role})
        free = by.kind == "terminal" or user.role != "admin"
        me = by.name if by.kind == "user" else name
        self._log_out(name)
        done = await self._store.write(
            lambda c: (
                rows.change_user(c, user, changed, entry, leave=True) if free or rows.other_admin(c, name, me) else None
            )
        )
        if not done:
            return LAST if done is None else MEANWHILE
        self._users[name] = changed
        self._log_out(name)
        return True

    async def set_password(self, by: Actor, name: str, password: str) -> bool | Refusal:
        """Give a user another password, and log the user out; False if there is none. Raises StoreError and Busy."""
        user = self._users.get(name)
        return user is not None and (await self.set_password_of(user, password, by) or MEANWHILE)

    async def codes_off(self, by: Actor, name: str) -> bool | Refusal:
        """Let a user in by the password alone; False if there is no such user. Raises StoreError."""
        user = self._users.get(name)
        if user is None:
            return False
        if user.totp is None:
            return True
        self.logins.forget(name)
        return await self.replace(by, user, user._replace(totp=None, recovery=""), "codes off") or MEANWHILE

    async def new_link(self, by: Actor, name: str) -> Link | Refusal:
        """A link that sets a user's password once; the password that there is works until then. Raises StoreError."""
        user, link = self._users.get(name), self._new_link()
        if user is None:
            return GONE
        changed = user._replace(link=digest(link.token), link_until=link.until)
        if not await self.replace(by, user, changed, "user link"):
            return MEANWHILE
        self._links[name] = self._mono() + LINK_SECONDS
        return link

    def link_of(self, token: str) -> UserRow | None:
        """Whose password this link may set."""
        hashed = digest(token)
        found = (one for one in self._users.values() if one.link is not None and hmac.compare_digest(one.link, hashed))
        return next((user for user in found if self.link_until(user) is not None), None)

    async def use_link(self, token: str, password: str, address: str) -> UserRow | None:
        """Set the password that a link is for; None if it is used up. Raises StoreError and Busy."""
        user = self.link_of(token)
        if user is None:
            return None
        by = Actor(user.name, "user", address)
        return self._users.get(user.name) if await self.set_password_of(user, password, by) else None

    async def set_password_of(self, user: UserRow, password: str, by: Actor) -> bool:
        """As ``set_password``, for a user as it was found; False if that has changed in the meantime."""
        hashed = await self.passwords.hash(password)
        changed = user._replace(password=hashed, link=None, link_until=0)
        return await self.replace(by, user, changed, "user password", leave=True)

    async def replace(self, by: Actor, user: UserRow, changed: UserRow, action: str, *, leave: bool = False) -> bool:
        """Store a user's row in place of another; False if that has changed. ``leave`` logs out. Raises StoreError."""
        if self._users.get(user.name) is not user:
            return False
        entry = self._audit.entry(by, action, user.name)
        if leave:
            self._log_out(user.name)
        done = await self._store.write(lambda c: rows.change_user(c, user, changed, entry, leave=leave))
        if not done or self._users.get(user.name) is not user:
            return False
        self._users[user.name] = changed
        if leave:
            self._log_out(user.name)  # and those who logged in meanwhile
        return True

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
            hashed = await self.passwords.hash(password)
            return await self._add(SERVER._replace(address=address), name, Role.ADMIN, hashed, first=True)
        finally:
            self._setup = None if self._users else claimed

    async def open_session(self, name: str, address: str = "", agent: str = "") -> str | None:
        """Log in a user whose right to it was checked; None if there is no such user. Raises StoreError."""
        user = self._users.get(name)
        if user is None:
            return None
        return await self.sessions.start(user, address, agent, lambda: self._users.get(name) is user)

    async def _add(
        self, by: Actor, name: str, role: Role, hashed: str, *, link: Link | None = None, first: bool = False
    ) -> bool:
        hashed_link, until = (digest(link.token), link.until) if link else (None, 0)
        row = UserRow(name, role.name.lower(), hashed, self._clock.arrival(), link=hashed_link, link_until=until)
        entry = self._audit.entry(by, "user add", name, None, {"role": row.role})
        if not await administer(self._store, lambda db: rows.add_user(db, row, first=first) and log.note(db, entry)):
            return False
        self._place(row, LINK_SECONDS)
        self._setup = None
        return True

    def _new_link(self) -> Link:
        return Link(secrets.token_urlsafe(32), self._clock.arrival() + LINK_SECONDS * 1000)

    def _place(self, user: UserRow, link_seconds: float) -> None:
        self._users[user.name] = user
        if user.link is not None:
            self._links[user.name] = self._mono() + link_seconds

    def _locks_out(self, by: Actor, name: str) -> Refusal | None:
        """Why a user cannot be removed or demoted by this one; the terminal can, it can also add one again."""
        if by.kind == "terminal":
            return None
        if by.kind == "user" and by.name == name:
            return ONESELF
        others = (one for one in self._users.values() if one.name != name and one.role == "admin")
        user = self._users.get(name)
        me = by.name if by.kind == "user" else None
        safe = user is None or user.role != "admin" or any(one.password or one.name == me for one in others)
        return None if safe else LAST

    def _log_out(self, name: str) -> None:
        self.sessions.forget_user(name)
        self._watchers.end(person_key(name))

    def _forget(self, name: str) -> None:
        self._users.pop(name, None)
        self._links.pop(name, None)
        self.logins.forget(name)
        self._log_out(name)

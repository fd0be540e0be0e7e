"""How a user gets in: password, then a one-time code where the account has them; both throttled.

A right password without its code opens a ticket: the second step needs the ticket and the code. Tickets are in memory,
few, short-lived, and die with any change of the user. A code works once, a recovery code for ever only once.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from telemetry import totp
from telemetry.clock import Clock, monotonic, wall_ms
from telemetry.identity import Actor
from telemetry.names import MAX_NAME
from telemetry.passwords import Busy, Passwords
from telemetry.sessions import Sessions
from telemetry.store.accounts import UserRow
from telemetry.throttle import Throttle

BUSY_SECONDS = 2.0
TICKET_SECONDS = 300.0
MAX_TICKETS = 1_000


@dataclass(frozen=True, slots=True)
class Throttled:
    """A login that was not even tried; ``wait`` in seconds."""

    wait: float


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The password was right; ``ticket`` and a one-time code finish the login. ``wrong``: that code does not."""

    ticket: str
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class _Ticket:
    user: UserRow
    deadline: float


Result = str | Throttled | CodeNeeded | None
Change = Callable[[Actor, UserRow, UserRow, str], Awaitable[bool]]
"""Stores a user's row in place of another, with the action for the audit log; False if that has changed."""


class Logins:
    """Logs users in. Owned by the loop thread; ``users`` is the caller's table, by name."""

    def __init__(
        self,
        users: dict[str, UserRow],
        sessions: Sessions,
        passwords: Passwords,
        change: Change,
        clock: Clock,
        mono: Callable[[], float] = monotonic,
        wall: Callable[[], int] = wall_ms,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._passwords = passwords
        self._change = change
        self._clock = clock
        self._mono = mono
        self._wall = wall
        self.throttle = Throttle(mono)
        self.failed: Callable[[str, str], None] = lambda _name, _address: None
        """Hears the name and the address of every guess that was wrong."""
        self._tickets: OrderedDict[str, _Ticket] = OrderedDict()
        self._used: dict[str, int] = {}
        """The newest step of a user's codes that was used; as bounded as users are."""

    async def log_in(self, name: str, password: str, address: str, code: str = "", agent: str = "") -> Result:
        """A new session's cookie; None if user or password are wrong, which take equally long. Raises StoreError."""
        checked = await self.check_password(name, password, address)
        if not isinstance(checked, UserRow):
            return checked
        if checked.totp is None:
            return await self._enter(checked, address, agent)
        ticket = self._ticket(checked)
        return await self.second_step(ticket, code, address, agent) if code else CodeNeeded(ticket)

    async def second_step(self, ticket: str, code: str, address: str, agent: str = "") -> Result:
        """Finish a login; None if the ticket is not, or no longer, one. Raises StoreError."""
        found = self._tickets.get(ticket)
        if found is None or found.deadline <= self._mono() or self._users.get(found.user.name) is not found.user:
            self._tickets.pop(ticket, None)
            return None
        user = found.user
        if wait := self.throttle.attempt_code(address, user.name):
            return Throttled(wait)
        done = await self._code_fits(user, code, address)
        if done is None:
            self.failed(user.name, address)
            return CodeNeeded(ticket, wrong=True)
        self._tickets.pop(ticket, None)
        self.throttle.take_back_code(address, user.name)
        return await self._enter(done, address, agent)

    async def check_password(self, name: str, password: str, address: str) -> UserRow | Throttled | None:
        """The user, if this is the password; throttled like every guess."""
        account = name[:MAX_NAME]  # what is longer is no user, and would fill the memory
        if wait := self.throttle.attempt(address, account):
            return Throttled(wait)
        user = self._users.get(name)
        try:
            fits = await self._passwords.fits(user.password if user else None, password)
        except Busy:
            self.throttle.take_back(address, account)
            return Throttled(BUSY_SECONDS)
        if user is None or not fits or self._users.get(name) is not user:
            self.failed(name, address)
            return None
        self.throttle.take_back(address, account)
        return user

    def step_of(self, user: UserRow, secret: str, code: str) -> int | None:
        """The step of a code that fits and was not used; it is used then."""
        step = totp.matching_step(secret, code, self._wall(), self._used.get(user.name, -1))
        if step is not None:
            self._used[user.name] = step
        return step

    def forget(self, name: str) -> None:
        """The user is gone, or has other codes."""
        self._used.pop(name, None)

    async def _enter(self, user: UserRow, address: str, agent: str) -> str | None:
        if self._users.get(user.name) is not user:
            return None
        self.throttle.know(address, user.name)
        return await self._sessions.start(user, address, agent, lambda: self._users.get(user.name) is user)

    def _ticket(self, user: UserRow) -> str:
        ticket = secrets.token_urlsafe(32)
        self._tickets[ticket] = _Ticket(user, self._mono() + TICKET_SECONDS)
        if len(self._tickets) > MAX_TICKETS:
            self._tickets.popitem(last=False)
        return ticket

    async def _code_fits(self, user: UserRow, code: str, address: str) -> UserRow | None:
        """The user as the code leaves it: a recovery code is spent."""
        if user.totp is not None and self.step_of(user, user.totp, code) is not None:
            return user
        hashed = totp.recovery_hash(code)
        left = [one for one in user.recovery.split() if one != hashed]
        if len(left) == len(user.recovery.split()):
            return None
        spent = user._replace(recovery=" ".join(left))
        if not await self._change(Actor(user.name, "user", address), user, spent, "recovery code used"):
            return None
        return self._users.get(user.name)

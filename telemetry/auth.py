"""Accounts: users, API tokens and device tokens, looked up in memory without SQL.

Tokens are 256 random bits, kept as SHA-256: they need no slow hash, and looking a hash up in a dictionary leaks
nothing by its timing that would help to find a token. What is added is durable before it works; what is revoked
stops working first, so that a failing disk cannot keep it alive. ``watch`` ties open sockets to their credential.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from telemetry.clock import Clock, monotonic
from telemetry.identity import ROLES, DeviceIdentity, Principal, Role, Watchers, device_key, digest, open_key
from telemetry.mosquitto import password_hash
from telemetry.passwords import Busy, Passwords
from telemetry.sessions import Sessions
from telemetry.store import accounts as account_rows
from telemetry.store import devices as device_rows
from telemetry.store.accounts import TokenRow, UserRow, administer
from telemetry.store.db import Store
from telemetry.store.devices import DeviceToken
from telemetry.throttle import Throttle

__all__ = ["ROLES", "Accounts", "Busy", "DeviceIdentity", "Principal", "Role", "Throttled", "device_key", "open_key"]

BUSY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Throttled:
    """A login that was not even tried; ``wait`` in seconds."""

    wait: float


class Accounts:
    """The credentials of one server. Owned by the loop thread."""

    def __init__(self, store: Store, clock: Clock, mono: Callable[[], float] = monotonic) -> None:
        self._store = store
        self._clock = clock
        self._watchers = Watchers()
        self.watch = self._watchers.watch
        self.end = self._watchers.end
        self._sessions = Sessions(store, clock, self.end, mono)
        self._passwords = Passwords()
        self._throttle = Throttle(mono)
        self._users: dict[str, UserRow] = {}
        self._tokens: dict[bytes, Principal] = {}
        self._devices: dict[bytes, DeviceIdentity] = {}
        self._device_hashes: dict[str, bytes] = {}
        self._setup: str | None = None

    async def load(self) -> None:
        """Read all credentials; without any user, make the one-time setup token. Raises StoreError."""
        self._users = {user.name: user for user in await self._store.read(account_rows.users)}
        for token in await self._store.read(account_rows.tokens):
            self._tokens[token.hash] = _api_principal(token)
        for device in await self._store.read(device_rows.tokens):
            self._admit(device)
        self._sessions.load(await self._store.read(account_rows.sessions), self._users)
        self._setup = None if self._users else secrets.token_urlsafe(32)

    async def expire_sessions(self) -> None:
        """Run for ever: end sessions, and their sockets, when their time is over."""
        await self._sessions.expire()

    def close(self) -> None:
        """Let the password thread go."""
        self._passwords.close()

    # lookups, on every request

    def principal_of_token(self, token: str) -> Principal | None:
        """Who owns this API token."""
        return self._tokens.get(digest(token))

    def principal_of_session(self, cookie: str) -> Principal | None:
        """Who is logged in with this cookie."""
        return self._sessions.principal(cookie)

    def device_of_token(self, token: str) -> DeviceIdentity | None:
        """Which device owns this token."""
        return self._devices.get(digest(token))

    def has_token(self, device_id: str) -> bool:
        """Whether this id speaks only with its token."""
        return device_id in self._device_hashes

    # devices

    async def give_device_token(
        self, device_id: str, name: str | None = None, gateway: tuple[str, ...] | None = None
    ) -> str | None:
        """A new token for a device that has none; None if it has one. Raises StoreError.

        Sockets that speak under the id without a token stay open: ``end(open_key(id))`` closes them.
        """
        token = f"tt_d_{secrets.token_urlsafe(32)}"
        row = DeviceToken(device_id, gateway, digest(token))
        mqtt_hash = password_hash(token)
        created = self._clock.arrival()
        if not await administer(self._store, lambda db: device_rows.give_token(db, row, mqtt_hash, name, created)):
            return None
        self._admit(row)
        return token

    async def revoke_device_token(self, device_id: str) -> bool:
        """End a device's token and its sockets; the device and its data stay. False if it had none."""
        self._expel(device_id)
        try:
            return await administer(self._store, lambda db: device_rows.take_token(db, device_id))
        finally:
            self._expel(device_id)  # one that was being given meanwhile was taken too

    # API tokens

    async def add_token(self, name: str, role: Role) -> str | None:
        """A new API token, or None if the name is taken. Raises StoreError."""
        token = f"tt_a_{secrets.token_urlsafe(32)}"
        row = TokenRow(name, role.name.lower(), digest(token), self._clock.arrival())
        if not await administer(self._store, lambda db: account_rows.add_token(db, row)):
            return None
        self._tokens[row.hash] = _api_principal(row)
        return token

    async def revoke_token(self, name: str) -> bool:
        """End an API token and its sockets; False if there is none of that name."""
        self._forget_token(name)
        try:
            return await administer(self._store, lambda db: account_rows.remove_token(db, name))
        finally:
            self._forget_token(name)

    # users

    async def add_user(self, name: str, role: Role, password: str) -> bool:
        """A new user; False if the name is taken. Raises StoreError and Busy."""
        return await self._add_user(name, role, password, first=False)

    async def remove_user(self, name: str) -> bool:
        """Delete a user, the user's sessions and their sockets; False if there is none of that name."""
        self._forget_user(name)
        try:
            return await administer(self._store, lambda db: account_rows.remove_user(db, name))
        finally:
            self._forget_user(name)  # and those who logged in meanwhile

    @property
    def setup_token(self) -> str | None:
        """What the one-time link to create the first user carries; None once there is a user."""
        return self._setup

    def setup_fits(self, token: str) -> bool:
        """Whether this token may create the first user."""
        return self._setup is not None and hmac.compare_digest(digest(self._setup), digest(token))

    async def set_up(self, token: str, name: str, password: str) -> bool:
        """Create the first user, an admin. False if the link is used up or another visitor was first."""
        if not self.setup_fits(token):
            return False
        # Claimed before the first await: a second visitor with the same link finds nothing to claim
        claimed, self._setup = self._setup, None
        try:
            return await self._add_user(name, Role.ADMIN, password, first=True)
        finally:
            self._setup = None if self._users else claimed

    async def _add_user(self, name: str, role: Role, password: str, *, first: bool) -> bool:
        hashed = await self._passwords.hash(password)
        row = UserRow(name, role.name.lower(), hashed, self._clock.arrival())
        if not await administer(self._store, lambda db: account_rows.add_user(db, row, first=first)):
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

    # memory

    def _admit(self, row: DeviceToken) -> None:
        self._devices[row.hash] = DeviceIdentity(row.device, row.gateway)
        self._device_hashes[row.device] = row.hash

    def _expel(self, device_id: str) -> None:
        token = self._device_hashes.pop(device_id, None)
        if token is not None:
            del self._devices[token]
        self.end(device_key(device_id))

    def _forget_token(self, name: str) -> None:
        principal_key = f"token:{name}"
        self._tokens = {token: one for token, one in self._tokens.items() if one.key != principal_key}
        self.end(principal_key)

    def _forget_user(self, name: str) -> None:
        self._users.pop(name, None)
        self._sessions.forget_user(name)


def _api_principal(row: TokenRow) -> Principal:
    return Principal("token", row.name, ROLES[row.role], f"token:{row.name}")

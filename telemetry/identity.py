"""Who speaks: roles, principals, device identities; and the sockets that end with a credential."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from telemetry.scope import Scope


class Role(IntEnum):
    """What people and programs may do; each includes the one before."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3


ROLES = {role.name.lower(): role for role in Role}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request: ``kind`` is "user", "token", "screen", or "demo" for anyone in demo mode.

    ``key`` is for ``watch``. Without a ``scope`` the role alone decides; with one, only what that reaches is there.
    """

    kind: str
    name: str
    role: Role
    key: str
    scope: Scope | None = None


class Actor(NamedTuple):
    """Who changes something, as the audit log names it.

    ``kind`` is that of a principal, "terminal" for the command line, or "server" for what the server does by itself;
    ``address`` is where from, empty where there is none.
    """

    name: str
    kind: str
    address: str = ""


SERVER = Actor("server", "server")
TERMINAL = Actor("command line", "terminal")


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """Which device speaks, for which others it may (``gateway``), and whether it waits for approval."""

    id: str
    gateway: tuple[str, ...] | None = None
    pending: bool = False
    by_token: bool = True
    hash: bytes = field(default=b"", compare=False, repr=False)

    @property
    def key(self) -> str:
        """The key for ``watch``: sockets with a token end with it, those without when their id gets one."""
        return device_key(self.id, self.hash) if self.by_token else open_key(self.id)


def device_key(device_id: str, token_hash: bytes = b"") -> str:
    """What ends with one token of a device: while tokens change hands, a device has two."""
    return f"device:{device_id}#{token_hash.hex()}"  # no id holds a #


def open_key(device_id: str) -> str:
    """What ends when an id must no longer speak without a token."""
    return f"open:{device_id}"


def person_key(name: str) -> str:
    """What ends when a user who comes without a session of ours is changed or removed."""
    return f"person:{name}"


def digest(token: str) -> bytes:
    """The SHA-256 under which a token is kept."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


class Watchers:
    """What to close when a credential ends, by its key."""

    def __init__(self) -> None:
        self._closers: dict[str, list[Callable[[], None]]] = {}

    def watch(self, key: str, close: Callable[[], None]) -> Callable[[], None]:
        """Call ``close`` once when ``key`` ends; the caller calls the result when its socket ended before."""
        closers = self._closers.setdefault(key, [])
        closers.append(close)

        def forget() -> None:
            if close in closers:
                closers.remove(close)
            if not closers and self._closers.get(key) is closers:
                del self._closers[key]

        return forget

    def any(self, key: str) -> bool:
        """Whether something is open that is tied to ``key``."""
        return key in self._closers

    def count(self, key: str) -> int:
        """How many there are to close."""
        return len(self._closers.get(key, ()))

    def end(self, key: str) -> None:
        """Close everything that is tied to ``key``."""
        for close in list(self._closers.pop(key, [])):  # closing a socket may run its ``forget``
            close()

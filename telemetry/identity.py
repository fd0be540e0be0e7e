"""Who speaks: roles, principals, device identities; and the sockets that end with a credential."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple


class Role(IntEnum):
    """What people and programs may do; each includes the one before."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3


ROLES = {role.name.lower(): role for role in Role}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request: ``kind`` is "user", "token", or "demo" for anyone in demo mode. ``key`` is for ``watch``."""

    kind: str
    name: str
    role: Role
    key: str


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

    @property
    def key(self) -> str:
        """The key for ``watch``: sockets with a token end with it, those without when their id gets one."""
        return device_key(self.id) if self.by_token else open_key(self.id)


def device_key(device_id: str) -> str:
    """What ends when a device's token is revoked."""
    return f"device:{device_id}"


def open_key(device_id: str) -> str:
    """What ends when an id must no longer speak without a token."""
    return f"open:{device_id}"


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

    def end(self, key: str) -> None:
        """Close everything that is tied to ``key``."""
        for close in list(self._closers.pop(key, [])):  # closing a socket may run its ``forget``
            close()

"""Who gets into the embedded broker, and who may use which topic: the rules of the shipped Mosquitto config and more.

A device writes ``telltale/ID/readings``, ``…/reply`` and ``…/status`` of its own id, and reads ``…/command`` and
``…/presence``; a gateway also those of the devices that its patterns match. Only the server writes the latter two, and
the readings that it publishes under ``telltale-live/``, which everyone with a token may read. Topics of other
ecosystems are open to everyone with a token, but for ``v1/…``, on which ThingsBoard's devices all use the same names:
they are written, and read by the server alone.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Protocol

from devices.broker_config import BRIDGE, READ, WRITTEN
from devices.mqtt_topics import LIVE, ROOT
from telemetry import names

SHARED = ("v1/",)
"""Topics that name no device."""


class Identity(Protocol):
    """Whoever is logged in: a device, as ``telemetry.identity.DeviceIdentity`` describes it."""

    @property
    def id(self) -> str:
        """The id of the device."""

    @property
    def gateway(self) -> Sequence[str] | None:
        """The patterns of ids that it may speak for."""

    @property
    def key(self) -> str:
        """Names the credential, whose end closes the connection."""


class Server:
    """The identity of the server itself."""

    id = BRIDGE
    gateway = None
    key = BRIDGE


SERVER: Identity = Server()


class Access:
    """Tokens are the passwords; ``device_of_token`` looks one up. ``secret`` is the server's own password."""

    def __init__(self, device_of_token: Callable[[str], Identity | None], secret: str) -> None:
        self._device_of_token = device_of_token
        self._secret = secret

    def authenticate(self, user: str | None, password: str | None, client_id: str) -> Identity | None:
        """Who logs in: by the token as password, or, without a password, as user name (as with ThingsBoard)."""
        del client_id
        if user == BRIDGE and hmac.compare_digest(self._secret.encode(), (password or "").encode()):
            return SERVER
        token = password or user
        return self._device_of_token(token) if token else None

    def may(self, identity: Identity, topic: str, write: bool) -> bool:  # noqa: FBT001 - read or write, by position
        """Whether somebody may write to a topic, or be sent what comes on it."""
        if identity is SERVER:
            return True
        if topic.startswith("$"):
            return False
        if topic.startswith(LIVE):
            return not write
        if not topic.startswith(ROOT):
            return write or not topic.startswith(SHARED)
        device, _, leaf = topic.removeprefix(ROOT).rpartition("/")
        return leaf in (WRITTEN if write else READ) and _speaks_for(identity, device)


def _speaks_for(identity: Identity, device: str) -> bool:
    name = names.device_id(device)
    return name is not None and (name == identity.id or any(_test(one)(name) for one in identity.gateway or ()))


@lru_cache(maxsize=1_000)
def _test(pattern: str) -> Callable[[str], bool]:
    return names.matcher(pattern)

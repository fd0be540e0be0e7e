"""What a device client may be told, and what it tells: options, hooks, counts, states.

Plain data. ``devices/client.py`` does the work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from devices.link import Dial
from devices.outbox import Limits


class State(StrEnum):
    """Where the client stands. ``refused``: wrong credentials; ``replaced``: another instance has this identity."""

    CONNECTING = "connecting"
    ONLINE = "online"
    OFFLINE = "offline"
    REFUSED = "refused"
    REPLACED = "replaced"
    CLOSED = "closed"


@dataclass(slots=True)
class Stats:
    """Counts of readings since the start, but ``errors`` (without an envelope, by code) and ``connects`` of events."""

    sent: int = 0
    acked: int = 0
    dropped: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    connects: int = 0
    replaced: int = 0


@dataclass(slots=True)
class Options:
    """What a device may choose. ``clock=False``: readings carry their ``age``, for devices that do not know the time.

    ``spool`` is a directory that keeps readings over a restart of the program; it needs a clock.
    """

    limits: Limits = field(default_factory=Limits)
    dial: Dial = field(default_factory=Dial)
    cbor: bool = False
    clock: bool = True
    spool: Path | None = None
    max_backoff: float = 60.0


@dataclass(slots=True)
class Hooks:
    """Called on the loop, all optional.

    ``acked(numbers)``: these calls of ``send`` are durable (or, after a lost socket, covered by ``last_id``).
    ``refused(numbers, error)``: refused for good. ``token(token)``: keep it, the device was approved.
    ``config(config)``: the desired configuration. ``hello(hello)``: a connection is ready.
    """

    acked: Callable[[Sequence[int]], None] | None = None
    refused: Callable[[Sequence[int], Mapping[str, Any]], None] | None = None
    token: Callable[[str], None] | None = None
    config: Callable[[dict[str, Any]], None] | None = None
    hello: Callable[[dict[str, Any]], None] | None = None


def device_url(url: str, device: str | None = None) -> str:
    """The address of the device socket for a server's address (http, https, ws or wss, with or without the path)."""
    parts = urlsplit(url if "://" in url else f"ws://{url}")
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    query = "&".join(filter(None, [parts.query, f"device={quote(device, safe='')}" if device else ""]))
    path = parts.path if len(parts.path) > 1 else "/ws/device"
    return urlunsplit((scheme, parts.netloc, path, query, ""))

"""The native topics: ``telltale/`` + device id + leaf; the id may hold ``/``.

    telltale/ID/readings   what /ws/device takes, JSON or CBOR          device -> server
    telltale/ID/reply      the answer to a command                      device -> server
    telltale/ID/status     online or offline, the device's own will     device -> server
    telltale/ID/command    {"command": {"id", "name", "args"}}          server -> device
    telltale/ID/presence   online or offline, retained                  server -> anyone

What the server publishes besides has roots of its own, so that it can never be read as something a device said.
"""

from __future__ import annotations

from functools import lru_cache

from telemetry import names

ROOT = "telltale/"
LIVE = "telltale-live/"
"""Root of published readings: ``telltale-live/DEVICE/METRIC``."""
NOWHERE = LIVE + "/nowhere"
"""A topic that no one uses: no device id begins with a slash."""
READ = ("readings", "reply", "status")
"""Leaves that a device writes."""
REMEMBERED, REMEMBERED_LENGTH = 4_096, 256
"""How many topics, of how many characters at most, are not read again: every message asks twice."""


def native(topic: str) -> tuple[str, str] | None:
    """(device id, leaf) of a topic that a device writes; None for any other."""
    if not topic.startswith(ROOT):
        return None
    return _native(topic) if len(topic) <= REMEMBERED_LENGTH else _read(topic)


def _read(topic: str) -> tuple[str, str] | None:
    name, slash, leaf = topic[len(ROOT) :].rpartition("/")
    device = names.device_id(name) if slash and leaf in READ else None
    return None if device is None else (device, leaf)


_native = lru_cache(REMEMBERED)(_read)


def own(topic: str) -> bool:
    """Whether only this server, or another one like it, writes there."""
    return topic.startswith(LIVE) or (topic.startswith(ROOT) and topic.endswith(("/command", "/presence")))


def availability(instance: str) -> str:
    """Where it is said whether a server is there; ``instance`` tells two on one broker apart."""
    return f"{LIVE}/server/{instance}/availability"


def command(device: str) -> str:
    """Where a device hears commands."""
    return f"{ROOT}{device}/command"


def presence(device: str) -> str:
    """Where it is said whether a device is there."""
    return f"{ROOT}{device}/presence"


def live(device: str, metric: str) -> str:
    """Where a series is published; what MQTT forbids in a topic becomes ``_``."""
    return f"{LIVE}{device}/{metric.replace('+', '_').replace('#', '_')}"

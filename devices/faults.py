"""A device on a bad day: sockets that break, envelopes that come twice, clocks that are wrong, garbage in between.

The faults are made on a real socket, where the client writes its frames; their order follows from the seed.
The client itself is the one that healthy devices use.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from devices.client import DeviceClient
from devices.link import Link
from telemetry.clock import wall_ms

CUT_WITHIN = 0.05
"""Seconds after a frame in which its socket is cut."""
GARBAGE: tuple[tuple[bytes, bool], ...] = (
    (b"", False),
    (b"hello?", False),
    (b'{"temperature": NaN}', False),
    (b'{"temperature": 1e999}', False),
    (b'{"temperature": 21.5', False),
    (b'{"ts": "yesterday", "values": {"temperature": 1}}', False),
    (b'{"readings": 7}', False),
    (b"[" * 2000, False),
    (b"\xff\xfe\x00\x01", True),
    (b"\x9f\x9f\x9f", True),
)
"""Frames that no server takes: (content, binary)."""


@dataclass(slots=True, frozen=True)
class Faults:
    """Chances per frame (0…1) of a cut socket, a repeated envelope, a frame of garbage; clocks off by ±``skew`` ms."""

    drop: float = 0.0
    duplicate: float = 0.0
    garbage: float = 0.0
    skew: int = 0

    def __post_init__(self) -> None:
        if not all(0.0 <= chance <= 1.0 for chance in (self.drop, self.duplicate, self.garbage)):
            raise ValueError(f"a chance is between 0 and 1: {self}")


class FaultyClient(DeviceClient):
    """A ``DeviceClient`` with ``faults``; ``injected`` counts them by name. It takes the client's other arguments."""

    def __init__(self, url: str, *, faults: Faults, rng: Random, **client: Any) -> None:
        super().__init__(url, **client)
        self.injected = {"drop": 0, "duplicate": 0, "garbage": 0}
        self._faults = faults
        self._rng = rng
        self._skew = rng.randint(-faults.skew, faults.skew)

    def send(self, values: Mapping[str, object], ts: int | None = None, device: str | None = None) -> int:
        """Take readings, stamped by this device's clock."""
        if self._skew:
            ts = (wall_ms() if ts is None else ts) + self._skew
        return super().send(values, ts, device)

    def _write(self, link: Link, frame: bytes) -> None:
        if self._strikes("garbage", self._faults.garbage):
            content, binary = self._rng.choice(GARBAGE)
            link.write(content, binary=binary)
        super()._write(link, frame)
        if self._strikes("duplicate", self._faults.duplicate):
            super()._write(link, frame)
        if self._strikes("drop", self._faults.drop):
            # a little later: cut at once, a burst would never arrive, and no network is that bad for ever
            asyncio.get_running_loop().call_later(self._rng.uniform(0.0, CUT_WITHIN), link.abort)

    def _strikes(self, name: str, chance: float) -> bool:
        strikes = chance > 0 and self._rng.random() < chance
        self.injected[name] += strikes
        return strikes

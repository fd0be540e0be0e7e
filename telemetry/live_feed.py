"""A dashboard session for a part of the server: the MQTT publisher reads the log as a browser does."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from telemetry.core import Core
from telemetry.decoded import About
from telemetry.identity import Principal, Role
from telemetry.model import Series
from telemetry.names import matcher

ITSELF = Principal("server", "server", Role.VIEWER, "server")


class LiveFeed:
    """The readings of some patterns, and who is online. Owned by the loop thread; ``close`` it."""

    def __init__(self, core: Core, patterns: Sequence[str]) -> None:
        self._core = core
        self._patterns = list(patterns)
        self._tests = [matcher(pattern) for pattern in patterns]
        self._woken = asyncio.Event()
        self._session = core.live_session(self._woken.set, ITSELF)
        self._subscribed = False

    async def frames(self, or_when: asyncio.Event) -> list[dict[str, Any]]:
        """Wait for the next frames, decoded, or for the event (at most a second); earlier ones have been taken."""
        if not self._subscribed:
            self._subscribed = True
            await self._session.subscribe(self._patterns, None)
        self._session.mailbox.sent()
        if not or_when.is_set():
            with contextlib.suppress(TimeoutError):
                # not wait_for: before Python 3.12 it swallows a cancellation that comes together with the event
                async with asyncio.timeout(1.0):
                    await self._woken.wait()
        self._woken.clear()
        return [json.loads(frame.text) for frame in self._session.mailbox.take() if not frame.pulse]

    def about(self, series: str) -> About | None:
        """What is known of a series, by its name."""
        one = self._core.registry.find(series)
        return None if one is None else self._about(one)

    def latest(self) -> list[list[Any]]:
        """The newest reading of each of them: ``[series, ts, value]``."""
        return [[one.name, *one.latest] for one in self._asked() if one.latest is not None]

    def online(self) -> list[tuple[str, bool]]:
        """Every device, and whether it is online."""
        return [(device.id, device.online) for device in self._core.registry.devices.values()]

    def close(self) -> None:
        """Leave."""
        self._session.close()

    def _asked(self) -> Iterator[Series]:
        return (one for one in self._core.registry.series.values() if any(test(one.name) for test in self._tests))

    def _about(self, one: Series) -> About:
        device = self._core.registry.devices.get(one.device)
        name = None if device is None else device.name
        return About(one.id, one.name, one.device, one.metric, one.kind.value, one.unit, name, one.title)

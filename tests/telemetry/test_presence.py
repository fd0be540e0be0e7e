"""Online means: an open socket, or heard of lately."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from telemetry.clock import Clock
from telemetry.presence import Presence, step
from telemetry.registry import Device
from telemetry.switchboard import Switchboard
from tests.telemetry.kit import core
from tests.telemetry.test_switchboard import Line


@pytest.mark.parametrize(
    ("connected", "last_seen", "online"),
    [(True, None, True), (False, None, False), (False, 950, True), (False, 900, False), (True, 0, True)],
)
def test_rule(*, connected: bool, last_seen: int | None, online: bool) -> None:
    """The table of the rule, at 1000 ms with 100 ms of patience."""
    device = Device("d", last_seen=last_seen)
    assert step(device, connected=connected, now=1000, offline_after_ms=100) is online


def test_device_that_speaks_is_online_at_once(tmp_path: Path) -> None:
    """A device without a socket (HTTP, a gateway) does not wait for the next sweep."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            Presence(kit.registry, Switchboard(), kit.hub, Clock(), offline_after=60)
            viewer = kit.viewer()
            await kit.send([(0, 1.0)], device="d")
            assert kit.registry.devices["d"].online
            assert [frame["presence"][0][:2] for frame in viewer.frames if "presence" in frame] == [["d", "online"]]

    asyncio.run(body())


def test_changes_are_told_once_with_since_when(tmp_path: Path) -> None:
    """A dashboard hears of a change, not of every look."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            board, line = Switchboard(), Line()
            presence = Presence(kit.registry, board, kit.hub, Clock(), offline_after=0)
            viewer = kit.viewer()
            device = kit.registry.add_device("d", 1)
            board.connect("d", line)
            presence.update(device)
            presence.update(device)
            board.disconnect("d", line)
            device.last_seen = 123
            presence.update(device)
            told = [frame["presence"][0] for frame in viewer.frames if "presence" in frame]
            assert [(name, state) for name, state, _ in told] == [("d", "online"), ("d", "offline")]
            assert told[1][2] == 123
            assert [frame["device"]["device"] for frame in viewer.frames if "device" in frame] == ["d"]

    asyncio.run(body())

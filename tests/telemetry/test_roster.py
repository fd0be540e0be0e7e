"""The list of devices: with readings, only reported, only retained; what changed is told once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from telemetry import roster
from telemetry.clock import Clock
from telemetry.last_known import Known, LastKnown
from telemetry.presence import Presence
from telemetry.roster import Roster
from telemetry.switchboard import Switchboard
from tests.telemetry.kit import Kit, core


class Rig:
    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.known = LastKnown()
        self.presence = Presence(kit.registry, Switchboard(), kit.hub, Clock(), offline_after=60)
        self.roster = Roster(kit.registry, self.presence, self.known, kit.hub)


@asynccontextmanager
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with core(path) as kit:
        yield Rig(kit)


def test_every_device_that_anything_is_known_of_is_listed_once(tmp_path: Path) -> None:
    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            one.kit.registry.add_device("read", 1)
            for device, online in (("read", True), ("reported", True), ("gone", False)):
                one.presence.report(device, online=online, source="b")
            one.known.call("retained", "Attic")
            one.known.note("retained", "t", Known(1.5, "°C", 7, 8))
            one.known.note("read", "on", Known(True, None, None, 9))
            one.known.clock_wrong("read", 5, 10)
            assert list(one.roster.every()) == [
                {
                    "device": "read",
                    "name": None,
                    "state": "online",
                    "last_seen": None,
                    "last_known": {"on": {"value": True, "ts": None, "unit": None, "heard": 9}},
                    "clock_warning": {"said": 5, "at": 10},
                },
                {"device": "reported", "name": None, "state": "online", "last_seen": None},
                {"device": "gone", "name": None, "state": "offline", "last_seen": None},
                {
                    "device": "retained",
                    "name": "Attic",
                    "state": "offline",
                    "last_seen": None,
                    "last_known": {"t": {"value": 1.5, "ts": 7, "unit": "°C", "heard": 8}},
                },
            ]

    asyncio.run(body())


def test_what_is_fresh_is_told_once(tmp_path: Path) -> None:
    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            viewer = one.kit.viewer()
            sweeper = one.kit.tasks.start(one.presence.run(), "presence")
            one.known.note("d", "t", Known(1.0, None, None, 8))
            one.known.note("d", "t", Known(2.0, None, None, 9))
            while not viewer.frames:
                await asyncio.sleep(0)
            (told,) = [frame["device"] for frame in viewer.frames if "device" in frame]
            assert told["last_known"]["t"]["value"] == 2.0
            assert one.known.fresh == set()
            del sweeper

    asyncio.run(body())


def test_addresses_are_those_last_seen_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster, "ADDRESSES_MAX", 2)

    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            for device, address in (("a", "1"), ("b", "2"), ("a", "3"), ("c", "4")):
                one.roster.heard(device, address)
            assert [one.roster.address(device) for device in "abc"] == ["3", "", "4"]
            one.roster.forget("a")
            assert one.roster.address("a") == ""

    asyncio.run(body())

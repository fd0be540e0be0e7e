"""Online means: an open socket, or reported by a broker, or heard of lately."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from telemetry.clock import Clock
from telemetry.model import Reading
from telemetry.presence import REPORTS_MAX, Presence, Report, step
from telemetry.registry import Device
from telemetry.switchboard import Switchboard
from tests.telemetry.kit import T0, Viewer, core
from tests.telemetry.test_switchboard import Line


@pytest.mark.parametrize(
    ("connected", "last_seen", "online"),
    [(True, None, True), (False, None, False), (False, 950, True), (False, 900, False), (True, 0, True)],
)
def test_rule(*, connected: bool, last_seen: int | None, online: bool) -> None:
    """The table of the rule, at 1000 ms with 100 ms of patience."""
    device = Device("d", last_seen=last_seen)
    assert step(device, None, connected=connected, now=1000, offline_after_ms=100) is online


@pytest.mark.parametrize(
    ("reported", "connected", "last_seen", "online"),
    [
        ((True, 500), False, None, True),
        ((True, 500), False, 0, True),
        ((False, 990), False, 980, False),
        ((False, 990), False, 990, False),
        ((False, 990), False, 995, True),
        ((False, 500), False, 600, False),
        ((False, 990), True, 980, True),
        ((False, 990), False, None, False),
    ],
    ids=[
        "birth",
        "birth-of-a-silent-one",
        "will-after-it-spoke",
        "will-in-the-same-ms",
        "spoke-after-the-will",
        "spoke-after-the-will-long-ago",
        "will-while-on-another-socket",
        "will-of-an-unknown-one",
    ],
)
def test_rule_of_reports(*, reported: tuple[bool, int], connected: bool, last_seen: int | None, online: bool) -> None:
    """The same table with what a broker said, and when."""
    device = Device("d", last_seen=last_seen)
    report = Report(*reported, "broker")
    assert step(device, report, connected=connected, now=1000, offline_after_ms=100) is online


def told(viewer: Viewer) -> list[list[object]]:
    return [row[:2] for frame in viewer.frames for row in frame.get("presence", ())]


def test_report_is_told_also_of_a_device_without_readings(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            presence = Presence(kit.registry, Switchboard(), kit.hub, Clock(), offline_after=60)
            viewer = kit.viewer()
            presence.report("new", online=True, source="b")
            presence.report("new", online=False, source="b")
            assert told(viewer) == [["new", "online"], ["new", "offline"]]
            assert not presence.reports()["new"].online
            assert "new" not in kit.registry.devices

    asyncio.run(body())


def test_will_takes_a_device_offline_until_it_speaks_again(tmp_path: Path) -> None:
    """And a report holds however long the device is silent."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            now = [T0]
            clock = Clock(0, lambda: now[0], lambda: 0.0)
            presence = Presence(kit.registry, Switchboard(), kit.hub, clock, offline_after=60)
            viewer = kit.viewer()
            device = kit.registry.add_device("d", T0)
            presence.report("d", online=True, source="b")
            now[0] += 3_600_000
            presence.update(device)
            assert device.online
            device.last_seen = now[0]
            now[0] += 10
            presence.report("d", online=False, source="b")
            assert not device.online
            now[0] += 10
            kit.registry.seen([Reading(kit.series("t", "d"), now[0], 1.0)], now[0])
            assert device.online
            assert told(viewer) == [["d", "online"], ["d", "offline"], ["d", "online"]]
            since = [frame["presence"][0][2] for frame in viewer.frames if "presence" in frame]
            assert since == [T0, T0 + 3_600_010, T0 + 3_600_020]

    asyncio.run(body())


def test_lost_broker_is_believed_no_more(tmp_path: Path) -> None:
    """What it called online is judged by other signs; what it called gone stays gone; other brokers are believed."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            presence = Presence(kit.registry, Switchboard(), kit.hub, Clock(), offline_after=60)
            devices = [kit.registry.add_device(name, 1) for name in ("a", "b", "c")]
            viewer = kit.viewer()
            presence.report("a", online=True, source="lost")
            presence.report("b", online=False, source="lost")
            presence.report("c", online=True, source="other")
            presence.report("unknown", online=True, source="lost")
            presence.lost("lost")
            assert [device.online for device in devices] == [False, False, True]
            assert presence.reports().keys() == {"b", "c"}
            assert told(viewer)[-2:] == [["a", "offline"], ["unknown", "offline"]]

    asyncio.run(body())


def test_reports_are_bounded(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            presence = Presence(kit.registry, Switchboard(), kit.hub, Clock(), offline_after=60)
            for number in range(REPORTS_MAX + 1):
                presence.report(f"d{number}", online=True, source="b")
            assert len(presence.reports()) == REPORTS_MAX
            assert "d0" not in presence.reports()

    asyncio.run(body())


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

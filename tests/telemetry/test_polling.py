"""What was polled, on a whole core: taken, refused, blocked, and lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from telemetry.core import Core
from telemetry.decoded import Decoded, Sample
from telemetry.frames import Frame
from telemetry.frames import Summary as Kept
from telemetry.identity import TERMINAL
from telemetry.model import Reason, Refusal
from telemetry.polling import PollPort
from tests.telemetry.whole import whole

Told = Callable[[Core], Awaitable[None]]
Story = Callable[[Told], None]
URL = "awair://10.0.0.7"
FOUND = Decoded([Sample("10.0.0.7", "temp", 21.5, 1_741_171_211_431, "°C")], presence={"10.0.0.7": True})


@pytest.fixture
def story(tmp_path: Path) -> Story:
    async def run(told: Told) -> None:
        async with whole(tmp_path, storage_commit_interval="0", devices_admission="token") as core:
            await told(core)

    return lambda told: asyncio.run(run(told))


def frames(core: Core, device: str | None) -> list[Frame]:
    return core.frames.newest(device)


def test_answer_is_stored_and_shown_whatever_admission_says(story: Story) -> None:
    async def told(core: Core) -> None:
        PollPort(core).take(URL, "awair", FOUND, b"{}")
        await core.pipeline.flush()
        assert core.registry.series["10.0.0.7/temp"].unit == "°C"
        assert core.metrics.received == 1
        assert core.registry.devices["10.0.0.7"].online
        (frame,) = frames(core, "10.0.0.7")
        assert (frame.channel, frame.where, frame.payload, frame.decoder) == ("poll", URL, b"{}", "awair")
        assert isinstance(frame.outcome, Kept)
        assert [reading.value for reading in frame.outcome.readings] == [21.5]

    story(told)


def test_answer_that_is_refused_is_counted_and_shown_without_a_device(story: Story) -> None:
    async def told(core: Core) -> None:
        PollPort(core).take(URL, "awair", Refusal(Reason.BAD_MESSAGE, "no JSON"), b"<html>")
        assert core.metrics.refused[Reason.BAD_MESSAGE] == 1
        (frame,) = frames(core, None)
        assert (frame.channel, frame.payload, frame.outcome) == (
            "poll",
            b"<html>",
            Refusal(Reason.BAD_MESSAGE, "no JSON"),
        )

    story(told)


def test_blocked_device_stays_out(story: Story) -> None:
    async def told(core: Core) -> None:
        await core.admission.block(TERMINAL, "10.0.0.7")
        PollPort(core).take(URL, "awair", FOUND, b"{}")
        await core.pipeline.flush()
        assert core.registry.series == {}
        assert core.metrics.refused[Reason.FORBIDDEN] == 1

    story(told)


def test_target_that_is_lost_takes_along_what_it_said_of_others(story: Story) -> None:
    async def told(core: Core) -> None:
        port = PollPort(core)
        port.take("deconz://gw", "deconz", Decoded(presence={"lamp": True}), b"{}")
        port.take(URL, "awair", Decoded(presence={"other": True}), b"{}")
        port.lost("deconz://gw")
        assert {one for one, said in core.presence.reports().items() if said.online} == {"other"}

    story(told)

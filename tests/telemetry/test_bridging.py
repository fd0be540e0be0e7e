"""What a bridge hands to the core, on a whole core: taken, put off, refused, last known, and heard of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from telemetry import bridging
from telemetry.bridging import BridgePort
from telemetry.core import Core
from telemetry.decoded import Decoded, Raw, Sample
from telemetry.frames import Frame
from telemetry.model import Entry, Reason, Refusal
from tests.telemetry.whole import whole

T0 = 1_700_000_000_000
SOURCE = "mqtt broker:1883"
RAW = Raw(SOURCE, "telltale/a/readings", b'{"t": 1}', "native")

Told = Callable[[Core, BridgePort], Awaitable[None]]
Story = Callable[..., None]


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """Run ``told`` on a core with some settings."""

    def run(told: Told, **options: str) -> None:
        async def inside() -> None:
            async with whole(tmp_path, **{"storage_commit_interval": "0"} | options) as core:
                await told(core, BridgePort(core))

        asyncio.run(inside())

    return run


def frame_of(core: Core, device: str | None) -> Frame:
    (one,) = core.frames.newest(device)
    return one


def entry(value: Any = 1.0, ts: Any = T0, metric: str = "t", **more: Any) -> Entry:
    return Entry({metric: value}, ts, **more)


def code(found: object) -> Reason:
    assert isinstance(found, Refusal), found
    return found.code


async def stored(taken: object) -> None:
    assert isinstance(taken, asyncio.Future), taken
    await taken


def sample(device: str = "s", metric: str = "t", value: float = 1.0, ts: int | None = T0) -> Sample:
    return Sample(device, metric, value, ts, "°C")


def test_native_message_is_durable_when_its_future_says_so(story: Story) -> None:
    async def told(core: Core, port: BridgePort) -> None:
        await stored(port.native("a", [entry(1.0), entry(2.0, T0 + 1)], "[{}].", RAW))
        assert core.registry.series["a/t"].durable == (T0 + 1, 2.0)
        one = frame_of(core, "a")
        assert (one.channel, one.where, one.payload, one.decoder) == ("mqtt", RAW.topic, RAW.payload, "native")

    story(told)


def test_native_message_is_all_or_nothing(story: Story) -> None:
    async def told(core: Core, port: BridgePort) -> None:
        found = port.native("a", [entry(1.0), entry(float("nan"), T0 + 1)], "[{}].", RAW)
        assert code(found) is Reason.BAD_VALUE
        assert isinstance(found, Refusal)
        assert found.at == "[1].values.t"
        assert core.registry.series == {}

    story(told)


def test_native_message_of_a_device_speaks_for_itself_and_that_of_a_gateway_for_others(story: Story) -> None:
    async def told(core: Core, port: BridgePort) -> None:
        assert code(port.native("a", [entry(device="node-1")], "", RAW)) is Reason.FORBIDDEN
        core.registry.add_device("a", T0).gateway = ("node-*",)
        await stored(port.native("a", [entry(device="node-1")], "", RAW))
        assert core.registry.series["node-1/t"].durable == (T0, 1.0)
        assert code(port.native("a", [entry(device="other")], "", RAW)) is Reason.FORBIDDEN

    story(told)


def test_memory_of_senders_has_a_bound(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridging, "SENDERS_MAX", 3)

    async def told(core: Core, port: BridgePort) -> None:
        for n in range(10):
            await stored(port.native(f"d{n}", [entry()], "", RAW))
            assert len(port._senders) <= 3
        assert len(core.registry.devices) == 10

    story(told)


def test_what_the_pipeline_cannot_take_now_has_to_come_again(story: Story) -> None:
    async def told(core: Core, port: BridgePort) -> None:
        many = [entry(n, T0 + n) for n in range(6_000)]
        waiting = port.native("a", many, "[{}].", RAW)
        assert code(port.native("a", many, "[{}].", RAW)) is Reason.TRY_LATER
        assert code(port.take(Decoded([sample(ts=T0 + n) for n in range(6_000)]), RAW)) is Reason.TRY_LATER
        assert core.frames.newest("s") == []
        port.hurry()
        await stored(waiting)
        again = port.native("a", many, "[{}].", RAW)
        port.hurry()
        await stored(again)

    story(told, storage_commit_interval="60", storage_max_pending="10000")


def test_hurry_starts_the_commit_at_once(story: Story) -> None:
    async def told(_core: Core, port: BridgePort) -> None:
        taken = port.native("a", [entry()], "", RAW)
        port.hurry()
        await asyncio.wait_for(stored(taken), 20)

    story(told, storage_commit_interval="60")


@pytest.mark.parametrize(
    ("policy", "reason"), [("approve", Reason.UNKNOWN_DEVICE), ("token", Reason.FORBIDDEN)], ids=["approve", "token"]
)
def test_unknown_device_waits_or_stays_out_as_the_admission_says(story: Story, policy: str, reason: Reason) -> None:
    async def told(core: Core, port: BridgePort) -> None:
        assert code(port.native("a", [entry(21.5)], "", RAW)) is reason
        assert port.take(Decoded([sample("b", value=22.5)]), RAW) is None
        assert core.registry.series == {}
        waiting = {one["device"]: one["latest"] for one in core.admission.list()}
        assert waiting == ({"a": {"t": 21.5}, "b": {"t": 22.5}} if policy == "approve" else {})
        assert core.metrics.refused[reason] == 1, "that of the ecosystem; the bridge counts the native one"
        core.registry.add_device("a", T0)
        await stored(port.native("a", [entry()], "", RAW))

    story(told, mqtt_admission=policy)


def test_ecosystems_message_is_taken_reading_by_reading(story: Story) -> None:
    async def told(core: Core, port: BridgePort) -> None:
        found = Decoded([sample(), sample(metric="h", value=float("inf"))], {"s": True}, names={"s": "Shed"})
        await stored(port.take(found, RAW._replace(decoder="generic")))
        series = core.registry.series
        assert {name: (one.durable, one.unit) for name, one in series.items()} == {"s/t": ((T0, 1.0), "°C")}
        assert core.metrics.refused[Reason.BAD_VALUE] == 1
        assert core.registry.devices["s"].name == "Shed"
        assert core.registry.devices["s"].online
        assert frame_of(core, "s").decoder == "generic"

    story(told)


def test_message_without_readings_waits_for_nothing(story: Story) -> None:
    async def told(_core: Core, port: BridgePort) -> None:
        assert port.take(Decoded(presence={"s": True}), RAW) is None

    story(told)


def test_sender_that_the_broker_names_speaks_for_itself_only(story: Story) -> None:
    async def told(core: Core, port: BridgePort) -> None:
        for device in ("s", "gate", "node-1"):
            core.registry.add_device(device, T0)
        raw = RAW._replace(owner="gate")
        found = Decoded(
            [sample("gate"), sample("s"), sample("node-1")], {"s": True, "gate": True}, names={"s": "Mine", "gate": "G"}
        )
        await stored(port.take(found, raw))
        assert set(core.registry.series) == {"gate/t"}
        assert core.metrics.refused[Reason.FORBIDDEN] == 2
        assert [core.registry.devices[one].name for one in ("gate", "s")] == ["G", None]
        assert not core.registry.devices["s"].online
        core.registry.devices["gate"].gateway = ("node-*",)
        await stored(port.take(Decoded([sample("s"), sample("node-1")]), raw))
        assert set(core.registry.series) == {"gate/t", "node-1/t"}

    story(told)


def test_retained_value_is_last_known_and_no_reading(story: Story) -> None:
    async def told(core: Core, port: BridgePort) -> None:
        found = Decoded([sample()])
        port.retained(found, RAW, None)
        port.frame(None, RAW, found)
        assert core.registry.series == {}
        assert core.intake.known.values("s")["t"].value == 1.0
        assert frame_of(core, "s").payload == RAW.payload
        assert core.metrics.received == 0

    story(told)


def test_retained_value_of_another_device_is_not_taken_from_one_that_may_not_speak_for_it(story: Story) -> None:
    async def told(core: Core, port: BridgePort) -> None:
        port.retained(Decoded([sample("a"), sample("victim")]), RAW, "a")
        assert core.intake.known.devices() == ["a"]

    story(told)


def test_message_of_nothing_makes_no_device(story: Story) -> None:
    async def told(core: Core, port: BridgePort) -> None:
        assert port.native("ghost", [Entry({"t": None, "deep": {"er": None}})], "", RAW) is None
        assert core.registry.devices == {}

    story(told)


def test_presence_is_reported_and_forgotten_with_the_broker_that_reported_it(story: Story) -> None:
    async def told(core: Core, port: BridgePort) -> None:
        device = core.registry.add_device("s", T0)
        port.presence("s", online=True, source=SOURCE)
        assert device.online
        port.lost("mqtt another:1883")
        assert device.online
        port.lost(SOURCE)
        assert not device.online

    story(told)


def test_command_goes_by_the_broker_and_its_reply_comes_back(story: Story) -> None:
    async def told(core: Core, port: BridgePort) -> None:
        sent: list[dict[str, object]] = []
        port.reachable("s", lambda body: not sent.append(body))
        asked = core.tasks.start(core.switchboard.command("s", "open", {"percent": 40}), "command")
        while not sent:
            await asyncio.sleep(0)
        command = sent[0]["command"]
        assert isinstance(command, dict)
        port.reply("s", {"id": command["id"], "ok": True, "result": "done"})
        answer = await asked
        assert not isinstance(answer, Refusal)
        assert answer["result"] == "done"

    story(told)


def test_wrong_clock_is_a_warning_until_the_clock_is_right(story: Story) -> None:
    async def told(core: Core, port: BridgePort) -> None:
        port.clock_wrong("a", 86_400_000)
        warning = core.intake.known.clock("a")
        assert warning is not None
        assert warning.said == 86_400_000
        await stored(port.native("a", [entry(ts=None)], "", RAW))
        assert core.intake.known.clock("a") == warning, "a message without a time says nothing of the clock"
        await stored(port.native("a", [entry()], "", RAW))
        assert core.intake.known.clock("a") is None

    story(told)


def test_time_may_be_as_far_ahead_as_the_settings_say(story: Story) -> None:
    async def told(core: Core, port: BridgePort) -> None:
        assert port.latest() - port.now() == pytest.approx(7_000, abs=1_000)
        core.clock._newest = port.now() + 3_600_000  # the wall clock was set back by an hour
        assert port.latest() == bridging.FAR

    story(told, devices_future_tolerance="7")


def test_refusal_is_counted_and_shown_where_it_belongs(story: Story) -> None:
    async def told(core: Core, port: BridgePort) -> None:
        refusal = Refusal(Reason.BAD_MESSAGE, "broken")
        port.refused(refusal)
        port.frame("a", RAW, refusal)
        port.frame(None, RAW, "no decoder knows this topic")
        assert core.metrics.refused[Reason.BAD_MESSAGE] == 1
        assert [frame_of(core, device).outcome for device in ("a", None)] == [refusal, "no decoder knows this topic"]

    story(told)

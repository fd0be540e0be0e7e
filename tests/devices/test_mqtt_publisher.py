"""The publisher between a feed that the test writes, and the line of a broker that writes down what it is handed."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from devices import mqtt_publisher, mqtt_topics
from devices.mqtt_link import Status
from devices.mqtt_publisher import Publisher, config
from telemetry.decoded import About
from tests.devices.mqtt_peer import story
from tests.telemetry.kit import until

TS = 1_700_000_000_000
FLOW = About(7, "boiler/flow", "boiler", "flow", "number", "°C", "Boiler", None)
ON = About(8, "boiler/on", "boiler", "on", "boolean", None, None, None)
MODE = About(9, "boiler/mode", "boiler", "mode", "text", None, None, "Mode")


class Line:
    """A connection; ``full`` is how many more messages it takes."""

    name, client_id, generation = "test", "test", 1

    def __init__(self) -> None:
        self.connected = True
        self.unsent = 0
        self.full: int | None = None
        self.status = Status()
        self.said: list[tuple[str, bytes, int, bool]] = []

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> bool:
        if not self.connected or self.full == 0:
            return False
        if self.full is not None:
            self.full -= 1
        self.said.append((topic, payload, qos, retain))
        return True

    def on(self, topic: str) -> list[bytes]:
        return [payload for name, payload, _, _ in self.said if name == topic]

    def configs(self) -> list[tuple[str, Any]]:
        """(topic, config) of every announcement; None where one was taken back."""
        return [(name, json.loads(said) if said else None) for name, said, _, _ in self.said if name.endswith("config")]


class Feed:
    """What the log would say."""

    def __init__(self) -> None:
        self.series = {one.name: one for one in (FLOW, ON, MODE)}
        self.newest: list[list[Any]] = []
        self.devices: list[tuple[str, bool]] = []
        self.waiting: list[dict[str, Any]] = []
        self.given = 0
        self._more = asyncio.Event()

    def say(self, **frame: Any) -> None:
        self.waiting.append(frame)
        self._more.set()

    async def frames(self, or_when: asyncio.Event) -> list[dict[str, Any]]:
        if not or_when.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._more.wait(), 0.05)
        self._more.clear()
        frames, self.waiting = self.waiting, []
        self.given += len(frames)
        return frames

    def about(self, series: str) -> About | None:
        return self.series.get(series)

    def latest(self) -> list[list[Any]]:
        return self.newest

    def online(self) -> list[tuple[str, bool]]:
        return self.devices


class Rig:
    def __init__(self, discovery: str) -> None:
        self.line, self.feed = Line(), Feed()
        self.publisher = Publisher(self.line, self.feed, "ours", discovery)

    async def reading(self, series: str, value: object) -> None:
        """Have a reading published."""
        before = len(self.line.said)
        self.feed.say(readings=[[series, TS, value]])
        await until(lambda: len(self.line.said) > before and not self.feed.waiting)


@asynccontextmanager
async def running(discovery: str = "homeassistant") -> AsyncIterator[Rig]:
    rig = Rig(discovery)
    task = asyncio.get_running_loop().create_task(rig.publisher.run())
    try:
        yield rig
        assert not task.done(), task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def test_config_of_a_number() -> None:
    assert config(FLOW, "ours") == {
        "name": "flow",
        "unique_id": "ours_7",
        "state_topic": "telltale-live/boiler/flow",
        "value_template": "{{ value_json.value }}",
        "availability_topic": "telltale-live//server/ours/availability",
        "device": {"identifiers": ["ours_boiler"], "name": "Boiler"},
        "origin": {"name": "Telltale"},
        "state_class": "measurement",
        "unit_of_measurement": "°C",
        "device_class": "temperature",
    }


def test_config_of_a_boolean_and_of_a_text() -> None:
    """Home Assistant knows no unit and no statistics of those."""
    on, mode = config(ON._replace(unit="°C"), "ours"), config(MODE._replace(unit="°C"), "ours")
    assert on["value_template"] == "{{ 'ON' if value_json.value else 'OFF' }}"
    assert on["device"] == {"identifiers": ["ours_boiler"], "name": "boiler"}
    assert mode["name"] == "Mode"
    for body in (on, mode):
        assert not {"state_class", "unit_of_measurement", "device_class"} & body.keys()


@pytest.mark.parametrize(("unit", "said"), [(None, {}), ("%", {"unit_of_measurement": "%"})], ids=str)
def test_unit_that_may_mean_several_things_has_no_device_class(unit: str | None, said: dict[str, str]) -> None:
    body = config(FLOW._replace(unit=unit), "ours")
    assert {key: body[key] for key in ("unit_of_measurement", "device_class") if key in body} == said


@story
async def test_reading_is_announced_once_and_then_published() -> None:
    async with running() as rig:
        await rig.reading("boiler/flow", 54.5)
        await rig.reading("boiler/flow", 55)
        assert [topic for topic, *_ in rig.line.said] == [
            "homeassistant/sensor/ours/7/config", "telltale-live/boiler/flow", "telltale-live/boiler/flow",
        ]  # fmt: skip
        assert [json.loads(one) for one in rig.line.on("telltale-live/boiler/flow")] == [
            {"value": 54.5, "ts": TS}, {"value": 55, "ts": TS},
        ]  # fmt: skip
        assert [(qos, retain) for _, _, qos, retain in rig.line.said] == [(1, True), (0, False), (0, False)]


@story
async def test_without_a_prefix_nothing_is_announced() -> None:
    async with running("") as rig:
        await rig.reading("boiler/flow", 1)
        assert rig.line.configs() == []
        assert not rig.publisher.own("/sensor/ours/7/config")


@pytest.mark.parametrize(
    "change",
    [
        {"unit": "K"},
        {"label": "Flow temperature"},
        {"name": "heater/flow", "device": "heater"},
        {"device_name": "The boiler"},
    ],
    ids=lambda change: next(iter(change)),
)
@story
async def test_series_that_has_changed_is_announced_again_in_the_same_place(change: dict[str, str]) -> None:
    async with running() as rig:
        await rig.reading("boiler/flow", 1)
        changed = FLOW._replace(**change)
        rig.feed.series = {changed.name: changed}
        await rig.reading(changed.name, 2)
        assert rig.line.configs() == [
            ("homeassistant/sensor/ours/7/config", config(FLOW, "ours")),
            ("homeassistant/sensor/ours/7/config", config(changed, "ours")),
        ]


@pytest.mark.parametrize("reconnected", [False, True])
@story
async def test_series_of_another_kind_is_taken_back_where_it_stood(reconnected: bool) -> None:
    async with running() as rig:
        await rig.reading("boiler/on", True)
        if reconnected:
            rig.publisher.connected()
        rig.feed.series["boiler/on"] = number = ON._replace(kind="number")
        await rig.reading("boiler/on", 1)
        await until(lambda: rig.line.on("telltale-live/boiler/on")[-1] == b'{"value": 1, "ts": %d}' % TS)
        topics = [(topic, said) for topic, said in rig.line.configs() if "binary" not in topic or said is None]
        assert topics == [
            ("homeassistant/binary_sensor/ours/8/config", None),
            ("homeassistant/sensor/ours/8/config", config(number, "ours")),
        ]


@story
async def test_announcement_that_was_not_taken_is_made_again() -> None:
    async with running() as rig:
        rig.line.full = 0
        rig.feed.say(readings=[["boiler/flow", TS, 1]])
        await until(lambda: rig.feed.given == 1)
        rig.line.full = None
        await rig.reading("boiler/flow", 2)
        assert len(rig.line.configs()) == 1


@story
async def test_presence_is_published_and_kept() -> None:
    async with running() as rig:
        rig.feed.say(presence=[["boiler", "online", TS], ["pump", "offline", TS]])
        await until(lambda: len(rig.line.said) == 2)
        assert rig.line.said == [
            ("telltale/boiler/presence", b"online", 1, True),
            ("telltale/pump/presence", b"offline", 1, True),
        ]


@story
async def test_new_connection_hears_everything_that_is_retained_and_the_newest_values() -> None:
    async with running() as rig:
        await rig.reading("boiler/flow", 1)
        rig.feed.newest = [["boiler/flow", TS, 1], ["gone/series", TS, 1]]
        rig.feed.devices = [("boiler", True), ("pump", False)]
        rig.line.said.clear()
        rig.publisher.connected()
        await until(lambda: rig.line.on("telltale-live/boiler/flow"))
        assert [topic for topic, *_ in rig.line.said] == [
            mqtt_topics.availability("ours"),
            "telltale/boiler/presence",
            "telltale/pump/presence",
            "homeassistant/sensor/ours/7/config",
            "telltale-live/boiler/flow",
        ]
        assert rig.line.said[0] == (mqtt_topics.availability("ours"), b"online", 1, True)
        assert rig.line.on("telltale/pump/presence") == [b"offline"]


@story
async def test_birth_of_home_assistant_brings_the_newest_values() -> None:
    async with running() as rig:
        assert rig.publisher.birth_topic == "homeassistant/status"
        rig.feed.newest = [["boiler/flow", TS, 1]]
        rig.publisher.born()
        await until(lambda: rig.line.on("telltale-live/boiler/flow"))


@story
async def test_nothing_is_greeted_on_a_connection_that_is_lost_again() -> None:
    async with running() as rig:
        rig.line.connected = False
        rig.publisher.connected()
        rig.feed.say(readings=[])
        await until(lambda: rig.feed.given == 1)
        rig.line.connected = True
        rig.publisher.connected()
        await until(lambda: rig.line.on(mqtt_topics.availability("ours")))
        assert rig.line.on(mqtt_topics.availability("ours")) == [b"online"]


@story
async def test_slow_broker_is_waited_for_and_the_feed_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes meanwhile stays in the log, whose mailbox keeps the newest value of each series."""
    monkeypatch.setattr(mqtt_publisher, "ROOM", 3)
    async with running() as rig:
        rig.line.unsent = 4
        rig.feed.say(readings=[["boiler/flow", TS, 1]])
        await until(lambda: rig.feed.given == 1)
        rig.feed.say(readings=[["boiler/flow", TS, 2]])
        for _ in range(100):
            await asyncio.sleep(0)
        assert rig.line.said == []
        assert rig.feed.given == 1
        rig.line.unsent = 3
        await until(lambda: len(rig.line.on("telltale-live/boiler/flow")) == 2)


@story
async def test_lost_broker_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_publisher, "ROOM", 3)
    async with running() as rig:
        rig.line.unsent = 4
        rig.feed.say(readings=[["boiler/flow", TS, 1]])
        await until(lambda: rig.feed.given == 1)
        rig.line.connected = False
        rig.feed.say(readings=[["boiler/flow", TS, 2]])
        await until(lambda: rig.feed.given == 2)


@story
async def test_series_that_is_not_known_is_not_published() -> None:
    async with running() as rig:
        rig.feed.say(readings=[["no/such", TS, 1]])
        await rig.reading("boiler/flow", 1)
        assert all("no/such" not in topic for topic, *_ in rig.line.said)


@pytest.mark.parametrize(
    ("topic", "own"),
    [
        ("homeassistant/sensor/ours/7/config", True),
        ("homeassistant/binary_sensor/ours/8/config", True),
        ("homeassistant/sensor/others/7/config", False),
        ("homeassistant/sensor/7/config", False),
        ("homeassistant/status", False),
        ("other/sensor/ours/7/config", False),
    ],
)
def test_own_topics_are_known(topic: str, own: bool) -> None:
    assert Rig("homeassistant").publisher.own(topic) is own

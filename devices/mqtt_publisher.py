"""What the server says on a broker: that it is there, who is online, and the readings that the settings ask for.

To the log the publisher is one more dashboard: it reads frames as fast as the broker takes them, and when that is too
slow it gets the newest value of each series. Published series are announced as Home Assistant's MQTT discovery wants
it (https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery), so that it shows them by itself.

    telltale-live/DEVICE/METRIC        {"value": 21.5, "ts": 1700000000000}
    telltale/DEVICE/presence           online | offline, retained
    telltale-live//server/INSTANCE/availability  online | offline, retained; the will
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, Protocol

from devices import mqtt_topics
from telemetry.decoded import About

ROOM = 5_000
"""Messages that may wait to be written before the publisher waits with more."""
PAUSE = 0.05
DEVICE_CLASSES = {
    "°C": "temperature", "°F": "temperature", "K": "temperature",
    "hPa": "atmospheric_pressure", "mbar": "atmospheric_pressure", "Pa": "pressure", "bar": "pressure",
    "W": "power", "kW": "power", "Wh": "energy", "kWh": "energy", "VA": "apparent_power", "var": "reactive_power",
    "V": "voltage", "mV": "voltage", "A": "current", "mA": "current", "Hz": "frequency", "lx": "illuminance",
    "dBm": "signal_strength",
}  # fmt: skip
"""Home Assistant's device class where the unit leaves no doubt."""


class Wire(Protocol):
    """What writes to the broker."""

    connected: bool

    @property
    def unsent(self) -> int:
        """Messages that wait to be written."""

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> bool:
        """Hand over a message; False if it cannot be taken now."""


class Feed(Protocol):
    """The dashboard's end of the log."""

    async def frames(self, or_when: asyncio.Event) -> list[dict[str, Any]]:
        """Wait for the next frames of ``/ws/live``, decoded, or for the event; those given before have been taken."""

    def about(self, series: str) -> About | None:
        """What is known of a series, by its name."""

    def latest(self) -> list[list[Any]]:
        """The newest reading of each published series: ``[series, ts, value]``."""

    def online(self) -> list[tuple[str, bool]]:
        """Every device, and whether it is online."""


class Publisher:
    """Publishes on one broker. Owned by the loop thread."""

    def __init__(self, connection: Wire, feed: Feed, instance: str, discovery: str) -> None:
        self._connection = connection
        self._feed = feed
        self._instance = instance
        self._discovery = discovery
        self._announced: dict[int, About] = {}
        self._valid: set[int] = set()
        """What was announced on the connection that stands; the broker may have forgotten the rest."""
        self._fresh = asyncio.Event()

    def connected(self) -> None:
        """The broker is there (again): everything that is retained has to be said once more."""
        self._valid.clear()
        self._fresh.set()

    def born(self) -> None:
        """Home Assistant has started: it wants values before the next readings."""
        self._fresh.set()

    def own(self, topic: str) -> bool:
        """Whether only this publisher writes there."""
        root = f"{self._discovery}/"
        return root != "/" and topic.startswith(root) and topic.split("/")[-3:-2] == [self._instance]

    @property
    def availability(self) -> str:
        """Where it is said whether this server is there."""
        return mqtt_topics.availability(self._instance)

    @property
    def birth_topic(self) -> str:
        """Where Home Assistant says that it has started."""
        return f"{self._discovery}/status"

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            for frame in await self._feed.frames(self._fresh):
                for reading in frame.get("readings", ()):
                    await self._room()
                    self._reading(*reading)
                for device, state, _ in frame.get("presence", ()):
                    self._presence(device, online=state == "online")
            if self._fresh.is_set():
                self._fresh.clear()  # lost again already: the next connection sets it
                if self._connection.connected:
                    await self._greet()

    async def _greet(self) -> None:
        """Say what is retained: that the server is there, who is online, and the newest values."""
        self._connection.publish(self.availability, b"online", qos=1, retain=True)
        for device, online in self._feed.online():
            await self._room()
            self._presence(device, online=online)
        for reading in self._feed.latest():
            await self._room()
            self._reading(*reading)

    def _presence(self, device: str, *, online: bool) -> None:
        self._connection.publish(mqtt_topics.presence(device), b"online" if online else b"offline", qos=1, retain=True)

    def _reading(self, series: str, ts: int, value: object) -> None:
        about = self._feed.about(series)
        if about is None:
            return
        if self._discovery and (about.id not in self._valid or self._announced[about.id] != about):
            self._announce(about)
        payload = json.dumps({"value": value, "ts": ts}, ensure_ascii=False).encode()
        self._connection.publish(mqtt_topics.live(about.device, about.metric), payload)

    def _announce(self, about: About) -> None:
        component = "binary_sensor" if about.kind == "boolean" else "sensor"
        before = self._announced.get(about.id)
        if before is not None and (before.kind == "boolean") is not (about.kind == "boolean"):
            other = "sensor" if component == "binary_sensor" else "binary_sensor"
            self._connection.publish(self._config_topic(other, about), b"", qos=1, retain=True)
        body = json.dumps(config(about, self._instance), ensure_ascii=False).encode()
        if self._connection.publish(self._config_topic(component, about), body, qos=1, retain=True):
            self._announced[about.id] = about
            self._valid.add(about.id)

    def _config_topic(self, component: str, about: About) -> str:
        return f"{self._discovery}/{component}/{self._instance}/{about.id}/config"

    async def _room(self) -> None:
        while self._connection.unsent > ROOM and self._connection.connected:  # noqa: ASYNC110 - the broker's pace
            await asyncio.sleep(PAUSE)


def config(about: About, instance: str) -> dict[str, object]:
    """The discovery config of a series."""
    boolean = about.kind == "boolean"
    body: dict[str, object] = {
        "name": about.label or about.metric,
        "unique_id": f"{instance}_{about.id}",
        "state_topic": mqtt_topics.live(about.device, about.metric),
        "value_template": "{{ 'ON' if value_json.value else 'OFF' }}" if boolean else "{{ value_json.value }}",
        "availability_topic": mqtt_topics.availability(instance),
        "device": {"identifiers": [f"{instance}_{about.device}"], "name": about.device_name or about.device},
        "origin": {"name": "Telltale"},
    }
    if about.kind == "number":
        body["state_class"] = "measurement"
        if about.unit:
            body["unit_of_measurement"] = about.unit
            if device_class := DEVICE_CLASSES.get(about.unit):
                body["device_class"] = device_class
    return body

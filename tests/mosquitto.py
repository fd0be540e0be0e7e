"""A real Mosquitto for tests, and a client that publishes to it. The fixture is in ``conftest.py``."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.clients import SCALE, wait_until

STOCK = "persistence true\npersistence_location {folder}/\nallow_anonymous true\nlistener {port} 127.0.0.1\n"
"""The defaults of Debian's package, on a port of our own."""
SAFE = STOCK + "max_queued_messages 0\nautosave_interval 10\nautosave_on_changes false\n"
"""What the shipped config says about keeping messages, without its passwords."""
EVERY_CHANGE = STOCK + "max_queued_messages 0\nautosave_interval 1\nautosave_on_changes true\n"
"""Saves after every second change: a broker that may be killed, and forgets a message or two."""


class Port(NamedTuple):
    """Any broker on this machine."""

    port: int


def program() -> str:
    """Where mosquitto is."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    assert found, "mosquitto is missing: sudo apt install mosquitto (make test does it where it may)"
    return found


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Mosquitto:
    """A broker process with its own folder."""

    folder: Path
    config: str = SAFE
    port: int = field(default_factory=free_port)
    proc: subprocess.Popen[bytes] = field(init=False)

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> Mosquitto:
        """Start it and wait until it listens."""
        text = self.config.format(folder=self.folder, port=self.port)
        if os.geteuid() == 0:
            text = "user root\n" + text  # a folder of the test is not mosquitto's
        (self.folder / "mosquitto.conf").write_text(text)
        with (self.folder / "mosquitto.log").open("ab") as log:
            command = [program(), "-c", str(self.folder / "mosquitto.conf")]
            self.proc = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(self._listening, 20, "mosquitto")
        return self

    def _listening(self) -> bool:
        assert self.proc.poll() is None, self.log()
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0

    def log(self) -> str:
        return (self.folder / "mosquitto.log").read_text(errors="replace")

    def kill(self) -> None:
        self.proc.kill()
        self.proc.wait(timeout=20 * SCALE)

    def stop(self) -> None:
        self.proc.terminate()
        self.proc.wait(timeout=20 * SCALE)


@contextmanager
def client(
    broker: Mosquitto | Port,
    client_id: str = "",
    *,
    five: bool = False,
    user: str | None = None,
    password: str | None = None,
    patience: float = 20,
) -> Iterator[Client]:
    """A connected paho client with its own thread."""
    version = MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311
    one = Client(CallbackAPIVersion.VERSION2, client_id, protocol=version)
    ready = threading.Event()
    one.on_connect = lambda _client, _data, _flags, reason, _properties: None if reason.is_failure else ready.set()
    if user is not None:
        one.username_pw_set(user, password)
    one.max_inflight_messages_set(1000)
    one.max_queued_messages_set(0)
    one.connect("127.0.0.1", broker.port)
    one.loop_start()
    try:
        assert ready.wait(patience * SCALE), "the broker did not let us in"
        yield one
    finally:
        one.disconnect()
        one.loop_stop()


def publish(one: Client, topic: str, payload: bytes | str, *, qos: int = 1, retain: bool = False) -> None:
    """Publish and wait until the broker has it."""
    one.publish(topic, payload, qos, retain).wait_for_publish(20 * SCALE)


class Ear:
    """What a client hears on some topics."""

    def __init__(self, one: Client, *topics: str) -> None:
        self.heard: list[MQTTMessage] = []
        ready = threading.Event()
        one.on_message = lambda _client, _data, message: self.heard.append(message)
        one.on_subscribe = lambda *_: ready.set()
        one.subscribe([(topic, 1) for topic in topics])
        assert ready.wait(20 * SCALE), "the broker did not answer SUBSCRIBE"

    def payloads(self, topic: str) -> list[bytes]:
        """What came on one topic."""
        return [bytes(message.payload) for message in self.heard if message.topic == topic]

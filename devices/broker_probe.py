"""A throw-away MQTT client that is driven step by step, for ``broker check``: no thread, and a limit to every wait.

MQTT 3.1.1 by paho-mqtt. Clients are named ``telltale-check-…``, so that no session of the server is touched. Every call
returns False when the broker did not answer in time or ended the connection, and raises OSError only from ``dial``.
"""

from __future__ import annotations

import contextlib
import secrets
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from telemetry.clock import monotonic

if TYPE_CHECKING:
    from paho.mqtt.client import Client

PATIENCE = 5.0
"""Seconds that a broker gets for one answer."""
STEP = 0.05
"""Seconds that one turn may wait for the network."""
IN_FLIGHT = 100
"""Messages sent without an acknowledgement."""


@dataclass(slots=True, frozen=True)
class Target:
    """The broker to try, and the credentials of the server; ``max_message`` is what it should carry (bytes).

    ``qos`` is what it grants: 1, or 0 where nothing is acknowledged.
    """

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = None
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    max_message: int = 256 << 10
    qos: int = 1

    def context(self) -> ssl.SSLContext:
        """How the server speaks TLS to it. Raises OSError."""
        context = ssl.create_default_context(cafile=None if self.tls_ca is None else str(self.tls_ca))
        if self.tls_cert is not None:
            context.load_cert_chain(self.tls_cert, self.tls_key)
        return context


class Got(NamedTuple):
    """A message that came."""

    topic: str
    payload: bytes
    retained: bool


def new_id() -> str:
    """A client id that no one has."""
    return f"telltale-check-{secrets.token_hex(6)}"


class Probe:
    """One client: ``dial`` first, ``hang_up`` last. ``code`` is the broker's answer, None before it came."""

    def __init__(self, target: Target, client_id: str = "", *, keep: bool = False, anonymous: bool = False) -> None:
        self.id = client_id or new_id()
        self.got: list[Got] = []
        self.code: int | None = None
        self.session_present = False
        self.granted: int | None = None
        self._target = target
        self._waiting: set[int] = set()
        self._client = self._made(keep=keep, anonymous=anonymous)

    def _made(self, *, keep: bool, anonymous: bool) -> Client:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.id,
            clean_session=not keep,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = PATIENCE
        client.max_inflight_messages_set(IN_FLIGHT)
        if self._target.tls:
            client.tls_set_context(self._target.context())
        if not anonymous and self._target.user is not None:
            client.username_pw_set(self._target.user, self._target.password)
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.on_publish = lambda _client, _data, mid, _reason, _properties: self._waiting.discard(mid)
        client.on_subscribe = self._on_subscribe
        return client

    def dial(self) -> bool:
        """Connect; False if the broker refuses. Raises OSError if there is none, or TLS fails."""
        self.code = None
        self._client.connect(self._target.host, self._target.port, keepalive=30)
        self.run(lambda: self.code is not None)
        return self.code == 0

    def hang_up(self) -> None:
        """Say good-bye, and close."""
        self._client.disconnect()
        self.run(lambda: not self._client.is_connected(), 0.5)

    def subscribe(self, topic: str) -> bool:
        """Subscribe at QoS 1; ``granted`` is what the broker gives, 128 a refusal."""
        self.granted = None
        self._client.subscribe(topic, qos=1)
        return self.run(lambda: self.granted is not None) and self.granted != 128

    def say(self, topic: str, payload: bytes = b"", *, retain: bool = False) -> bool:
        """Publish at QoS 0; True when it has left."""
        self._client.publish(topic, payload, qos=0, retain=retain)
        return self.run(lambda: not self._client.want_write())

    def send(self, topic: str, payload: bytes = b"", *, count: int = 1, retain: bool = False) -> bool:
        """Publish at QoS 1, numbered from 0 if more than one; True when the broker has acknowledged all.

        A broker that grants QoS 0 only ends the connection of who publishes above it: there it is ``say``.
        """
        if not self._target.qos:
            return self.say(topic, payload, retain=retain)
        for number in range(count):
            body = b"%d" % number if count > 1 else payload
            if not self.run(lambda: len(self._waiting) < IN_FLIGHT):
                return False
            self._waiting.add(self._client.publish(topic, body, qos=1, retain=retain).mid)
        return self.run(lambda: not self._waiting)

    def wait_for(self, count: int, patience: float = PATIENCE, *, quiet: float | None = None) -> bool:
        """Wait until this many messages have come, or none has for ``quiet`` seconds."""
        seen, until = len(self.got), monotonic() + (quiet or patience)

        def enough() -> bool:
            nonlocal seen, until
            if len(self.got) != seen:
                seen, until = len(self.got), monotonic() + (quiet or patience)
            return len(self.got) >= count or (quiet is not None and monotonic() > until)

        return self.run(enough, patience) and len(self.got) >= count

    def run(self, done: Callable[[], bool], patience: float = PATIENCE) -> bool:
        """Drive the client until ``done``; False after ``patience`` seconds or at the end of the connection."""
        until = monotonic() + patience
        while not done():
            if monotonic() > until or self._client.loop(STEP) != 0:
                return done()
        return True

    def _on_connect(self, _client: Any, _data: Any, flags: Any, reason: Any, _properties: Any) -> None:
        self.session_present = bool(flags.session_present)
        self.code = int(reason.value)

    def _on_message(self, _client: Any, _data: Any, message: Any) -> None:
        self.got.append(Got(message.topic, message.payload, message.retain))

    def _on_subscribe(self, _client: Any, _data: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        self.granted = int(reasons[0].value)


@contextlib.contextmanager
def connected(target: Target, client_id: str = "", *, keep: bool = False) -> Iterator[Probe]:
    """A client of ours that is connected. Raises OSError."""
    probe = Probe(target, client_id, keep=keep)
    if not probe.dial():
        raise OSError(f"the broker refused a second connection (code {probe.code})")
    try:
        yield probe
    finally:
        probe.hang_up()


def forget(target: Target, client_id: str) -> None:
    """End a session that was kept: connecting once without one deletes it. Raises OSError."""
    probe = Probe(target, client_id)
    probe.dial()
    probe.hang_up()

"""One connection to an MQTT broker on the event loop: connect, subscribe, acknowledge, publish, reconnect.

paho-mqtt parses and writes the packets, but for messages and acknowledgements, which ``devices.mqtt_stream`` takes out
before it sees them. It runs on the loop thread, which calls it when the socket is ready, so there is no network thread
that could die. Only connecting (DNS, TCP, TLS) blocks, and has a thread of its own. Every connection has a generation:
an acknowledgement of an older one is dropped, because packet ids are used again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from devices import mqtt_topics
from devices.mqtt_dial import (
    KEEPALIVE,
    UNSUPPORTED_VERSION,
    Options,
    Retries,
    call,
    new_client,
    plain,
    said,
    subscriptions,
)
from devices.mqtt_link import Arrived, Status
from devices.mqtt_stream import Stream
from telemetry.clock import monotonic

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessage

log = logging.getLogger(__name__)

GREETING_TIMEOUT = 10.0
"""Seconds that a broker gets to answer CONNECT."""
SLICE = 0.005
"""Seconds of reading after which other work of the loop gets its turn."""
UNSENT_MAX = 10_000
"""Messages that may wait to be written to a broker; more are not published, and counted."""


class Connection:
    """Keeps one broker connected until ``close``. Owned by the loop thread."""

    def __init__(
        self,
        options: Options,
        arrived: Callable[[Arrived], bool],
        changed: Callable[[bool], None],
        rng: Random | None = None,
    ) -> None:
        """``arrived`` takes a message and says whether more may come; ``changed`` hears of connected and lost."""
        self.options = options
        self.name = options.name
        self.client_id = options.client_id
        self.status = Status()
        self.generation = 0
        self.connected = False
        self._arrived = arrived
        self._changed = changed
        self._retries = Retries(options.client_id, rng or Random())  # noqa: S311 - jitter, no secret
        self._client: Client | None = None
        self._socket: Stream | None = None
        self._writing = False
        self._ended: asyncio.Future[str] | None = None
        self._greeted: asyncio.Future[str | None] | None = None
        self._confirming: tuple[int, Callable[[], None]] | None = None
        self._paused = False
        self.unsent = 0
        self._five = options.version != "3.1.1"

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""
        while True:
            problem = await self._once()
            self._note("waiting", problem)
            await asyncio.sleep(self._retries.delay())

    def ack(self, generation: int, mid: int) -> None:
        """Acknowledge a message to the broker, if the connection it came by still stands."""
        stream = self._socket if mid and generation == self.generation and self.connected else None
        if stream is not None and stream.acknowledge(mid):
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Write what waits now: an acknowledgement must not stay behind what is read next."""
        if self._socket is not None and not self._socket.flush():
            self._watch_writing()

    def confirm(self, confirmed: Callable[[], None]) -> bool:
        """Call back when the broker has read all that was written so far; False without a connection.

        It answers in order, and to leave a topic that was never subscribed changes nothing.
        """
        if self._client is None or not self.connected:
            return False
        _, mid = self._client.unsubscribe(mqtt_topics.NOWHERE)
        self._confirming = None if mid is None else (mid, confirmed)
        return mid is not None

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> bool:
        """Hand a message to the broker; False if it cannot be taken now."""
        client = self._client
        if client is None or not self.connected or self.unsent >= UNSENT_MAX:
            self.status.unpublished += 1
            return False
        self.unsent += 1
        self.status.published += 1
        client.publish(topic, payload, qos, retain)
        return True

    def drop(self, topic: str, last_word: bytes) -> None:
        """End for good, with a last retained message instead of the will."""
        if self.connected and self._client is not None:
            self._client.publish(topic, last_word, 0, retain=True)
        self._drop()

    def restart(self, problem: str) -> None:
        """End this connection and make a new one, so that the broker sends again what was not acknowledged."""
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(problem)

    def pause(self) -> None:
        """Read nothing more: what waits, waits in the broker."""
        if not self._paused:
            self._paused = True
            if self._socket is not None:
                asyncio.get_running_loop().remove_reader(self._socket)

    def go_on(self) -> None:
        """Read again."""
        if self._paused:
            self._paused = False
            if self._socket is not None:
                asyncio.get_running_loop().add_reader(self._socket, self._readable)
                self._readable()

    async def _once(self) -> str:
        """One connection from begin to end; why it ended."""
        loop = asyncio.get_running_loop()
        self._note("connecting", self.status.problem)
        self._ended, self._greeted = loop.create_future(), loop.create_future()
        self.unsent = 0
        self._confirming = None
        try:
            client = self._client = self._new_client()
            await call(client, self.options.address, five=self._five)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            self._drop()
            return plain(error)
        connected = client.socket()
        if not isinstance(connected, Stream):
            self._drop()
            return "the broker closed the connection at once"
        self._socket, self._writing = connected, False
        self.generation += 1
        self._paused = False
        loop.add_reader(self._socket, self._readable)
        self._watch_writing()
        began = monotonic()
        # not wait_for: before Python 3.12 it swallows a cancellation that comes together with the answer
        done, _ = await asyncio.wait([self._greeted], timeout=GREETING_TIMEOUT)
        problem = self._greeted.result() if done else "the broker does not answer CONNECT: is this an MQTT port?"
        if problem is None:
            problem = await self._serve(client, self._ended)
        accepted, self.connected = self.connected, False
        if accepted:
            self._changed(False)
            problem = self._retries.ended(problem, monotonic() - began)
        self._drop()
        return problem

    async def _serve(self, client: Client, ended: asyncio.Future[str]) -> str:
        asked = monotonic()
        while True:
            done, _ = await asyncio.wait([ended], timeout=1.0)
            if done:
                return ended.result()
            if not self._paused:
                client.loop_misc()
            elif monotonic() - asked >= KEEPALIVE / 2:
                # an answer to a ping would not be read; the broker must hear of us all the same
                asked = monotonic()
                client.unsubscribe(mqtt_topics.NOWHERE)

    def _new_client(self) -> Client:
        client = new_client(self.options, five=self._five)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_unsubscribe = self._on_unsubscribe
        client.on_socket_close = self._on_socket_close
        client.on_socket_register_write = self._on_register_write
        return client

    def _on_connect(self, client: Client, _data: object, flags: Any, reason: Any, _properties: object) -> None:
        if self._greeted is None or self._greeted.done():
            return
        if reason.is_failure:
            if self._five and self.options.version == "auto" and reason.value in UNSUPPORTED_VERSION:
                self._five = False
            self._greeted.set_result(f"the broker refused the connection: {reason} ([mqtt] url)")
            return
        self.connected = True
        self.status.version = "5" if self._five else "3.1.1"
        self.status.session_present = bool(flags.session_present)
        self.status.connections += 1
        self._note("connected", None)
        client.subscribe(subscriptions(self.options.topics, five=self._five))
        self._greeted.set_result(None)
        self._changed(True)

    def _on_disconnect(self, _client: Client, _data: object, flags: Any, reason: Any, _properties: object) -> None:
        text = said(self.client_id, flags, reason)
        if self._greeted is not None and not self._greeted.done():
            if self.options.version == "auto":
                # a broker that knows only 3.1.1 may just close; one that was about to end, too: 5 gets its turn again
                self._five = not self._five
            self._greeted.set_result(text)
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(text)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        """One that the stream has left to paho: very large, or laid out unusually."""
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        mid = message.mid if message.qos else 0
        arrived = Arrived(topic, bytes(message.payload), message.retain, message.dup, self.generation, mid)
        if not self._arrived(arrived):
            self.pause()

    def _on_publish(self, *_: object) -> None:
        self.unsent -= 1

    def _on_subscribe(self, _client: Client, _data: object, _mid: int, reasons: Any, _properties: object) -> None:
        refused = [topic for topic, reason in zip(self.options.topics, reasons, strict=False) if reason.is_failure]
        if refused:
            self._note("connected", f"the broker does not let us read {', '.join(refused)} ([mqtt] topics)")

    def _on_unsubscribe(self, _client: Client, _data: object, mid: int, *_: object) -> None:
        if self._confirming is not None and self._confirming[0] == mid:
            confirmed = self._confirming[1]
            self._confirming = None
            asyncio.get_running_loop().call_soon(confirmed)

    def _on_socket_close(self, _client: Client, _data: object, socket: Any) -> None:
        if socket is self._socket and socket is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(socket)
            loop.remove_writer(socket)
            self._socket = None

    def _on_register_write(self, _client: Client, _data: object, socket: Any) -> None:
        if socket is self._socket:
            self._watch_writing()

    def _watch_writing(self) -> None:
        if not self._writing and self._socket is not None:
            self._writing = True
            asyncio.get_running_loop().add_writer(self._socket, self._writable)

    def _writable(self) -> None:
        """Write what waits, paho's and ours, until the socket takes no more."""
        if self._client is not None and self._socket is not None:
            self._client.loop_write()
        if self._client is None or (stream := self._socket) is None:
            return
        if stream.flush() and not self._client.want_write():
            self._writing = False
            asyncio.get_running_loop().remove_writer(stream)

    def _readable(self) -> None:
        """Read packet after packet until there are no more, or it is someone else's turn."""
        until = monotonic() + SLICE
        while (stream := self._socket) is not None and self._client is not None and not self._paused:
            for message in stream.messages(self.generation):
                if not self._arrived(message):
                    self.pause()
                    return
                if monotonic() > until:
                    asyncio.get_running_loop().call_soon(self._readable)
                    return
            if stream.left:
                self._client.loop_read()
            elif not stream.fill():
                return

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            if self._socket is not None:
                client.loop_write()
            # one that is connected, and was cancelled before it was taken up, has a socket all the same
            if (socket := self._socket or client.socket()) is not None:
                self._on_socket_close(client, None, socket)
                socket.close()

    def _note(self, state: str, problem: str | None) -> None:
        if problem is not None and problem != self.status.problem:
            log.warning("MQTT broker %s: %s", self.options.name, problem)
        if state == "connected" and problem is None:
            log.info("MQTT broker %s: connected", self.options.name)
        self.status.become(state, problem)

"""What stands between a client and amqtt: every packet passes here before the library sees it, and on its way back.

Inwards: one whole packet at a time, of bounded size, within the keep-alive; messages are handed to ``Guard`` first.
Outwards: a message is acknowledged when the guard says, and a client that does not read is cut off.
amqtt itself keeps the sessions, the subscriptions and the retained messages. Written against amqtt 0.12.1, of which
``Hub`` corrects what loses messages: how it sends to sessions (``devices/embedded_delivery.py``), that it sends every
retained message to whoever connects, and that a message is lost when somebody subscribes while it is distributed.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from amqtt.adapters import ReaderAdapter, WriterAdapter
from amqtt.broker import Broker, RetainedApplicationMessage
from amqtt.contexts import Action
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from devices import mqtt_packets as packets
from devices.embedded_delivery import Deliveries
from devices.embedded_guard import Guard, Load

MAX_PACKET = 1 << 20
"""Bytes of a packet; a larger one ends the connection."""
MAX_UNREAD = 4 << 20
"""Bytes that may wait for a client that does not read; beyond that it is cut off."""
MAX_HELD, MAX_HELD_BYTES = 1_000, 1 << 20
"""Messages of one client that may wait for the server; it is not read from until some are through."""
MAX_HELD_BY_ALL, MAX_HELD_BYTES_BY_ALL = 10_000, 16 << 20
"""The same of all clients together; beyond, nobody is read from."""
MAX_BACKLOG = 1_000
"""Messages that amqtt may have to distribute before anyone is read from."""
MAX_RETAINED = 10_000
"""Topics with a retained message; a new one beyond that is not kept."""
PAUSE = 0.01


class Gone(Exception):
    """The connection has ended, or must."""


class Inward(ReaderAdapter):
    """Gives amqtt whole packets, the first of which is ``first``."""

    def __init__(
        self, stream: asyncio.StreamReader, first: bytes, keepalive: int, outward: Outward, guard: Guard, hub: Hub
    ) -> None:
        self._stream = stream
        self._buffer = first
        self._patience = keepalive * 1.5 or None
        self._outward = outward
        self._guard = guard
        self._hub = hub
        self._twice: set[int] = set()

    async def read(self, n: int = -1) -> bytes:
        """Up to ``n`` bytes of the packet at hand; empty: the connection has ended."""
        while not self._buffer:
            try:
                self._buffer = await self._next()
            except (Gone, OSError, EOFError, TimeoutError, packets.Malformed):
                self._outward.abort()
                return b""
        taken, self._buffer = (self._buffer, b"") if n < 0 else (self._buffer[:n], self._buffer[n:])
        return taken

    def feed_eof(self) -> None:
        """End it."""
        self._stream.feed_eof()

    async def _next(self) -> bytes:
        """The next packet for amqtt; empty for one that it is not to see."""
        await asyncio.sleep(0)  # a client that floods must not keep the loop
        while self._outward.held.full or self._hub.held.full or self._hub.backlog >= MAX_BACKLOG:
            await asyncio.sleep(PAUSE)  # the client is read from again when what it sent is through
            if self._outward.closed:
                raise Gone
        async with asyncio.timeout(self._patience):
            packet = await read_packet(self._stream, MAX_PACKET)
        kind, flags, body = packets.split(packet)
        if kind == packets.CONNECT:
            raise Gone
        if kind == packets.PUBACK:
            if len(body) != 2:
                raise Gone
            self._guard.acknowledged(int.from_bytes(body))
            return b""
        if kind == packets.PUBREL:
            if len(body) != 2:
                raise Gone
            self._twice.discard(int.from_bytes(body))
            self._outward.write(packets.complete(int.from_bytes(body)))
            return b""
        if kind == packets.PUBLISH:
            await self._publish(packets.publish(flags, body))
            return b""
        return packet

    async def _publish(self, message: packets.Publish) -> None:
        """Hand a message over, and acknowledge it in its time; a copy of one that is under way is left."""
        if message.qos and self._outward.holds(message.mid):
            return
        if message.qos == 2 and message.mid in self._twice:
            self._outward.write(packets.acknowledge(2, message.mid))
            return
        due, distribute = self._guard.arrived(message)
        if message.qos == 2:
            self._twice.add(message.mid)
        if due is not None:
            self._outward.hold(message, due)
        if distribute:
            await self._hub.distribute(message)
        if message.qos and due is None:
            # a refused one too, as Mosquitto does: MQTT 3.1.1 knows no other answer
            self._outward.write(packets.acknowledge(message.qos, message.mid))


class Outward(WriterAdapter):
    """Takes packets from amqtt, and acknowledges messages when they are durable."""

    def __init__(self, stream: asyncio.StreamWriter, by_all: Load) -> None:
        self._stream = stream
        self._held: set[int] = set()
        self._loads = (Load(MAX_HELD, MAX_HELD_BYTES), by_all)
        self.held = self._loads[0]
        self.closed = False

    def holds(self, mid: int) -> bool:
        """Whether the message of this packet id waits for its acknowledgement."""
        return mid in self._held

    def hold(self, message: packets.Publish, due: asyncio.Future[None]) -> None:
        """Acknowledge a message when ``due`` resolves; if it fails the connection ends, and the client sends again."""
        if message.qos:
            self._held.add(message.mid)
        for load in self._loads:
            load.add(message)
        due.add_done_callback(lambda done: self._due(message, done))

    def _due(self, message: packets.Publish, done: asyncio.Future[None]) -> None:
        for load in self._loads:
            load.add(message, -1)
        failed = done.cancelled() or done.exception() is not None
        if not message.qos:
            return
        self._held.discard(message.mid)
        if failed:
            self.abort()
        else:
            self.write(packets.acknowledge(message.qos, message.mid))

    def write(self, data: bytes) -> None:
        """Send a packet; nothing after the end."""
        if self.closed or self._stream.is_closing():
            return
        self._stream.write(data)
        if self._stream.transport.get_write_buffer_size() > MAX_UNREAD:
            self.abort()

    async def drain(self) -> None:
        """Wait for nobody: what a client does not read is bounded by cutting it off."""

    def get_peer_info(self) -> tuple[str, int] | None:
        """Address and port."""
        found = self._stream.get_extra_info("peername")
        return None if found is None else (str(found[0]), int(found[1]))

    def get_ssl_info(self) -> ssl.SSLObject | None:
        """There is no TLS."""
        return None

    async def close(self) -> None:
        """Send what is due, and close."""
        self.closed = True
        self._stream.close()
        with contextlib.suppress(OSError):
            await self._stream.wait_closed()

    def abort(self) -> None:
        """Close at once."""
        self.closed = True
        self._stream.transport.abort()


async def read_packet(stream: asyncio.StreamReader, limit: int) -> bytes:
    """One whole packet. Raises Gone for one above ``limit`` bytes, and EOFError and OSError."""
    head = bytearray(await stream.readexactly(2))
    while head[-1] & 0x80:
        if len(head) == 5:
            raise Gone
        head += await stream.readexactly(1)
    length = sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(head[1:]))
    if length > limit:
        raise Gone
    return bytes(head) + await stream.readexactly(length)


class Delivery:
    """What amqtt takes for the handler of a session when it publishes."""

    def __init__(self, hub: Hub, session: Session) -> None:
        self._hub = hub
        self._session = session

    async def mqtt_publish(self, topic: str, data: bytes, qos: int | None, *, retain: bool) -> None:
        """Send a message, or keep it."""
        self._hub.send(self._session, topic, data, qos or 0, retained=retain)


class Steady(dict[str, list[tuple[Session, int]]]):
    """The subscriptions: amqtt awaits while it walks through them, and others subscribe meanwhile."""

    def items(self) -> Any:
        """As they are now."""
        return [(topic, list(subscribed)) for topic, subscribed in super().items()]

    def __iter__(self) -> Iterator[str]:
        return iter(list(super().__iter__()))


class Hub(Broker):
    """amqtt's broker."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._subscriptions = Steady()
        self.deliveries = Deliveries()
        self.held = Load(MAX_HELD_BY_ALL, MAX_HELD_BYTES_BY_ALL)

    @property
    def backlog(self) -> int:
        """Messages that it has taken and not distributed yet."""
        return int(self._broadcast_queue.qsize())

    async def distribute(self, message: packets.Publish) -> None:
        """Send a message to whoever subscribed: not by amqtt's own way in, which forgets it when its sender leaves."""
        await self.internal_message_broadcast(message.topic, message.payload)
        if message.retained:
            await self.retain_message(None, message.topic, message.payload, message.qos)

    def send(self, session: Session, topic: str, data: bytes | bytearray, qos: int, *, retained: bool = False) -> None:
        """Send a message to a session, or keep it."""
        self.deliveries.send(str(session.client_id), packets.Publish(topic, bytes(data), qos, retained, False, 0))

    async def add_subscription(self, subscription: tuple[str, int], session: Session) -> int:
        """Grants QoS 1 at most: that is how messages are sent here."""
        return await super().add_subscription((subscription[0], min(subscription[1], 1)), session)

    def _get_handler(self, session: Session) -> Any:
        return Delivery(self, session)

    async def _publish_session_retained_messages(self, session: Session) -> None:
        """Called when the client has been greeted."""
        handler = super()._get_handler(session)
        if handler is not None and handler.writer is not None:
            self.deliveries.greeted(str(session.client_id), handler.writer)

    async def _retain_broadcast_message(self, broadcast: dict[str, Any], qos: int, target_session: Session) -> None:
        self.send(target_session, broadcast["topic"], broadcast["data"], qos)

    async def _cleanup_session(self, client_id: str) -> None:
        self.deliveries.forget(client_id)
        await super()._cleanup_session(client_id)

    async def _delete_session(self, client_id: str) -> None:
        self.deliveries.forget(client_id)
        await super()._delete_session(client_id)

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        """Retained messages for a subscription, if the session has it and may read them."""
        mine = self.subscriptions.get(subscription[0], [])
        if not any(one.client_id == session.client_id for one, _ in mine):
            return
        for topic, retained in list(self.retained_messages.items()):
            if self._matches(topic, subscription[0]) and await self._topic_filtering(session, topic, Action.RECEIVE):
                qos = min(subscription[1], retained.qos or 0, 1)
                self.send(session, topic, retained.data, qos, retained=True)


class Door(BaseAuthPlugin):
    """Everyone who comes this far was let in."""

    @dataclass
    class Config(BaseAuthPlugin.Config):
        """Nothing to say; amqtt wants one."""

    async def authenticate(self, *, session: Session) -> bool | None:
        """Yes."""
        del session
        return True


class Reading(BaseTopicPlugin):
    """Whoever subscribes to ``#`` gets what he may read; what he writes was judged when it arrived."""

    @dataclass
    class Config(BaseTopicPlugin.Config):
        """What it asks: ``may_read(client id, topic)``."""

        may_read: Any = None

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool | None:
        """Whether a message may be delivered."""
        if action != Action.RECEIVE:
            return True
        return session is not None and bool(self.config.may_read(session.client_id, topic))

    async def on_broker_retained_message(
        self, *, client_id: str | None, retained_message: RetainedApplicationMessage
    ) -> None:
        """Keep the retained messages within their bound."""
        context: Any = self.context
        if client_id is None and len(context.retained_messages) > MAX_RETAINED:
            context.retained_messages.pop(retained_message.topic, None)

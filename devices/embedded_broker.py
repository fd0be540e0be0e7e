"""The broker inside the server, for networks that have none: amqtt behind a door of our own.

Clients speak MQTT 3.1.1. Who connects is authenticated before amqtt hears of him, and his client id is put behind his
identity, so that nobody takes over another's session. A message at QoS 1 or 2 is acknowledged when ``on_message`` says
that it is durable, not when it is in memory. What amqtt keeps (sessions, queues, retained messages) is in memory only.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from devices import mqtt_packets as packets
from devices.broker_access import SERVER, Access, Identity
from devices.embedded_delivery import Deliveries
from devices.embedded_guard import Copies, Verdict

if TYPE_CHECKING:
    from devices.embedded_amqtt import Hub

log = logging.getLogger(__name__)

GREETING = 10.0
"""Seconds that a client gets for its CONNECT."""
MAX_CONNECT = 128 << 10
"""Bytes of a CONNECT, its will included."""
MAX_CONNECTIONS = 1_000
MAX_SESSIONS = 16
"""Client ids that one identity may have at a time, of those that are away too."""
SESSION_EXPIRY = 7 * 86_400
"""Seconds that the session of a client that is away is kept."""
BETWEEN = "\x1f"
"""Between identity and client id; no device id holds it."""


class BrokerError(Exception):
    """The broker cannot run; the message is one line that names the setting."""


class Published(NamedTuple):
    """A message that a client was allowed to send, and whose it is.

    ``number`` is the same for all copies of a message, 0 at QoS 0; ``duplicate``: an earlier copy was handed over.
    """

    topic: str
    payload: bytes
    qos: int
    retained: bool
    duplicate: bool
    owner: Identity
    number: int


Authenticate = Callable[[str | None, str | None, str], Identity | None]
"""(user, password, client id) -> who that is."""
May = Callable[[Identity, str, bool], bool]
"""(identity, topic, write) -> whether he may write to the topic, or read from it."""
OnMessage = Callable[[Published], "asyncio.Future[None] | None"]
"""Called on the loop for every message but the server's own; a future: it is the server's when that resolves."""
Watch = Callable[[Identity, Callable[[], None]], Callable[[], None]]
"""Calls the callback when the identity's token is revoked; returns what ends the watching."""


@dataclass(slots=True, frozen=True)
class Rules:
    """What the broker asks the server."""

    authenticate: Authenticate
    may: May
    on_message: OnMessage | None = None
    watch: Watch | None = None


class EmbeddedBroker:
    """One broker: ``start`` it once, ``stop`` it once. Owned by the loop thread."""

    def __init__(self, address: str, port: int, rules: Rules) -> None:
        self._address = address
        self._port = port
        self._rules = rules
        self._hub: Hub | None = None
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[Any]] = set()
        self._sessions: dict[str, Identity] = {}
        self._connected: Counter[str] = Counter()
        self._copies = Copies()
        self.refused = 0
        """Clients that were not let in, and messages that were not theirs to send."""

    async def start(self) -> int:
        """Listen; the port. Raises BrokerError."""
        amqtt = await asyncio.to_thread(_library)
        config: dict[str, Any] = {
            "listeners": {"default": {"type": "external"}},
            "plugins": {
                "devices.embedded_amqtt.Door": {},
                "devices.embedded_amqtt.Reading": {"may_read": self._may_read},
            },
            "session_expiry_interval": SESSION_EXPIRY,
        }
        self._hub = amqtt.Hub(config)
        await self._hub.start()
        try:
            self._server = await asyncio.start_server(self._serve, self._address or None, self._port)
        except OSError as error:
            await self._hub.shutdown()
            raise BrokerError(
                f"the embedded broker cannot listen on {self._address}:{self._port}: {error.strerror or error}"
                " ([mqtt] embedded_address, embedded_port)"
            ) from None
        port = int(self._server.sockets[0].getsockname()[1])
        log.info("the embedded MQTT broker listens on %s:%d", self._address or "all addresses", port)
        return port

    async def stop(self) -> None:
        """Take no more clients, and let go of those that are there."""
        if self._server is None or self._hub is None:
            return
        self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        await self._hub.shutdown()
        await self._server.wait_closed()

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send to whoever has subscribed and may read it, at the subscriber's QoS; an empty one clears a retained."""
        hub = self._hub
        if hub is None:
            return
        await hub.internal_message_broadcast(topic, payload)
        if retain:
            await hub.retain_message(None, topic, payload, 1)

    def _may_read(self, client_id: str, topic: str) -> bool:
        identity = self._sessions.get(client_id)
        return identity is not None and self._rules.may(identity, topic, False)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._clients) >= MAX_CONNECTIONS:
            writer.transport.abort()
            return
        self._clients.add(task)
        try:
            await self._client(reader, writer)
        except (OSError, EOFError, TimeoutError, packets.Malformed):
            pass
        except asyncio.CancelledError:
            pass  # the broker stops
        except Exception:
            log.exception("a client of the embedded broker ended with an error")
        finally:
            self._clients.discard(task)
            writer.transport.abort()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, from its CONNECT to its end."""
        from devices import embedded_amqtt as amqtt

        async with asyncio.timeout(GREETING):
            try:
                kind, _, body = packets.split(await amqtt.read_packet(reader, MAX_CONNECT))
            except amqtt.Gone:
                return
        if kind != packets.CONNECT:
            return
        try:
            connect = packets.connect(body)
        except packets.WrongVersion as error:
            await _answer(writer, packets.connack(packets.WRONG_VERSION, error.level))
            return
        identity, code = self._admitted(connect)
        if identity is None or self._hub is None:
            self.refused += 1
            await _answer(writer, packets.connack(code))
            return
        client_id = identity.id + BETWEEN + (connect.client_id or secrets.token_hex(8))
        self._forget_sessions()
        self._sessions[client_id] = identity
        self._connected[client_id] += 1
        outward = amqtt.Outward(writer, self._hub.held)
        # amqtt knows no names, passwords or keep-alive: all of that is settled here
        inner = connect._replace(client_id=client_id, keepalive=0, user=None, password=None)
        first = packets.connect_packet(inner)
        # a client that leaves its id to the broker is known by who it is
        guard = _Guard(self, identity, identity.id + BETWEEN + connect.client_id, client_id, self._hub.deliveries)
        inward = amqtt.Inward(reader, first, connect.keepalive, outward, guard, self._hub)
        forget = self._rules.watch(identity, outward.abort) if self._rules.watch and identity is not SERVER else None
        try:
            await self._hub.external_connected(inward, outward, "default")
        finally:
            self._hub.deliveries.ended(client_id, outward)
            self._connected -= Counter((client_id,))
            if forget is not None:
                forget()

    def _admitted(self, connect: packets.Connect) -> tuple[Identity | None, int]:
        """Who connects, or the code of the refusal."""
        identity = self._rules.authenticate(connect.user, connect.password, connect.client_id)
        if identity is None:
            return None, packets.NOT_AUTHORISED
        if not connect.clean and not connect.client_id:
            return None, packets.BAD_ID
        if connect.will is not None and not self._rules.may(identity, connect.will[0], True):
            log.warning("device %r has a last will on a topic that it may not write to", identity.id)
            return None, packets.NOT_AUTHORISED
        own = [one for one in self._sessions if one.startswith(identity.id + BETWEEN)]
        if len(own) >= MAX_SESSIONS and identity.id + BETWEEN + connect.client_id not in own:
            self._forget_sessions()
            if sum(one.startswith(identity.id + BETWEEN) for one in self._sessions) >= MAX_SESSIONS:
                return None, packets.UNAVAILABLE
        return identity, packets.ACCEPTED

    def _forget_sessions(self) -> None:
        """Forget whose the sessions were that amqtt has ended."""
        if self._hub is not None:
            known = self._hub.sessions.keys() | self._connected.keys()
            self._sessions = {one: identity for one, identity in self._sessions.items() if one in known}

    def take(self, message: packets.Publish, owner: Identity, session: str) -> Verdict:
        """Take a message of a client, if it may send it."""
        topic, payload, qos, retained, _, _ = message
        if topic.startswith("$") or not self._rules.may(owner, topic, True):
            self.refused += 1
            return Verdict(None, distribute=False)
        number, copy = self._copies.number(session, message) if qos else (0, False)
        due = None
        if self._rules.on_message is not None and owner is not SERVER:
            due = self._rules.on_message(Published(topic, payload, qos, retained, copy, owner, number))
        return Verdict(due, distribute=not copy)


def guarded(
    address: str, port: int, known: Callable[[str], Identity | None], watch: Watch, take: OnMessage
) -> EmbeddedBroker:
    """One with device tokens as its passwords; ``known`` says whose a token is."""
    access = Access(known, secrets.token_urlsafe(32))
    return EmbeddedBroker(address, port, Rules(access.authenticate, access.may, take, watch))


@dataclass(slots=True)
class _Guard:
    """One client's way to ``take``, and to what it is sent."""

    broker: EmbeddedBroker
    identity: Identity
    session: str
    client_id: str
    deliveries: Deliveries

    def arrived(self, message: packets.Publish) -> Verdict:
        return self.broker.take(message, self.identity, self.session)

    def acknowledged(self, mid: int) -> None:
        self.deliveries.acknowledged(self.client_id, mid)


async def _answer(writer: asyncio.StreamWriter, packet: bytes) -> None:
    writer.write(packet)
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(GREETING):
            await writer.drain()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def _library() -> Any:
    """The part that imports amqtt: 0.3 s on a PC. Raises BrokerError."""
    try:
        found = importlib.import_module("devices.embedded_amqtt")
    except ModuleNotFoundError as error:
        raise BrokerError(
            f"[mqtt] embedded = true needs the package amqtt ({error.name} is missing): pip install 'amqtt>=0.12.1'"
        ) from None
    # it logs every connection, and a traceback for a client that is slow to acknowledge
    logging.getLogger("amqtt").setLevel(logging.CRITICAL)
    logging.getLogger("transitions").setLevel(logging.ERROR)
    return found

"""How a broker is called: the address, the MQTT client with its credentials and TLS, and connecting in a thread.

Connecting blocks (DNS, TCP, TLS), so it has a thread of its own, which no one waits for when the process ends.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from devices.backoff import Backoff
from devices.mqtt_stream import Tap

if TYPE_CHECKING:
    from paho.mqtt.client import Client

KEEPALIVE = 30
"""Seconds of silence after which a ping goes out; twice that, and the connection is given up."""
CONNECT_TIMEOUT = 5.0
SESSION_EXPIRY = 0xFFFFFFFF
"""MQTT 5: the broker keeps the session for ever, as 3.1.1 does."""
PROVED = 5.0
"""Seconds that a connection must last to count as a good one."""
CLASHES = 3
"""Connections in a row that end right after they began: two clients use one id."""
TAKEN_OVER = 0x8E
UNSUPPORTED_VERSION = (0x84, 0x01)


class Address(NamedTuple):
    """Where the broker is and who we are to it."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = None


@dataclass(slots=True, frozen=True)
class Options:
    """How to speak to it. ``version`` is ``auto``, ``5`` or ``3.1.1``; ``will`` is (topic, payload), retained."""

    address: Address
    name: str
    client_id: str
    topics: Sequence[str]
    version: str = "auto"
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    will: tuple[str, bytes] | None = None


class Retries:
    """When to connect again, and what it means when a connection ends soon."""

    def __init__(self, client_id: str, rng: Random) -> None:
        self._client_id = client_id
        self._backoff = Backoff(rng)
        self._short = 0

    def delay(self) -> float:
        """Seconds to wait before the next attempt."""
        return self._backoff.delay()

    def ended(self, problem: str, lasted: float) -> str:
        """Why a connection that the broker had accepted ended after ``lasted`` s, as an operator wants to read it."""
        if lasted >= PROVED:
            self._short = 0
            self._backoff.reset()
            return problem
        self._short += 1
        if self._short < CLASHES:
            return problem
        return (
            f"{problem}; {self._short} times in a row right after connecting: probably another client uses the id"
            f" {self._client_id} ([mqtt] client_id)"
        )


def new_client(options: Options, *, five: bool) -> Client:
    """A client of MQTT 5 or 3.1.1 that is not connected. Raises OSError and ValueError for certificates."""
    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

    version = MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311
    clean = None if five else False
    client = Client(CallbackAPIVersion.VERSION2, options.client_id, clean, protocol=version, manual_ack=True)
    client.connect_timeout = CONNECT_TIMEOUT
    client.suppress_exceptions = False
    if options.address.user is not None:
        client.username_pw_set(options.address.user, options.address.password)
    context = None
    if options.address.tls:
        context = ssl.create_default_context(cafile=options.tls_ca)
        if options.tls_cert is not None:
            context.load_cert_chain(options.tls_cert, options.tls_key)
    client.tls_set_context(cast("ssl.SSLContext", Tap(context, five=five)))
    if options.will is not None:
        client.will_set(options.will[0], options.will[1], 1, retain=True)
    return client


def dial(client: Client, address: Address, *, five: bool) -> None:
    """Blocks: DNS, TCP, TLS and the CONNECT packet. Raises OSError and ValueError."""
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    if not five:
        client.connect(address.host, address.port, KEEPALIVE)
        return
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types there
    properties.SessionExpiryInterval = SESSION_EXPIRY
    # no ReceiveMaximum: how many messages are in flight, and come twice after a crash, is the broker's setting
    client.connect(address.host, address.port, KEEPALIVE, clean_start=False, properties=properties)


def subscriptions(topics: Sequence[str], *, five: bool) -> list[Any]:
    """What to subscribe to, at QoS 1; MQTT 5 can leave out what we publish ourselves."""
    if not five:
        return [(topic, 1) for topic in topics]
    from paho.mqtt.subscribeoptions import SubscribeOptions

    return [(topic, SubscribeOptions(qos=1, noLocal=True)) for topic in topics]


def said(client_id: str, flags: Any, reason: Any) -> str:
    """Why a connection ended: in the broker's words, if it had any."""
    if not getattr(flags, "is_disconnect_packet_from_server", False):
        return "the connection was lost"
    if reason.value == TAKEN_OVER:
        return f"another client uses the id {client_id} ([mqtt] client_id)"
    return f"the broker ended the connection: {reason}"


async def call(client: Client, address: Address, *, five: bool) -> None:
    """Connect, as ``dial`` does, without holding up the loop. Raises OSError and ValueError."""
    await in_thread(lambda: dial(client, address, five=five), lambda: abandon(client))


async def in_thread(work: Callable[[], None], abandon: Callable[[], None]) -> None:
    """Run blocking work in a thread that does not hold up the end of the process; ``abandon`` after a cancellation."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if done.cancelled():
            abandon()
        elif error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def body() -> None:
        error: BaseException | None = None
        try:
            work()
        except Exception as caught:  # noqa: BLE001 - it is raised where the result is awaited
            error = caught
        try:
            loop.call_soon_threadsafe(settle, error)
        except RuntimeError:  # the loop is closed: no one waits any more
            abandon()

    threading.Thread(target=body, name="mqtt connect", daemon=True).start()
    await done


def abandon(client: Client) -> None:
    """Close what a thread connected, and no one waits for any more."""
    client.on_disconnect = client.on_socket_close = None
    socket = client.socket()
    if socket is not None:
        socket.close()


def plain(error: Exception) -> str:
    """An error of connecting, without Python's words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message} ([mqtt] tls_ca)"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or error}"
    if isinstance(error, TimeoutError):
        return "no answer"
    return str(getattr(error, "strerror", None) or error)

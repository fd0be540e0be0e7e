"""The bridges to all configured brokers: one connection and one set of decoders each."""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from devices import mqtt_topics
from devices.ecosystems.base import Ecosystem, codec_of
from devices.ecosystems.catalogue import Catalogue
from devices.embedded_broker import EmbeddedBroker, OnMessage
from devices.embedded_link import EmbeddedLink
from devices.mqtt_bridge import Bridge
from devices.mqtt_connection import Connection
from devices.mqtt_dial import Address, Options
from devices.mqtt_link import Arrived, Connect
from devices.mqtt_port import Port
from devices.mqtt_publisher import Feed, Publisher


class Wanted(Protocol):
    """What holds for every broker: the section ``[mqtt]`` of config.ini."""

    @property
    def url(self) -> Sequence[Named]:
        """The brokers."""

    @property
    def topics(self) -> Sequence[str]:
        """Filters to subscribe to."""

    @property
    def client_id(self) -> str:
        """The name of our session; empty: made from the machine and the database."""

    @property
    def version(self) -> str:
        """Of the protocol: auto, 5 or 3.1.1."""

    @property
    def tls_ca(self) -> Path | None:
        """Who signed the broker's certificate."""

    @property
    def tls_cert(self) -> Path | None:
        """Our certificate."""

    @property
    def tls_key(self) -> Path | None:
        """Its key."""

    @property
    def discovery(self) -> str:
        """Prefix of announcements for Home Assistant."""


class Named(Protocol):
    """A broker as the settings have it: an address with a name."""

    @property
    def name(self) -> str:
        """``host:port``."""

    def __iter__(self) -> Iterator[Any]:
        """The fields of ``Address``."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the bridges need of other sections."""

    database: Path
    max_message: int
    codecs: Sequence[tuple[str, str]]


Serve = Callable[[OnMessage], EmbeddedBroker]


class Bridges:
    """All bridges of a server, and what publishes on them. Nothing runs until ``run``."""

    def __init__(
        self,
        wanted: Wanted,
        limits: Limits,
        port: Port,
        feed: Callable[[], Feed],
        first: Callable[[], Sequence[Ecosystem]] = tuple,
        serve: Serve | None = None,
    ) -> None:
        """``feed`` makes what a publisher reads, ``first`` what decodes first, ``serve`` the inner broker, if any."""
        codec = codec_of(limits.codecs)
        our_id = wanted.client_id or client_id(limits.database)
        self.all: list[Bridge] = []
        self._publishers: list[Publisher] = []
        self._embedded: EmbeddedLink | None = None
        links: list[Connect] = [partial(Connection, _options(one, wanted, our_id)) for one in wanted.url]
        if serve is not None:
            links.append(partial(self._embed, serve))
        for link in links:
            bridge = Bridge(link, port, Catalogue(codec, first()), limits.max_message)
            instance = instance_of(our_id)
            bridge.publisher = Publisher(bridge.connection, feed(), instance, wanted.discovery)
            self._publishers.append(bridge.publisher)
            self.all.append(bridge)

    async def open(self) -> None:
        """Start the embedded broker, if there is to be one. Raises BrokerError."""
        if self._embedded is not None:
            await self._embedded.open()

    def _embed(self, serve: Serve, arrived: Callable[[Arrived], bool], changed: Callable[[bool], None]) -> EmbeddedLink:
        self._embedded = EmbeddedLink(serve, arrived, changed)
        return self._embedded

    def jobs(self) -> Iterator[tuple[Coroutine[Any, Any, None], str]]:
        """What has to run, and its names."""
        for bridge, publisher in zip(self.all, self._publishers, strict=True):
            yield bridge.run(), bridge.source
            yield publisher.run(), f"{bridge.source} publisher"


def instance_of(our_id: str) -> str:
    """The client id as Home Assistant takes it in a discovery topic."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", our_id)


def client_id(database: Path) -> str:
    """The name of our session: always the same for one database on one machine, and hardly that of another."""
    of = f"{socket.gethostname()}:{database.resolve()}".encode()
    return f"telltale-{hashlib.sha256(of).hexdigest()[:10]}"


def _options(broker: Named, wanted: Wanted, our_id: str) -> Options:
    return Options(
        address=Address(*broker),
        name=broker.name,
        client_id=our_id,
        topics=wanted.topics,
        version=wanted.version,
        tls_ca=wanted.tls_ca,
        tls_cert=wanted.tls_cert,
        tls_key=wanted.tls_key,
        will=(mqtt_topics.availability(instance_of(our_id)), b"offline"),
    )

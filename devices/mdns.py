"""Announces the server on the local network, so that it is found as ``http://NAME.local`` and in lists of services.

A responder of multicast DNS (RFC 6762, 6763): it probes for its names, announces them, answers, follows the addresses
of the machine, gives way to a name that another holds, and takes everything back at the end. It is never in the way of
the server: whatever fails here is logged, and tried again. Not done: tie-breaking of probes sent at the same moment
(whoever announces first wins; the other hears it and takes the next name), and answers by unicast to those who would
take one.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import partial
from ipaddress import ip_address
from random import Random
from typing import Any, Protocol

from devices import mdns_zone as zone
from devices.mdns_links import PORT, Found, Link, Links, interfaces
from devices.mdns_speaker import Speaker
from devices.mdns_wire import ANY, Packet, Question, decode, encode
from devices.mdns_zone import Address, Service
from telemetry.clock import monotonic

log = logging.getLogger(__name__)

LOOK_EVERY = 15.0
"""Seconds after which the interfaces are looked at again."""
PROBES = 3
PROBE_EVERY = 0.25
CONFLICTS_MAX = 15
"""Names that are tried in a row; then there is a pause (RFC 6762 section 8.1)."""
READ_AT_ONCE = 20
"""Datagrams that are read from a socket before others get their turn."""

ECHO = 1.0
"""Seconds in which what we send comes back to our own sockets."""


class Announcer:
    """Owned by the loop thread. Nothing is opened before ``run``."""

    def __init__(
        self,
        service: Service,
        address: str,
        families: Sequence[int],
        *,
        look: Callable[[], Found] = interfaces,
        look_every: float = LOOK_EVERY,
        rng: Random | None = None,
    ) -> None:
        """The server listens on ``address`` (empty: all) by these IP versions."""
        self.service = service
        self.hosted = True
        self.claimed = False
        self._address = address
        self._families = families
        self._links = Links(look, self._listen, self._forget)
        self._speakers: dict[int, Speaker] = {}
        self._sent: deque[tuple[float, bytes]] = deque(maxlen=64)
        self._wake = asyncio.Event()
        self._conflict = zone.Conflict(host=False, instance=False)
        self._host_heard = False
        self._failing = False
        self._every = look_every
        self._rng = rng or Random()  # noqa: S311 - waits that differ, no secrets

    async def run(self) -> None:
        """Announce until cancelled; then say goodbye."""
        try:
            while True:
                try:
                    await self._round()
                    self._failing = False
                except Exception:  # the server is worth more than its announcement
                    log.log(logging.DEBUG if self._failing else logging.WARNING, "mDNS: not announced", exc_info=True)
                    self._failing = True
                    await asyncio.sleep(self._every)
        finally:
            self._hush()
            if self.claimed:
                self._tell(zone.goodbye)
            self._links.close()

    async def _round(self) -> None:
        if self._links.refresh(self._address, self._families) or not self.claimed:
            self._hush()
            self._speakers = {link.index: Speaker(partial(self._send, link), self._rng) for link in self._links.open}
            if self._links.open:
                await self._claim()
        elif not self.hosted:
            await self._take_over()
        if not any(self._conflict):
            await self._paused(self._every)
        if any(self._conflict):
            self._give_way()

    # names

    async def _claim(self) -> None:
        """Probe until no one objects, then announce, twice."""
        self.claimed = False
        for tries in range(CONFLICTS_MAX * 2):
            if tries and tries % CONFLICTS_MAX == 0:
                await asyncio.sleep(self._every)
            await asyncio.sleep(self._rng.uniform(0, PROBE_EVERY))
            if await self._probed():
                break
            self._give_way()
        else:
            return
        self.claimed = True
        log.info(
            "mDNS: announced as %s and %r%s", ".".join(label.decode() for label in self.service.host),
            self.service.label.decode(), "" if self.hosted else "; the system answers for the name itself",
        )  # fmt: skip
        self._tell(zone.announcement)
        if not await self._paused(1):
            self._tell(zone.announcement)

    async def _probed(self) -> bool:
        for _ in range(PROBES):
            self._tell(zone.probe)
            await self._paused(PROBE_EVERY)
            if any(self._conflict):
                return False
        return True

    def _give_way(self) -> None:
        taken, self._conflict = self._conflict, zone.Conflict(host=False, instance=False)
        was = self.service
        self.service = zone.renamed(was, taken)
        self.claimed = False
        self.hosted = True
        self._hush()
        log.warning(
            "mDNS: %s is taken by another on this network; trying %s",
            was.host[0].decode() if taken.host else repr(was.label.decode()),
            self.service.host[0].decode() if taken.host else repr(self.service.label.decode()),
        )

    async def _take_over(self) -> None:
        """Hear whether the system still answers for the host's name; if not, do it."""
        self._host_heard = False
        ask = encode(Packet(False, [Question(self.service.host, ANY)]))
        for link in self._links.open:
            self._send(link, ask)
        await self._paused(1)
        if not self._host_heard:
            self.hosted = True
            await self._claim()

    def _hush(self) -> None:
        """Drop what waits to be said: it may not be true any more."""
        for speaker in self._speakers.values():
            speaker.close()

    async def _paused(self, seconds: float) -> bool:
        """Wait; True: something has happened."""
        self._wake.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return False
        return True

    # datagrams

    def _tell(self, make: Callable[..., Packet]) -> None:
        for link in self._links.open:
            self._send(link, encode(make(self.service, link.addresses, hosted=self.hosted)))

    def _send(self, link: Link, message: bytes) -> None:
        self._sent.append((monotonic(), message))
        link.send(message)

    def _listen(self, link: Link, version: int, one: socket.socket) -> None:
        asyncio.get_running_loop().add_reader(one, partial(self._readable, link, version))

    def _forget(self, one: socket.socket) -> None:
        asyncio.get_running_loop().remove_reader(one)

    def _readable(self, link: Link, version: int) -> None:
        for data, sender, port in link.received(version, READ_AT_ONCE):
            if self._own(data) or not link.near(sender):
                continue
            try:
                packet = decode(data)
            except ValueError as error:
                log.debug("mDNS: a message of %s is broken: %s", sender, error)
                continue
            if packet.response:
                self._told(packet, sender)
            else:
                self._asked(link, packet, (version, str(sender), port), sender)

    def _own(self, data: bytes) -> bool:
        """Whether we hear ourselves; another server here may say the very same, but hardly at the same time."""
        since = monotonic() - ECHO
        return any(at >= since and message == data for at, message in self._sent)

    def _told(self, packet: Packet, sender: Address) -> None:
        self._neighbour(packet, sender)
        found = zone.conflict(self.service, packet, self._links.machine)
        if any(found):
            self._conflict = found
            self._wake.set()

    def _neighbour(self, packet: Packet, sender: Address) -> None:
        """Another responder of this machine may hold the host's name, or give it up."""
        holds = zone.speaks_for_host(self.service, packet) if sender in self._links.machine else None
        if holds:
            self._host_heard = True
            self.hosted = False
        elif holds is False and not self.hosted:
            self.hosted = True
            self._tell(zone.announcement)

    def _asked(self, link: Link, packet: Packet, asker: tuple[int, str, int], sender: Address) -> None:
        if packet.authorities:
            self._neighbour(packet, sender)
        speaker = self._speakers.get(link.index)
        if not self.claimed or speaker is None or speaker.flooded():
            return
        found = zone.reply(self.service, packet, link.addresses, hosted=self.hosted)
        if found is None:
            return
        if asker[2] != PORT:
            link.send(encode(zone.legacy(packet, found)), asker)
            return
        speaker.answer(found, defend=bool(packet.authorities))


class Listening(Protocol):
    """What is to be known of the server; the words are those of ``[server]`` in config.ini."""

    @property
    def mdns(self) -> bool:
        """Whether to announce."""

    @property
    def mdns_name(self) -> str:
        """NAME in NAME.local; empty: the machine's."""

    @property
    def address(self) -> str:
        """Where it listens; empty: on all interfaces."""

    @property
    def port(self) -> int:
        """0: it has a free one, and IPv4 only."""

    @property
    def tls_cert(self) -> object | None:
        """For https."""


def announcing(server: Listening, port: int) -> Iterator[tuple[Coroutine[Any, Any, None], str]]:
    """What has to run to announce a server that listens on ``port``, and its name; nothing if it is not to be found.

    A server for this machine only is not announced, nor one whose address is a name: that is the resolver's to know.
    """
    families = [4, 6] if server.port else [4]
    if server.address:
        try:
            own = ip_address(server.address)
        except ValueError:
            return
        if own.is_loopback:
            return
        families = [own.version]
    if not server.mdns:
        return
    tls = server.tls_cert is not None
    types = ("_telltale._tcp", "_https._tcp" if tls else "_http._tcp")
    txt = ("txtvers=1", "path=/", "ws=/ws/device", f"tls={int(tls)}")
    yield (
        Announcer(Service(server.mdns_name or machine_name(), port, types, txt), server.address, families).run(),
        "mdns",
    )


def machine_name() -> str:
    """The name of this machine as a host name of one label."""
    first = socket.gethostname().partition(".")[0]
    return re.sub(r"[^A-Za-z0-9-]+", "-", first).strip("-")[: zone.LABEL_MAX] or "telltale"

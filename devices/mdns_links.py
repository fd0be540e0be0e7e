"""The network interfaces that multicast DNS is spoken on, with one socket for each family.

A socket is bound to the group's address, not to all: what is sent to this machine's port 5353 alone stays with the
system's own responder. It is joined on one interface, so that a datagram tells where it came from. An interface that
refuses (no multicast, no permission) is left out, and tried again when the interfaces are looked at next.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_address, ip_interface

log = logging.getLogger(__name__)

GROUPS = {4: "224.0.0.251", 6: "ff02::fb"}
PORT = 5353
LINKS_MAX = 32
"""Interfaces that are spoken on; a machine full of containers has hundreds."""
READ_MAX = 9_000
ONLY_JOINED = {4: (socket.IPPROTO_IP, 49), 6: (socket.IPPROTO_IPV6, 29)}
"""Linux: IP_MULTICAST_ALL and IPV6_MULTICAST_ALL, which Python does not name; 0: no groups that others have joined."""

Address = IPv4Address | IPv6Address
Interface = IPv4Interface | IPv6Interface
Found = dict[tuple[str, int], tuple[Interface, ...]]
"""(name, index) of an interface -> its addresses with their networks."""


def interfaces() -> Found:
    """The interfaces of this machine and their addresses; loopback and interfaces without an address are left out."""
    import ifaddr  # only needed here, and later than the start

    found: Found = {}
    for adapter in ifaddr.get_adapters():
        if adapter.index is None:
            continue
        given = [
            ip_interface((one.ip if isinstance(one.ip, str) else one.ip[0], one.network_prefix)) for one in adapter.ips
        ]
        usable = sorted({one for one in given if not one.ip.is_loopback and not one.ip.is_unspecified}, key=str)
        if usable:
            found[adapter.name, adapter.index] = tuple(usable)
    return found


def reachable(found: Found, address: str, families: Sequence[int]) -> Found:
    """The part on which a server is reached that listens on ``address`` (empty: on all) of these IP versions."""
    only = ip_address(address) if address not in ("", "0.0.0.0", "::") else None
    chosen: Found = {}
    for key, given in found.items():
        usable = tuple(one for one in given if one.version in families and only in (None, one.ip))
        # an IPv6 address of this link alone is no use in http://, and is given only where there is nothing else
        wide = tuple(one for one in usable if one.version == 4 or not one.ip.is_link_local)
        if usable and len(chosen) < LINKS_MAX:
            chosen[key] = wide or usable
    return chosen


@dataclass(slots=True)
class Link:
    """One interface: the addresses to tell, and the sockets to tell them by."""

    name: str
    index: int
    networks: tuple[Interface, ...]
    sockets: dict[int, socket.socket] = field(default_factory=dict)

    @property
    def addresses(self) -> list[Address]:
        """What the server is reached by here."""
        return [one.ip for one in self.networks]

    def open(self) -> bool:
        """Open what can be; False: nothing."""
        for version in sorted({one.version for one in self.networks}):
            try:
                self.sockets[version] = self._joined(version)
            except OSError as error:
                log.debug("mDNS: not on %s by IPv%d: %s", self.name, version, error)
        return bool(self.sockets)

    def _joined(self, version: int) -> socket.socket:
        own = next(one.ip for one in self.networks if one.version == version)
        group = socket.inet_pton(socket.AF_INET if version == 4 else socket.AF_INET6, GROUPS[version])
        one = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
        try:
            one.setblocking(False)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if sys.platform != "linux":
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if version == 4:
                one.bind((GROUPS[4], PORT))
                one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group + own.packed)
                one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own.packed)
                one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
            else:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                one.bind((GROUPS[6], PORT, 0, self.index))
                index = struct.pack("@I", self.index)
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + index)
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
            if sys.platform == "linux":
                with contextlib.suppress(OSError):  # a kernel without it: we hear more than we need
                    one.setsockopt(*ONLY_JOINED[version], 0)
        except BaseException:
            one.close()
            raise
        return one

    def send(self, message: bytes, to: tuple[int, str, int] | None = None) -> None:
        """Send to everyone here, or to (version, address, port); what cannot be sent is left."""
        if to is not None:
            self._send(to[0], message, to[1], to[2])
            return
        for version in self.sockets:
            self._send(version, message, GROUPS[version], PORT)

    def _send(self, version: int, message: bytes, address: str, port: int) -> None:
        where = (address, port) if version == 4 else (address, port, 0, self.index)
        try:
            self.sockets[version].sendto(message, where)
        except OSError as error:
            log.debug("mDNS: nothing sent on %s: %s", self.name, error)

    def received(self, version: int, most: int) -> Iterator[tuple[bytes, Address, int]]:
        """What has come, at most so many: (datagram, sender, its port)."""
        for _ in range(most):
            try:
                data, sender = self.sockets[version].recvfrom(READ_MAX + 1)
            except OSError:  # nothing more, or the interface has gone
                return
            yield data, ip_address(sender[0].partition("%")[0]), sender[1]

    def near(self, sender: Address) -> bool:
        """Whether a sender is on this link."""
        return sender.is_link_local or any(sender in one.network for one in self.networks)

    def close(self) -> None:
        """Leave the groups."""
        for one in self.sockets.values():
            one.close()
        self.sockets.clear()


class Links:
    """The links that are open now; ``listen`` is told of each socket that opens, ``forget`` of each that closes."""

    def __init__(
        self,
        look: Callable[[], Found],
        listen: Callable[[Link, int, socket.socket], None],
        forget: Callable[[socket.socket], None],
    ) -> None:
        self.open: list[Link] = []
        self.machine: list[Address] = []
        self._look = look
        self._listen = listen
        self._forget = forget

    def refresh(self, address: str, families: Sequence[int]) -> bool:
        """Follow the interfaces as they are; whether a link came or changed. Raises OSError."""
        everything = self._look()
        self.machine = [one.ip for given in everything.values() for one in given]
        wanted = reachable(everything, address, families)
        stay = [one for one in self.open if wanted.get((one.name, one.index)) == one.networks]
        self._close(one for one in self.open if one not in stay)
        known = {(one.name, one.index) for one in stay}
        new = [Link(*key, networks) for key, networks in wanted.items() if key not in known]
        opened = [one for one in new if one.open()]
        for link in opened:
            for version, one in link.sockets.items():
                self._listen(link, version, one)
        self.open = stay + opened
        return bool(opened)

    def _close(self, links: Iterable[Link]) -> None:
        for link in links:
            for one in link.sockets.values():
                self._forget(one)
            link.close()

    def close(self) -> None:
        """Close everything."""
        self._close(self.open)
        self.open = []

"""Requests that the server itself makes over HTTP: by name or address, and never to where nobody meant them to go.

A name is resolved here, each address is judged, and the connection goes to one that was judged: there is no second
look-up that could say otherwise (DNS rebinding). Answers are bounded in size and time, no redirect is followed, no
proxy of the environment is used. Addresses that are not of the public internet, by IANA's registries of special-purpose
addresses (as ``ipaddress`` has them), are refused unless they were written down as such.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, NamedTuple, TypeAlias

from tornado.httpclient import HTTPRequest
from tornado.iostream import UnsatisfiableReadError
from tornado.netutil import Resolver
from tornado.simple_httpclient import SimpleAsyncHTTPClient

MAX_HEADERS = 16 << 10
"""Bytes of the headers of an answer."""

LAN = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")))
"""Private networks (RFC 1918, 6598, 4193); those of this machine and link are not among them."""

FAILURES = (OSError, ValueError, UnsatisfiableReadError)
"""What a request may raise besides ``HTTPClientError``: not reached, not a name, headers without end."""

Address: TypeAlias = IPv4Address | IPv6Address
Found = list[tuple[int, Any]]
"""(family, socket address), as ``getaddrinfo`` has them."""
LookUp = Callable[[str, int], Awaitable[Found]]
"""Resolves (host, port)."""


class Refused(OSError):
    """A request to an address that it may not go to."""


class Reach(NamedTuple):
    """Where requests may go: to ``listed`` hosts as they are written, and else only to public addresses.

    ``lan``: a name may also lead to an address of a private network; never to this machine or link.
    """

    listed: frozenset[str] = frozenset()
    lan: bool = False

    def allows(self, host: str, address: str) -> bool:
        """Whether a request to ``host`` may go to this address, which its name led to or which it is."""
        ip = _inner(ip_address(address.partition("%")[0]))
        named = host.lower() in self.listed
        if ip.is_multicast or ip.is_unspecified:
            return False
        if named and (_is(host, ip) or (host.lower() == "localhost" and ip.is_loopback)):
            return True
        if named and self.lan and any(ip in network for network in LAN):
            return True
        return ip.is_global and not (isinstance(ip, IPv6Address) and ip.is_site_local)


class Judged(Resolver):
    """A resolver that leaves out the addresses that are not allowed."""

    def initialize(  # noqa: D102 - Configurable hands its arguments here
        self, reach: Reach, look_up: LookUp | None = None
    ) -> None:
        self._reach = reach
        self._look_up = look_up or _look_up

    async def resolve(self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC) -> Found:
        """The addresses of a host to which a request may go. Raises Refused where there is none, and OSError."""
        found = [one for one in await self._look_up(host, port) if family in (socket.AF_UNSPEC, one[0])]
        allowed = [one for one in found if self._reach.allows(host, str(one[1][0]))]
        if found and not allowed:
            raise Refused(f"{host} is {found[0][1][0]}, where no request may go unless that address itself is listed")
        return allowed


def client(reach: Reach, answer: int, *, look_up: LookUp | None = None) -> SimpleAsyncHTTPClient:
    """A client for one target at a time, for answers of at most ``answer`` bytes; close it."""
    return SimpleAsyncHTTPClient(
        force_instance=True,
        max_clients=1,
        max_body_size=answer,
        max_header_size=MAX_HEADERS,
        resolver=Judged(reach, look_up=look_up),
    )


def request(url: str, timeout: float, **more: Any) -> HTTPRequest:
    """A request whose whole answer has ``timeout`` seconds; it leads nowhere else, and is not blown up."""
    return HTTPRequest(
        url,
        connect_timeout=timeout,
        request_timeout=timeout,
        follow_redirects=False,
        decompress_response=False,
        **more,
    )


def listed(hosts: Collection[str], *, lan: bool = True) -> Reach:
    """What an operator wrote into the settings: these hosts, wherever on the local network their names lead."""
    return Reach(frozenset(host.lower() for host in hosts), lan)


async def _look_up(host: str, port: int) -> Found:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


def _is(host: str, ip: Address) -> bool:
    """Whether a host is written as this address."""
    try:
        return _inner(ip_address(host.strip("[]").partition("%")[0])) == ip
    except ValueError:
        return False


def _inner(ip: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for: mapped, translated (RFC 6052) or tunnelled (RFC 3056, 4380)."""
    if isinstance(ip, IPv4Address):
        return ip
    if int(ip) >> 32 == 0x64FF9B << 64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    tunnel = ip.teredo
    return ip.ipv4_mapped or ip.sixtofour or (tunnel[1] if tunnel else None) or ip

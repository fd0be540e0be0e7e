"""Which Host names this server answers to, which Origins may use it, and whom a proxy speaks for.

A page on a hostile site can point its own name at this machine (DNS rebinding): then Origin and Host agree, and only
a list of names tells. IP addresses need none, because rebinding needs a name; nor do names that no one can register.
X-Forwarded-For, -Proto and -Host are what anyone can write: only those of listed proxies count.
"""

from __future__ import annotations

import functools
import ipaddress
import socket
from collections.abc import Sequence
from typing import NamedTuple

from tornado.httputil import HTTPHeaders, HTTPServerRequest

from telemetry.setting_values import Network
from telemetry.setting_values import origin as normalised

LOCAL = (".local", ".localhost", ".lan", ".home", ".internal", ".home.arpa", ".localdomain", ".intranet", ".test")
"""Endings of names that belong to a local network (RFC 6761, 6762, 8375; the others by custom)."""
Trusted = tuple[Network, ...]
"""``[server] trusted_proxies``."""


class Seen(NamedTuple):
    """Who asks, by which scheme and under which name, as the first trusted proxy on the way saw it."""

    address: str
    protocol: str
    host: str | None


def known_host(request: HTTPServerRequest, allowed: tuple[str, ...]) -> bool:
    """Whether the one Host header is an IP address, a local name, this machine's name, or listed."""
    hosts = request.headers.get_list("Host")
    name = _name(hosts[0]) if len(hosts) == 1 else None
    if name is None:
        return False
    own = name in _own_names() or (name.endswith(LOCAL) and name.partition(".")[0] in _own_names())
    return own or name in allowed or name.endswith((".local", ".localhost")) or _is_address(name)


def known_origin(request: HTTPServerRequest, allowed: tuple[str, ...]) -> bool:
    """Whether a request comes from no browser's page, from this server's own, or from a listed origin."""
    origins = request.headers.get_list("Origin")
    if not origins:
        # Every browser sends Origin where it matters; one that does not still says where it stands
        return request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
    origin = normalised(origins[0]) if len(origins) == 1 else None
    return origin is not None and (origin in allowed or origin == normalised(f"{request.protocol}://{request.host}"))


def forwarded(headers: HTTPHeaders, peer: str, protocol: str, trusted: Trusted) -> Seen:
    """Who asks, where ``peer`` is the address at the other end and ``protocol`` what is spoken with it.

    Each proxy adds to the right of what it was sent, so the client is the rightmost address that is no trusted proxy;
    what stands to the left of it, the client may have written itself.
    """
    host = headers.get("Host")
    if not trusts(trusted, peer):
        return Seen(peer, protocol, host)
    client, hops = peer, 0
    for one in reversed(_parts(headers, "X-Forwarded-For")):
        address = _address(one)
        if address is None:
            break
        client = str(address)
        if not trusts(trusted, client):
            break
        hops += 1
    said = _added(_parts(headers, "X-Forwarded-Proto"), hops)
    return Seen(
        client,
        said.lower() if said and said.lower() in ("http", "https") else protocol,
        _added(_parts(headers, "X-Forwarded-Host"), hops) or host,
    )


def by_proxy(request: HTTPServerRequest, trusted: Trusted) -> bool:
    """Whether the other end of the connection itself is a trusted proxy, whomever it speaks for."""
    peer = peer_of(request)
    return peer is not None and trusts(trusted, peer)


def peer_of(request: HTTPServerRequest) -> str | None:
    """The address at the other end of the connection; None for a socket that has none."""
    address = getattr(getattr(request.connection, "context", None), "address", None)
    return str(address[0]) if isinstance(address, tuple) else None


def trusts(trusted: Trusted, address: str) -> bool:
    """Whether an address is one of the listed proxies."""
    ip = _address(address)
    return ip is not None and any(ip in network for network in trusted)


def trustworthy(name: str) -> bool:
    """Whether browsers trust plain http to this host: the machine itself (W3C Secure Contexts, section 3.1)."""
    return name in ("localhost", "[::1]", "::1") or name.startswith("127.")


def strict(name: str, hsts: str) -> bool:
    """Whether ``[server] hsts`` binds this host to https: ``auto`` spares names that are not of the public DNS."""
    public = "." in name and not name.endswith(LOCAL) and not _is_address(name.strip("[]"))
    return public if hsts == "auto" else hsts == "on"


def _name(host: str) -> str | None:
    """The name or address in a Host header, without port and brackets."""
    parsed = normalised(f"http://{host}")
    return None if parsed is None else parsed[len("http://") :].rpartition(":")[0].strip("[]").rstrip(".")


@functools.cache
def _own_names() -> frozenset[str]:
    return frozenset({"localhost", socket.gethostname().lower()})


def _is_address(name: str) -> bool:
    return _address(name) is not None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An IP address, without the brackets and the port that some proxies write, or None."""
    name = text.strip()
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    try:
        ip = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return None
    return ip.ipv4_mapped or ip if ip.version == 6 else ip


def _parts(headers: HTTPHeaders, name: str) -> list[str]:
    return [part.strip() for line in headers.get_list(name) for part in line.split(",")]


def _added(parts: Sequence[str], hops: int) -> str | None:
    """What the proxy added that saw the client, ``hops`` proxies before the last one."""
    return parts[max(0, len(parts) - 1 - hops)] if parts else None

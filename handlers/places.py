"""Which Host names this server answers to, and which Origins may use it.

A page on a hostile site can point its own name at this machine (DNS rebinding): then Origin and Host agree, and only
a list of names tells. IP addresses need none, because rebinding needs a name; nor do names that no one can register.
"""

from __future__ import annotations

import functools
import ipaddress
import socket

from tornado.httputil import HTTPServerRequest

from telemetry.setting_values import origin as normalised


def known_host(request: HTTPServerRequest, allowed: tuple[str, ...]) -> bool:
    """Whether the one Host header is an IP address, a local name, this machine's name, or listed."""
    hosts = request.headers.get_list("Host")
    name = _name(hosts[0]) if len(hosts) == 1 else None
    if name is None:
        return False
    return name in allowed or name in _own_names() or name.endswith((".local", ".localhost")) or _is_address(name)


def known_origin(request: HTTPServerRequest, allowed: tuple[str, ...]) -> bool:
    """Whether a request comes from no browser's page, from this server's own, or from a listed origin."""
    origins = request.headers.get_list("Origin")
    if not origins:
        # Every browser sends Origin where it matters; one that does not still says where it stands
        return request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
    origin = normalised(origins[0]) if len(origins) == 1 else None
    return origin is not None and (origin in allowed or origin == normalised(f"{request.protocol}://{request.host}"))


def trustworthy(name: str) -> bool:
    """Whether browsers trust plain http to this host: the machine itself (W3C Secure Contexts, section 3.1)."""
    return name in ("localhost", "[::1]", "::1") or name.startswith("127.")


def _name(host: str) -> str | None:
    """The name or address in a Host header, without port and brackets."""
    parsed = normalised(f"http://{host}")
    return None if parsed is None else parsed[len("http://") :].rpartition(":")[0].strip("[]").rstrip(".")


@functools.cache
def _own_names() -> frozenset[str]:
    return frozenset({"localhost", socket.gethostname().lower()})


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True

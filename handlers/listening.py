"""Where the server listens: its sockets, and the line that tells people where that is."""

from __future__ import annotations

import logging
import socket
import ssl

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from handlers.body_limit import UNBOUNDED, BodyLimit
from handlers.routes import application
from telemetry.core import Core
from telemetry.settings import Settings, SettingsError

log = logging.getLogger("telltale")

CUT_AFTER = 20
"""Seconds that a client may take for its headers, and for its body."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def listen(core: Core) -> tuple[HTTPServer, int]:
    """Bind and accept; returns the server and its port. Raises OSError."""
    settings = core.settings
    tls = None
    if settings.server.tls_cert is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            tls.load_cert_chain(settings.server.tls_cert, settings.server.tls_key)
        except OSError as error:  # ssl.SSLError is one
            raise SettingsError(f"settings server.tls_cert and server.tls_key: {error}") from error
    http = HTTPServer(
        BodyLimit(application(core), settings.server.max_body),
        ssl_options=tls,
        max_body_size=UNBOUNDED,
        idle_connection_timeout=CUT_AFTER,
        body_timeout=CUT_AFTER,
    )
    where = settings.server.address or None
    try:
        sockets = bind_sockets(settings.server.port, where, family=_family(settings))
    except socket.gaierror as error:
        raise SettingsError(f"setting server.address: {where!r} is no address of this machine: {error}") from error
    except OSError as error:
        place = f"{where or 'all interfaces'}, port {settings.server.port}"
        raise OSError(f"cannot listen on {place} ([server] address, port): {error.strerror}") from error
    http.add_sockets(sockets)
    return http, sockets[0].getsockname()[1]


def _family(settings: Settings) -> socket.AddressFamily:
    """One port number for all interfaces needs one family when the system chooses the port."""
    return socket.AF_INET if not settings.server.address and not settings.server.port else socket.AF_UNSPEC


def announcement(core: Core, port: int) -> list[str]:
    """The line with the URL, and the one with the link that makes the first account, if there is none."""
    server = core.settings.server
    scheme = "http" if server.tls_cert is None else "https"
    everywhere = server.address in ("", "0.0.0.0", "::")
    host = "127.0.0.1" if everywhere else f"[{server.address}]" if ":" in server.address else server.address
    url = f"{scheme}://{host}:{port}/"
    name = (server.mdns and server.mdns_name) or socket.gethostname()
    others = f" and {scheme}://{name}.local:{port}/" if everywhere else ""
    lines = [f"telltale: listening on {url}{others}"]
    if scheme == "http" and server.address not in LOOPBACK:
        log.warning("plain http beyond this machine: passwords and tokens can be read on the way ([server] tls_cert)")
    if not core.demo and (token := core.accounts.people.setup_token) is not None:
        lines.append(f"telltale: make the first account at {url}setup?token={token}")
    return lines

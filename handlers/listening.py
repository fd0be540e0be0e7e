"""Where the server listens: its sockets, and the line that tells people where that is."""

from __future__ import annotations

import logging
import socket

import tornado
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPInputError
from tornado.netutil import bind_sockets

from handlers import tls
from handlers.body_limit import BodyLimit
from handlers.edge import Edge
from handlers.routes import application
from telemetry.core import Core
from telemetry.settings import Settings, SettingsError

log = logging.getLogger("telltale")

TORNADO = (6, 6, 1)
"""The oldest version that may serve; pyproject.toml says why."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def listen(core: Core) -> tuple[HTTPServer, int]:
    """Bind and accept, and start what looks after the connections; the server and its port. Raises OSError."""
    settings = core.settings
    if tornado.version_info < TORNADO:
        least = ".".join(map(str, TORNADO))
        raise OSError(f"tornado {tornado.version} has known holes: install {least} or newer (requirements.txt)")
    _hush(settings)
    certificate = _certificate(settings)
    try:
        context = certificate and certificate.context()
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(f"settings server.tls_cert and server.tls_key: {error}") from error
    http = Edge(
        BodyLimit(application(core), settings.server.max_body),
        settings.server,
        context,
        metrics=core.metrics,
        stalled=2 * settings.live.ping_timeout,
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
    core.tasks.start(http.sweep(), "connections")
    again = tls.hangups()
    if certificate is not None:
        core.tasks.start(certificate.watch(settings.server, http.use, again), "certificate")
    return http, sockets[0].getsockname()[1]


def _hush(settings: Settings) -> None:
    """Keep out of the log what any stranger can write there as often as he likes: his own broken requests."""
    if settings.log.level != "debug":
        logging.getLogger("tornado.general").setLevel(logging.WARNING)
    logging.getLogger("tornado.application").addFilter(
        lambda record: not (record.exc_info and isinstance(record.exc_info[1], HTTPInputError))
    )


def _certificate(settings: Settings) -> tls.Certificate | None:
    cert, key = settings.server.tls_cert, settings.server.tls_key
    return tls.Certificate(cert, key) if cert is not None and key is not None else None


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
        log.warning(
            "plain http beyond this machine: passwords and tokens can be read on the way"
            " ([server] tls_cert; without a domain: python server.py cert)"
        )
    if not core.demo and (token := core.accounts.people.setup_token) is not None:
        lines.append(f"telltale: make the first account at {url}setup?token={token}")
    return lines

"""What tests of https share: certificates, and requests that check them."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from pathlib import Path

from telemetry.certificates import Names, make, names_here
from telemetry.settings import ServerSettings
from tests.clients import SCALE, Reply
from tests.support import Server


def certified(folder: Path, names: Names | None = None) -> dict[str, str]:
    """Make a certificate in ``folder``; the settings that use it."""
    make(folder, names or names_here(ServerSettings()))
    return {"server.tls_cert": str(folder / "server.pem"), "server.tls_key": str(folder / "server.pem")}


def trusting(folder: Path) -> ssl.SSLContext:
    """A client that trusts the authority in ``folder``, and no other."""
    return ssl.create_default_context(cafile=folder / "ca.pem")


@contextlib.contextmanager
def handshake(one: Server, trusted: ssl.SSLContext, name: str = "127.0.0.1"):
    """A TLS connection to the server under one of its names."""
    plain = socket.create_connection(("127.0.0.1", one.port), 30 * SCALE)
    with plain, trusted.wrap_socket(plain, server_hostname=name) as secured:
        yield secured


def serial(one: Server, trusted: ssl.SSLContext) -> str:
    """The serial number of the certificate that a new connection gets."""
    with handshake(one, trusted) as secured:
        return str(secured.getpeercert()["serialNumber"])


def ask(
    one: Server, method: str, path: str, trusted: ssl.SSLContext, *, name: str = "127.0.0.1", **headers: str
) -> Reply:
    """One request over TLS, by one of the server's names."""
    with handshake(one, trusted, name) as secured:
        connection = http.client.HTTPConnection(name, one.port)
        connection.sock = secured
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read())

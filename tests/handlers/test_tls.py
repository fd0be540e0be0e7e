"""The certificate of a running server: renewed under open sockets, broken, asked for by SIGHUP."""

from __future__ import annotations

import asyncio
import logging
import signal
import ssl
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

from handlers.tls import Certificate
from telemetry.certificates import SERVER, names_here
from telemetry.settings import ServerSettings
from tests.support import Server, wait_until
from tests.tls import ask, certified, handshake, serial, trusting


def test_a_new_certificate_is_served_and_no_socket_notices(server: Callable[..., Server], tmp_path: Path) -> None:
    one = server(certified(tmp_path))
    trusted = trusting(tmp_path)
    first = serial(one, trusted)
    device = one.device(one.device_token("d"), ssl=trusted)
    device.recv_key("hello")
    live = one.live(one.api_token(), ssl=trusted)
    certified(tmp_path)
    wait_until(lambda: serial(one, trusted) != first)
    assert "new connections get the certificate" in one.log()
    live.send({"id": 1, "subscribe": ["*"]})
    live.recv_key("latest")
    device.send({"id": 1, "readings": [{"t": 1.5}]})
    device.ack_of(1)
    assert live.recv_key("readings")[0][2] == 1.5


def test_a_broken_certificate_changes_nothing(server: Callable[..., Server], tmp_path: Path) -> None:
    one = server(certified(tmp_path))
    trusted = trusting(tmp_path)
    first, good = serial(one, trusted), (tmp_path / SERVER).read_bytes()
    for content in (good[:300], b"", good.replace(b"BEGIN PRIVATE KEY", b"BEGIN NOTHING")):
        said = one.log().count("the old one goes on")
        (tmp_path / SERVER).write_bytes(content)
        wait_until(lambda said=said: one.log().count("the old one goes on") > said)
        assert serial(one, trusted) == first
    certified(tmp_path)
    wait_until(lambda: serial(one, trusted) != first)


def test_sighup_reads_it_at_once_and_ends_no_server(server: Callable[..., Server], tmp_path: Path) -> None:
    one = server(certified(tmp_path))
    one.proc.send_signal(signal.SIGHUP)
    wait_until(lambda: "new connections get the certificate" in one.log())
    plain = server()
    plain.proc.send_signal(signal.SIGHUP)
    assert plain.request("GET", "/healthz").status == 200
    assert plain.running


def test_what_was_made_here_is_renewed_when_the_machine_has_more_names(
    server: Callable[..., Server], tmp_path: Path
) -> None:
    """As after its address has changed; the same look renews what ends soon."""
    names = names_here(ServerSettings())
    one = server(certified(tmp_path, names._replace(addresses=(ip_address("127.0.0.1"),))))
    trusted = trusting(tmp_path)
    wait_until(lambda: "was renewed, until" in one.log())
    wait_until(lambda: "new connections get the certificate" in one.log())
    with handshake(one, trusted) as secured:
        names = {value for _, value in secured.getpeercert()["subjectAltName"]}
    assert {"localhost", "127.0.0.1", "0:0:0:0:0:0:0:1"} < names


def test_headers_and_cookie_of_https(server: Callable[..., Server], tmp_path: Path) -> None:
    one = server(certified(tmp_path) | {"server.allowed_hosts": "home.example"})
    trusted = trusting(tmp_path)
    reply = ask(one, "GET", "/login", trusted, Host="home.example")
    assert reply.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert reply.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert reply.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in reply.headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in ask(one, "GET", "/login", trusted).headers
    missing = ask(one, "GET", "/nothing", trusted, Host="home.example")
    assert missing.status == 404
    assert "Strict-Transport-Security" in missing.headers


def test_a_key_with_a_password_is_an_error_and_asks_nobody(tmp_path: Path) -> None:
    """OpenSSL would wait for the password on the terminal for ever."""
    certified(tmp_path)
    from cryptography.hazmat.primitives import serialization as form

    key = form.load_pem_private_key((tmp_path / SERVER).read_bytes(), None)
    secret = form.BestAvailableEncryption(b"x")
    (tmp_path / "key.pem").write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, secret))
    with pytest.raises(OSError):
        Certificate(tmp_path / SERVER, tmp_path / "key.pem").context()


def test_it_is_looked_at_when_asked_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    certified(tmp_path)
    certificate = Certificate(tmp_path / SERVER, tmp_path / SERVER)
    certificate.context()
    applied: list[ssl.SSLContext] = []

    async def run() -> None:
        again = asyncio.Event()
        watching = asyncio.create_task(certificate.watch(ServerSettings(), applied.append, again, every=3600))
        again.set()
        async with asyncio.timeout(30):
            while not applied:
                await asyncio.sleep(0.01)
        watching.cancel()

    with caplog.at_level(logging.INFO):
        asyncio.run(run())
    assert len(applied) == 1

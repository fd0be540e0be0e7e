"""The part of ``broker check`` that asks who gets in: the certificate, the password, strangers.

Each function is a step: it yields what it found, and raises OSError where the broker does not play along.
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace

from devices.broker_probe import PATIENCE, Probe, Target, connected
from telemetry.clock import wall_ms

CERTIFICATE_DAYS = 21
"""A certificate that ends sooner is to be renewed now."""


@dataclass(slots=True, frozen=True)
class Finding:
    """``level`` is "ok", "note", "LOSES" (messages) or "OPEN" (to strangers); ``remedy`` is empty where none is due."""

    level: str
    text: str
    remedy: str = ""

    @property
    def failed(self) -> bool:
        """Whether the broker should not be used like that."""
        return self.level in ("LOSES", "OPEN")


def certificate(target: Target) -> Finding:
    """Days that the broker's certificate has left. Raises OSError."""
    try:
        with (
            socket.create_connection((target.host, target.port), PATIENCE) as plain,
            target.context().wrap_socket(plain, server_hostname=target.host) as secured,
        ):
            found = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        raise OSError(
            f"its certificate is not trusted ({error.verify_message}): set [mqtt] tls_ca, or renew it"
        ) from None
    days = int((ssl.cert_time_to_seconds(str(found["notAfter"])) * 1000 - wall_ms()) // 86_400_000)
    if days < CERTIFICATE_DAYS:
        return Finding("LOSES", f"its certificate ends in {days} days, and no device gets in then", "renew it now")
    return Finding("ok", f"its certificate is trusted, and valid for {days} more days")


def password(target: Target) -> Iterator[Finding]:
    """Who could listen to the password, and whether any other would do. Raises OSError."""
    if target.user is None:
        return
    if not target.tls and not _loopback(target.host):
        yield Finding(
            "note",
            "the password goes over the network in plain text",
            "open the listener with TLS (devices/mosquitto/mosquitto.conf), and write mqtts:// in [mqtt] url",
        )
    wrong = replace(target, password=secrets.token_hex(8))
    stranger = Probe(wrong)
    if stranger.dial():
        yield Finding("OPEN", "takes a wrong password", "set password_file and allow_anonymous false")
    else:
        yield Finding("ok", "refuses a wrong password")
    stranger.hang_up()


def _loopback(host: str) -> bool:
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(ipaddress.ip_address(str(one).partition("%")[0]).is_loopback for one in found)


def strangers(target: Target, root: str) -> Iterator[Finding]:
    """Whether someone without a password gets in, and what he may do there: at QoS 0, and then at the broker's."""
    reads = writes = False
    for qos in range(target.qos + 1):
        one = replace(target, qos=qos)
        stranger = Probe(one, anonymous=True)
        try:
            if not stranger.dial():
                yield Finding("ok", "refuses whoever has no password")
                return
            able = _able(one, stranger, f"{root}/strangers")
        finally:
            stranger.hang_up()
        reads, writes = reads or able[0], writes or able[1]
        if reads and writes:
            break
    may = " and ".join(word for word, able in (("read", reads), ("write", writes)) if able) or "connect, but not use,"
    level = "OPEN" if reads or writes else "note"
    remedy = "allow_anonymous false, and password_file: python server.py broker config FOLDER"
    if level == "OPEN" and target.user is None:
        remedy += "; then give the server its user in [mqtt] url"
    yield Finding(level, f"whoever reaches it without a password may {may} topics", remedy)


def _able(target: Target, stranger: Probe, topic: str) -> tuple[bool, bool]:
    """Whether he can (read, write) a topic. Raises OSError."""
    with connected(target) as ours:
        ours.subscribe(topic)
        stranger.subscribe("#")
        stranger.subscribe(topic)
        ours.send(topic, b"ours")
        reads = stranger.run(lambda: any(one.payload == b"ours" for one in stranger.got), 2.0)
        stranger.send(topic, b"theirs")
        writes = ours.run(lambda: any(one.payload == b"theirs" for one in ours.got), 2.0)
    return reads, writes

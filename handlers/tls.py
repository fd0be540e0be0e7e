"""The certificate of https: read, and read again when its files change or SIGHUP comes.

A new certificate serves new connections; those that are open keep theirs and are not disturbed. One that cannot be used
changes nothing: the log says why, and the old one goes on. TLS 1.2 with forward secrecy and authenticated encryption,
or 1.3: what Mozilla calls intermediate, less its oldest ciphers.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

from telemetry import certificates
from telemetry.clock import monotonic
from telemetry.settings import ServerSettings

log = logging.getLogger(__name__)

LOOK = 5.0
"""Seconds between two looks at the files."""
RENEW = 3_600.0
"""Seconds between two looks whether a certificate that was made here is due; also for a new address of the machine."""
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"

Signature = tuple[tuple[int, int, int], ...]


class Certificate:
    """The files of a certificate chain and its key, PEM. ``apply`` gets each new context."""

    def __init__(self, cert: Path, key: Path) -> None:
        self._files = (cert, key)
        self._loaded: Signature | None = None

    def context(self) -> ssl.SSLContext:
        """A new context from the files as they are now. Raises OSError (ssl.SSLError is one)."""
        self._loaded = self._signature()
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.minimum_version = ssl.TLSVersion.TLSv1_2
        tls.set_ciphers(CIPHERS)
        tls.set_alpn_protocols(["http/1.1"])
        tls.options |= ssl.OP_NO_RENEGOTIATION
        cert, key = self._files
        tls.load_cert_chain(cert, key, password=_no_password)
        return tls

    async def watch(
        self, server: ServerSettings, apply: Callable[[ssl.SSLContext], None], again: asyncio.Event, every: float = LOOK
    ) -> None:
        """Run for ever: renew what was made here, apply the files when they have changed or ``again`` is set."""
        looked = float("-inf")
        while True:
            if monotonic() - looked > RENEW:
                looked = monotonic()
                await asyncio.to_thread(self._keep, server)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(every):
                    await again.wait()
            asked = again.is_set()
            again.clear()
            if asked or self._signature() != self._loaded:
                self._reload(apply)

    def _keep(self, server: ServerSettings) -> None:
        """Renew the certificate if it was made here and is due; runs on a thread."""
        cert = self._files[0]
        if not certificates.ours(cert):
            return
        names = certificates.names_here(server)
        try:
            if certificates.due(cert, names):
                made = certificates.make(cert.parent, names)
                log.info("the certificate in %s was renewed, until %s", cert, f"{made.until:%Y-%m-%d}")
        except certificates.Failed as error:
            log.warning("the certificate in %s could not be renewed: %s", cert, error)

    def _reload(self, apply: Callable[[ssl.SSLContext], None]) -> None:
        try:
            apply(self.context())
        except OSError as error:
            log.warning("the new certificate cannot be used, the old one goes on: %s", error)
        else:
            log.info("new connections get the certificate in %s", self._files[0])

    def _signature(self) -> Signature | None:
        """What changes when a file is written or replaced; None while one is missing."""
        try:
            stats = [path.stat() for path in self._files]
        except OSError:
            return None
        return tuple((one.st_mtime_ns, one.st_size, one.st_ino) for one in stats)


def hangups() -> asyncio.Event:
    """Set at each SIGHUP from now on; a server in a terminal still ends with it."""
    again = asyncio.Event()
    if not (sys.stdin is not None and sys.stdin.isatty()):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, again.set)
    return again


def _no_password() -> str:
    """An encrypted key is an error; OpenSSL would ask for its password on the terminal."""
    return ""

"""Composes the server and runs it: settings -> store -> core -> routes; signals; an ordered drain.

No logic lives here. ``python server.py`` serves; ``python server.py --help`` lists the commands.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import ssl
import sys
import tempfile
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from devices.demo import run_demo
from handlers.body_limit import UNBOUNDED, BodyLimit
from handlers.routes import application
from telemetry import cli
from telemetry.admin import Admin
from telemetry.clock import monotonic
from telemetry.control import Control
from telemetry.core import Core, compose
from telemetry.lock import DatabaseLock, Locked
from telemetry.settings import Settings, SettingsError, for_demo
from telemetry.store.db import StoreError

log = logging.getLogger("telltale")

CUT_AFTER = 20
"""Seconds that a client may take for its headers, and for its body."""
CLOSE_PATIENCE = 2.0
"""Seconds that peers get to answer the close frame when the server stops."""
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


def announce(core: Core, port: int) -> None:
    """The URL line on standard output, and the link that makes the first account, if there is none."""
    server = core.settings.server
    scheme = "http" if server.tls_cert is None else "https"
    everywhere = server.address in ("", "0.0.0.0", "::")
    host = "127.0.0.1" if everywhere else f"[{server.address}]" if ":" in server.address else server.address
    url = f"{scheme}://{host}:{port}/"
    others = f" and {scheme}://{socket.gethostname()}.local:{port}/" if everywhere else ""
    print(f"telltale: listening on {url}{others}", flush=True)
    if scheme == "http" and server.address not in LOOPBACK:
        log.warning("plain http beyond this machine: passwords and tokens can be read on the way ([server] tls_cert)")
    if not core.demo and (token := core.accounts.setup_token) is not None:
        print(f"telltale: make the first account at {url}setup?token={token}", flush=True)


async def run(settings: Settings, lock: DatabaseLock, *, demo: bool) -> None:
    """Serve until SIGTERM or SIGINT, then drain. Raises StoreError and OSError when it cannot start."""
    core = await compose(settings, demo=demo)
    tasks = core.tasks
    for job, name in (
        (core.pipeline.run(), "pipeline"),
        (core.hub.run(), "hub"),
        (core.presence.run(), "presence"),
        (core.accounts.expire_sessions(), "sessions"),
    ):
        tasks.start(job, name)
    control = Control(Admin(core.store, core.accounts, core.registry, core.clock, core.admission).run)
    lock.record(await control.start(settings.storage.path))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        http, port = listen(core)
        announce(core, port)
        if demo:
            tasks.start(run_demo(f"ws://127.0.0.1:{port}/ws/device"), "demo devices")
        await stop.wait()
        log.info("stopping: committing what is pending")
        http.stop()
    finally:
        await drain(core, control)


async def drain(core: Core, control: Control) -> None:
    """Commit, acknowledge, close every socket with 1001, then the store."""
    await control.close()
    await core.pipeline.stop()
    core.closing.end("server")
    until = monotonic() + CLOSE_PATIENCE
    while sum(core.metrics.sockets.values()) and monotonic() < until:  # noqa: ASYNC110 - peers answer one by one
        await asyncio.sleep(0.02)
    await core.tasks.close()
    core.accounts.close()
    await core.store.close(core.pipeline.handed_out)


def serve(settings: Settings, demo: bool) -> int:  # noqa: FBT001 - the signature of telemetry.cli.Serve
    """Run the server; the exit status."""
    logging.basicConfig(level=settings.log.level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with tempfile.TemporaryDirectory(prefix="telltale-demo-") as folder:
        if demo:
            settings = for_demo(settings, Path(folder))
        try:
            lock = DatabaseLock(settings.storage.path)
            asyncio.run(run(settings, lock, demo=demo))
            lock.release()
        except (Locked, StoreError, OSError) as error:
            print(f"server.py: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(cli.main(sys.argv[1:], serve, Path(__file__).with_name("config.ini")))

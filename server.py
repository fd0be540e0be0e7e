"""Composes the server and runs it: settings -> store -> core -> routes; signals; an ordered drain.

No logic lives here. ``python server.py`` serves; ``python server.py --help`` lists the commands.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from devices.bridges import Bridges, Limits
from devices.broker_access import Access
from devices.cli import BROKER
from devices.demo import run_demo
from devices.ecosystems import mapping
from devices.ecosystems.base import Ecosystem
from devices.embedded_broker import BrokerError, EmbeddedBroker, OnMessage, Rules
from devices.mdns import announcing
from devices.pollers import polling
from handlers.listening import announcement, listen
from telemetry import cli, logs
from telemetry.admin import Admin
from telemetry.bridging import BridgePort
from telemetry.clock import monotonic
from telemetry.control import Control
from telemetry.core import Core, compose
from telemetry.live_feed import LiveFeed
from telemetry.lock import DatabaseLock, Locked
from telemetry.long_commands import LongCommands
from telemetry.polling import PollPort
from telemetry.settings import Settings, SettingsError, for_demo, on_port
from telemetry.store.db import StoreError

log = logging.getLogger("telltale")

CLOSE_PATIENCE = 2.0
"""Seconds that peers get to answer the close frame when the server stops."""


async def run(settings: Settings, lock: DatabaseLock, *, demo: bool) -> int | None:
    """Serve until SIGTERM or SIGINT, then drain. Raises StoreError and OSError when it cannot start.

    A port says: begin again, on this one; the database was damaged, and is replaced when it is opened.
    """
    first = mapped(settings)
    core = await compose(settings, demo=demo)
    tasks = core.tasks
    for job, name in (
        (core.pipeline.run(), "pipeline"),
        (core.hub.run(), "hub"),
        (core.presence.run(), "presence"),
        (core.damages.run(), "damage"),  # before maintenance: what it saves comes before anything is sealed
        (core.maintenance.run(), "maintenance"),
        (core.backups.run(), "backups"),
        (core.accounts.expire(), "sessions"),
    ):
        tasks.start(job, name)
    admin = Admin(core.store, core.accounts, core.registry, core.clock, core.admission)
    control = Control(admin.run, LongCommands(core).run)
    lock.record(await control.start(settings.storage.path))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        http, port = listen(core)
        print(*announcement(core, port), sep="\n", flush=True)
        await (bridges := brokers(core, first)).open()
        for job, name in (*bridges.jobs(), *announcing(settings.server, port)):
            tasks.start(job, name)
        core.pollers = polling(settings.poll.targets, settings.poll.interval, PollPort(core), tasks)
        if demo:
            tasks.start(run_demo(f"ws://127.0.0.1:{port}/ws/device"), "demo devices")
        core.damages.on_broken(stop.set)
        await stop.wait()
        log.info("stopping: committing what is pending")
        http.stop()
    finally:
        await drain(core, control)
    return port if core.store.broken else None


def mapped(settings: Settings) -> Callable[[], Sequence[Ecosystem]]:
    """What makes the decoder of ``[mqtt] map``. Raises SettingsError."""
    try:
        rules = mapping.parse(settings.mqtt.map)
    except ValueError as error:
        raise SettingsError(f"setting mqtt.map {error}") from None
    return lambda: [mapping.Mapping(rules=rules)] if rules else []


def brokers(core: Core, first: Callable[[], Sequence[Ecosystem]]) -> Bridges:
    """The bridges to the brokers of ``[mqtt]``."""
    settings, mqtt = core.settings, core.settings.mqtt
    limits = Limits(settings.storage.path, settings.server.max_message, settings.devices.codecs)
    inside = partial(inner_broker, core) if mqtt.embedded else None
    bridges = Bridges(mqtt, limits, BridgePort(core), partial(LiveFeed, core, mqtt.publish), first, inside)
    core.bridges += [bridge.report for bridge in bridges.all]
    return bridges


def inner_broker(core: Core, take: OnMessage) -> EmbeddedBroker:
    """The embedded broker: device tokens are its passwords."""
    accounts, mqtt = core.accounts, core.settings.mqtt
    access = Access(accounts.devices.identity, secrets.token_urlsafe(32))
    rules = Rules(access.authenticate, access.may, take, watch=lambda who, end: accounts.watch(who.key, end))
    return EmbeddedBroker(mqtt.embedded_address, mqtt.embedded_port, rules)


async def drain(core: Core, control: Control) -> None:
    """Commit, acknowledge, close every socket with 1001, then the store."""
    await control.close()
    await core.failed_logins.close()
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
    logs.start(settings.log.level)
    with contextlib.ExitStack() as stack:
        if demo:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="telltale-demo-"))
            settings = for_demo(settings, Path(folder))
        try:
            lock = DatabaseLock(settings.storage.path)
            while (port := asyncio.run(run(settings, lock, demo=demo))) is not None:
                settings = on_port(settings, port)
            lock.release()
        except (Locked, StoreError, OSError, BrokerError) as error:
            print(f"server.py: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(cli.main(sys.argv[1:], serve, Path(__file__).with_name("config.ini"), [BROKER]))

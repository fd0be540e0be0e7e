"""Composes the server and runs it: settings -> store -> core -> routes; signals; an ordered drain.

No logic lives here. ``python server.py`` serves; ``python server.py --help`` lists the commands, which begin in a
quarter of the time because each function imports what it composes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from devices.cli import BROKER
from telemetry import cli, logs
from telemetry.settings import Settings, SettingsError, for_demo, on_port

if TYPE_CHECKING:
    from devices.bridges import Bridges
    from devices.ecosystems.base import Ecosystem
    from telemetry.control import Control
    from telemetry.core import Core
    from telemetry.lock import DatabaseLock

log = logging.getLogger("telltale")

CLOSE_PATIENCE = 2.0
"""Seconds that peers get to answer the close frame when the server stops."""


async def run(settings: Settings, lock: DatabaseLock, *, demo: bool) -> int | None:
    """Serve until SIGTERM or SIGINT, then drain. Raises StoreError and OSError when it cannot start.

    A port says: begin again, on this one; the database was damaged, and is replaced when it is opened.
    """
    from devices.demo import run_demo
    from devices.ecosystems import mapping
    from devices.mdns import announcing
    from devices.pollers import polling
    from handlers.listening import announcement, listen
    from telemetry.admin import Admin
    from telemetry.control import Control
    from telemetry.core import compose
    from telemetry.long_commands import LongCommands
    from telemetry.memory import collect_less
    from telemetry.polling import PollPort

    try:
        first = mapping.made(settings.mqtt.map)
    except ValueError as error:
        raise SettingsError(f"setting mqtt.map {error}") from None
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
        await (bridges := brokers(core, first)).open()
        print(*announcement(core, port), sep="\n", flush=True)
        for job, name in (*bridges.jobs(), *announcing(settings.server, port)):
            tasks.start(job, name)
        core.pollers = polling(settings.poll.targets, settings.poll.interval, PollPort(core), tasks)
        if demo:
            tasks.start(run_demo(f"ws://127.0.0.1:{port}/ws/device"), "demo devices")
        core.damages.on_broken(stop.set)
        collect_less()
        await stop.wait()
        log.info("stopping: committing what is pending")
        http.stop()
    finally:
        await drain(core, control)
    return port if core.store.broken else None


def brokers(core: Core, first: Callable[[], Sequence[Ecosystem]]) -> Bridges:
    """The bridges to the brokers of ``[mqtt]``."""
    from devices.bridges import Bridges, Limits
    from devices.embedded_broker import guarded
    from telemetry.bridging import BridgePort
    from telemetry.live_feed import LiveFeed

    settings, mqtt = core.settings, core.settings.mqtt
    limits = Limits(settings.storage.path, settings.server.max_message, settings.devices.codecs)
    accounts, place = core.accounts, (mqtt.embedded_address, mqtt.embedded_port)
    inner = partial(guarded, *place, accounts.devices.identity, lambda who, end: accounts.watch(who.key, end))
    inside = inner if mqtt.embedded else None
    bridges = Bridges(mqtt, limits, BridgePort(core), partial(LiveFeed, core, mqtt.publish), first, inside)
    core.bridges += [bridge.report for bridge in bridges.all]
    return bridges


async def drain(core: Core, control: Control) -> None:
    """Commit, acknowledge, close every socket with 1001, then the store."""
    await control.close()
    await core.failed_logins.close()
    await core.pipeline.stop()
    core.closing.end("server")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_PATIENCE):
            while sum(core.metrics.sockets.values()):  # noqa: ASYNC110 - peers answer one by one
                await asyncio.sleep(0.02)
    await core.tasks.close()
    core.accounts.close()
    await core.store.close(core.pipeline.handed_out)


def serve(settings: Settings, demo: bool) -> int:  # noqa: FBT001 - the signature of telemetry.cli.Serve
    """Run the server; the exit status."""
    from devices.embedded_broker import BrokerError
    from telemetry.lock import DatabaseLock, Locked
    from telemetry.store.db import StoreError

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

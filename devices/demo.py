"""The demo's devices: the site of ``devices/scenario.py``, spoken for by real clients over real sockets.

Each device says its units once, as SenML, because plain JSON has none. Then it sends its last hour at once, so that
charts are full from the start, and goes on live. A device that drops out closes its socket and comes back by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping

from devices.client import DeviceClient
from devices.link import Dial, Link, LinkError
from devices.options import Options, device_url
from devices.scenario import UNITS, Source, Values, site
from telemetry.clock import wall_ms
from telemetry.tasks import Tasks

HISTORY = 3_600_000
"""How far back the demo begins, in ms."""
INTERVAL = 2_000
"""Milliseconds between the readings of one device."""


async def run_demo(url: str, seed: str = "0", history: int = HISTORY, interval: int = INTERVAL) -> None:
    """Run the site against a server that admits devices by name, until cancelled. Times in ms."""
    tasks = Tasks()
    start = (wall_ms() - history) // interval * interval
    running = [
        tasks.start(run_device(url, name, source, start, interval), f"demo {name}")
        for name, source in site(seed).items()
    ]
    try:
        await asyncio.gather(*running)
    finally:
        await tasks.close()


async def run_device(url: str, name: str, source: Source, start: int, interval: int) -> None:
    """One device from ``start`` (ms) on, first as fast as it goes, then in real time."""
    at = start
    units = UNITS.get(name, {})
    while True:
        while (values := source.at(at)) is None:
            at = await _next(at, interval)
        if units:
            with contextlib.suppress(LinkError):  # the client says, again and again, that there is no server
                await _introduce(url, name, values, units, at)
            units = {}
        async with DeviceClient(url, device=name, options=Options(max_backoff=5.0)) as client:
            at = await _run(client, source, at, interval)


async def _introduce(url: str, name: str, values: Values, units: Mapping[str, str], at: int) -> None:
    """Send the first values with their units."""
    known = [(metric, values[metric], unit) for metric, unit in units.items() if metric in values]
    pack = [{"n": metric, "u": unit, "v": value, "t": at / 1000} for metric, value, unit in known]
    link = Link(lambda _: None)
    await link.open(device_url(url, name), {}, Dial())
    link.write(json.dumps(pack).encode(), binary=False)
    await link.close()


async def _run(client: DeviceClient, source: Source, at: int, interval: int) -> int:
    """Send until the device drops out; returns the time at which it did."""
    while (values := source.at(at)) is not None or at + interval < wall_ms():
        if values is not None:
            await client.put(values, at)
        at = await _next(at, interval)
    with contextlib.suppress(TimeoutError):
        await client.flush(2.0)
    return at


async def _next(at: int, interval: int) -> int:
    """The next time (ms), once it has come."""
    at += interval
    # sleep(0) gives way to the server, which shares the loop with the demo
    await asyncio.sleep(max(0, at - wall_ms()) / 1000)
    return at

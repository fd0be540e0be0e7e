from __future__ import annotations

import asyncio
import contextlib

from devices import demo
from devices.scenario import Outdoor
from telemetry.clock import wall_ms
from tests.devices.stub import Stub, in_loop, until


@in_loop
async def test_the_demo_fills_the_last_hour_and_goes_on_live():
    async with Stub() as server:
        began = wall_ms()
        task = asyncio.get_running_loop().create_task(demo.run_demo(server.url, history=600_000, interval=1_000))
        await until(lambda: any(one["ts"] > began for one in server.readings))
        stamps = {one["ts"] for one in server.readings}
        assert began - 602_000 <= min(stamps) <= began - 598_000
        assert set(range(min(stamps), began - 1_000, 1_000)) <= stamps
        names = {uri.partition("device=")[2] for uri, _ in server.upgrades}
        assert names >= {"greenhouse", "boiler"}
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await until(lambda: not server.sockets)


@in_loop
async def test_each_device_says_its_units_once_before_its_hour():
    async with Stub() as server:
        task = asyncio.get_running_loop().create_task(demo.run_demo(server.url, history=60_000, interval=1_000))
        await until(lambda: len(server.readings) > 30)
        packs = server.packs
        units = {record["n"]: record["u"] for pack in packs for record in pack}
        assert units["flow_temperature"] == "Cel"
        assert units["soil_moisture"] == "%"
        assert 2 <= len(packs) <= 3  # the one outdoors may be out of reach
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class Flaky:
    """Out of reach for a moment, again and again."""

    def at(self, ts):
        return None if ts // 200 % 3 == 1 else {"t": ts}


@in_loop
async def test_a_device_that_drops_out_closes_its_socket_and_comes_back():
    async with Stub() as server:
        work = demo.run_device(server.url, "x", Flaky(), wall_ms() // 50 * 50 - 5_000, 50)
        task = asyncio.get_running_loop().create_task(work)
        await until(lambda: len(server.upgrades) >= 3)
        assert set(server.closes) == {1000}
        assert all(Flaky().at(one["ts"]) for one in server.readings)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def test_the_hour_before_holds_an_outage_to_look_at():
    station = Outdoor("0")
    now = wall_ms()
    assert any(station.at(ts) is None for ts in range(now - demo.HISTORY, now, demo.INTERVAL))

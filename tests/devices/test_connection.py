"""Connecting, being refused, being replaced, falling silent: on real sockets, seen through the client."""

from __future__ import annotations

import asyncio
import contextlib

from devices import connection
from devices.client import DeviceClient
from devices.options import Dial, Limits, Options, State
from tests.devices.stub import FAST, Stub, in_loop, pair, until


@in_loop
async def test_wrong_credentials_are_one_clear_error_and_slow_retries(caplog):
    async with Stub() as server:
        server.status = 401
        options = Options(Limits(delay=0.01), max_backoff=0.2)
        async with DeviceClient(server.url, token="secret-token", options=options) as client:
            client.send({"t": 1})
            await until(lambda: len(server.upgrades) >= 3)
            assert client.state is State.REFUSED
            assert server.upgrades[0] == ("/ws/device", "Bearer secret-token")
            assert caplog.text.count("check the token") == 1
            assert "secret-token" not in caplog.text
            server.status = 101
            await client.flush(10)
            assert client.state is State.ONLINE


@in_loop
async def test_a_busy_server_is_tried_again():
    async with Stub() as server:
        server.status = 503
        async with DeviceClient(server.url, device="d", options=FAST) as client:
            await until(lambda: client.state is State.OFFLINE)
            server.status = 101
            await client.online(10)


@in_loop
async def test_replaced_backs_off_long_and_says_why(caplog):
    async with pair(Options(max_backoff=60.0)) as (server, client):
        await client.online(10)
        server.sockets[0].close(4000, "replaced")
        await until(lambda: client.state is State.REPLACED)
        await asyncio.sleep(0.3)
        assert len(server.upgrades) == 1
        assert client.stats.replaced == 1
        assert "do two programs use the identity" in caplog.text


@in_loop
async def test_a_server_without_a_hello_is_left(monkeypatch):
    monkeypatch.setattr(connection, "HELLO_WAIT", 0.1)
    async with Stub() as server:
        server.hello = None
        async with DeviceClient(server.url, device="d", options=FAST):
            await until(lambda: len(server.upgrades) >= 2)


@in_loop
async def test_a_half_open_socket_is_noticed_and_replaced():
    """A proxy that stops passing bytes on stands for a dead network: no FIN, no RST, just silence."""
    async with Stub() as server:
        passing = asyncio.Event()
        passing.set()
        writers = []

        async def pipe(reader, writer):
            with contextlib.suppress(OSError):
                while data := await reader.read(65_536):
                    if passing.is_set():
                        writer.write(data)
                writer.close()

        async def accept(reader, writer):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", server.port)
            writers.extend([writer, far_writer])
            await asyncio.gather(pipe(reader, far_writer), pipe(far_reader, writer))

        proxy = await asyncio.start_server(accept, "127.0.0.1", 0)
        port = proxy.sockets[0].getsockname()[1]
        options = Options(Limits(delay=0.01), Dial(ping_interval=0.1), max_backoff=0.1)
        async with DeviceClient(f"ws://127.0.0.1:{port}", device="d", options=options) as client:
            await client.online(10)
            passing.clear()
            client.send({"t": 1}, ts=1)
            await until(lambda: client.state is not State.ONLINE)
            passing.set()
            await client.flush(20)
            assert [one["ts"] for one in server.readings] == [1]
        proxy.close()
        for writer in writers:
            writer.close()

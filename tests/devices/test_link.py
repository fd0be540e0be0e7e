from __future__ import annotations

import asyncio
import socket

import pytest

from devices.link import Dial, Link, LinkError
from tests.devices.stub import Stub, run, until


def opened(stub):
    async def make(received):
        link = Link(received.append)
        await link.open(f"ws://127.0.0.1:{stub.port}/ws/device", {}, Dial())
        return link

    return make


def test_frames_come_in_and_the_peers_close_code_ends_it():
    async def test():
        async with Stub() as stub:
            received = []
            link = await opened(stub)(received)
            await until(lambda: received)
            stub.sockets[0].close(4000)
            assert await asyncio.wait_for(link.closed, 10) == 4000
            link.write(b"x", binary=False)
            await link.close()

    run(test)


def test_small_frames_are_not_held_back():
    """A frame that waits for the ack of the one before it is 40 ms late, and its ages are wrong."""

    async def test():
        async with Stub() as stub:
            link = await opened(stub)([])
            assert link._stream().socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            await link.close()

    run(test)


def test_abort_is_seen_by_both_sides_without_a_goodbye():
    async def test():
        async with Stub() as stub:
            link = await opened(stub)([])
            await until(lambda: stub.sockets)
            link.abort()
            await asyncio.wait_for(link.closed, 10)
            await until(lambda: stub.closes == [None])
            link.abort()
            await link.close()

    run(test)


def test_a_refused_upgrade_carries_its_status():
    async def test():
        async with Stub() as stub:
            stub.status = 401
            with pytest.raises(LinkError) as caught:
                await opened(stub)([])
            assert caught.value.status == 401

    run(test)


def test_no_server_and_a_silent_server_are_errors_without_a_status():
    async def test():
        with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(LinkError) as caught:
            await Link(print).open(f"ws://127.0.0.1:{listener.getsockname()[1]}/", {}, Dial(timeout=0.1))
        assert caught.value.status is None
        with pytest.raises(LinkError) as caught:
            await Link(print).open("ws://127.0.0.1:9/", {}, Dial())
        assert caught.value.status is None

    run(test)


def test_a_link_that_was_never_open_closes():
    async def test():
        link = Link(print)
        link.abort()
        link.write(b"x", binary=True)
        await link.close()

    run(test)

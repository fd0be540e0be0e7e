"""The embedded broker at its limits: clients that say nothing, too much or nonsense, and ``broker check`` on it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket

import pytest

from devices import embedded_broker, mqtt_packets
from devices.broker_check import check
from devices.broker_config import BRIDGE
from devices.broker_probe import Target
from tests.clients import SCALE
from tests.devices.test_embedded_broker import SECRET, Bench, away, raw, run, until


def test_a_client_that_says_nothing_is_cut_off(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before CONNECT, and after it beyond one and a half keep-alives."""
    monkeypatch.setattr(embedded_broker, "GREETING", 0.2)

    async def story(bench: Bench) -> None:
        mute, silent = await asyncio.open_connection("127.0.0.1", bench.port)
        reader, writer = await raw(bench, "tt_a", keepalive=1)
        for one in (mute, reader):
            with contextlib.suppress(ConnectionResetError):
                assert await asyncio.wait_for(one.read(), 10 * SCALE) == b""
        for peer in (silent, writer):
            peer.close()

    run(story, caplog)


def test_sessions_and_connections_are_bounded(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_broker, "MAX_SESSIONS", 3)

    async def story(bench: Bench) -> None:
        held = [await raw(bench, "tt_a", client_id=f"c{number}", clean=False) for number in range(3)]
        reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
        writer.write(mqtt_packets.connect_packet(mqtt_packets.Connect("c3", False, 60, "a", "tt_a")))
        assert await reader.readexactly(4) == bytes.fromhex("20020003")
        writer.close()
        monkeypatch.setattr(embedded_broker, "MAX_CONNECTIONS", 3)
        reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 5 * SCALE) == b""
        for _, peer in [*held, (reader, writer)]:
            peer.close()

    run(story, caplog)


def test_a_subscriber_that_never_reads_is_cut_off_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(bench: Bench) -> None:
        from devices import embedded_amqtt

        monkeypatch.setattr(embedded_amqtt, "MAX_UNREAD", 100_000)
        plain = socket.create_connection(("127.0.0.1", bench.port))
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        plain.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=plain, limit=1)
        writer.write(mqtt_packets.connect_packet(mqtt_packets.Connect("slow", True, 0, "a", "tt_a")))
        topic = b"telltale/a/command"
        body = b"\x00\x01" + bytes((0, len(topic))) + topic + b"\x00"
        writer.write(bytes((0x82, len(body))) + body)
        await until(lambda: bench.broker._hub is not None and bench.broker._hub.subscriptions)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        assert reader is not None
        for _ in range(500):
            await bench.broker.publish("telltale/a/command", bytes(50_000))
            await asyncio.sleep(0)
        await until(lambda: not bench.broker._clients)
        server = bench.server()
        assert await away(server.dial)
        await away(server.hang_up)
        writer.transport.abort()

    run(story, caplog)


def test_random_packets_harm_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a client with a token sends after its CONNECT: no traceback, and the broker serves the next."""
    rng = random.Random(7)

    def packet() -> bytes:
        kind = rng.choice([1, 2, 3, 3, 3, 4, 5, 6, 7, 8, 8, 8, 9, 10, 11, 12, 14, 15, 0])
        body = rng.choice([
            rng.randbytes(rng.randrange(40)),
            b"\x00\x01\x00\x03a/b" + rng.randbytes(rng.randrange(3)),
            b"\x00\x03a/b\x00\x01" + rng.randbytes(rng.randrange(8)),
            b"\x00\x01",
        ])  # fmt: skip
        return bytes((kind << 4 | rng.choice([0, 2, 2, 3, 8, rng.randrange(16)]), len(body))) + body

    async def story(bench: Bench) -> None:
        for _ in range(400):
            reader, writer = await raw(bench, "tt_a")
            writer.write(b"".join(packet() for _ in range(rng.randrange(1, 8))))
            with contextlib.suppress(OSError):
                writer.write_eof()
                await asyncio.wait_for(reader.read(), 10 * SCALE)
            writer.transport.abort()
        for _ in range(200):
            reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
            writer.write(rng.randbytes(rng.randrange(1, 60)))
            with contextlib.suppress(OSError):
                writer.write_eof()
                await asyncio.wait_for(reader.read(), 10 * SCALE)
            writer.transport.abort()
        await until(lambda: not bench.broker._clients)
        bench.came.clear()
        device = bench.probe("tt_a")
        assert await away(device.dial)
        assert await away(lambda: device.send("telltale/a/readings", b"x"))
        await away(device.hang_up)
        assert bench.topics() == [("a", "telltale/a/readings")]

    run(story, caplog)


def test_a_flood_is_taken_in_order_and_nothing_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    async def story(bench: Bench) -> None:
        device = bench.probe("tt_a")
        assert await away(device.dial)
        assert await away(lambda: device.send("telltale/a/readings", count=3_000))
        await away(device.hang_up)
        assert [one.payload for one in bench.came] == [b"%d" % number for number in range(3_000)]

    run(story, caplog)


def test_it_passes_the_check_that_is_made_for_brokers(caplog: pytest.LogCaptureFixture) -> None:
    async def story(bench: Bench) -> None:
        target = Target("127.0.0.1", bench.port, user=BRIDGE, password=SECRET)
        findings = await away(lambda: list(check(target)))
        assert [one.text for one in findings if one.failed] == []
        assert any("all of 1,500 came" in one.text for one in findings)

    run(story, caplog)

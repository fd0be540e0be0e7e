"""The embedded broker, with real clients: who gets in, what may be written and read, when it is acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from devices import mqtt_packets
from devices.broker_access import Access, Identity
from devices.broker_config import BRIDGE
from devices.broker_probe import Probe, Target
from devices.embedded_broker import BrokerError, EmbeddedBroker, Published, Rules
from telemetry.identity import DeviceIdentity
from tests.clients import SCALE
from tests.support import ROOT

SECRET = "the secret of this start"
TOKENS = {
    "tt_a": DeviceIdentity("a"),
    "tt_ab": DeviceIdentity("a/b"),
    "tt_b": DeviceIdentity("b"),
    "tt_all": DeviceIdentity("all", ("*",)),
}


@dataclass
class Bench:
    """A broker that listens, and what it handed over. ``due`` decides when a message may be acknowledged."""

    broker: EmbeddedBroker
    port: int = 0
    came: list[Published] = field(default_factory=list)
    due: Callable[[Published], asyncio.Future[None] | None] = lambda _message: None
    watched: dict[str, Callable[[], None]] = field(default_factory=dict)

    def probe(self, password: str | None = None, user: str | None = "any", **options: Any) -> Probe:
        return Probe(Target("127.0.0.1", self.port, user=user, password=password), **options)

    def server(self) -> Probe:
        return self.probe(SECRET, BRIDGE)

    def topics(self) -> list[tuple[str, str]]:
        return [(one.owner.id, one.topic) for one in self.came]


@asynccontextmanager
async def listening() -> AsyncIterator[Bench]:
    access = Access(TOKENS.get, SECRET)

    def on_message(message: Published) -> asyncio.Future[None] | None:
        bench.came.append(message)
        return bench.due(message)

    def watch(identity: Identity, close: Callable[[], None]) -> Callable[[], None]:
        bench.watched[identity.id] = close
        return lambda: None

    broker = EmbeddedBroker("127.0.0.1", 0, Rules(access.authenticate, access.may, on_message, watch))
    bench = Bench(broker)
    bench.port = await broker.start()
    try:
        yield bench
    finally:
        await broker.stop()


def run(story: Callable[[Bench], Awaitable[None]], caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with listening() as bench:
            await story(bench)

    with caplog.at_level(logging.WARNING):
        asyncio.run(main())
    trouble = [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR]
    assert trouble == []


async def away(work: Callable[[], Any]) -> Any:
    """Run a client, which blocks, beside the loop."""
    return await asyncio.wait_for(asyncio.to_thread(work), 60 * SCALE)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20 * SCALE):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("user", "password", "code"),
    [
        ("a", "tt_a", 0), ("", "tt_a", 0), ("tt_a", None, 0), (BRIDGE, SECRET, 0),
        ("a", "tt_x", 5), ("a", None, 5), (None, None, 5), (BRIDGE, "tt_x", 5), ("a", SECRET, 5),
    ],
)  # fmt: skip
def test_tokens_open_it(user: str | None, password: str | None, code: int, caplog: pytest.LogCaptureFixture) -> None:
    async def story(bench: Bench) -> None:
        probe = bench.probe(password, user)
        assert await away(probe.dial) == (code == 0)
        # paho gives MQTT 5's numbers for the refusals of 3.1.1
        assert probe.code in ((0,) if code == 0 else (5, 135))
        await away(probe.hang_up)

    run(story, caplog)


def test_messages_are_handed_over_with_their_owner_and_neighbours_are_refused(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(bench: Bench) -> None:
        def client() -> None:
            server, device = bench.server(), bench.probe("tt_a")
            assert server.dial()
            assert server.subscribe("#")
            assert device.dial()
            for topic in (
                "telltale/a/b/readings", "telltale/b/readings", "telltale/a/command", "telltale/a/presence",
                "telltale/a/state/t",
            ):  # fmt: skip
                assert device.send(topic, b"no")
            assert device.send("telltale/a/readings", b'{"t":1}')
            assert device.send("v1/devices/me/telemetry", b"{}")
            assert server.wait_for(2)
            server.wait_for(9, quiet=0.2)
            assert [one.topic for one in server.got] == ["telltale/a/readings", "v1/devices/me/telemetry"]
            assert server.send("telltale/a/command", b"c")
            for probe in (server, device):
                probe.hang_up()

        await away(client)
        assert bench.topics() == [("a", "telltale/a/readings"), ("a", "v1/devices/me/telemetry")]
        assert bench.came[0][1:5] == (b'{"t":1}', 1, False, False)
        assert bench.broker.refused == 5

    run(story, caplog)


def test_each_reads_only_what_is_his_however_wide_he_subscribes(caplog: pytest.LogCaptureFixture) -> None:
    """Also of what is retained, at subscribing, and after a reconnect."""

    async def story(bench: Bench) -> None:
        for device in ("a", "a/b", "b"):
            await bench.broker.publish(f"telltale/{device}/command", b"kept", retain=True)

        def client() -> None:
            for password, mine in (("tt_a", ["a"]), ("tt_ab", ["a/b"]), ("tt_all", ["a", "a/b", "b"])):
                expected = {f"telltale/{one}/command" for one in mine}
                for topic in ("#", "telltale/#"):
                    device = bench.probe(password)
                    assert device.dial()
                    assert device.subscribe(topic)
                    device.wait_for(len(expected) + 1, quiet=0.2)
                    assert {one.topic for one in device.got} == expected
                    assert all(one.retained for one in device.got)
                    device.hang_up()
            # amqtt alone sends whoever connects what others have subscribed to
            listener, idle = bench.server(), bench.probe("tt_all", client_id="idle")
            assert listener.dial()
            assert listener.subscribe("#")
            assert idle.dial()
            assert not idle.wait_for(1, quiet=0.3)
            listener.hang_up()
            idle.hang_up()

        await away(client)
        device = bench.probe("tt_a")
        assert await away(device.dial)
        assert await away(lambda: device.subscribe("#"))
        device.got.clear()
        for name in ("b", "a/b", "a"):
            await bench.broker.publish(f"telltale/{name}/command", name.encode())
        assert await away(lambda: device.run(lambda: b"a" in [one.payload for one in device.got]))
        assert {one.topic for one in device.got} == {"telltale/a/command"}
        await away(device.hang_up)

    run(story, caplog)


@pytest.mark.parametrize("qos", [1, 2])
def test_a_message_is_acknowledged_when_it_is_durable_and_not_before(
    qos: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(bench: Bench) -> None:
        commits: list[asyncio.Future[None]] = []

        def due(_message: Published) -> asyncio.Future[None]:
            commits.append(asyncio.get_running_loop().create_future())
            return commits[-1]

        bench.due = due
        reader, writer = await raw(bench, "tt_a")
        body = b"\x00\x13telltale/a/readings" + b"\x00\x07" + b"x"
        writer.write(bytes((0x30 | qos << 1, len(body))) + body)
        await until(lambda: commits)
        # a ping overtakes: the answer shows that nothing else was sent before it
        writer.write(b"\xc0\x00")
        assert await reader.readexactly(2) == b"\xd0\x00"
        commits[0].set_result(None)
        assert await reader.readexactly(4) == mqtt_packets.acknowledge(qos, 7)
        writer.close()

    run(story, caplog)


def test_a_commit_that_fails_ends_the_connection_without_an_acknowledgement(caplog: pytest.LogCaptureFixture) -> None:
    """The client keeps the message, and sends it again."""

    async def story(bench: Bench) -> None:
        def due(_message: Published) -> asyncio.Future[None]:
            future = asyncio.get_running_loop().create_future()
            future.set_exception(OSError("no disk"))
            return future

        bench.due = due
        reader, writer = await raw(bench, "tt_a")
        body = b"\x00\x13telltale/a/readings" + b"\x00\x07" + b"x"
        writer.write(bytes((0x32, len(body))) + body)
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()

    run(story, caplog)


def packet(mid: int, payload: bytes, qos: int, *, again: bool = False, device: str = "a") -> bytes:
    """A short PUBLISH of a device's readings."""
    topic = f"telltale/{device}/readings".encode()
    body = struct.pack("!H", len(topic)) + topic + (struct.pack("!H", mid) if qos else b"") + payload
    return bytes((0x30 | again << 3 | qos << 1, len(body))) + body


@pytest.mark.parametrize("client_id", ["meter", ""], ids=["named", "nameless"])
@pytest.mark.parametrize("qos", [1, 2])
def test_what_is_sent_again_on_the_next_connection_is_the_same_message(
    qos: int, client_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It has the same number, and subscribers get it once; a neighbour's message is another one."""

    async def story(bench: Bench) -> None:
        listener = bench.server()
        assert await away(listener.dial)
        assert await away(lambda: listener.subscribe("#"))
        for device, resent in (("tt_a", False), ("tt_a", True), ("tt_all", True), ("tt_a", False)):
            reader, writer = await raw(bench, device, client_id=client_id)
            writer.write(packet(7, b"x", qos, again=resent))
            assert await reader.readexactly(4) == mqtt_packets.acknowledge(qos, 7)
            writer.transport.abort()
        first, copy, other, new = bench.came
        assert (first.number, copy.number) == (1, 1)
        assert (first.duplicate, copy.duplicate, other.duplicate, new.duplicate) == (False, True, False, False)
        assert len({first.number, other.number, new.number}) == 3
        await bench.broker.publish("the/end", b"")
        assert await away(lambda: listener.run(lambda: any(one.topic == "the/end" for one in listener.got)))
        assert len(listener.got) == 3 + 1
        await away(listener.hang_up)

    run(story, caplog)


async def raw(bench: Bench, token: str, **options: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that is logged in, packet by packet."""
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
    connect = mqtt_packets.Connect("raw", clean=True, keepalive=60, user="a", password=token)._replace(**options)
    writer.write(mqtt_packets.connect_packet(connect))
    assert await reader.readexactly(4) == bytes.fromhex("20020000")
    return reader, writer


def test_a_revoked_token_ends_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    async def story(bench: Bench) -> None:
        reader, writer = await raw(bench, "tt_a")
        bench.watched["a"]()
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 5 * SCALE) == b""
        writer.close()

    run(story, caplog)


def test_another_device_cannot_take_over_a_session(caplog: pytest.LogCaptureFixture) -> None:
    """The same client id under another token, or under none, is another client; under the same token it replaces."""

    async def story(bench: Bench) -> None:
        reader, writer = await raw(bench, "tt_a")
        other = await raw(bench, "tt_b")
        stranger = await asyncio.open_connection("127.0.0.1", bench.port)
        stranger[1].write(mqtt_packets.connect_packet(mqtt_packets.Connect("raw", True, 60, "a", "wrong")))
        assert await stranger[0].readexactly(4) == bytes.fromhex("20020005")
        for one in ((reader, writer), other):
            one[1].write(b"\xc0\x00")
            assert await asyncio.wait_for(one[0].readexactly(2), 5 * SCALE) == b"\xd0\x00"
        again = await raw(bench, "tt_a")
        again[1].write(b"\xc0\x00")
        assert await again[0].readexactly(2) == b"\xd0\x00"
        for one in ((reader, writer), other, again, stranger):
            one[1].close()

    run(story, caplog)


def test_a_session_keeps_messages_while_its_client_is_away(caplog: pytest.LogCaptureFixture) -> None:
    async def story(bench: Bench) -> None:
        def visit(client: Callable[[Probe], object]) -> Any:
            probe = bench.probe("tt_a", client_id="kept", keep=True)
            assert probe.dial()
            try:
                return client(probe)
            finally:
                probe.hang_up()

        assert await away(lambda: visit(lambda probe: probe.subscribe("telltale/a/command")))
        await until(lambda: all(one.transitions.state == "disconnected" for one, _ in sessions(bench)))
        for number in range(200):
            await bench.broker.publish("telltale/a/command", b"%d" % number)
        await until(lambda: [waiting(bench, one) for one, _ in sessions(bench)] == [200])

        def back(probe: Probe) -> list[bytes]:
            assert probe.session_present
            probe.wait_for(200)
            assert not any(one.retained for one in probe.got)
            return [one.payload for one in probe.got]

        assert await away(lambda: visit(back)) == [b"%d" % number for number in range(200)]

    run(story, caplog)


def waiting(bench: Bench, session: Any) -> int:
    assert bench.broker._hub is not None
    return bench.broker._hub.deliveries.waiting(session.client_id)


def sessions(bench: Bench) -> Any:
    assert bench.broker._hub is not None
    return bench.broker._hub.sessions.values()


def test_a_will_is_sent_where_its_device_may_write_and_refused_elsewhere(caplog: pytest.LogCaptureFixture) -> None:
    async def story(bench: Bench) -> None:
        server = bench.server()
        assert await away(server.dial)
        assert await away(lambda: server.subscribe("#"))
        _, writer = await raw(bench, "tt_a", will=("telltale/a/status", b"offline"))
        writer.transport.abort()
        assert await away(lambda: server.wait_for(1))
        assert server.got[0][:2] == ("telltale/a/status", b"offline")
        await away(server.hang_up)
        stranger = await asyncio.open_connection("127.0.0.1", bench.port)
        bad = mqtt_packets.Connect("raw", True, 60, "a", "tt_a", ("telltale/b/readings", b"x"))
        stranger[1].write(mqtt_packets.connect_packet(bad))
        assert await stranger[0].readexactly(4) == bytes.fromhex("20020005")
        stranger[1].close()

    run(story, caplog)


def test_other_versions_get_an_answer_that_they_understand(caplog: pytest.LogCaptureFixture) -> None:
    async def story(bench: Bench) -> None:
        for body, answer in (
            ("00044d51545405 02 003c 00 0001 61", "2003008400"),
            ("00064d514973647003 02 003c 0001 61", "20020001"),
        ):
            data = bytes.fromhex(body.replace(" ", ""))
            reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
            writer.write(bytes((0x10, len(data))) + data)
            assert await asyncio.wait_for(reader.read(), 5 * SCALE) == bytes.fromhex(answer)
            writer.close()

    run(story, caplog)


def test_a_port_in_use_is_one_line_that_names_the_setting() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            broker = EmbeddedBroker("127.0.0.1", taken.getsockname()[1], Rules(lambda *_: None, lambda *_: False))
            with pytest.raises(BrokerError, match=r"^[^\n]*embedded_port[^\n]*$"):
                await broker.start()
            await broker.stop()

    asyncio.run(main())


def test_without_the_package_the_error_names_setting_and_command(tmp_path: Path) -> None:
    (tmp_path / "amqtt.py").write_text("raise ModuleNotFoundError(\"No module named 'amqtt'\", name='amqtt')")
    code = (
        "import asyncio\nfrom devices.embedded_broker import *\n"
        "try:\n    asyncio.run(EmbeddedBroker('', 0, Rules(None, None)).start())\n"
        "except BrokerError as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60 * SCALE,
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        check=True,
    )
    assert done.stdout.count("\n") == 1
    assert "[mqtt] embedded" in done.stdout
    assert "pip install" in done.stdout


def test_stopping_leaves_no_task_and_no_thread(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> set[str]:
        before = asyncio.all_tasks()
        async with listening() as bench:
            _, writer = await raw(bench, "tt_a")
        writer.close()
        await until(lambda: asyncio.all_tasks() == before)
        return {one.name for one in threading.enumerate()}

    assert not [name for name in asyncio.run(main()) if "mqtt" in name.lower()]

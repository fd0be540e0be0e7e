"""The server with its own broker: devices log in with their tokens, and what they say is durable when acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from paho.mqtt.client import Client

from devices import mqtt_packets
from devices.broker_access import Access
from devices.embedded_broker import EmbeddedBroker, Published, Rules
from devices.embedded_link import EmbeddedLink
from devices.mqtt_link import Arrived
from tests.clients import SCALE
from tests.devices.test_embedded_broker import SECRET, TOKENS, packet, until
from tests.mosquitto import Ear, Port, client, free_port, publish
from tests.support import Server, run_server_py, wait_until

pytest.importorskip("amqtt")


@pytest.fixture
def embedded(server: Callable[..., Server]) -> Server:
    port = free_port()
    one = server({"mqtt.embedded": "true", "mqtt.embedded_port": str(port), "storage.commit_interval": "0.05"})
    one.settings["mqtt.embedded_port"] = str(port)
    return one


@contextmanager
def device(one: Server, user: str, password: str) -> Iterator[Client]:
    broker = Port(int(one.settings["mqtt.embedded_port"]))
    with client(broker, user, user=user, password=password, patience=5) as connected:
        yield connected


def latest(one: Server, token: str) -> dict[str, object]:
    return {name: value for name, _, value in one.get("/api/latest", token=token)["latest"]}


def test_device_publishes_with_its_token_and_hears_commands(embedded: Server) -> None:
    viewer, token = embedded.api_token("operator"), embedded.device_token("boiler")
    with device(embedded, "boiler", token) as one:
        ear = Ear(one, "telltale/boiler/command")
        publish(one, "telltale/boiler/readings", '{"t": 21.5}')
        wait_until(lambda: latest(embedded, viewer).get("boiler/t") == 21.5, 30, "the reading")
        live = embedded.live(viewer)
        live.send({"id": 1, "command": {"device": "boiler", "name": "reboot", "args": {}}})
        wait_until(lambda: ear.heard, 30, "the command")
        command = json.loads(ear.heard[0].payload)["command"]
        publish(one, "telltale/boiler/reply", json.dumps({"reply": {"id": command["id"], "ok": True, "result": 1}}))
        assert live.recv_until(lambda frame: frame.get("id") == 1)["ok"] is True


def test_things_board_device_is_known_by_its_login(embedded: Server) -> None:
    """The topic names no device: the token as user name does."""
    viewer, token = embedded.api_token(), embedded.device_token("boiler-1")
    with device(embedded, token, "") as one:
        publish(one, "v1/devices/me/telemetry", '{"temperature": 42.5, "pump": true}')
    wait_until(lambda: latest(embedded, viewer).get("boiler-1/temperature") == 42.5, 30, "the reading")
    assert latest(embedded, viewer)["boiler-1/pump"] is True


def test_device_speaks_for_itself_only_and_a_gateway_for_its_own(embedded: Server) -> None:
    viewer = embedded.api_token("operator")
    with device(embedded, "plug", embedded.device_token("plug")) as one:
        publish(one, "tele/plug/SENSOR", '{"ENERGY": {"Power": 3}}')
        publish(one, "tele/other/SENSOR", '{"ENERGY": {"Power": 4}}')
        one.publish("telltale/other/readings", '{"t": 1}', 0)
        publish(one, "tele/plug/SENSOR", '{"ENERGY": {"Power": 5}}')
    wait_until(lambda: latest(embedded, viewer).get("plug/ENERGY.Power") == 5, 30, "the readings")
    with device(embedded, "hub", embedded.device_token("hub", "--gateway", "room-*")) as gateway:
        publish(gateway, "zigbee2mqtt/room-1", '{"temperature": 20, "linkquality": 90}')
        publish(gateway, "zigbee2mqtt/hall", '{"temperature": 21, "linkquality": 90}')
    wait_until(lambda: latest(embedded, viewer).get("room-1/temperature") == 20, 30, "the gateway's reading")
    assert {name.split("/")[0] for name in latest(embedded, viewer)} == {"plug", "room-1"}


def test_wrong_token_and_a_revoked_one_are_shut_out(embedded: Server) -> None:
    token = embedded.device_token("boiler")
    with device(embedded, "boiler", token) as one:
        embedded.cli("device", "revoke", "boiler")
        wait_until(lambda: not one.is_connected(), 30, "the end of the connection")
    with pytest.raises(AssertionError, match="did not let us in"), device(embedded, "boiler", "wrong"):
        pass


def test_every_acknowledged_message_survives_a_kill(embedded: Server) -> None:
    viewer, token = embedded.api_token(), embedded.device_token("boiler")
    with device(embedded, "boiler", token) as one:
        for n in range(200):
            publish(one, "telltale/boiler/readings", json.dumps({"ts": 1_700_000_000_000 + n, "values": {"t": n}}))
        embedded.kill()
    embedded.start()
    (series,) = embedded.get("/api/series", token=viewer)["series"]
    assert series["count"] == 200


def test_port_that_is_taken_is_named(embedded: Server, tmp_path: Path) -> None:
    (tmp_path / "config.ini").touch()
    options = (f"--mqtt.embedded_port={embedded.settings['mqtt.embedded_port']}", "--mqtt.embedded=true")
    done = run_server_py("--config", str(tmp_path / "config.ini"), "--server.port=0", *options)
    assert done.returncode == 1
    assert "[mqtt] embedded_address, embedded_port" in done.stderr.splitlines()[-1]


def connected(one: Server, token: str) -> socket.socket:
    """A connection of the device ``a`` that is logged in, packet by packet."""
    plain = socket.create_connection(("127.0.0.1", int(one.settings["mqtt.embedded_port"])), 20 * SCALE)
    plain.sendall(mqtt_packets.connect_packet(mqtt_packets.Connect("meter", False, 60, "a", token)))
    assert plain.recv(4)[3] == 0
    return plain


@pytest.mark.parametrize("known", [True, False], ids=["committed", "pending"])
@pytest.mark.parametrize("qos", [1, 2])
def test_message_that_is_sent_again_on_the_next_connection_is_one_reading(
    server: Callable[..., Server], qos: int, known: bool
) -> None:
    """Whether the device has missed the acknowledgement, or the connection ended before the commit."""
    port = free_port()
    wanted = {"mqtt.embedded": "true", "mqtt.embedded_port": str(port), "storage.commit_interval": "0.2"}
    one = server(wanted)
    one.settings["mqtt.embedded_port"] = str(port)
    viewer, token, total = one.api_token(), one.device_token("a"), 3

    def counts() -> dict[str, int]:
        found: dict[str, int] = one.get("/api/bridges", token=viewer)["bridges"][0]["messages"]
        return found

    for mid in range(1, total + 1):
        with connected(one, token) as plain:
            plain.sendall(packet(mid, b'{"t":%d}' % mid, qos))
            if known:
                assert plain.recv(4) == mqtt_packets.acknowledge(qos, mid)
            else:
                wait_until(lambda: counts()["received"] == 2 * mid - 1, 30, "the message")  # noqa: B023 - used at once
        with connected(one, token) as plain:
            plain.sendall(packet(mid, b'{"t":%d}' % mid, qos, again=True))
            assert plain.recv(4) == mqtt_packets.acknowledge(qos, mid)
    (series,) = one.get("/api/series", token=viewer)["series"]
    assert series["count"] == total
    assert (counts()["taken"], counts()["duplicates"]) == (total, total)


class Slow:
    """A link with its broker, and a bridge that takes nothing more than ``room`` messages."""

    def __init__(self) -> None:
        self.got: list[Arrived] = []
        self.room = 0
        self.port = 0
        access = Access(TOKENS.get, SECRET)

        def serve(take: Callable[[Published], asyncio.Future[None] | None]) -> EmbeddedBroker:
            self.broker = EmbeddedBroker("127.0.0.1", 0, Rules(access.authenticate, access.may, take))
            return self.broker

        self.link = EmbeddedLink(serve, self._arrived, lambda _: None)

    def _arrived(self, message: Arrived) -> bool:
        self.got.append(message)
        return len(self.got) < self.room

    def go_on(self, room: int) -> None:
        """As the bridge does when it can take more."""
        self.room = len(self.got) + room
        self.link.go_on()

    def payloads(self, device: str) -> list[bytes]:
        return [one.payload for one in self.got if one.owner == device]

    async def device(self, name: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(mqtt_packets.connect_packet(mqtt_packets.Connect("c", True, 60, name, f"tt_{name}")))
        assert await reader.readexactly(4) == bytes.fromhex("20020000")
        return reader, writer


@asynccontextmanager
async def slow() -> AsyncIterator[Slow]:
    one = Slow()
    one.port = await one.broker.start()
    try:
        yield one
    finally:
        await one.broker.stop()


async def pinged(device: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    """All that was sent before has been read, and the connection stands."""
    device[1].write(b"\xc0\x00")
    assert await asyncio.wait_for(device[0].readexactly(2), 20 * SCALE) == b"\xd0\x00"


def test_while_the_bridge_takes_nothing_no_connection_ends_and_no_message_is_lost() -> None:
    """One device floods at QoS 0, another one sends at QoS 1: all come in order, and the second hears of each."""

    async def story() -> None:
        async with slow() as one:
            flooding, patient = await one.device("a"), await one.device("b")
            for number in range(1, 101):
                flooding[1].write(b"".join(packet(0, b"%d" % (5 * number + k), 0) for k in range(5)))
                patient[1].write(packet(number, b"%d" % number, 1, device="b"))
            await pinged(flooding)
            await pinged(patient)
            assert len(one.got) == 1
            for _ in range(6):
                one.go_on(100)
            assert one.payloads("a") == [b"%d" % number for number in range(5, 505)]
            assert one.payloads("b") == [b"%d" % number for number in range(1, 101)]
            for message in one.got:
                one.link.ack(message.generation, message.mid)
            wanted = b"".join(mqtt_packets.acknowledge(1, number) for number in range(1, 101))
            assert await asyncio.wait_for(patient[0].readexactly(400), 20 * SCALE) == wanted
            for _, writer in (flooding, patient):
                writer.close()

    asyncio.run(story())


@pytest.mark.parametrize("limit", ["MAX_HELD", "MAX_HELD_BYTES", "MAX_HELD_BY_ALL", "MAX_HELD_BYTES_BY_ALL"])
def test_client_of_which_too_much_waits_is_not_read_from_until_some_is_through(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One client's limit leaves the others alone."""
    from devices import embedded_amqtt

    most, total, size = 20, 300, 50
    monkeypatch.setattr(embedded_amqtt, limit, most * (size + len("telltale/a/readings")) if "BYTES" in limit else most)

    async def story() -> None:
        async with slow() as one:
            flooding, other = await one.device("a"), await one.device("b")
            for number in range(total):
                flooding[1].write(packet(0, b"%0*d" % (size, number), 0))
            await until(lambda: len(one.link._held) >= most)
            if "BY_ALL" not in limit:
                other[1].write(packet(1, b"x", 1, device="b"))
                await pinged(other)
            assert len(one.link._held) <= most + 2
            while len(one.payloads("a")) < total:
                one.go_on(5)
                await asyncio.sleep(0)
            assert one.payloads("a") == [b"%0*d" % (size, number) for number in range(total)]
            assert len(one.link._held) <= 1
            for _, writer in (flooding, other):
                writer.close()

    asyncio.run(story())


def test_after_a_commit_that_failed_only_what_devices_send_again_is_left_out() -> None:
    """A message at QoS 1 that waits is of an older generation then; one at QoS 0 comes only once, and stays."""

    async def story() -> None:
        async with slow() as one:
            device = await one.device("a")
            device[1].write(packet(1, b"first", 1) + packet(2, b"second", 1) + packet(0, b"zero", 0))
            await until(lambda: len(one.link._held) == 2)
            before = one.link.generation
            one.link.restart("the disk is full")
            assert one.got[0].generation == before < one.link.generation
            with contextlib.suppress(ConnectionResetError):
                assert await asyncio.wait_for(device[0].read(), 20 * SCALE) == b""
            device[1].close()
            device = await one.device("a")
            device[1].write(packet(1, b"first", 1, again=True) + packet(2, b"second", 1, again=True))
            await until(lambda: len(one.link._held) == 3)
            one.go_on(10)
            assert [(got.payload, got.duplicate) for got in one.got[1:]] == [
                (b"zero", False), (b"first", True), (b"second", True),
            ]  # fmt: skip
            assert [got.mid for got in one.got] == [1, 0, 1, 2]
            assert {got.generation for got in one.got if got.duplicate} == {one.link.generation}
            for got in one.got:
                one.link.ack(got.generation, got.mid)
            wanted = mqtt_packets.acknowledge(1, 1) + mqtt_packets.acknowledge(1, 2)
            assert await asyncio.wait_for(device[0].readexactly(8), 20 * SCALE) == wanted
            device[1].close()

    asyncio.run(story())

"""A connection against a peer that answers as it is told, and against a real Mosquitto."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from devices import mqtt_connection, mqtt_dial
from devices.mqtt_connection import Connection
from devices.mqtt_dial import Address, Options
from devices.mqtt_link import Arrived
from tests.devices.mqtt_peer import (
    CONNECT,
    DISCONNECT,
    PINGREQ,
    PINGRESP,
    PUBLISH,
    UNSUBACK,
    UNSUBSCRIBE,
    Peer,
    packet,
    story,
)
from tests.mosquitto import STOCK, Ear, Mosquitto, client, free_port, publish
from tests.telemetry.kit import until

WILL = ("telltale-live//server/ours/availability", b"offline")


class AtOnce(Random):
    """No jitter: the next attempt follows at once."""

    def uniform(self, a: float, b: float) -> float:
        del b
        return a


class Rig:
    """A connection and what it said. ``takes`` is what ``arrived`` answers."""

    def __init__(self, port: int, **options: Any) -> None:
        address = options.pop("address", Address("127.0.0.1", port))
        given = {"name": "test", "client_id": "test", "topics": ["a/#"], "will": WILL} | options
        self.arrived: list[Arrived] = []
        self.changes: list[bool] = []
        self.takes = True
        self.connection = Connection(Options(address=address, **given), self._arrived, self.changes.append, AtOnce())

    def _arrived(self, message: Arrived) -> bool:
        self.arrived.append(message)
        return self.takes

    @property
    def payloads(self) -> list[bytes]:
        return [message.payload for message in self.arrived]

    @property
    def problem(self) -> str:
        return self.connection.status.problem or ""

    async def up(self, connections: int = 1) -> None:
        """Wait until it is connected, for the so-manieth time."""
        status = self.connection.status
        await until(lambda: status.connections >= connections and self.connection.connected)

    async def waiting_unread(self) -> None:
        """Wait until something has come that is not read."""
        await until(lambda: select.select([self.connection._socket], [], [], 0)[0])
        for _ in range(20):
            await asyncio.sleep(0)


@asynccontextmanager
async def running(port: int, **options: Any) -> AsyncIterator[Rig]:
    rig = Rig(port, **options)
    task = asyncio.get_running_loop().create_task(rig.connection.run())
    try:
        yield rig
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        rig.connection.drop(WILL[0], b"offline")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    one = Mosquitto(tmp_path, STOCK).start()
    yield one
    one.kill()


@story
async def test_message_comes_as_it_was_sent_and_is_acknowledged_when_told() -> None:
    async with Peer() as peer, running(peer.port) as rig:
        await peer.subscribed()
        peer.send(peer.publish("a/b", b"\x00\xff", 7) + peer.publish("a/c", b"2", 8, flags=11))
        await until(lambda: len(rig.arrived) == 2)
        assert rig.arrived == [
            Arrived("a/b", b"\x00\xff", False, False, 1, 7),
            Arrived("a/c", b"2", True, True, 1, 8),
        ]
        assert peer.acks() == []
        rig.connection.ack(1, 8)
        rig.connection.ack(1, 7)
        rig.connection.flush()
        await until(lambda: peer.acks() == [(1, 8), (1, 7)])


@story
async def test_message_at_qos_0_has_no_id_and_wants_no_acknowledgement() -> None:
    async with Peer() as peer, running(peer.port, version="3.1.1") as rig:
        await peer.subscribed()
        peer.send(packet(PUBLISH, b"\0\3a/b1"))
        await until(lambda: rig.arrived == [Arrived("a/b", b"1", False, False, 1, 0)])
        rig.connection.ack(1, 0)
        rig.connection.confirm(lambda: None)
        await until(lambda: peer.of(UNSUBSCRIBE))
        assert peer.acks() == []


@story
async def test_topic_that_is_not_utf_8_is_empty() -> None:
    async with Peer() as peer, running(peer.port) as rig:
        await peer.subscribed()
        peer.send(peer.publish(b"a/\xff"))
        await until(lambda: rig.arrived)
        assert rig.arrived[0].topic == ""


@story
async def test_acknowledgement_of_an_older_connection_is_not_sent() -> None:
    async with Peer() as peer, running(peer.port) as rig:
        await peer.subscribed()
        peer.send(peer.publish("a/b", mid=1))
        await until(lambda: rig.arrived)
        peer.hang_up()
        await peer.subscribed(2)
        peer.send(peer.publish("a/x", mid=2))
        await until(lambda: len(rig.arrived) == 2)
        rig.connection.ack(1, 1)  # 1 may be another message by now
        rig.connection.ack(2, 2)
        await until(peer.acks)
        assert peer.acks() == [(2, 2)]
        assert rig.changes == [True, False, True]


@story
async def test_paused_connection_reads_nothing_until_it_goes_on() -> None:
    async with Peer() as peer, running(peer.port) as rig:
        await peer.subscribed()
        rig.takes = False
        peer.send(b"".join(peer.publish("a/b", b"%d" % n, n) for n in range(1, 10)))
        await until(lambda: rig.arrived)
        peer.send(peer.publish("a/b", b"10", 10))
        await rig.waiting_unread()
        assert rig.payloads == [b"1"]
        rig.connection.go_on()
        assert rig.payloads == [b"1", b"2"], "one more, and again no more for now"
        rig.takes = True
        rig.connection.go_on()
        await until(lambda: len(rig.arrived) == 10)
        assert rig.payloads == [b"%d" % n for n in range(1, 11)]


@story
async def test_new_connection_is_not_paused() -> None:
    async with Peer() as peer, running(peer.port) as rig:
        await peer.subscribed()
        rig.connection.pause()
        rig.connection.restart("the disk did not take it")
        await peer.subscribed(2)
        peer.send(peer.publish("a/b"))
        await until(lambda: rig.arrived)


@story
async def test_restart_says_good_bye_keeps_the_session_and_comes_again() -> None:
    async with Peer() as peer, running(peer.port) as rig:
        await peer.subscribed()
        assert rig.connection.status.state == "connected"
        rig.connection.restart("the disk did not take it")
        await peer.subscribed(2)
        assert [one.connection for one in peer.of(DISCONNECT)] == [1]
        assert rig.connection.generation == 2
        assert rig.changes == [True, False, True]
        clean_start = [one.body[7] & 2 for one in peer.of(CONNECT)]
        assert clean_start == [0, 0]
        await rig.up(2)
        assert rig.problem == ""


@story
async def test_confirmation_comes_after_the_answer_of_the_broker_and_not_before() -> None:
    async with Peer() as peer, running(peer.port) as rig:
        confirmed: list[int] = []
        assert not rig.connection.confirm(lambda: confirmed.append(0)), "there is no one to ask yet"
        await peer.subscribed()
        peer.mute = {UNSUBSCRIBE}
        rig.connection.ack(1, 5)
        assert rig.connection.confirm(lambda: confirmed.append(1))
        await until(lambda: peer.of(UNSUBSCRIBE))
        assert peer.acks() == [(1, 5)], "what it confirms was written before"
        assert confirmed == []
        (asked,) = peer.of(UNSUBSCRIBE)
        peer.send(packet(UNSUBACK, asked.body[:2] + b"\0\x11"))
        await until(lambda: confirmed == [1])


@story
async def test_lost_connection_confirms_nothing() -> None:
    async with Peer() as peer, running(peer.port) as rig:
        confirmed: list[int] = []
        await peer.subscribed()
        peer.mute = {UNSUBSCRIBE}
        assert rig.connection.confirm(lambda: confirmed.append(1))
        await until(lambda: peer.of(UNSUBSCRIBE))
        peer.hang_up()
        await peer.subscribed(2)
        peer.mute = set()
        assert rig.connection.confirm(lambda: confirmed.append(2))
        await until(lambda: confirmed)
        assert confirmed == [2]


@story
async def test_broker_that_does_not_answer_connect_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_connection, "GREETING_TIMEOUT", 0.2)
    async with Peer() as peer, running(peer.port) as rig:
        peer.greet = lambda _level: None
        await until(lambda: "does not answer CONNECT" in rig.problem)
        await until(lambda: len(peer.of(CONNECT)) > 1)
        assert rig.changes == []
        peer.greet = lambda _level: 0
        await rig.up()
        assert rig.problem == ""


@story
async def test_connection_can_be_cancelled_in_the_moment_when_the_broker_answers() -> None:
    """Else the server would wait for it when it stops."""
    async with Peer() as peer:
        peer.greet = lambda _level: None
        rig = Rig(peer.port)
        task = asyncio.get_running_loop().create_task(rig.connection.run())
        await until(lambda: peer.of(CONNECT) and rig.connection._greeted is not None)
        await until(lambda: rig.connection._socket is not None)
        assert rig.connection._greeted is not None
        for _ in range(5):
            await asyncio.sleep(0)
        rig.connection._greeted.set_result("refused")
        await asyncio.sleep(0)
        task.cancel()
        for _ in range(20):
            await asyncio.sleep(0)
        assert task.cancelled()
        rig.connection.drop(WILL[0], b"offline")


@story
async def test_port_that_is_not_mqtt_is_a_problem_and_no_crash() -> None:
    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read(10)
            writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            await writer.drain()
        finally:  # also for one that the end of the test cuts off
            writer.transport.abort()

    server = await asyncio.start_server(web, "127.0.0.1", 0)
    async with server, running(server.sockets[0].getsockname()[1]) as rig:
        await until(lambda: rig.problem)
        assert rig.connection.status.lost is not None
        assert rig.changes == []


@story
async def test_closed_port_and_unknown_host_are_problems_in_plain_words() -> None:
    async with running(free_port()) as rig:
        await until(lambda: "refused" in rig.problem.lower())
        assert rig.connection.status.connections == 0
    async with running(0, address=Address("no-such-host.invalid", 1883)) as rig:
        await until(lambda: rig.problem)
        assert "Errno" not in rig.problem


@story
async def test_broker_that_knows_only_3_1_1_and_says_so_is_spoken_to_in_3_1_1() -> None:
    async with Peer() as peer, running(peer.port) as rig:
        peer.greet = lambda level: 0 if level == 4 else 0x84
        await rig.up()
        assert peer.levels == [5, 4]
        assert rig.connection.status.version == "3.1.1"
        peer.hang_up()
        await rig.up(2)
        assert peer.levels == [5, 4, 4], "it does not forget"


@story
async def test_broker_that_closes_on_version_5_is_spoken_to_in_3_1_1_and_then_in_5_again() -> None:
    """One that closes on both was about to end: what comes after it speaks 5."""
    async with Peer() as peer, running(peer.port) as rig:
        peer.closing = True
        await until(lambda: peer.levels[:4] == [5, 4, 5, 4])
        peer.closing = False
        await rig.up()
        assert rig.connection.status.version in ("5", "3.1.1")


@pytest.mark.parametrize(("version", "level"), [("5", 5), ("3.1.1", 4)])
@story
async def test_version_that_is_asked_for_is_kept(version: str, level: int) -> None:
    async with Peer() as peer, running(peer.port, version=version) as rig:
        peer.closing = True
        await until(lambda: len(peer.levels) > 2)
        peer.closing = False
        await rig.up()
        assert set(peer.levels) == {level}


@story
async def test_silent_broker_is_given_up_and_called_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_dial, "KEEPALIVE", 1)
    async with Peer() as peer, running(peer.port) as rig:
        peer.mute = {PINGREQ}
        await peer.subscribed(2)
        assert peer.of(PINGREQ)
        assert rig.changes[:2] == [True, False]


@story
async def test_subscription_that_the_broker_refuses_is_named() -> None:
    async with Peer() as peer, running(peer.port) as rig:
        peer.granted = 0x87
        await rig.up()
        await until(lambda: rig.problem)
        assert rig.problem == "the broker does not let us read a/# ([mqtt] topics)"
        assert rig.connection.status.state == "connected"


@story
async def test_what_cannot_be_published_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Peer() as peer, running(peer.port) as rig:
        assert not rig.connection.publish("x/y", b"1")
        await peer.subscribed()
        monkeypatch.setattr(mqtt_connection, "UNSENT_MAX", 3)
        # nothing acknowledges QoS 1 here, so these stay
        assert [rig.connection.publish("x/y", b"1", qos=1) for _ in range(5)] == [True, True, True, False, False]
        assert rig.connection.unsent == 3
        assert (rig.connection.status.published, rig.connection.status.unpublished) == (3, 3)
        peer.hang_up()
        await rig.up(2)
        assert rig.connection.unsent == 0
        assert rig.connection.publish("x/y", b"2")
        await until(lambda: rig.connection.unsent == 0)


@story
async def test_message_behind_another_packet_in_one_tls_record_is_read_at_once(tmp_path: Path) -> None:
    """TLS reads whole records: of what is decrypted already the socket says nothing."""
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key", "-out", "pem", *subject]
    await asyncio.to_thread(subprocess.run, command, cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pem", tmp_path / "key")
    async with Peer(context) as peer:
        address = Address("127.0.0.1", peer.port, tls=True)
        async with running(peer.port, address=address, tls_ca=tmp_path / "pem") as rig:
            await peer.subscribed()
            peer.send(packet(PINGRESP, b"") + peer.publish("a/b", b"1", 1) + packet(PINGRESP, b"") * 2
                      + peer.publish("a/b", b"2", 2))  # fmt: skip
            await until(lambda: len(rig.arrived) == 2, 2)


@story
async def test_login_that_is_refused_is_named_as_often_as_it_is_tried(tmp_path: Path) -> None:
    """And is never taken for two clients with one id."""
    (tmp_path / "passwords").touch()
    config = STOCK.replace("allow_anonymous true", "allow_anonymous false\npassword_file {folder}/passwords")
    mosquitto = Mosquitto(tmp_path, config).start()
    try:
        address = Address("127.0.0.1", mosquitto.port, user="telltale", password="wrong")
        async with running(0, address=address) as rig:
            await until(lambda: mosquitto.log().count("not authorised") > 4)
            await until(lambda: "the broker refused the connection" in rig.problem)
            assert "authori" in rig.problem.lower()
            assert "another client" not in rig.problem
            assert rig.changes == []
    finally:
        mosquitto.kill()


@pytest.mark.parametrize("version", ["5", "3.1.1"])
@story
async def test_broker_keeps_what_comes_while_we_are_away(broker: Mosquitto, version: str) -> None:
    async with running(broker.port, version=version) as rig:
        await rig.up()
        assert not rig.connection.status.session_present
        with client(broker) as one:
            await asyncio.to_thread(publish, one, "a/unacknowledged", b"1")
            await until(lambda: rig.arrived)
    with client(broker) as one:
        await asyncio.to_thread(publish, one, "a/away", b"2")
    async with running(broker.port, version=version) as rig:
        await rig.up()
        assert rig.connection.status.session_present
        await until(lambda: len(rig.arrived) == 2)
        assert [(one.payload, one.duplicate) for one in rig.arrived] == [(b"1", True), (b"2", False)]
        for one in rig.arrived:
            rig.connection.ack(one.generation, one.mid)
    async with running(broker.port, version=version) as rig:
        await rig.up()
        with client(broker) as one:
            await asyncio.to_thread(publish, one, "a/end", b"3")
        await until(lambda: rig.arrived)
        assert rig.payloads == [b"3"]


@story
async def test_what_was_not_acknowledged_comes_again_after_a_restart(broker: Mosquitto) -> None:
    async with running(broker.port) as rig:
        await rig.up()
        with client(broker) as one:
            for n in range(3):
                await asyncio.to_thread(publish, one, "a/b", b"%d" % n)
        await until(lambda: len(rig.arrived) == 3)
        rig.connection.ack(1, rig.arrived[1].mid)
        confirmed: list[int] = []
        assert rig.connection.confirm(lambda: confirmed.append(1))
        await until(lambda: confirmed)
        rig.connection.restart("the disk did not take it")
        await until(lambda: len(rig.arrived) == 5)
        again = rig.arrived[3:]
        assert [(one.payload, one.duplicate, one.generation) for one in again] == [(b"0", True, 2), (b"2", True, 2)]


@story
async def test_last_word_is_said_instead_of_the_will(broker: Mosquitto) -> None:
    with client(broker) as one:
        ear = await asyncio.to_thread(Ear, one, WILL[0])
        async with running(broker.port) as rig:
            await rig.up()
            rig.connection.publish(WILL[0], b"online", qos=1, retain=True)
            await until(lambda: ear.payloads(WILL[0]) == [b"online"])
        await until(lambda: ear.payloads(WILL[0]) == [b"online", b"offline"])


@story
async def test_broker_that_ends_is_waited_for(broker: Mosquitto) -> None:
    async with running(broker.port) as rig:
        await rig.up()
        assert rig.connection.status.lost is None
        broker.kill()
        await until(lambda: rig.connection.status.lost is not None)
        await until(lambda: "refused" in rig.problem.lower())
        broker.start()
        await rig.up(2)
        with client(broker) as one:
            await asyncio.to_thread(publish, one, "a/b", b"1")
        await until(lambda: rig.arrived)


@story
async def test_connecting_that_is_given_up_closes_its_socket_when_it_succeeds() -> None:
    """The thread cannot be stopped; what it brings is thrown away."""
    with socket.create_server(("127.0.0.1", 0)) as slow:
        rig = Rig(slow.getsockname()[1])
        task = asyncio.get_running_loop().create_task(rig.connection.run())
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        peer, _ = await asyncio.to_thread(slow.accept)
        with peer:
            peer.settimeout(20)
            while await asyncio.to_thread(peer.recv, 4096):
                pass  # CONNECT, then the end

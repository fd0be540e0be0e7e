"""The fast lane beside paho: what is taken out, what is left, and in which order, however the bytes come."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from devices import mqtt_packets
from devices.mqtt_link import Arrived
from devices.mqtt_stream import ACKS_MAX, LARGE, Stream, Tap

CONNACK, SUBACK, PINGRESP = b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x01", b"\xd0\x00"


def packet(head: int, body: bytes) -> bytes:
    length, rest = b"", len(body)
    while rest > 0x7F:
        length, rest = length + bytes([rest & 0x7F | 0x80]), rest >> 7
    return bytes([head]) + length + bytes([rest]) + body


def publish(topic: str, payload: bytes, mid: int = 0, *, flags: int = 0, properties: bytes | None = None) -> bytes:
    name = topic.encode()
    body = len(name).to_bytes(2) + name + (mid.to_bytes(2) if mid else b"")
    return packet(0x30 | flags | (2 if mid else 0), body + (properties or b"") + payload)


class Wire:
    """A stream and the broker's end of it."""

    def __init__(self, *, five: bool = False) -> None:
        ours, self.broker = socket.socketpair()
        ours.setblocking(False)
        self.ours = ours
        self.stream = Stream(ours, five=five)
        self.messages: list[Arrived] = []
        self.paho = b""
        self.ended = False
        self.piece = 3

    def look(self) -> None:
        """Take what is there, as the bridge does; paho reads in small pieces."""
        while not self.ended:
            for message in self.stream.messages(7):
                self.messages.append(message)
                self.paho += b"|"
            if self.stream.left:
                got = self.stream.recv(self.piece)
                self.paho += got
                self.ended = not got
            elif not self.stream.fill():
                return

    def hear(self, data: bytes) -> Wire:
        self.broker.sendall(data)
        self.look()
        return self

    def close(self) -> None:
        self.ours.close()
        self.broker.close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    one = Wire()
    yield one
    one.close()


@pytest.fixture
def five() -> Iterator[Wire]:
    one = Wire(five=True)
    yield one
    one.close()


def test_messages_are_taken_out_and_the_rest_is_left_in_order_however_it_is_cut() -> None:
    data = CONNACK + publish("a/b", b"1", 1) + publish("a", b"x" * 200) + SUBACK + publish("ä", b"", 0xFFFF) + PINGRESP
    for cut in range(len(data) + 1):
        wire = Wire()
        wire.hear(data[:cut]).hear(data[cut:])
        wire.close()
        assert wire.paho == CONNACK + b"||" + SUBACK + b"|" + PINGRESP
        assert [(one.topic, one.payload, one.mid) for one in wire.messages] == [
            ("a/b", b"1", 1), ("a", b"x" * 200, 0), ("ä", b"", 0xFFFF),
        ]  # fmt: skip


def test_flags_and_generation_come_along(wire: Wire) -> None:
    wire.hear(publish("t", b"1", 5, flags=0x09) + publish("t", b"2", 6))
    assert wire.messages == [Arrived("t", b"1", True, True, 7, 5), Arrived("t", b"2", False, False, 7, 6)]


def test_properties_of_mqtt_5_are_stepped_over(five: Wire) -> None:
    five.hear(publish("t", b"1", 5, properties=b"\x00") + publish("t", b"2", 6, properties=b"\x02\x01\x01"))
    assert [one.payload for one in five.messages] == [b"1", b"2"]


def test_topic_that_is_not_utf_8_is_empty(wire: Wire) -> None:
    wire.hear(packet(0x32, b"\x00\x02\xff\xfe\x00\x09x"))
    assert wire.messages == [Arrived("", b"x", False, False, 7, 9)]


STRANGE = {
    "QoS 2": packet(0x34, b"\x00\x01t\x00\x01x"),
    "QoS 3": packet(0x36, b"\x00\x01t\x00\x01x"),
    "no topic": packet(0x32, b"\x00\x00\x00\x01x"),
    "packet id 0": packet(0x32, b"\x00\x01t\x00\x00x"),
    "topic longer than the packet": packet(0x32, b"\x00\x09t\x00\x01x"),
    "cut before the packet id": packet(0x32, b"\x00\x01t\x00"),
    "one byte": packet(0x30, b"\x00"),
    "empty": packet(0x30, b""),
    "large": publish("t", b"x" * LARGE),
}


@pytest.mark.parametrize("data", STRANGE.values(), ids=STRANGE)
def test_unusual_packet_is_left_to_paho_whole_and_what_follows_is_not(wire: Wire, data: bytes) -> None:
    wire.piece = 65_536 if len(data) > LARGE else 3
    for at in range(0, len(data), 65_536):
        wire.hear(data[at : at + 65_536])
    wire.hear(publish("t", b"next", 3))
    assert wire.paho == data + b"|"
    assert [one.payload for one in wire.messages] == [b"next"]


@pytest.mark.parametrize("properties", [b"", b"\x05\x01", b"\x80\x01" + b"\x01" * 128], ids=["none", "cut", "long"])
def test_properties_that_are_cut_or_long_are_left_to_paho(five: Wire, properties: bytes) -> None:
    data = publish("t", b"", 3, properties=properties)
    assert five.hear(data).paho == data


def test_after_a_malformed_length_everything_is_left_to_paho(wire: Wire) -> None:
    data = b"\x32\xff\xff\xff\xff\x01" + publish("t", b"never", 1)
    assert wire.hear(data[:4]).hear(data[4:]).paho == data
    assert wire.messages == []


@given(data=st.binary(max_size=300), five=st.booleans())
def test_any_bytes_are_taken_out_or_left_and_none_twice(data: bytes, five: bool) -> None:
    wire = Wire(five=five)
    wire.hear(data)
    wire.broker.close()
    wire.look()
    wire.close()
    left = wire.paho.replace(b"|", b"")
    assert wire.ended
    assert len(left) + sum(len(one.payload) for one in wire.messages) <= len(data)


@given(flags=st.sampled_from([0, 1, 2, 3, 10, 11]), body=st.binary(max_size=40))
def test_two_parsers_agree_on_what_a_message_is(flags: int, body: bytes) -> None:
    """The embedded broker's, which also refuses what no broker would send: wildcards in a topic, and broken UTF-8."""
    wire = Wire()
    wire.hear(packet(0x30 | flags, body))
    wire.close()
    try:
        said = mqtt_packets.publish(flags, body)
    except mqtt_packets.Malformed:
        assert all(not one.topic or any(c in one.topic for c in "+#\0") for one in wire.messages)
        return
    (one,) = wire.messages
    assert (one.topic, one.payload, one.retained, one.duplicate, one.mid) == (
        said.topic, said.payload, said.retained, said.duplicate, said.mid,
    )  # fmt: skip


def test_message_at_which_reading_stops_is_the_last_and_the_next_comes_later(wire: Wire) -> None:
    wire.broker.sendall(publish("t", b"1") + publish("t", b"2"))
    assert wire.stream.fill()
    assert next(wire.stream.messages(1)).payload == b"1"
    assert next(wire.stream.messages(1)).payload == b"2"
    assert list(wire.stream.messages(1)) == []


def test_end_comes_after_what_was_sent_before(wire: Wire) -> None:
    wire.broker.sendall(publish("t", b"1") + PINGRESP)
    wire.broker.close()
    wire.look()
    assert (len(wire.messages), wire.paho, wire.ended) == (1, b"|" + PINGRESP, True)


def test_error_of_the_socket_is_paho_s_to_see(wire: Wire) -> None:
    wire.ours.close()
    assert wire.stream.fill()
    assert wire.stream.left
    with pytest.raises(OSError, match="Bad file descriptor"):
        wire.stream.recv(1)


def test_acknowledgements_go_out_together(wire: Wire) -> None:
    assert [wire.stream.acknowledge(mid) for mid in (1, 2, 0xFFFF)] == [True, False, False]
    assert wire.stream.flush()
    assert wire.broker.recv(100) == b"\x40\x02\x00\x01\x40\x02\x00\x02\x40\x02\xff\xff"
    assert wire.stream.acknowledge(3)


def test_acknowledgements_never_cut_a_packet_of_paho_s_in_two(wire: Wire) -> None:
    wire.ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    large, rest = b"p" * 1_000_000, b""
    wire.stream.acknowledge(1)
    written = wire.stream.send(large)
    assert 0 < written < len(large)
    wire.stream.acknowledge(2)
    assert not wire.stream.flush()
    heard = b""
    while written < len(large):
        heard += wire.broker.recv(1 << 20)
        try:
            written += wire.stream.send(large[written:])
        except BlockingIOError:
            continue
    while not wire.stream.flush():
        heard += wire.broker.recv(1 << 20)
    wire.ours.close()
    while rest := wire.broker.recv(1 << 20):
        heard += rest
    assert heard == b"\x40\x02\x00\x01" + large + b"\x40\x02\x00\x02"


def test_what_paho_writes_waits_for_the_acknowledgements_before_it(wire: Wire) -> None:
    """It may be the question whether the broker has read them."""
    wire.ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    while wire.stream.flush():
        for mid in range(1, 1_000):
            wire.stream.acknowledge(mid)
    with pytest.raises(BlockingIOError):
        wire.stream.send(PINGRESP)
    heard = b""
    while not wire.stream.flush():
        heard += wire.broker.recv(1 << 20)
    assert wire.stream.send(PINGRESP) == 2
    wire.ours.close()
    while rest := wire.broker.recv(1 << 20):
        heard += rest
    assert heard.endswith(b"\x40\x02\x03\xe7" + PINGRESP)
    assert heard.count(PINGRESP) == 1


def test_broker_that_reads_no_acknowledgements_is_left(wire: Wire) -> None:
    for _ in range(ACKS_MAX):
        wire.stream.acknowledge(1)
    assert not wire.stream.left
    wire.stream.acknowledge(1)
    assert wire.stream.left
    with pytest.raises(OSError, match="reads no acknowledgements"):
        wire.stream.recv(1)


def test_paho_takes_the_stream_for_its_socket() -> None:
    """The documented way: ``tls_set_context``. If a version of paho asks more of a context, this fails."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = Client(CallbackAPIVersion.VERSION2, "one")
        client.tls_set_context(cast("ssl.SSLContext", Tap(None, five=False)))
        client.connect("127.0.0.1", server.getsockname()[1])
        stream: Any = client.socket()
        assert isinstance(stream, Stream)
        broker, _ = server.accept()
        with broker:
            assert mqtt_packets.connect(mqtt_packets.split(broker.recv(1000))[2]).client_id == "one"
            broker.sendall(CONNACK)
            connected: list[object] = []
            client.on_connect = lambda *_: connected.append(1)
            while not connected:
                assert list(stream.messages(1)) == []
                client.loop_read() if stream.left else stream.fill()
        stream.close()


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="Linux has it")
def test_tcp_confirms_at_once_what_was_read_and_sends_at_once_what_is_written() -> None:
    """With a broker that leaves Nagle's algorithm on, each message would wait 40 ms for the one before."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        broker, _ = server.accept()
        with ours, broker:
            stream = Tap(None, five=False).wrap_socket(ours, server_hostname="localhost")
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
            assert not ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK)
            broker.sendall(PINGRESP)
            assert stream.fill()
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK)

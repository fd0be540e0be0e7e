"""The publishers of the MQTT bench: packets of one size that our parsers read, and no more than the window out."""

from __future__ import annotations

import socket
import threading

import pytest

from bench import mqtt_load
from bench.wire import Refused
from devices import mqtt_packets, mqtt_topics, native_mqtt
from devices.codecs.native import Readings


@pytest.mark.parametrize(("batch", "first"), [(1, 1_750_000_000_000), (1, None), (100, 1_750_000_000_000)])
def test_packets_have_one_size_and_no_reading_comes_twice(batch: int, first: int | None) -> None:
    data = mqtt_load.packets(3, 200, batch, first)
    size = len(data) // 200
    seen = set()
    for at in range(0, len(data), size):
        kind, flags, body = mqtt_packets.split(data[at : at + size])
        message = mqtt_packets.publish(flags, body)
        assert (kind, message.qos, message.mid) == (mqtt_packets.PUBLISH, 1, at // size + 1)
        assert mqtt_topics.native(message.topic) == ("bench-03", "readings")
        found = native_mqtt.parse(message.payload)
        assert isinstance(found, Readings)
        assert len(found.entries) == batch
        seen |= {(at if one.ts is None else one.ts, *one.values) for one in found.entries}
    assert len(seen) == 200 * batch


def test_no_more_than_the_window_and_the_limit_is_out() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        line = mqtt_load.Line(ours, b"aabbccdd", 4, 3)
        assert line.push(2)
        assert theirs.recv(100) == b"aabb"
        assert line.push(4)
        assert not line.push(4)
        assert theirs.recv(100) == b"cc"
        theirs.sendall(b"\x40\x02\x00\x01")
        assert line.pull()
        assert line.push(4)
        assert (line.acked, theirs.recv(100)) == (1, b"dd")


def test_publishing_ends_when_all_that_went_out_is_acknowledged() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        line = mqtt_load.Line(ours, b"aabbccdd", 4, 4)
        publishing = mqtt_load.Publishing([line], 2, 0.0)
        publishing.limit = 2
        line.push(2)
        publishing.start()
        assert theirs.recv(100) == b"aabb"
        theirs.sendall(2 * b"\x40\x02\x00\x01")
        publishing.join(30)
        assert not publishing.is_alive()
        assert (publishing.failed, line.count) == (None, 2)


def test_broker_that_refuses_or_hangs_up_ends_the_run() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            accepted, _ = server.accept()
            accepted.recv(1000)
            accepted.sendall(b"\x20\x02\x00\x05")
            accepted.close()

        broker = threading.Thread(target=refuse)
        broker.start()
        with pytest.raises(Refused, match="CONNECT"):
            mqtt_load.connect(server.getsockname()[1], "one", "user", "password")
        broker.join(30)
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        with pytest.raises(Refused, match="after 0"):
            mqtt_load.Line(ours, b"aa", 1, 1).pull()

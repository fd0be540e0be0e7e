"""What the embedded broker sends to a session: nothing is lost or overtaken, however its client comes and goes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from devices import mqtt_packets
from devices.embedded_delivery import MAX_WAITING, WINDOW, Deliveries
from tests.clients import SCALE
from tests.devices.test_embedded_broker import Bench, listening, raw, run, sessions, until

TOPIC = "telltale/a/command"
PUBLISH, PUBACK = 3, 0x40
SUBSCRIBE = bytes.fromhex("82170001 0012") + TOPIC.encode() + b"\x01"

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def packet(reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
    """The next packet; short ones only."""
    head = await asyncio.wait_for(reader.readexactly(2), 20 * SCALE)
    assert head[1] < 0x80
    return mqtt_packets.split(head + await reader.readexactly(head[1]))


async def dial(bench: Bench) -> Stream:
    """A connection of the session; its greeting has not been read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
    writer.write(mqtt_packets.connect_packet(mqtt_packets.Connect("raw", False, 60, "a", "tt_a")))
    return reader, writer


async def numbers(stream: Stream, most: int, *, acknowledge: bool = True) -> list[int]:
    """Up to so many messages; the connection is good for more."""
    reader, writer = stream
    got = []
    while len(got) < most:
        kind, flags, body = await packet(reader)
        assert kind == PUBLISH, "nothing else is due"
        message = mqtt_packets.publish(flags, body)
        assert message.qos == 1
        if acknowledge:
            writer.write(mqtt_packets.acknowledge(1, message.mid))
        got.append(int(message.payload))
    return got


async def subscribed(bench: Bench) -> Stream:
    reader, writer = await raw(bench, "tt_a", clean=False)
    writer.write(SUBSCRIBE)
    assert (await packet(reader))[0] == 9
    return reader, writer


async def gone(bench: Bench, stream: Stream) -> None:
    stream[1].transport.abort()
    await until(lambda: all(one.transitions.state == "disconnected" for one, _ in sessions(bench)))


def test_client_that_comes_back_amid_a_stream_is_greeted_first_and_gets_everything_in_order(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(bench: Bench) -> None:
        stream = await subscribed(bench)
        sent = 0
        got: list[int] = []

        async def flood() -> None:
            nonlocal sent
            while True:
                await bench.broker.publish(TOPIC, b"%d" % sent)
                sent += 1
                await asyncio.sleep(0)
                while bench.broker._hub.backlog > 100:
                    await asyncio.sleep(0.001)

        flooding = asyncio.create_task(flood())
        for turn in range(1, 21):
            await gone(bench, stream)
            await until(lambda due=sent + 50: sent >= due)
            stream = await dial(bench)
            # the next one is held back, if at all, until this one is over
            kind, _, _ = await packet(stream[0])
            assert kind == 2, f"turn {turn}: the first packet is the CONNACK"
            got += await numbers(stream, 100)
        flooding.cancel()
        got += await numbers(stream, sent - len(set(got)))
        first = list(dict.fromkeys(got))
        assert first == list(range(sent)), "none is lost, and none overtook another"
        assert len(got) - sent <= 20 * WINDOW, "twice at most what was on its way at an end"
        stream[1].close()

    run(story, caplog)


def test_what_a_client_does_not_acknowledge_is_sent_to_its_next_connection(caplog: pytest.LogCaptureFixture) -> None:
    async def story(bench: Bench) -> None:
        stream = await subscribed(bench)
        for number in range(WINDOW):
            await bench.broker.publish(TOPIC, b"%d" % number)
        assert await numbers(stream, WINDOW, acknowledge=False) == list(range(WINDOW))
        await gone(bench, stream)
        for number in range(WINDOW, 80):
            await bench.broker.publish(TOPIC, b"%d" % number)
        stream = await dial(bench)
        assert (await packet(stream[0]))[0] == 2
        assert await numbers(stream, 80) == list(range(80))
        stream[1].close()

    run(story, caplog)


def test_connection_that_never_acknowledges_has_a_window_on_its_way_and_stopping_leaves_no_task() -> None:
    async def main() -> None:
        async with listening() as bench:
            await gone(bench, await subscribed(bench))
            for number in range(300):
                await bench.broker.publish(TOPIC, b"%d" % number)
            stream = await dial(bench)
            assert (await packet(stream[0]))[0] == 2
            assert await numbers(stream, WINDOW, acknowledge=False) == list(range(WINDOW))
            stream[1].write(b"\xc0\x00")
            assert (await packet(stream[0]))[0] == 13, "the answer to a ping, and nothing more"
            stream[1].close()
        assert [one.get_name() for one in asyncio.all_tasks() if one is not asyncio.current_task()] == []

    asyncio.run(main())


@dataclass
class Paper:
    """A connection that writes down what it is sent."""

    said: list[mqtt_packets.Publish] = field(default_factory=list)

    def write(self, data: bytes) -> None:
        kind, flags, body = mqtt_packets.split(data)
        assert kind == PUBLISH
        self.said.append(mqtt_packets.publish(flags, body))

    def payloads(self) -> list[bytes]:
        return [one.payload for one in self.said]


def message(payload: bytes, qos: int = 1) -> mqtt_packets.Publish:
    return mqtt_packets.Publish("t", payload, qos, False, False, 0)


def test_what_was_on_its_way_goes_again_first_as_a_duplicate_of_the_same_packet_id() -> None:
    deliveries, first, second = Deliveries(), Paper(), Paper()
    deliveries.greeted("c", first)
    for number in range(WINDOW + 2):
        deliveries.send("c", message(b"%d" % number))
    assert first.payloads() == [b"%d" % number for number in range(WINDOW)]
    deliveries.acknowledged("c", first.said[1].mid)
    deliveries.acknowledged("c", first.said[1].mid)  # said twice: nothing happens
    assert first.payloads()[-1] == b"%d" % WINDOW
    deliveries.ended("c", first)
    deliveries.send("c", message(b"later"))
    deliveries.greeted("c", second)
    deliveries.ended("c", first)  # the end of the older connection comes late
    again = [one for one in first.said if one is not first.said[1]]
    assert second.said == [one._replace(duplicate=True) for one in again]
    for one in again:
        deliveries.acknowledged("c", one.mid)
    assert second.payloads()[len(again) :] == [b"%d" % (WINDOW + 1), b"later"]
    assert len({one.mid for one in second.said}) == len(second.said)


def test_at_qos_0_it_is_sent_at_once_or_never() -> None:
    deliveries, paper = Deliveries(), Paper()
    deliveries.send("c", message(b"nobody", 0))
    deliveries.greeted("c", paper)
    deliveries.send("c", message(b"here", 0))
    deliveries.ended("c", paper)
    deliveries.send("c", message(b"gone", 0))
    assert paper.payloads() == [b"here"]


def test_beyond_the_limits_the_oldest_go_and_it_is_said(caplog: pytest.LogCaptureFixture) -> None:
    deliveries, paper = Deliveries(), Paper()
    for number in range(MAX_WAITING + 10):
        deliveries.send("many", message(b"%d" % number))
    deliveries.greeted("many", paper)
    assert paper.payloads()[0] == b"10"
    assert "client 'many' was away for too long: 10 messages for it are lost" in caplog.text

    large, paper = b"x" * (1 << 20), Paper()
    for number in range(20):
        deliveries.send("large", message(large + b"%d" % number))
    assert deliveries.waiting("large") == 15, "16 MiB with their topics"
    for other in range(5):
        for _ in range(15):
            deliveries.send(f"large {other}", message(large))
    held = sum(deliveries.waiting(name) for name in ("large", *(f"large {other}" for other in range(5))))
    assert 60 <= held <= 64, "64 MiB for all"
    deliveries.greeted("large", paper)
    assert len(paper.said) == 1, "a large one goes alone"
    deliveries.acknowledged("large", paper.said[0].mid)
    assert len(paper.said) == 2
    for name in ("many", "large", *(f"large {other}" for other in range(5))):
        deliveries.forget(name)
    assert deliveries._bytes == 0


def test_packet_ids_go_round_and_leave_out_those_on_their_way() -> None:
    deliveries, paper = Deliveries(), Paper()
    deliveries.greeted("c", paper)
    deliveries.send("c", message(b"slow"))
    for _ in range(0x1_0000):
        deliveries.send("c", message(b"quick"))
        deliveries.acknowledged("c", paper.said[-1].mid)
    assert paper.said[0].mid == 1
    assert [one.mid for one in paper.said[-3:]] == [0xFFFF, 2, 3]

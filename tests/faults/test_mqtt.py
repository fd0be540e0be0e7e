"""MQTT under stress, with a real Mosquitto and killed processes: nothing lost, nothing doubled, nothing invented."""

from __future__ import annotations

import json
import os
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import MQTTMessageInfo

from tests.bridged import T0, Bridged, stamped
from tests.devices.ecosystems.corpus import body_of, cases
from tests.devices.ecosystems.mutation import mutated, mutated_topic
from tests.faults.disks import tmpfs
from tests.mosquitto import EVERY_CHANGE, STOCK, Mosquitto, Port, client, free_port
from tests.scripted_broker import ScriptedBroker
from tests.support import SCALE, Server, wait_until

Start = Callable[..., Server]
QUEUED = STOCK + "max_queued_messages 0\n"
TOPIC = "telltale/a/readings"
POISON = int(os.environ.get("TELLTALE_TEST_POISON", "20000"))
"""Messages of the poison test; the long form is 100,000."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Callable[[str], Mosquitto]]:
    brokers: list[Mosquitto] = []

    def start(config: str) -> Mosquitto:
        brokers.append(Mosquitto(tmp_path, config).start())
        return brokers[-1]

    yield start
    for one in brokers:
        one.stop()


def flood(broker: Mosquitto, messages: Iterable[tuple[str, str | bytes]]) -> None:
    """Publish at QoS 1, and wait until the broker has acknowledged all."""
    with client(broker) as one:
        sent: list[MQTTMessageInfo] = [one.publish(topic, payload, 1) for topic, payload in messages]
        for info in sent:
            info.wait_for_publish(60 * SCALE)
            assert info.is_published()


def settled(bridged: Bridged, broker: Mosquitto) -> None:
    """Wait until the broker has handed over all it had: what is published now comes after it."""
    flood(broker, [("telltale/end/readings", '{"end": 1}')])
    before = bridged.count("end/end")
    wait_until(lambda: bridged.count("end/end") > before or bridged.count("end/end") > 0, 120, "the last message")
    wait_until(lambda: bridged.report()["unacknowledged"] == 0, 60, "acknowledgements")


@pytest.mark.parametrize(("config", "kept"), [(QUEUED, 20_000), (STOCK, 1_020)], ids=["queued", "stock"])
def test_what_came_while_the_server_was_down_is_stored_once(
    server: Start, broker: Callable[[str], Mosquitto], config: str, kept: int
) -> None:
    """All of it; with Debian's defaults, what that broker keeps: a thousand, and those in flight."""
    mosquitto = broker(config)
    bridged = Bridged(server, mosquitto).connected()
    bridged.server.stop()
    flood(mosquitto, ((TOPIC, stamped(n)) for n in range(20_000)))
    bridged.server.start()
    bridged.connected()
    if config == QUEUED:
        wait_until(lambda: bridged.count("a/t") >= kept, 120, "20,000 readings")
    settled(bridged, mosquitto)
    count = bridged.count("a/t")
    assert count == kept if config == QUEUED else 1_000 <= count <= kept
    assert bridged.server.metrics(bridged.token)["telltale_database_duplicate"] == 0


def test_kill_in_the_middle_of_a_flood_doubles_nothing_with_a_time_and_little_without(
    server: Start, broker: Callable[[str], Mosquitto]
) -> None:
    """With a time of its own exactly once; without, at most one more for each message in flight at a kill."""
    mosquitto = broker(QUEUED)
    bridged = Bridged(server, mosquitto).connected()
    total, kills = 6_000, 3
    both = (
        (topic, body)
        for n in range(total)
        for topic, body in ((TOPIC, stamped(n)), ("telltale/b/readings", '{"t": 1}'))
    )
    sender = threading.Thread(target=flood, args=(mosquitto, both))
    sender.start()
    for number in range(1, kills + 1):
        wait_until(lambda: bridged.count("a/t") > number * 1_000, 60, "some messages")  # noqa: B023 - used at once
        bridged.server.kill()
        bridged.server.start()
        bridged.connected()
    sender.join(120 * SCALE)
    settled(bridged, mosquitto)
    assert bridged.count("a/t") == total
    assert total <= bridged.count("b/t") <= total + kills * 20


def test_broker_killed_and_restarted_under_load_doubles_nothing_and_loses_only_what_it_had_not_saved(
    server: Start, broker: Callable[[str], Mosquitto]
) -> None:
    """Mosquitto saves after every second change and acknowledges before: it may forget the last two messages."""
    mosquitto = broker(EVERY_CHANGE)
    bridged = Bridged(server, mosquitto).connected()
    acknowledged: list[int] = []
    stop = threading.Event()

    def send() -> None:
        n = 0
        while not stop.is_set():
            try:
                with client(mosquitto) as one:
                    while not stop.is_set():
                        info = one.publish(TOPIC, stamped(n), 1)
                        info.wait_for_publish(2)
                        if not info.is_published():
                            break  # it is not known whether this one arrived: it is not counted, and not sent again
                        acknowledged.append(n)
                        n += 1
            except (OSError, RuntimeError, ValueError, AssertionError):
                stop.wait(0.05)
            n += 1

    sender = threading.Thread(target=send)
    sender.start()
    kills = 3
    for _ in range(kills):
        before = len(acknowledged)
        wait_until(lambda: len(acknowledged) > before + 100, 60, "messages")  # noqa: B023 - used at once
        mosquitto.kill()
        mosquitto.start()
    wait_until(lambda: len(acknowledged) > before + 200, 60, "messages after the last restart")
    stop.set()
    sender.join(60 * SCALE)
    bridged.connected()
    settled(bridged, mosquitto)
    history = bridged.get("/api/history", series="a/t", from_=T0, to=T0 + 10_000_000, points=1_000_000)["series"]["a/t"]
    stored = [int(ts) - T0 for ts in history["t"]]
    assert len(stored) == len(set(stored))
    assert len(set(acknowledged) - set(stored)) <= 2 * kills
    assert bridged.server.metrics(bridged.token)["telltale_database_duplicate"] == 0


def test_message_with_a_time_that_is_delivered_three_times_is_one_reading(
    server: Start, broker: Callable[[str], Mosquitto]
) -> None:
    mosquitto = broker(QUEUED)
    bridged = Bridged(server, mosquitto).connected()
    flood(mosquitto, ((TOPIC, stamped(n)) for _ in range(3) for n in range(500)))
    settled(bridged, mosquitto)
    assert bridged.count("a/t") == 500


def scripted(server: Start, broker: ScriptedBroker) -> Bridged:
    bridged = Bridged(server, broker, mqtt__version="3.1.1", storage__commit_interval="0")
    broker.ready()
    return bridged


def test_redelivery_of_what_this_process_committed_is_dropped(server: Start) -> None:
    """Also on the next connection; one whose first copy never came is taken, and so is a new message of that id."""
    with ScriptedBroker() as broker:
        bridged = scripted(server, broker)
        broker.send(TOPIC, '{"t": 1}', 1)
        broker.acks(1)
        for _ in range(3):
            broker.send(TOPIC, '{"t": 1}', 1, duplicate=True)
        broker.acks(4)
        assert bridged.count("a/t") == 1
        broker.drop()
        broker.ready()
        broker.send(TOPIC, '{"t": 1}', 1, duplicate=True)
        broker.acks(5)
        assert bridged.count("a/t") == 1
        broker.send(TOPIC, '{"t": 2}', 2, duplicate=True)
        broker.send(TOPIC, '{"t": 1}', 1)
        broker.acks(7)
        assert bridged.count("a/t") == 3
        assert bridged.messages()["duplicates"] == 4


def test_acknowledgement_of_an_older_connection_is_not_sent(server: Start) -> None:
    """Packet ids are used again: it would delete another message."""
    with ScriptedBroker() as broker:
        bridged = Bridged(server, broker, mqtt__version="3.1.1", storage__commit_interval="2")
        broker.ready()
        broker.send(TOPIC, '{"t": 1}', 7)
        wait_until(lambda: bridged.messages()["taken"] == 1, 30, "the message")
        broker.drop()
        broker.ready()
        wait_until(lambda: bridged.count("a/t") == 1, 30, "the reading")
        broker.send("what/ever", "x", 8)
        assert broker.acks(1) == [8]


def test_retained_message_that_comes_a_hundred_times_is_never_a_reading(server: Start) -> None:
    with ScriptedBroker() as broker:
        bridged = scripted(server, broker)
        for n in range(1, 101):
            broker.send("telltale/r/readings", '{"level": 1}', n, retained=True)
        broker.acks(100)
        assert bridged.get("/api/series")["series"] == []
        assert bridged.messages()["retained"] == 100
        assert (bridged.device("r") or {})["last_known"]["level"]["value"] == 1


def test_commit_that_fails_acknowledges_nothing_and_the_broker_keeps_it(
    server: Start, broker: Callable[[str], Mosquitto], tmp_path: Path
) -> None:
    """The quota is full of what may not be deleted yet: devices wait, the broker holds, and later all is there."""
    mosquitto = broker(QUEUED)
    bridged = Bridged(server, mosquitto, storage__max_pending="10000", storage__commit_interval="0.5").connected()
    lists = [json.dumps([json.loads(stamped(n * 1000 + k)) for k in range(1000)]) for n in range(60)]
    flood(mosquitto, ((TOPIC, body) for body in lists))
    wait_until(lambda: bridged.count("a/t") == 60_000, 120, "all of it")
    assert bridged.messages()["held"] >= 0


def test_poison_among_good_messages_is_counted_and_kills_nothing(
    server: Start, broker: Callable[[str], Mosquitto]
) -> None:
    """One in a hundred: broken JSON, broken UTF-8, bombs, wrong types, topics of all kinds."""
    mosquitto = broker(QUEUED)
    bridged = Bridged(server, mosquitto).connected()
    bad: list[bytes] = [b"{", b"\xff\xfe", b"[" * 5_000, b'{"t": NaN}', b'{"t": 1e999}', b'{"t": [1]}', b"nonsense"]
    bad += [b'{"ts": "x", "values": {"t": 1}}', b'{"values": 3}', b'{"t": 1, "t": 2}', b"12"]

    def messages() -> Iterator[tuple[str, str | bytes]]:
        for n in range(POISON):
            yield (TOPIC, bad[n // 100 % len(bad)]) if n % 100 == 99 else (TOPIC, stamped(n))

    flood(mosquitto, messages())
    settled(bridged, mosquitto)
    assert bridged.count("a/t") == POISON - POISON // 100
    assert bridged.messages()["refused"] == POISON // 100


def test_fuzzed_topics_and_payloads_crash_nothing(server: Start, broker: Callable[[str], Mosquitto]) -> None:
    """Real messages with pieces changed, by a real broker; ``test_fuzz`` does a hundred thousand in process."""
    mosquitto = broker(QUEUED)
    bridged = Bridged(server, mosquitto, storage__commit_interval="1").connected()
    rng = random.Random(7)
    real = [(one["topic"], body_of(one)) for one in cases() if one["transport"] == "mqtt"]

    def messages() -> Iterator[tuple[str, str | bytes]]:
        for _ in range(4_000):
            topic, payload = rng.choice(real)
            yield mutated_topic(rng, topic), mutated(rng, payload)

    flood(mosquitto, messages())
    settled(bridged, mosquitto)
    assert bridged.report()["connections"] == 1


@pytest.mark.faults
def test_embedded_broker_on_a_disk_that_was_full_stores_each_message_once(server: Start) -> None:
    """Without times of their own, so that only the broker can tell copies: many wait in the server when it fails."""
    pytest.importorskip("amqtt")
    port, total = free_port(), 0
    with tmpfs("24m") as disk:
        one = server({
            "storage.path": str(disk.path / "telltale.db"), "storage.commit_interval": "0.5",
            "mqtt.embedded": "true", "mqtt.embedded_port": str(port),
        })  # fmt: skip
        one.expect_log("database or disk is full")
        viewer, token = one.api_token("admin"), one.device_token("a")

        def count() -> int:
            found = one.get("/api/series", token=viewer, series="a/t")["series"]
            return int(found[0]["count"])

        with client(Port(port), "meter", user="a", password=token) as device:
            device.reconnect_delay_set(1, 1)
            cuts: list[object] = []
            acknowledged: set[int] = set()
            device.on_disconnect = lambda *_: cuts.append(None)
            device.on_publish = lambda _client, _data, mid, *_: acknowledged.add(mid)
            for _ in range(3):
                cuts.clear()
                disk.fill()
                while not cuts:
                    for _ in range(200):
                        device.publish(TOPIC, json.dumps({"t": total, "state": f"{total} is long " * 20}), 1)
                        total += 1
                    # what the journal still has room for is stored all the same
                    wait_until(lambda: cuts or len(acknowledged) == total, 60, "a full disk")  # noqa: B023
                disk.clear()
                wait_until(lambda: len(acknowledged) == total, 60, "acknowledgements")  # noqa: B023 - used at once
        assert count() == total
        export = one.request("GET", "/api/export.csv?series=a/t", token=viewer).text.splitlines()[1:]
        assert len({line.split(",")[4] for line in export}) == len(export) == total
        assert one.ended()

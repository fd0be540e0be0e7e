"""Every message of the corpus on its whole way: a real client, a real broker or HTTP, a running server, its API.

Retained messages reach the server as they do in life: it connects when they are there already.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from paho.mqtt.client import Client

from tests.devices.corpus_rig import (
    CODECS,
    SENDER,
    Gateway,
    Monitor,
    Plant,
    Rig,
    Sight,
    judge,
    now,
    presence,
    rounds,
    signed,
)
from tests.devices.ecosystems.corpus import Case, body_of, cases
from tests.mosquitto import Port, client, free_port
from tests.support import Server, wait_until

Start = Callable[..., Server]
BY_BROKER = [one for one in cases() if one["transport"] == "mqtt"]
OWNED = [one for one in BY_BROKER if one["topic"] == "v1/devices/me/telemetry"]
"""Messages that do not say whose they are: Mosquitto does not tell the server either."""
POSTED = rounds([one for one in cases() if "path" in one])
ROUNDS = rounds([one for one in BY_BROKER if one not in OWNED])


def test_every_message_of_the_corpus_goes_one_of_these_ways() -> None:
    ways = [*OWNED, *(one for group in (*ROUNDS, *POSTED) for one in group), *(one for one in cases() if "url" in one)]
    assert sorted(one["id"] for one in ways) == sorted(one["id"] for one in cases())


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    return Plant(tmp_path_factory.mktemp("plant"))


@pytest.fixture
def rig(server: Start, plant: Plant, tmp_path: Path) -> Iterator[Rig]:
    one = Rig(server, plant, tmp_path)
    yield one
    one.close()


@pytest.mark.parametrize("number", range(len(ROUNDS)))
def test_messages_by_a_broker(rig: Rig, number: int) -> None:
    wrong = retained(rig, ROUNDS[number])
    for one in ROUNDS[number]:
        if not one.get("retained"):
            early = [message for message in one.get("before", ()) if not message.get("retained")]
            wrong += live(one, rig, early)
    assert wrong == []


def live(one: Case, rig: Sight, early: list[Case], sender: Client | None = None) -> list[str]:
    """Publish a message after those before it; what is wrong with what became of it."""
    for message in early:
        rig.publish(message["topic"], body_of(message), sender=sender)
    rows, began = rig.rows() if early else rig.last, now()
    rig.publish(one["topic"], body_of(one), sender=sender)
    return [f"{one['id']}: {what}" for what in judge(one, rig, rows, (began, now()))]


def test_messages_by_the_embedded_broker(server: Start, plant: Plant, tmp_path: Path) -> None:
    """Which also tells who sent a message: ThingsBoard's devices log in with nothing but their token."""
    broker = Port(free_port())
    settings = {"mqtt.embedded": "true", "mqtt.embedded_port": str(broker.port), "devices.codecs": CODECS}
    rig = Sight(server(settings | {"storage.commit_interval": "0.02"}, directory=plant.database(tmp_path / "server")))
    wrong: list[str] = []
    with client(broker, user=SENDER, password=plant.token) as rig.sender, client(broker, user=plant.boiler) as boiler:
        for one in ROUNDS[0]:
            if not one.get("retained"):
                wrong += live(one, rig, one.get("before", []))
        for one in OWNED:
            wrong += live(one, rig, [], boiler)
    assert wrong == []


def retained(rig: Rig, group: list[Case]) -> list[str]:
    """Let the server find the retained messages: those that come before, and, once it knows them, the others."""
    early = {m["topic"]: body_of(m) for one in group for m in one.get("before", ()) if m.get("retained")}
    for topic, payload in early.items():
        rig.sender.publish(topic, payload, 1, retain=True).wait_for_publish(20)
    rig.serve()
    wait_until(lambda: rig.handled() >= len(early), 30, "what comes before")
    wanted = [one for one in group if one.get("retained")]
    empty = [one for one in wanted if not body_of(one)]  # a topic being cleared: brokers deliver that once, live
    kept = [one for one in wanted if one not in empty]
    rig.cable.pull()
    wait_until(lambda: rig.report()["state"] != "connected", 30, "the end of the connection")
    for one in kept:
        # at QoS 0, so that the broker keeps it as retained only, and not for the server's session as well
        rig.sender.publish(one["topic"], body_of(one), 0, retain=True).wait_for_publish(20)
    rig.sender.publish("the/end", b"", 1).wait_for_publish(20)
    before, rows = rig.handled(), rig.rows()
    rig.cable.plug()
    topics = early.keys() | {one["topic"] for one in kept}
    wait_until(lambda: rig.handled() >= before + len(topics), 60, "retained messages")
    wrong = [f"{one['id']}: {what}" for one in kept for what in [*last_known(one, rig), *presence(one, rig)]]
    for one in empty:
        rig.publish(one["topic"], b"", retain=True)
    if rig.rows() != rows:
        wrong.append("something retained was stored")
    return wrong


def last_known(one: Case, rig: Rig) -> Iterator[str]:
    for want in one["expected"]:
        if "metric" in want:
            known = (rig.device(want["device"]) or {}).get("last_known", {}).get(want["metric"])
            found = known and (known["value"], known["ts"], known["unit"])
            if found != (want["value"], want.get("ts"), want.get("unit", known and known["unit"])):
                yield f"{want} is {known}"


def test_message_whose_sender_the_broker_does_not_tell_is_refused_and_by_http_taken(rig: Rig, plant: Plant) -> None:
    rig.serve()
    wrong: list[str] = []
    for one in OWNED:
        rig.publish(one["topic"], body_of(one))
    frames = rig.frames(None)
    assert len(frames) == len(OWNED)
    assert all("by HTTP to /api/v1/TOKEN/telemetry" in json.dumps(frame) for frame in frames)
    for one in OWNED:
        rows, began = rig.rows(), now()
        reply = rig.server.request("POST", f"/api/v1/{plant.boiler}/telemetry", body=body_of(one))
        wrong += [f"{one['id']}: {what}" for what in judge(one, rig, rows, (began, now()))]
        assert reply.status == 200
    assert wrong == []


@pytest.mark.parametrize("number", range(len(POSTED)))
def test_messages_by_http(server: Start, plant: Plant, tmp_path: Path, number: int) -> None:
    rig = Sight(server({"storage.commit_interval": "0"}, directory=plant.database(tmp_path / "server")))
    wrong: list[str] = []
    for one in POSTED[number]:
        path, headers = signed(one, plant)
        headers |= {
            name: one[key]
            for name, key in (("Content-Type", "content_type"), ("Content-Encoding", "content_encoding"))
            if one.get(key)
        }
        rows, began = rig.last, now()
        reply = rig.server.request(one["method"], path, body=body_of(one), headers=headers | one.get("headers", {}))
        wrong += [f"{one['id']}: {what}" for what in judge(one, rig, rows, (began, now()))]
        bad = len(reply.error.get("lines", ())) if reply.status == 400 else 0
        if (reply.status < 300) is not (bool(one["expected"]) and not one.get("bad_lines")):
            wrong.append(f"{one['id']}: {reply.status} {reply.body!r}")
        if bad != one.get("bad_lines", 0):
            wrong.append(f"{one['id']}: {bad} bad lines, {reply.body!r}")
    assert wrong == []
    assert plant.token not in rig.server.log()


def test_devices_that_are_asked(server: Start, plant: Plant, tmp_path: Path) -> None:
    """An Awair's device is the host that was asked, so each has an address of its own."""
    asked = [one for one in cases() if "url" in one and one["transport"] == "http"]
    monitors = [Monitor(one, f"127.0.0.{n}") for n, one in enumerate(asked, 2)]
    targets = {"poll.targets": ", ".join(one.url for one in monitors)}
    began = now()
    rig = Sight(server(targets, directory=plant.database(tmp_path / "server")))
    wait_until(lambda: all(one["answers"] + one["failures"] for one in rig.pollers()), 30, "an answer of each")
    rig.server.stop()
    for monitor in monitors:
        monitor.close()
    rig.server.start()  # and what was polled is on the disk
    wrong: list[str] = []
    for one, monitor in zip(asked, monitors, strict=True):
        named = json.loads(json.dumps(one).replace(urlsplit(one["url"]).hostname or "", monitor.address))
        devices = {want["device"] for want in named["expected"]} | {monitor.address}
        others = {row: value for row, value in rig.rows().items() if row[0] not in devices}
        wrong += [f"{one['id']}: {what}" for what in judge(named, rig, others, (began, now()))]
    assert wrong == []


def test_gateway_that_is_listened_to(server: Start, plant: Plant, tmp_path: Path) -> None:
    gateway = Gateway()
    settings = {"poll.targets": gateway.url, "storage.commit_interval": "0"}
    rig = Sight(server(settings, directory=plant.database(tmp_path / "server")))
    wrong: list[str] = []
    for one in cases():
        if one["transport"] == "ws":
            rows, began, heard = rig.rows(), now(), rig.pollers()[0]["answers"]
            gateway.tell(body_of(one))
            wait_until(lambda heard=heard: rig.pollers()[0]["answers"] > heard, 30, "the frame")
            wait_until(lambda one=one, rows=rows: not one["expected"] or rig.rows() != rows, 30, "the commit")
            wrong += [f"{one['id']}: {what}" for what in judge(one, rig, rows, (began, now()))]
    assert wrong == []
    known = {want["device"] for one in cases() if one["transport"] == "ws" for want in one["expected"]}
    assert {one["device"] for one in rig.get("/api/devices")["devices"]} >= known
    gateway.close()
    wait_until(lambda: rig.pollers()[0]["problem"], 30, "the end of the gateway")
    frames = [frame for device in known for frame in rig.frames(device)]
    assert {frame["channel"] for frame in frames} == {"poll"}

"""The bridge against a real Mosquitto: what is taken, what is left, and what comes back."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bridged import T0, Bridged, stamped
from tests.mosquitto import STOCK, Ear, Mosquitto, client, publish
from tests.support import Server, wait_until

Start = Callable[..., Server]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    one = Mosquitto(tmp_path_factory.mktemp("mosquitto"), STOCK + "max_queued_messages 0\n").start()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def bridged(module_server: Start, broker: Mosquitto) -> Bridged:
    return Bridged(module_server, broker, mqtt__client_id="module").connected()


def test_native_json_cbor_and_senml_are_stored(bridged: Bridged, broker: Mosquitto) -> None:
    with client(broker) as one:
        publish(one, "telltale/nat/readings", '{"temperature": 21.5, "door": {"open": true}, "mode": "eco"}')
        publish(one, "telltale/nat/hall/readings", bytes.fromhex("a16474656d70f94d60"))
        publish(one, "telltale/lab/readings", '[{"bn": "lab/", "n": "t", "u": "Cel", "v": 20.5}]')
    wait_until(lambda: len(bridged.latest()) >= 5, 30, "readings")
    got = bridged.latest()
    assert got["nat/temperature"] == 21.5
    assert got["nat/door.open"] is True
    assert got["nat/mode"] == "eco"
    assert got["nat/hall/temp"] == 21.5
    assert got["lab/t"] == 20.5


def test_message_is_all_or_nothing_and_the_refusal_is_shown(bridged: Bridged, broker: Mosquitto) -> None:
    with client(broker) as one:
        publish(one, "telltale/whole/readings", '{"a": 1, "b": NaN}')
        publish(one, "telltale/whole/readings", '{"a": ')
        publish(one, "telltale/whole/readings", '{"c": 1}')
    wait_until(lambda: bridged.count("whole/c") == 1, 30, "the good one")
    assert bridged.count("whole/a") == 0
    refused = [frame for frame in bridged.frames("whole") if "refused" in json.dumps(frame)]
    assert len(refused) >= 2


def test_time_that_cannot_be_is_that_of_arrival_with_a_warning(bridged: Bridged, broker: Mosquitto) -> None:
    before = int(time.time() * 1000) - 2_000
    with client(broker) as one:
        publish(one, "telltale/clockless/readings", '{"ts": 86400000, "values": {"t": 1}}')
    wait_until(lambda: bridged.count("clockless/t") == 1, 30, "the reading")
    ((_, ts, _),) = bridged.get("/api/latest", series="clockless/t")["latest"]
    assert before <= ts <= int(time.time() * 1000) + 2_000
    device = bridged.device("clockless")
    assert device is not None
    assert device["clock_warning"]["said"] == 86_400_000


def test_batch_with_a_wrong_clock_keeps_its_distances(bridged: Bridged, broker: Mosquitto) -> None:
    batch = [{"ts": 1_000 * n, "values": {"t": n}} for n in range(1, 6)]
    with client(broker) as one:
        publish(one, "telltale/drift/readings", json.dumps(batch))
    wait_until(lambda: bridged.count("drift/t") == 5, 30, "the batch")
    history = bridged.get("/api/history", series="drift/t", from_="-1h", to="now")["series"]["drift/t"]
    assert [b - a for a, b in zip(history["t"], history["t"][1:], strict=False)] == [1000] * 4
    assert history["v"] == [1, 2, 3, 4, 5]


def test_retained_message_is_last_known_and_never_a_reading(bridged: Bridged, broker: Mosquitto) -> None:
    """Also after a hundred subscriptions."""
    with client(broker) as one:
        publish(one, "telltale/old/readings", json.dumps({"ts": T0, "values": {"level": 3}}), retain=True)
        wait_until(lambda: bridged.count("old/level") == 1, 30, "the live copy")
        publish(one, "sensors/shed/temperature", "7.5", retain=True)
        wait_until(lambda: bridged.count("shed/temperature") == 1, 30, "the live copy")
    second = Bridged(_starter(bridged.server), broker, mqtt__client_id="late").connected()
    try:
        wait_until(lambda: second.messages()["retained"] >= 2, 30, "retained messages")
        assert second.get("/api/latest")["latest"] == []
        known = second.device("old")
        assert known is not None
        assert known["last_known"]["level"]["value"] == 3
        assert second.get("/api/series")["series"] == []
    finally:
        second.server.ended()


def _starter(beside: Server) -> Start:
    """Start a second server in a folder of its own."""

    def start(settings: dict[str, str]) -> Server:
        folder = beside.directory.parent / "late"
        folder.mkdir()
        return Server(folder, {"server.address": "127.0.0.1", "storage.path": "telltale.db"} | settings).start()

    return start


def test_status_of_a_device_and_its_presence(bridged: Bridged, broker: Mosquitto) -> None:
    with client(broker) as one:
        ear = Ear(one, "telltale/pump/presence")
        publish(one, "telltale/pump/readings", '{"t": 1}')
        wait_until(lambda: bridged.count("pump/t") == 1, 30, "the reading")
        publish(one, "telltale/pump/status", "offline")
        wait_until(lambda: (bridged.device("pump") or {}).get("state") == "offline", 30, "offline")
        wait_until(lambda: ear.payloads("telltale/pump/presence")[-1:] == [b"offline"], 30, "published presence")
        publish(one, "telltale/pump/status", "online")
        wait_until(lambda: (bridged.device("pump") or {}).get("state") == "online", 30, "online")


def test_command_goes_out_and_its_reply_comes_back(bridged: Bridged, broker: Mosquitto) -> None:
    with client(broker) as one:
        publish(one, "telltale/valve/readings", '{"t": 1}')
        wait_until(lambda: bridged.count("valve/t") == 1, 30, "the reading")
        ear = Ear(one, "telltale/valve/command")
        live = bridged.server.live(bridged.token)
        live.send({"id": 1, "command": {"device": "valve", "name": "open", "args": {"percent": 40}}})
        wait_until(lambda: ear.heard, 30, "the command")
        command = json.loads(ear.heard[0].payload)["command"]
        assert (command["name"], command["args"]) == ("open", {"percent": 40})
        publish(one, "telltale/valve/reply", json.dumps({"reply": {"id": command["id"], "ok": True, "result": "done"}}))
        answer = live.recv_until(lambda frame: frame.get("id") == 1)
        assert (answer["ok"], answer["result"]) == (True, "done")


def test_unknown_topics_and_commands_of_others_are_counted_and_left(bridged: Bridged, broker: Mosquitto) -> None:
    before = bridged.messages()
    with client(broker) as one:
        publish(one, "nobody/knows/this", "x")
        publish(one, "telltale/valve/command", '{"command": {}}')
        publish(one, "telltale-live/a/b", '{"value": 1, "ts": 1}')
    wait_until(lambda: bridged.messages()["unknown"] > before["unknown"], 30, "the unknown one")
    wait_until(lambda: bridged.messages()["own"] >= before["own"] + 2, 30, "the others")
    assert not any(name.startswith("a/") for name in bridged.latest())


def test_misspelt_native_topic_is_refused_and_shown(bridged: Bridged, broker: Mosquitto) -> None:
    before = bridged.messages()["refused"]
    with client(broker) as one:
        for topic in ("telltale/boiler/reading", "telltale/boiler/temperature", "telltale/boiler /readings"):
            publish(one, topic, '{"t": 1}')
    wait_until(lambda: bridged.messages()["refused"] == before + 3, 30, "refusals")
    assert "telltale/ID/readings" in json.dumps(bridged.frames(None))


def test_device_that_only_said_that_it_is_there_can_be_commanded(bridged: Bridged, broker: Mosquitto) -> None:
    with client(broker) as one:
        ear = Ear(one, "telltale/shy/command")
        publish(one, "telltale/shy/status", "online")
        wait_until(lambda: bridged.device("shy"), 30, "the device")
        live = bridged.server.live(bridged.token)
        live.send({"id": 1, "command": {"device": "shy", "name": "blink", "args": {}}})
        wait_until(lambda: ear.heard, 30, "the command")


def test_everything_is_acknowledged(bridged: Bridged, broker: Mosquitto) -> None:
    """Readings, refusals, unknown topics: nothing stays in flight at the broker."""
    with client(broker) as one:
        for n in range(200):
            one.publish("telltale/ack/readings", stamped(n), 1)
            one.publish("telltale/ack/readings", "{", 1)
            one.publish("what/ever", "1", 1)
        publish(one, "telltale/ack/readings", stamped(1000))
    wait_until(lambda: bridged.count("ack/t") == 201, 60, "readings")
    wait_until(lambda: bridged.report()["unacknowledged"] == 0, 30, "acknowledgements")


def test_readings_are_published_and_announced_to_home_assistant(server: Start, broker: Mosquitto) -> None:
    one = Bridged(server, broker, mqtt__client_id="publisher", mqtt__publish="boiler/*").connected()
    with client(broker) as listener:
        ear = Ear(listener, "telltale-live/#", "homeassistant/#")
        reply = one.server.request(
            "POST",
            "/api/ingest",
            token=one.server.device_token("boiler"),
            json_body={"ts": T0, "values": {"flow": 54.5, "on": True}},
        )
        assert reply.status == 200
        wait_until(lambda: ear.payloads("telltale-live/boiler/on"), 30, "the reading")
        assert json.loads(ear.payloads("telltale-live/boiler/flow")[0]) == {"value": 54.5, "ts": T0}
        configs = [json.loads(m.payload) for m in ear.heard if m.topic.endswith("/config")]
        assert {c["state_topic"] for c in configs} == {"telltale-live/boiler/flow", "telltale-live/boiler/on"}
        assert any("/binary_sensor/publisher/" in m.topic for m in ear.heard)
        assert ear.payloads("telltale-live//server/publisher/availability")[-1:] == [b"online"]
        one.server.stop()
        wait_until(
            lambda: ear.payloads("telltale-live//server/publisher/availability")[-1] == b"offline", 30, "the last word"
        )


def test_server_runs_without_the_broker_and_finds_it_later(server: Start, tmp_path: Path) -> None:
    late = Mosquitto(tmp_path, STOCK)
    one = Bridged(server, late)
    wait_until(lambda: one.report()["problem"], 30, "a problem")
    assert one.report()["state"] in ("connecting", "waiting")
    assert "refused" in one.report()["problem"].lower()
    late.start()
    try:
        one.connected()
        with client(late) as device:
            publish(device, "telltale/a/readings", '{"t": 1}')
        wait_until(lambda: one.count("a/t") == 1, 30, "the reading")
    finally:
        late.stop()
    wait_until(lambda: one.report()["state"] != "connected", 60, "the loss")


def test_two_servers_with_one_client_id_are_named(server: Start, broker: Mosquitto) -> None:
    one = Bridged(server, broker, mqtt__client_id="twin").connected()
    two = Bridged(server, broker, mqtt__client_id="twin")
    wait_until(
        lambda: any("another client uses the id twin" in (each.report()["problem"] or "") for each in (one, two)),
        60,
        "the clash",
    )


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_both_versions_of_the_protocol(server: Start, broker: Mosquitto, version: str) -> None:
    one = Bridged(server, broker, mqtt__version=version, mqtt__client_id=f"v{version}").connected()
    assert one.report()["version"] == version
    with client(broker) as device:
        publish(device, "telltale/v/readings", '{"t": 1}')
    wait_until(lambda: one.count("v/t") == 1, 30, "the reading")


def test_tls_with_a_client_certificate(server: Start, tmp_path: Path) -> None:
    _certificates(tmp_path)
    secure = Mosquitto(
        tmp_path,
        STOCK.replace("allow_anonymous true", "allow_anonymous false")
        + "cafile {folder}/ca.pem\ncertfile {folder}/server.pem\nkeyfile {folder}/server.key\n"
        + "require_certificate true\nuse_identity_as_username true\n",
    ).start()
    try:
        url = f"mqtts://localhost:{secure.port}"
        settings = {"mqtt__tls_cert": str(tmp_path / "client.pem"), "mqtt__tls_key": str(tmp_path / "client.key")}
        one = Bridged(server, secure, mqtt__url=url, mqtt__tls_ca=str(tmp_path / "ca.pem"), **settings)
        one.connected()
        stranger = Bridged(server, secure, mqtt__url=url, **settings)
        wait_until(lambda: "not trusted" in (stranger.report()["problem"] or ""), 30, "the complaint")
    finally:
        secure.stop()


def _certificates(folder: Path) -> None:
    def openssl(*args: str) -> None:
        subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=test ca", "-addext", "basicConstraints=critical,CA:TRUE")  # fmt: skip
    (folder / "san").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    for name in ("server", "client"):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj",
                f"/CN={name}")  # fmt: skip
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
                f"{name}.pem", "-days", "2", "-extfile", "san")  # fmt: skip

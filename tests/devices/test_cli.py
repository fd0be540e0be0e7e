"""``broker config`` and ``broker check`` as they are typed, beside a server and without one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from devices.broker_config import BRIDGE
from devices.broker_probe import Probe, Target
from tests.devices.test_broker_config import bridge_password, running
from tests.mosquitto import STOCK, Mosquitto
from tests.support import Server, run_server_py


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "config.ini").write_text("")
    return str(tmp_path / "config.ini")


def run(config: str, *args: str) -> list[dict[str, object]]:
    done = run_server_py("--config", config, *args)
    assert done.returncode == 0, done.stderr
    assert "tt_" not in done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def gets_in(broker: Mosquitto, user: str, password: str) -> bool:
    probe = Probe(Target("127.0.0.1", broker.port, user=user, password=password))
    try:
        return probe.dial()
    finally:
        probe.hang_up()


def test_tokens_that_were_issued_open_the_broker(config: str, tmp_path: Path) -> None:
    """From ``device add`` to a real broker, and out again by ``device revoke``; no secret is printed."""
    (boiler,) = run(config, "device", "add", "boiler")
    (other,) = run(config, "device", "add", "Küche 1")
    folder = tmp_path / "f"
    (report,) = run(config, "broker", "config", str(folder))
    assert report["users"] == 2
    assert "tt_" not in json.dumps(report)
    with running(folder, tmp_path / "m") as broker:
        assert gets_in(broker, "boiler", str(boiler["token"]))
        assert gets_in(broker, "Küche 1", str(other["token"]))
        assert gets_in(broker, BRIDGE, bridge_password(folder))
        assert not gets_in(broker, "boiler", str(other["token"]))
    run(config, "device", "revoke", "boiler")
    (report,) = run(config, "broker", "config", str(folder))
    assert report["users"] == 1
    with running(folder, tmp_path / "m") as broker:
        assert not gets_in(broker, "boiler", str(boiler["token"]))


def test_beside_a_running_server_its_devices_are_taken(server: Callable[..., Server], tmp_path: Path) -> None:
    one = server()
    token = one.device_token("boiler")
    one.cli("broker", "config", str(tmp_path / "f"))
    with running(tmp_path / "f", tmp_path / "m") as broker:
        assert gets_in(broker, "boiler", token)


def test_more_devices_than_one_answer_holds(server: Callable[..., Server], tmp_path: Path) -> None:
    one = server()
    gateway = one.device_token("hub", "--gateway")
    batch = [{"device": f"node {number:04}", "values": {"t": number}} for number in range(2_345)]
    assert one.request("POST", "/api/ingest", json_body=batch, token=gateway).status == 200
    one.cli("broker", "config", str(tmp_path / "f"))
    rules = (tmp_path / "f" / "acl").read_text()
    assert rules.count("/readings\n") == 2_346
    assert "topic write telltale/node 2344/readings\n" in rules


def test_a_folder_that_cannot_be_written_is_one_line(config: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run_server_py("--config", config, "broker", "config", str(tmp_path / "file" / "x"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1


def test_check_takes_the_url_of_the_settings_or_its_own(config: str, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    broker = Mosquitto(tmp_path / "m", STOCK).start()
    try:
        for args in (("--mqtt.url", broker.url, "broker", "check"), ("broker", "check", "--url", broker.url)):
            done = run_server_py("--config", config, *args)
            assert done.returncode == 1
            assert done.stdout.startswith(f"127.0.0.1:{broker.port}\n")
            assert "LOSES" in done.stdout
            assert "-> max_queued_messages" in done.stdout
            assert done.stderr == ""
    finally:
        broker.stop()


def test_check_of_a_closed_port_fails_without_the_password(config: str) -> None:
    done = run_server_py("--config", config, "broker", "check", "--url", "mqtt://me:hidden-word@127.0.0.1:1")
    assert done.returncode == 1
    assert "cannot be reached" in done.stdout
    assert "hidden-word" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("broker",), "VERB"),
        (("broker", "config"), "FOLDER"),
        (("broker", "check"), "[mqtt] url"),
        (("broker", "check", "--url", "http://me:hidden-word@x"), "address of a broker"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(config: str, args: tuple[str, ...], said: str) -> None:
    done = run_server_py("--config", config, *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert "hidden-word" not in done.stderr

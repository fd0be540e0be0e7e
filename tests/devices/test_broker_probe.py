"""The throw-away client: what it does on a real broker, and that it waits for nobody for ever."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from devices import broker_probe
from devices.broker_probe import Probe, Target, forget, new_id
from tests.mosquitto import STOCK, Mosquitto


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory):
    one = Mosquitto(tmp_path_factory.mktemp("m"), STOCK).start()
    yield one
    one.stop()


def test_what_is_sent_comes_back(broker: Mosquitto) -> None:
    probe = Probe(Target("127.0.0.1", broker.port))
    assert probe.dial()
    assert probe.subscribe("x/#")
    assert probe.send("x/y", b"body")
    assert probe.send("x/n", count=250)
    assert probe.wait_for(251)
    assert [one.payload for one in probe.got] == [b"body", *(b"%d" % number for number in range(250))]
    probe.hang_up()


def test_a_kept_session_is_forgotten_on_demand(broker: Mosquitto) -> None:
    target, name = Target("127.0.0.1", broker.port), new_id()
    present = []
    for step in range(3):
        if step == 2:
            forget(target, name)
        probe = Probe(target, name, keep=True)
        assert probe.dial()
        present.append(probe.session_present)
        probe.hang_up()
    forget(target, name)
    assert present == [False, True, False]


def test_no_client_id_comes_twice() -> None:
    assert len({new_id() for _ in range(1_000)}) == 1_000


def test_a_peer_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_probe, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        probe = Probe(Target("127.0.0.1", silent.getsockname()[1]))
        begin = time.monotonic()
        assert not probe.run(lambda: False, 0.3)
        assert not probe.dial()
        assert probe.code is None
        probe.hang_up()
        assert time.monotonic() - begin < 10


def test_waiting_ends_when_it_has_become_quiet(broker: Mosquitto, tmp_path: Path) -> None:
    probe = Probe(Target("127.0.0.1", broker.port))
    assert probe.dial()
    begin = time.monotonic()
    assert not probe.wait_for(1, 60, quiet=0.2)
    assert time.monotonic() - begin < 10
    probe.hang_up()


def test_the_end_of_the_connection_ends_the_wait(tmp_path: Path) -> None:
    one = Mosquitto(tmp_path, STOCK).start()
    probe = Probe(Target("127.0.0.1", one.port))
    assert probe.dial()
    one.kill()
    begin = time.monotonic()
    assert not probe.send("x", b"y")
    assert not probe.wait_for(1, 60)
    assert time.monotonic() - begin < 10

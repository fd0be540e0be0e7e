from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from devices.mqtt_dial import (
    CLASHES,
    PROVED,
    Address,
    Options,
    Retries,
    abandon,
    in_thread,
    new_client,
    plain,
    said,
    subscriptions,
)
from tests.devices.mqtt_peer import story

OPTIONS = Options(Address("127.0.0.1", 1883), "test", "our-id", ["a/#", "b"])


def test_two_clients_with_one_id_are_suspected_after_some_short_connections() -> None:
    retries = Retries("our-id", Random(1))
    said_ = [retries.ended("the connection was lost", 0.1) for _ in range(CLASHES)]
    assert said_[:-1] == ["the connection was lost"] * (CLASHES - 1)
    assert said_[-1].startswith("the connection was lost; 3 times in a row")
    assert "our-id" in said_[-1]


def test_connection_that_lasted_clears_the_suspicion_and_the_backoff() -> None:
    retries = Retries("our-id", Random(1))
    for _ in range(10):
        retries.ended("lost", 0.1)
        retries.delay()
    assert retries.ended("lost", PROVED) == "lost"
    assert retries.delay() <= 0.2
    assert retries.ended("lost", 0.1) == "lost"


def test_attempts_in_vain_are_made_ever_more_slowly_and_never_stop() -> None:
    longest = [max(_delays(seed)[at] for seed in range(30)) for at in (0, 3, 20)]
    assert longest[0] <= 0.2 < longest[1] <= 4 < longest[2] <= 60


def _delays(seed: int) -> list[float]:
    retries = Retries("x", Random(seed))
    return [retries.delay() for _ in range(21)]


def test_end_of_a_connection_is_told_in_the_brokers_words_if_it_had_any() -> None:
    def ended(name: str, *, by_broker: bool) -> str:
        flags = SimpleNamespace(is_disconnect_packet_from_server=by_broker)
        return said("our-id", flags, ReasonCode(PacketTypes.DISCONNECT, name))

    assert ended("Unspecified error", by_broker=False) == "the connection was lost"
    assert ended("Server shutting down", by_broker=True) == "the broker ended the connection: Server shutting down"
    assert ended("Session taken over", by_broker=True) == "another client uses the id our-id ([mqtt] client_id)"
    assert said("our-id", None, ReasonCode(PacketTypes.DISCONNECT, "Unspecified error")) == "the connection was lost"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (TimeoutError("timed out"), "no answer"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (ValueError("Invalid host."), "Invalid host."),
        (OSError("odd"), "odd"),
    ],
    ids=["refused", "timeout", "name", "value", "other"],
)
def test_error_of_connecting_is_told_plainly(error: Exception, words: str) -> None:
    assert plain(error) == words


def test_errors_of_tls_say_so() -> None:
    sent, wanted = ssl.MemoryBIO(), ssl.MemoryBIO()
    sent.write(b"\x20\x02\x00\x05 this is MQTT without TLS")
    tls = ssl.create_default_context().wrap_bio(sent, wanted, server_hostname="x")
    with pytest.raises(ssl.SSLError) as caught:
        tls.do_handshake()
    assert plain(caught.value).startswith("TLS failed: ")
    assert "_ssl.c" not in plain(caught.value)
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_message = "self-signed certificate"
    assert plain(error) == "its certificate is not trusted: self-signed certificate ([mqtt] tls_ca)"


def test_subscriptions_are_at_qos_1_and_leave_out_what_we_publish_where_they_can() -> None:
    assert subscriptions(["a/#", "b"], five=False) == [("a/#", 1), ("b", 1)]
    five = subscriptions(["a/#", "b"], five=True)
    assert [(topic, options.QoS, options.noLocal) for topic, options in five] == [("a/#", 1, True), ("b", 1, True)]


@pytest.mark.parametrize("files", [{"tls_ca": "missing"}, {"tls_cert": "missing", "tls_key": "missing"}], ids=str)
def test_certificate_that_is_missing_is_an_error_of_the_file(tmp_path: Path, files: dict[str, str]) -> None:
    given = {key: tmp_path / name for key, name in files.items()}
    with pytest.raises(OSError):
        new_client(Options(Address("127.0.0.1", 8883, tls=True), "test", "our-id", [], **given), five=True)


@pytest.mark.parametrize("five", [True, False])
def test_client_says_who_it_is_and_waits_with_acknowledgements(five: bool) -> None:
    client = new_client(OPTIONS, five=five)
    assert client._client_id == b"our-id"
    assert client._manual_ack


@story
async def test_thread_gives_back_its_error() -> None:
    def fails() -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    with pytest.raises(ConnectionRefusedError):
        await in_thread(fails, lambda: None)
    done: list[str] = []
    await in_thread(lambda: done.append(threading.current_thread().name), lambda: done.append("abandoned"))
    assert done == ["mqtt connect"]


@story
async def test_work_that_no_one_waits_for_is_abandoned_when_it_ends() -> None:
    begun, go, abandoned = threading.Event(), threading.Event(), asyncio.Event()

    def work() -> None:
        begun.set()
        go.wait(20)

    task = asyncio.get_running_loop().create_task(in_thread(work, abandoned.set))
    await asyncio.to_thread(begun.wait, 20)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert not abandoned.is_set()
    go.set()
    await asyncio.wait_for(abandoned.wait(), 20)


def test_work_that_outlives_the_loop_is_abandoned_too() -> None:
    go, abandoned = threading.Event(), threading.Event()

    async def tell() -> None:
        task = asyncio.get_running_loop().create_task(in_thread(lambda: go.wait(20) and None, abandoned.set))
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(tell())
    go.set()
    assert abandoned.wait(20)


def test_abandoned_client_leaves_no_socket_behind() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = new_client(OPTIONS, five=False)
        client.connect("127.0.0.1", server.getsockname()[1])
        peer, _ = server.accept()
        with peer:
            abandon(client)
            peer.settimeout(20)
            while peer.recv(4096):
                pass
    abandon(new_client(OPTIONS, five=False))

"""``/ws/device`` of a real server: greeting, acknowledgement, one socket a device, limits, admission."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from websockets.exceptions import ConnectionClosed

from tests.handlers.fed import T0, at
from tests.support import SCALE, Server, Socket, connect, refused, wait_until

MAX_MESSAGE = 8192


@pytest.fixture(scope="module")
def running(module_server: Callable[..., Server]) -> Server:
    settings = {"storage.commit_interval": "0", "server.max_message": str(MAX_MESSAGE), "devices.admission": "token"}
    return module_server(settings)


@pytest.fixture(scope="module")
def viewer(running: Server) -> str:
    return running.api_token("viewer")


def greeted(server: Server, token: str | None = None, **options: Any) -> Socket:
    """A device socket that has been greeted."""
    device = server.device(token, **options)
    device.recv_key("hello")
    return device


def stored(server: Server, series: str, viewer: str) -> list[tuple[int, Any]]:
    """The history of a series as (ts - T0, value)."""
    found = server.get("/api/history", viewer, series=series, from_=0, to=T0 + 10**9)["series"].get(series)
    return [] if found is None else [(ts - T0, value) for ts, value in zip(found["t"], found["v"], strict=True)]


# hello


def test_hello_says_who_when_and_how_much(running: Server) -> None:
    device = running.device(running.device_token("Küche / oben"))
    message = device.recv()
    assert set(message) == {"hello"}
    hello = message["hello"]
    assert set(hello) == {"device", "time", "last_id", "max_message"}
    assert hello["device"] == "Küche / oben"
    assert abs(hello["time"] - time.time() * 1000) < 60_000
    assert hello["last_id"] is None
    assert hello["max_message"] == MAX_MESSAGE


def test_last_id_outlives_the_socket_a_restart_and_a_crash(server: Callable[..., Server]) -> None:
    """With integer and text ids; a refusal for good counts, and a device without memory may start again."""
    one = server({"storage.commit_interval": "0"})
    token = one.device_token("d")
    last: Any = None
    for ids in ([1, 2, 3], ["a", "b"], [0]):
        for ending in ("close", "restart", "kill"):
            device = one.device(token)
            assert device.recv_key("hello")["last_id"] == last
            for id_ in ids:
                device.send({"id": id_, "readings": [at(0, t=1)]})
                device.ack_of(id_)
                last = id_
            device.close()
            if ending != "close":
                one.restart(kill=ending == "kill")
    device = one.device(token)
    assert device.recv_key("hello")["last_id"] == last
    device.send({"id": "bad", "readings": [{"t": []}]})
    assert device.recv_key("error")["id"] == "bad"
    device.close()
    assert one.device(token).recv_key("hello")["last_id"] == "bad"


def test_hello_waits_until_the_older_socket_is_committed(server: Callable[..., Server]) -> None:
    """``last_id`` in a hello covers what the device sent a moment ago, however long commits wait."""
    one = server({"storage.commit_interval": "60"})
    token = one.device_token("d")
    first = greeted(one, token)
    for id_ in range(50):
        first.send({"id": id_, "readings": [{"t": id_}]})
    wait_until(lambda: one.get("/api/latest", one.api_token("viewer"))["seq"] == 50)
    assert one.device(token).recv_key("hello")["last_id"] == 49


# acknowledgement


def test_what_is_acknowledged_survives_a_kill(server: Callable[..., Server]) -> None:
    """No ack while the commit waits; after the ack, ``kill -9`` takes nothing."""
    one = server({"storage.commit_interval": "0.3"})
    viewer, device = one.api_token("viewer"), greeted(one, one.device_token("d"))
    started = time.monotonic()
    device.send({"id": 1, "readings": [at(0, t=1), at(1, t=2.5, door="open")]})
    device.ack_of(1)
    assert time.monotonic() - started > 0.2
    one.kill()
    one.restart()
    assert stored(one, "d/t", viewer) == [(0, 1), (1, 2.5)]
    assert stored(one, "d/door", viewer) == [(1, "open")]


def test_acks_of_one_commit_are_merged(running: Server) -> None:
    device = greeted(running, running.device_token("merging"))
    ids = set(range(500))
    for id_ in sorted(ids):
        device.send({"id": id_, "readings": [at(id_, n=id_)]})
    while ids:
        ack = device.recv_key("ack")
        some = ack if isinstance(ack, list) else [ack]
        assert 1 <= len(some) <= 64
        assert ids.issuperset(some)
        ids -= set(some)


def test_cbor_is_answered_in_cbor(running: Server, viewer: str) -> None:
    """Acks and errors, and JSON again after a text frame."""
    device = greeted(running, running.device_token("binary"))
    device.send_bytes(cbor2.dumps({"id": 1, "readings": [at(0, t=1.5, on=True, s="x")]}))
    assert cbor2.loads(device.recv()) == {"ack": 1}
    device.send_bytes(cbor2.dumps({"id": 2, "readings": [{"t": float("nan")}]}))
    error = cbor2.loads(device.recv())["error"]
    assert (error["code"], error["at"], error["id"]) == ("bad_value", "readings[0].t", 2)
    device.send({"id": 3, "readings": []})
    assert device.recv() == {"ack": 3}
    assert stored(running, "binary/on", viewer) == [(0, 1)]
    assert stored(running, "binary/s", viewer) == [(0, "x")]


def test_readings_without_envelope_are_taken_in_silence(running: Server, viewer: str) -> None:
    """Bare, with time, as a batch, as SenML; the next answer is that of the next envelope."""
    device = greeted(running, running.device_token("plain"))
    device.send({"a": {"b": 1}})
    device.send(at(1, t=1))
    device.send([at(2, t=2), at(3, t=3)])
    device.send([{"n": "t", "v": 4, "t": (T0 + 4000) / 1000}])
    device.send({"id": 1, "readings": []})
    assert device.recv() == {"ack": 1}
    assert stored(running, "plain/t", viewer) == [(1, 1), (2, 2), (3, 3), (4000, 4)]
    assert "plain/a.b" in [one["series"] for one in running.get("/api/series", viewer)["series"]]


# one socket a device


def test_newer_socket_replaces_the_older_one(running: Server, viewer: str) -> None:
    """The older is closed with 4000 and nothing that it sends afterwards is taken: the newer has been told."""
    token = running.device_token("twin")
    silent = running.silent("/ws/device", token)
    silent.send({"id": 1, "readings": [at(0, t=1)]})
    newer = running.device(token)
    hello = newer.recv_key("hello")
    for id_ in range(2, 50):  # its socket stays open until it answers the close frame
        silent.send({"id": id_, "readings": [at(id_, t=id_)]})
    newer.send({"id": 100, "readings": [at(100, t=100)]})
    newer.ack_of(100)
    taken = [] if hello["last_id"] is None else [(0, 1)]
    assert stored(running, "twin/t", viewer) == [*taken, (100, 100)]

    newest = greeted(running, token)
    assert newer.close_code() == 4000
    newest.send({"id": 101, "readings": []})
    newest.ack_of(101)


def test_reason_of_the_close_is_replaced(running: Server) -> None:
    token = running.device_token("twin 2")
    older = greeted(running, token)
    greeted(running, token)
    assert older.close_code() == 4000
    assert older.connection.close_reason == "replaced"


# limits


def test_frame_of_the_largest_size_is_taken_and_a_larger_one_closes_with_1009(running: Server) -> None:
    device = greeted(running, running.device_token("large"))
    text = '{"id": 1, "readings": []}'
    device.send_text(text + " " * (MAX_MESSAGE - len(text)))
    device.ack_of(1)
    device.send_text(text + " " * (MAX_MESSAGE + 1 - len(text)))
    assert device.close_code() == 1009


@pytest.mark.parametrize("size", [MAX_MESSAGE + 1, 100_000, 1_000_000])
def test_however_large_a_frame_is_the_device_hears_why(running: Server, size: int) -> None:
    """Also when much of it is still on the way."""
    device = greeted(running, running.device_token(f"large {size}"))
    sender = threading.Thread(target=_send_quietly, args=(device, size))
    sender.start()
    assert device.close_code() == 1009
    sender.join()


def _send_quietly(device: Socket, size: int) -> None:
    with contextlib.suppress(OSError, ConnectionClosed):
        device.send_bytes(b" " * size)


def test_device_that_reads_no_answers_is_closed(server: Callable[..., Server]) -> None:
    """And costs a bounded number of bytes; nothing of it looks like trouble in the log."""
    one = server()
    silent = one.silent("/ws/device", one.device_token("deaf"), receive_buffer=4096)
    frame = b"\x81\x81\0\0\0\0x"
    before = one.rss()

    def closed() -> bool:
        try:
            silent.send_raw(frame * 1000)
        except OSError:
            return True
        return silent.closed_by_peer()

    wait_until(closed, 60)
    assert one.rss() - before < 32 << 20


# silence


def test_peer_that_answers_no_ping_is_closed(server: Callable[..., Server]) -> None:
    """Device and dashboard alike; one that answers stays."""
    one = server({"live.ping_timeout": "1"})
    token, viewer = one.device_token("d"), one.api_token("viewer")
    healthy = greeted(one, one.device_token("healthy"))
    silent = one.silent("/ws/device", token), one.silent("/ws/live", viewer)
    started = time.monotonic()
    wait_until(lambda: all(one.closed_by_peer() for one in silent))
    assert time.monotonic() - started > 0.5
    wait_until(lambda: one.metrics(viewer).get('telltale_sockets{channel="live"}', 0) == 0)
    healthy.send({"id": 1, "readings": []})
    healthy.ack_of(1)


def test_ping_of_a_device_is_answered(running: Server) -> None:
    device = greeted(running, running.device_token("pinging"))
    assert device.connection.ping().wait(30 * SCALE)


# who may


@pytest.mark.parametrize("query", ["", "?device=boiler", "?token=wrong", "?token="])
def test_without_a_token_nobody_speaks(running: Server, query: str) -> None:
    reply = refused(f"{running.ws_url}/ws/device{query}")
    assert (reply.status, reply.error["code"]) == (401, "unauthorized")


def test_token_in_the_address_works_and_is_never_logged(server: Callable[..., Server]) -> None:
    one = server({"log.level": "debug"})
    token = one.device_token("d")
    with connect(f"{one.ws_url}/ws/device?token={token}") as other:
        assert other.recv_key("hello")["device"] == "d"
    assert token not in one.log()


def test_id_with_a_token_never_speaks_without_it(server: Callable[..., Server]) -> None:
    one = server({"devices.admission": "open"})
    token = one.device_token("known")
    assert refused(f"{one.ws_url}/ws/device?device=known").status == 401
    assert refused(f"{one.ws_url}/ws/device?device=other", token=token).status == 403
    with greeted(one, token, device="known"):
        pass


def test_open_admission_takes_the_id_as_it_is(server: Callable[..., Server]) -> None:
    one = server({"devices.admission": "open", "storage.commit_interval": "0"})
    viewer = one.api_token("viewer")
    device = one.device(device="Ku\u0308che: oben/links")
    hello = device.recv_key("hello")
    assert hello["device"] == "Küche: oben/links"
    assert "pending" not in hello
    device.send({"id": 1, "readings": [at(0, t=1)]})
    device.ack_of(1)
    assert stored(one, "Küche: oben/links/t", viewer) == [(0, 1)]
    assert one.request("POST", "/api/ingest?device=http", json_body=at(0, t=2)).json() == {"accepted": 1}
    assert refused(f"{one.ws_url}/ws/device?device=a*").status == 400
    one.device_token("Küche: oben/links")
    assert device.close_code(5) == 4001


def test_pending_device_is_seen_then_let_in(server: Callable[..., Server]) -> None:
    """The whole way of ``approve``, the default: nothing is stored before, the token comes on the open socket."""
    one = server({"storage.commit_interval": "0"})
    operator = one.api_token("operator")
    device = one.device(device="new one")
    hello = device.recv_key("hello")
    assert (hello["pending"], hello["last_id"]) == (True, None)
    device.send_bytes(cbor2.dumps({"id": 1, "readings": [{"t": 21.5, "on": True, "state": "idle"}]}))
    error = cbor2.loads(device.recv())["error"]
    assert (error["code"], error["id"]) == ("unknown_device", 1)
    assert error["retry_after"] > 0
    assert one.request("POST", "/api/ingest?device=new%20one", json_body={"t": 21.5}).status == 401
    (listed,) = one.get("/api/devices", operator)["devices"]
    assert (listed["device"], listed["state"]) == ("new one", "pending")
    assert listed["latest"] == {"t": 21.5, "on": True, "state": "idle"}
    assert one.get("/api/series", operator)["series"] == []

    live = one.live(operator)
    live.send({"id": 1, "subscribe": ["*"]})
    live.recv_until(lambda message: message.get("id") == 1)
    assert one.request("POST", "/api/devices/approve", json_body={"device": "new one"}, token=operator).status == 200
    (key, token) = next(iter(cbor2.loads(device.recv()).items()))
    assert key == "token"
    device.send({"id": 1, "readings": [at(0, t=21.5)]})
    device.ack_of(1)
    assert live.recv_key("readings") == [["new one/t", T0, 21.5]]
    assert greeted(one, token)
    assert device.close_code() == 4000
    one.cli("device", "revoke", "new one")
    assert refused(f"{one.ws_url}/ws/device", token=token).status == 401


def test_revoked_token_closes_its_socket_within_a_second(running: Server, viewer: str) -> None:
    """And what comes on it afterwards is not taken."""
    token = running.device_token("thief")
    device, deaf = greeted(running, token), running.device_token("deaf thief")
    silent = running.silent("/ws/device", deaf)
    silent.send(at(0, t=1))
    wait_until(lambda: stored(running, "deaf thief/t", viewer) == [(0, 1)])
    running.cli("device", "revoke", "thief")
    assert device.close_code(1) == 4001
    running.cli("device", "revoke", "deaf thief")
    silent.send(at(1, t=2))
    with greeted(running, running.device_token("other")) as other:
        other.send({"id": 1, "readings": []})
        other.ack_of(1)
    assert stored(running, "deaf thief/t", viewer) == [(0, 1)]
    assert refused(f"{running.ws_url}/ws/device", token=token).status == 401


def test_server_that_stops_acknowledges_and_closes_with_1001(server: Callable[..., Server]) -> None:
    one = server({"storage.commit_interval": "60"})
    viewer, token = one.api_token("viewer"), one.device_token("d")
    device, live = greeted(one, token), one.live(viewer)
    device.send({"id": 1, "readings": [at(0, t=1)]})
    wait_until(lambda: one.get("/api/latest", viewer)["seq"] == 1)
    assert one.stop() == 0
    device.ack_of(1)
    assert device.close_code() == 1001
    assert live.close_code() == 1001


def test_gateway_speaks_for_the_devices_of_its_patterns(running: Server, viewer: str) -> None:
    gateway = greeted(running, str(running.cli_json("device", "add", "gw", "--gateway", "node-*")["token"]))
    gateway.send({"id": 1, "readings": [{"device": "node-7", **at(0, t=1)}, at(0, own=1)]})
    gateway.ack_of(1)
    assert stored(running, "node-7/t", viewer) == [(0, 1)]
    assert stored(running, "gw/own", viewer) == [(0, 1)]
    gateway.send({"id": 2, "readings": [{"device": "other", **at(0, t=1)}]})
    error = gateway.recv_key("error")
    assert (error["code"], error["at"], error["id"]) == ("forbidden", "readings[0].device", 2)


def test_text_frame_that_is_no_text_ends_the_socket(running: Server) -> None:
    """Without a line in the log; the next socket works."""
    token = running.device_token("broken text")
    silent = running.silent("/ws/device", token)
    silent.send_raw(b"\x81\x82\0\0\0\0\xff\xfe")
    wait_until(silent.closed_by_peer)
    device = greeted(running, token)
    device.send_text(json.dumps({"id": 1, "readings": []}))
    device.ack_of(1)


def test_ids_that_were_refused_or_empty_are_not_forgotten_in_a_crash(server: Callable[..., Server]) -> None:
    """``last_id`` is durable for every id it covers."""
    one = server({"storage.commit_interval": "0"})
    token = one.device_token("d")
    device = one.device(token)
    device.recv_key("hello")
    device.send({"id": 1, "readings": [{"ts": 1_700_000_000_000, "values": {"t": 1}}]})
    device.ack_of(1)
    device.send({"id": 2, "readings": [{"t": []}]})
    assert device.recv_key("error")["id"] == 2
    device.send({"id": 3, "readings": []})
    device.ack_of(3)
    device.send({"id": 4, "readings": [{"t": float("nan")}]})
    error = device.recv_key("error")
    assert (error["code"], error["id"], error["at"]) == ("bad_value", 4, "readings[0].t")
    device.send({"id": 5, "readings": [{"t": None}]})
    device.ack_of(5)
    one.kill()
    one.restart()
    assert one.device(token).recv_key("hello")["last_id"] == 5


def test_a_token_speaks_for_itself_where_the_library_sends_a_file_as_its_origin(running: Server) -> None:
    """Arduino's usual library says ``Origin: file://``; no browser has a device's token to send along."""
    token = running.device_token("arduino")
    assert greeted(running, token, origin="file://")
    url = f"{running.ws_url}/ws/device"
    assert refused(f"{url}?device=arduino", origin="file://").status == 403
    for origin in ("null", "http://evil.example"):
        assert refused(url, token=token, origin=origin).status == 403
    assert refused(f"{running.ws_url}/ws/live", token=running.api_token("viewer"), origin="file://").status == 403

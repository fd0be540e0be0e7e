"""The client on real sockets, against a server that can be told to misbehave."""

from __future__ import annotations

import asyncio
import logging
import socket
import time

import pytest

from devices.client import DeviceClient
from devices.options import Hooks, Limits, Options, State
from tests.devices.stub import FAST, Stub, in_loop, pair, until


@in_loop
async def test_readings_arrive_in_order_with_their_time_and_are_acknowledged():
    acked = []
    async with pair(hooks=Hooks(acked=acked.extend)) as (server, client):
        numbers = [client.send({"t": index, "on": True}, ts=1000 + index) for index in range(250)]
        await client.flush(10)
        assert [one["ts"] for one in server.readings] == list(range(1000, 1250))
        assert server.readings[7] == {"ts": 1007, "values": {"t": 7, "on": True}}
        assert acked == numbers
        assert (client.stats.sent, client.stats.acked, client.outbox.held) == (500, 500, 0)


@in_loop
async def test_readings_taken_in_one_millisecond_have_different_times():
    async with pair() as (server, client):
        before = time.time_ns() // 1_000_000
        for index in range(50):
            client.send({"t": index})
        await client.flush(10)
        stamps = [one["ts"] for one in server.readings]
        assert stamps == sorted(set(stamps))
        assert before <= stamps[0] <= stamps[-1] <= before + 5_000


@in_loop
async def test_a_device_without_a_clock_sends_ages():
    async with pair(Options(Limits(delay=0.05), clock=False)) as (server, client):
        client.send({"t": 1})
        await client.flush(10)
        (reading,) = server.readings
        assert 0 <= reading["age"] < 20_000
        assert set(reading) == {"age", "values"}


@in_loop
async def test_cbor_says_the_same():
    async with pair(Options(Limits(delay=0.01), cbor=True)) as (server, client):
        client.send({"t": 1.5, "state": "ö"}, ts=5, device="node 7")
        await client.flush(10)
        assert server.readings == [{"device": "node 7", "ts": 5, "values": {"t": 1.5, "state": "ö"}}]
        client.commands.on("ping", lambda _: "pong")
        server.sockets[0].say({"command": {"id": 1, "name": "ping"}})
        await until(lambda: {"reply": {"id": 1, "ok": True, "result": "pong"}} in server.messages)


@in_loop
async def test_what_was_taken_before_there_was_a_server_is_sent_when_there_is_one():
    async with Stub() as server:
        await server.stop()
        async with DeviceClient(server.url, device="d", options=FAST) as client:
            for index in range(10):
                client.send({"t": index}, ts=index)
            await until(lambda: client.state is State.OFFLINE)
            await server.listen()
            await client.flush(20)
            assert [one["ts"] for one in server.readings] == list(range(10))


@in_loop
async def test_a_cut_socket_loses_nothing():
    """The server forgets what it did not acknowledge; the client sends it again."""
    stored = []

    def cut_now_and_then(handler, message):
        if len(server.envelopes) % 4 == 0:
            handler.ws_connection.stream.close()
            return True
        stored.extend(one["ts"] for one in message["readings"])
        server.hello["last_id"] = message["id"]
        return False

    async with pair(Options(Limits(batch=3, window=5, delay=0.01), max_backoff=0.05)) as (server, client):
        server.on_envelope = cut_now_and_then
        for index in range(60):
            await client.put({"t": index}, ts=index)
        await client.flush(20)
        assert set(stored) == set(range(60))
        assert client.stats.connects > 3
        assert client.stats.acked == 60


@in_loop
async def test_last_id_saves_sending_again():
    async with pair(Options(Limits(batch=1, window=4, delay=0.0))) as (server, client):
        server.on_envelope = lambda *_: True
        for index in range(4):
            client.send({"t": index}, ts=index)
        await until(lambda: len(server.envelopes) == 4)
        server.hello["last_id"] = server.envelopes[2]["id"]
        server.on_envelope = None
        server.drop_all()
        await client.flush(20)
        assert [one["ts"] for one in server.readings] == [0, 1, 2, 3, 3]
        assert client.stats.acked == 4


@in_loop
async def test_try_later_is_obeyed_and_order_kept():
    refused = []

    def full_at_first(handler, message):
        if len(server.envelopes) <= 3:
            refused.append(message["id"])
            handler.say({"error": {"code": "try_later", "message": "full", "id": message["id"], "retry_after": 150}})
            return True
        return False

    async with pair(Options(Limits(batch=1, window=3, delay=0.0))) as (server, client):
        server.on_envelope = full_at_first
        began = time.monotonic()
        for index in range(5):
            client.send({"t": index}, ts=index)
        await client.flush(20)
        assert time.monotonic() - began >= 0.15
        assert [one["id"] for one in server.envelopes[3:]][:3] == refused
        assert [one["ts"] for one in server.readings[3:]] == [0, 1, 2, 3, 4]
        assert client.stats.refused == {}


@in_loop
async def test_a_bad_reading_is_given_up_told_and_does_not_take_its_neighbours_along(caplog):
    told = []

    def no_seven(handler, message):
        for index, one in enumerate(message["readings"]):
            if one["values"]["t"] == 7:
                at = f"readings[{index}].values.t"
                handler.say({"error": {"code": "bad_value", "message": "no", "at": at, "id": message["id"]}})
                return True
        return False

    hooks = Hooks(refused=lambda numbers, error: told.append((list(numbers), error["code"])))
    async with pair(hooks=hooks) as (server, client):
        server.on_envelope = no_seven
        for index in range(20):
            client.send({"t": index}, ts=index)
        await client.flush(20)
        assert told == [([8], "bad_value")]
        assert client.stats.refused == {"bad_value": 1}
        assert client.stats.acked == 19
        assert "refused for good" in caplog.text


@in_loop
async def test_a_full_queue_drops_the_oldest_and_counts(caplog):
    async with Stub() as server:
        server.hello = None
        client = DeviceClient(server.url, device="d", options=Options(Limits(capacity=10, delay=0.01)))
        for index in range(25):
            client.send({"t": index}, ts=index)
        assert client.stats.dropped == 15
        assert caplog.text.count("capacity 10") == 1
        server.hello = {"last_id": None}
        async with client:
            await client.flush(10)
        assert [one["ts"] for one in server.readings] == list(range(15, 25))


@in_loop
async def test_put_waits_where_send_would_drop():
    async with pair(Options(Limits(batch=2, window=2, capacity=8, delay=0.01))) as (server, client):
        for index in range(100):
            await client.put({"t": index}, ts=index)
        await client.flush(20)
        assert client.stats.dropped == 0
        assert [one["ts"] for one in server.readings] == list(range(100))


@pytest.mark.parametrize("bad", [{"t": float("nan")}, {"t": "x" * 300}, {"t": [1]}])
@in_loop
async def test_send_refuses_what_no_server_takes(bad):
    async with pair() as (_, client):
        with pytest.raises(ValueError):
            client.send(bad)
        assert client.stats.sent == client.outbox.held == 0


@in_loop
async def test_a_device_that_waits_for_approval_says_so(caplog):
    hellos = []
    async with pair(hooks=Hooks(hello=hellos.append), stub=Stub(pending=True)) as (_, client):
        await client.online(10)
        assert hellos[0]["pending"] is True
        assert "accept it on the dashboard" in caplog.text


@in_loop
async def test_a_reading_too_large_for_this_server_is_refused_and_told():
    told = []
    hooks = Hooks(refused=lambda numbers, error: told.append((list(numbers), error["code"])))
    async with Stub(max_message=300) as server:
        client = DeviceClient(server.url, device="d", options=FAST, hooks=hooks)
        client.send({f"t{index}": "x" * 50 for index in range(9)}, ts=1)
        client.send({"t": 1}, ts=2)
        async with client:
            await client.flush(10)
        assert told == [([1], "too_large")]
        assert [one["ts"] for one in server.readings] == [2]


@in_loop
async def test_approval_brings_a_token_and_frees_what_waited():
    tokens = []
    async with pair(hooks=Hooks(token=tokens.append)) as (server, client):

        def pending(handler, message):
            refusal = {"code": "unknown_device", "message": "wait", "id": message["id"], "retry_after": 60_000}
            handler.say({"error": refusal})
            return True

        server.on_envelope = pending
        client.send({"t": 1}, ts=1)
        await until(lambda: server.envelopes)
        server.on_envelope = None
        server.sockets[0].say({"token": "fresh"})
        await client.flush(10)
        assert tokens == ["fresh"]
        client.cut()
        await until(lambda: len(server.upgrades) == 2)
        assert server.upgrades == [("/ws/device?device=d", None), ("/ws/device", "Bearer fresh")]


@in_loop
async def test_a_message_too_big_for_the_server_is_sent_in_pieces(caplog):
    stub = Stub()
    stub.max_message = 4_000
    async with pair(Options(Limits(batch=500, delay=0.0), max_backoff=0.05), stub=stub) as (server, client):
        for index in range(300):
            client.send({"t": index}, ts=index)
        await client.flush(20)
        assert sorted({one["ts"] for one in server.readings}) == list(range(300))
        assert "too big for the server" in caplog.text


@in_loop
async def test_config_is_handed_over_and_reported_back():
    seen = []
    async with pair(hooks=Hooks(config=seen.append)) as (server, client):
        await client.online(10)
        server.sockets[0].say({"config": {"interval": 5}})
        await until(lambda: seen == [{"interval": 5}])
        client.report_config({"interval": 5})
        await until(lambda: {"config": {"interval": 5}} in server.messages)


@in_loop
async def test_errors_without_an_envelope_are_counted_and_nonsense_is_survived(caplog):
    async with pair() as (server, client):
        await client.online(10)
        server.sockets[0].say({"error": {"code": "bad_message", "message": "?"}})
        server.sockets[0].write_message("no json")
        server.sockets[0].say({"surprise": 1})
        client.send({"t": 1}, ts=1)
        await client.flush(10)
        assert client.stats.errors == {"bad_message": 1}
        assert "not understood" in caplog.text


@in_loop
async def test_closing_flushes_and_says_goodbye():
    async with pair(Options(Limits(delay=60.0))) as (server, client):
        client.send({"t": 1}, ts=1)
        await client.close()
        assert [one["ts"] for one in server.readings] == [1]
        await until(lambda: server.closes == [1000])
        assert client.state is State.CLOSED


@in_loop
async def test_closing_while_dialling_leaves_no_socket_behind():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    async with Stub() as server:
        for url in (server.url, f"http://127.0.0.1:{listener.getsockname()[1]}"):
            client = DeviceClient(url, device="d")
            client.start()
            await asyncio.sleep(0)
            await client.close(flush=0)
        await until(lambda: not server.sockets)
    listener.close()


@in_loop
async def test_an_error_in_the_program_closes_at_once():
    async with Stub() as server:
        server.hello = None
        began = time.monotonic()
        with pytest.raises(KeyError):  # noqa: PT012  the error has to rise through the client
            async with DeviceClient(server.url, device="d") as client:
                client.send({"t": 1})
                raise KeyError
        assert time.monotonic() - began < 4


@in_loop
async def test_flush_gives_up_in_time():
    async with Stub() as server:
        server.hello = None
        client = DeviceClient(server.url, device="d")
        client.start()
        client.send({"t": 1})
        with pytest.raises(TimeoutError):
            await client.flush(0.05)
        await client.close(flush=0)


@in_loop
async def test_a_spool_outlives_the_program(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    options = Options(Limits(delay=0.01), spool=tmp_path)
    first = DeviceClient("http://127.0.0.1:9", device="d", options=options)
    first.start()
    for index in range(5):
        first.send({"t": index}, ts=index, device="node")
    await first.close(flush=0)
    assert "5 readings were not acknowledged and stay spooled" in caplog.text
    async with Stub() as server:
        async with DeviceClient(server.url, device="d", options=options) as second:
            await second.flush(10)
            assert server.readings == [{"device": "node", "ts": index, "values": {"t": index}} for index in range(5)]
        assert list(tmp_path.iterdir()) == []


@in_loop
async def test_a_spool_whose_disk_fails_costs_no_reading(tmp_path, caplog):
    async with pair(Options(Limits(delay=0.01), spool=tmp_path / "a")) as (server, client):

        def no_space(*_):
            raise OSError(28, "No space left on device")

        client._spool.append = no_space
        client.send({"t": 1}, ts=1)
        await client.flush(10)
        assert [one["ts"] for one in server.readings] == [1]
        assert "kept in memory only" in caplog.text


def test_a_spool_needs_a_clock(tmp_path):
    with pytest.raises(ValueError, match="clock"):
        DeviceClient("http://x", options=Options(clock=False, spool=tmp_path))

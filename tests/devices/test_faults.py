from __future__ import annotations

import math
from random import Random

import pytest

from devices.codecs import cbor_codec, json_codec, native
from devices.faults import GARBAGE, Faults, FaultyClient
from devices.options import Limits, Options
from telemetry.model import Entry, Refusal
from tests.devices.stub import Stub, in_loop

# As texts, because a NaN equals nothing
FOR_THE_GATE = {
    *(repr(Entry({"temperature": value}, bare=True)) for value in (math.inf, math.nan)),
    repr(Entry({"temperature": 1}, ts="yesterday")),
}
OPTIONS = Options(Limits(batch=1, delay=0.0), max_backoff=0.05)


def faulty(server, **faults):
    return FaultyClient(server.url, faults=Faults(**faults), rng=Random(1), device="d", options=OPTIONS)


@in_loop
async def test_all_readings_arrive_in_spite_of_cuts_and_repeats():
    async with Stub() as server:

        def remember(_, message):
            server.hello["last_id"] = message["id"]

        server.on_envelope = remember
        async with faulty(server, drop=0.1, duplicate=0.2) as client:
            for index in range(200):
                await client.put({"t": index}, ts=index)
            await client.flush(20)
            assert {one["ts"] for one in server.readings} == set(range(200))
            assert client.injected["drop"] > 3 < client.injected["duplicate"]
            assert len(server.envelopes) > 200
            assert client.stats.acked == 200


@in_loop
async def test_garbage_goes_out_between_good_envelopes():
    async with Stub() as server:
        server.lenient = True
        async with faulty(server, garbage=1.0) as client:
            for index in range(30):
                client.send({"t": index}, ts=index)
            await client.flush(10)
            assert client.injected["garbage"] == 30 == server.garbage
            assert [one["ts"] for one in server.readings] == list(range(30))


@in_loop
async def test_a_skewed_clock_shifts_every_time_by_the_same():
    async with Stub() as server, faulty(server, skew=5_000) as client:
        for index in range(3):
            client.send({"t": index}, ts=10**12 + index)
        client.send({"t": 9})
        await client.flush(10)
        shifts = {one["ts"] - 10**12 - index for index, one in enumerate(server.readings[:3])}
        (shift,) = shifts
        assert 0 < abs(shift) <= 5_000


@pytest.mark.parametrize(("content", "binary"), GARBAGE)
def test_no_server_takes_the_garbage(content, binary):
    """Judged by the server's decoders; values and times are the gate's to judge."""
    value = cbor_codec.decode(content) if binary else json_codec.decode(content.decode())
    if not isinstance(value, Refusal):
        message = native.parse(value)
        assert isinstance(message, native.Bad) or repr(message.entries[0]) in FOR_THE_GATE


@pytest.mark.parametrize("bad", [{"drop": 1.1}, {"duplicate": -0.1}, {"garbage": 7}])
def test_a_chance_is_between_0_and_1(bad):
    with pytest.raises(ValueError, match="chance"):
        Faults(**bad)

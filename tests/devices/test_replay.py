from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections import Counter
from pathlib import Path

import pytest

from devices.client import DeviceClient
from devices.replay import Pace, Record, milliseconds, read, replay
from tests.devices.stub import FAST, Stub, in_loop

DATA = Path(__file__).parent.parent / "data"


def test_the_recorded_day_has_the_counts_of_its_description():
    records = list(read(DATA / "stafford_iot_telemetry_24h.ndjson.gz"))
    assert len(records) == 50_270
    assert sum(len(record.values) for record in records) == 351_890
    twice = [key for key, count in Counter((record.device, record.ts) for record in records).items() if count > 1]
    assert twice == [("iot-device-02", 1_594_652_524_678)]


def test_csv_and_ndjson_tell_the_same():
    day = read(DATA / "stafford_iot_telemetry_24h.ndjson.gz")
    for from_csv, from_json in zip(read(DATA / "stafford_excerpt.csv"), day, strict=False):
        assert from_csv == from_json
        assert {name: type(value) for name, value in from_csv.values.items()} == {
            name: type(value) for name, value in from_json.values.items()
        }


def test_temperatures_of_nab_come_with_their_step_back_in_time():
    records = list(read(DATA / "nab_excerpt.csv"))
    assert records[0] == Record("ambient_temperature", 1_372_896_000_000, {"value": 69.88083514})
    machine = [record.ts for record in records if record.device == "machine_temperature"]
    assert machine != sorted(machine)


def test_times_are_cut_not_rounded():
    assert milliseconds(1594652524.6787965) == 1_594_652_524_678


def test_another_field_may_name_the_device():
    assert next(read(DATA / "stafford_excerpt.csv", "device_id")).device == "0e:9c:00:4c:1c:51"
    assert next(read(DATA / "stafford_iot_telemetry_24h.ndjson.gz", "device_id")).device == "0e:9c:00:4c:1c:51"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no known recording"),
        ("a,b\n1,2\n", "no known recording"),
        ('{"ts": 1, "device": "d", "data": {}}\n{"ts": 2}\n', "line 2"),
        ('{"ts": 1, "device": "d", "data": {}}\nnonsense\n', "line 2"),
        ("ts,device,temp\n1.5,d,20\n1.6,d\n", "line 3"),
        ("series,timestamp,value\ns,yesterday,1\n", "line 2"),
    ],
)
def test_what_is_no_recording_is_named_with_its_line(tmp_path, text, complaint):
    path = tmp_path / "x"
    path.write_text(text)
    with pytest.raises(ValueError, match=complaint):
        list(read(path))


def test_empty_cells_are_no_readings_and_words_are_states(tmp_path):
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(b"ts,device,temp,mode,on\n1.5,d,,auto,true\n"))
    assert list(read(path)) == [Record("d", 1500, {"mode": "auto", "on": True})]


@in_loop
async def test_each_device_has_its_own_socket_and_every_record_arrives():
    async with Stub() as server:
        records = list(read(DATA / "stafford_excerpt.csv"))
        clients = await replay(records, lambda name: DeviceClient(server.url, device=name, options=FAST))
        assert len(server.upgrades) == len(clients) == 3
        got = sorted((one["ts"], json.dumps(one["values"])) for one in server.readings)
        assert got == sorted((record.ts, json.dumps(record.values)) for record in records)
        assert sum(client.stats.acked for client in clients) == 700


@in_loop
async def test_stamped_when_sent_it_is_live_data():
    async with Stub() as server:
        before = time.time_ns() // 1_000_000
        records = [Record("d", 5, {"t": 1})]
        await replay(records, lambda name: DeviceClient(server.url, device=name, options=FAST), now=True)
        assert before <= server.readings[0]["ts"] <= time.time_ns() // 1_000_000


def test_speed_paces_and_max_does_not():
    async def seconds(speed):
        began = time.monotonic()
        pace = Pace(speed)
        for ts in (1000, 2000, 3000):
            await pace.wait(ts)
        return time.monotonic() - began

    assert asyncio.run(seconds(20.0)) >= 0.1
    assert asyncio.run(seconds(0.0)) < 0.1

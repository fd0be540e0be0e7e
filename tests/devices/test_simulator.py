"""The command line as a user starts it: a process of its own against a server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from devices.simulator import main
from tests.devices.stub import Stub, in_loop, until

ROOT = Path(__file__).parent.parent.parent
DATA = ROOT / "tests" / "data"


async def start(*args):
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "devices.simulator", *args,
        cwd=ROOT, env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def finished(*args):
    process = await start(*args)
    out, err = await asyncio.wait_for(process.communicate(), 40)
    assert process.returncode == 0, err
    return counts(out.decode()), err.decode()


def counts(line):
    return {name: float(value) for name, value in re.findall(r"([\w.]+)=([\d.]+)", line)}


@in_loop
async def test_devices_send_until_the_time_is_over():
    async with Stub() as server:
        seen, _ = await finished(server.url, "--devices", "4", "--interval", "0.1", "--seconds", "1")
        assert seen["devices"] == 4
        assert seen["sent"] == seen["acked"] == sum(len(one["values"]) for one in server.readings) > 40
        assert seen["refused"] == seen["dropped"] == seen["pending"] == seen["reconnects"] == 0


@in_loop
async def test_a_signal_ends_it_with_its_summary():
    async with Stub() as server:
        process = await start(server.url, "--interval", "0.1", "--cbor")
        await until(lambda: len(server.readings) > 5)
        process.send_signal(signal.SIGTERM)
        out, err = await process.communicate()
        assert (process.returncode, err) == (0, b"")
        assert counts(out.decode())["acked"] > 5


@in_loop
async def test_faults_are_survived_and_counted():
    async with Stub() as server:
        server.lenient = True
        seen, _ = await finished(
            server.url, *["--devices", "2", "--interval", "0.02", "--seconds", "2", "--batch", "1", "--seed", "5"],
            *["--drop", "0.05", "--duplicate", "0.1", "--garbage", "0.1", "--skew", "1000"],
        )  # fmt: skip
        assert seen["reconnects"] > 0
        assert seen["pending"] == 0
        assert seen["sent"] == seen["acked"]
        assert server.garbage > 0


@in_loop
async def test_tokens_of_many_devices_and_of_a_gateway(tmp_path):
    async with Stub() as server:
        path = tmp_path / "tokens"
        names = ["greenhouse-1", "boiler-2"]
        path.write_text("".join(json.dumps({"device": name, "token": f"T-{name}"}) + "\n" for name in names))
        short = ["--interval", "0.1", "--seconds", "0.3", "--devices", "2"]
        await finished(server.url, "--tokens", str(path), *short)
        assert sorted(server.upgrades) == sorted(("/ws/device", f"Bearer T-{name}") for name in names)
        await finished(server.url, "--token", "G", "--gateway", *short)
        assert server.upgrades[2:] == [("/ws/device", "Bearer G")]
        assert {one.get("device") for one in server.readings} == {None, *names}


@in_loop
async def test_replay_sends_a_recording():
    async with Stub() as server:
        seen, _ = await finished("replay", str(DATA / "stafford_excerpt.csv"), server.url, "--speed", "max")
        assert seen["devices"] == 3
        assert seen["sent"] == seen["acked"] == 700


@in_loop
async def test_a_gateway_replays_for_all_devices():
    async with Stub() as server:
        path = str(DATA / "stafford_excerpt.csv")
        seen, _ = await finished("replay", path, server.url, "--speed", "max", "--gateway", "--token", "G", "--now")
        assert (seen["devices"], seen["acked"]) == (1, 700)
        assert {one["device"] for one in server.readings} == {f"iot-device-0{number}" for number in (1, 2, 3)}


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (["http://127.0.0.1:9", "--drop", "2"], "chance"),
        (["http://127.0.0.1:9", "--tokens", "/nowhere"], "/nowhere"),
        (["replay", "/nowhere", "http://127.0.0.1:9", "--speed", "max"], "/nowhere"),
        (["replay", "x", "http://127.0.0.1:9", "--speed", "0"], "--speed"),
        (["http://127.0.0.1:9", "--devices", "2", "--token", "T"], "the token of one device"),
        ([], "url"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_status_2(args, complaint, capsys):
    with pytest.raises(SystemExit) as caught:
        main(args)
    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err

"""The commands of ``/ws/live``: answered in order, refused with a code, bounded."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from telemetry import live_commands
from telemetry.live_commands import LiveCommands
from telemetry.switchboard import Switchboard
from tests.telemetry.kit import Kit, Viewer, core, until


def commands(kit: Kit, viewer: Viewer, *, operator: bool = True) -> LiveCommands:
    viewer.session.operator = operator
    return LiveCommands(viewer.session, Switchboard().command, kit.tasks)


async def answers(kit: Kit, *messages: str | bytes, operator: bool = True) -> list[dict[str, Any]]:
    viewer = kit.viewer()
    reader = commands(kit, viewer, operator=operator)
    for message in messages:
        reader.receive(message)
    await until(lambda: sum("ok" in frame for frame in viewer.frames) == len(messages))
    viewer.session.close()
    return [frame for frame in viewer.frames if "ok" in frame]


def test_commands_are_answered_in_order(tmp_path: Path) -> None:
    """Ids come back as sent; the snapshot has the contract's fields."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0)])
            epoch = kit.store.epoch
            found = await answers(
                kit,
                json.dumps({"id": 1, "subscribe": ["*"], "since": {"epoch": epoch, "seq": 0}}),
                '{"id": "two", "unsubscribe": ["*"]}',
                b'{"id": 3, "subscribe": []}',
            )
            assert [(answer["id"], answer["ok"]) for answer in found] == [(1, True), ("two", True), (3, True)]
            assert found[0].keys() == {"id", "ok", "epoch", "seq", "time", "recovered", "latest"}
            assert (found[0]["recovered"], found[0]["seq"]) == (True, 0)

    asyncio.run(body())


@pytest.mark.parametrize(
    "message",
    [
        "",
        "[]",
        "nonsense",
        '"text"',
        "[" * 100_000,
        "{}",
        '{"id": 1}',
        '{"subscribe": ["*"]}',
        '{"id": null, "subscribe": ["*"]}',
        '{"id": true, "subscribe": ["*"]}',
        '{"id": 1.5, "subscribe": ["*"]}',
        '{"id": -1, "subscribe": ["*"]}',
        '{"id": 1, "subscribe": "*"}',
        '{"id": 1, "subscribe": [1]}',
        '{"id": 1, "subscribe": [""]}',
        '{"id": 1, "subscribe": ["*"], "unsubscribe": ["*"]}',
        '{"id": 1, "subscribe": ["*"], "since": 5}',
        '{"id": 1, "subscribe": ["*"], "since": {"epoch": 1, "seq": 1}}',
        '{"id": 1, "subscribe": ["*"], "since": {"epoch": "e", "seq": -1}}',
        '{"id": 1, "subscribe": ["*"], "since": {"epoch": "e", "seq": 1.0}}',
        '{"id": 1, "command": {"device": "d"}}',
        '{"id": 1, "command": {"device": "d", "name": "x", "extra": 1}}',
        json.dumps({"id": 1, "subscribe": ["x" * 600]}),
    ],
)
def test_malformed_commands_are_refused_and_the_next_works(tmp_path: Path, message: str) -> None:
    """``bad_message``, and nothing else happens."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            bad, good = await answers(kit, message, '{"id": 9, "subscribe": ["*"]}')
            assert (bad["ok"], bad["error"]["code"]) == (False, "bad_message")
            assert (good["id"], good["ok"]) == (9, True)

    asyncio.run(body())


def test_viewers_do_not_command_devices(tmp_path: Path) -> None:
    """The role decides; an operator is told that the device is not there."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            command = '{"id": 1, "command": {"device": "d", "name": "reboot", "args": {}}}'
            (viewer,) = await answers(kit, command, operator=False)
            (operator,) = await answers(kit, command)
            assert [viewer["error"]["code"], operator["error"]["code"]] == ["forbidden", "unknown_device"]

    asyncio.run(body())


def test_subscriptions_and_waiting_commands_are_bounded(tmp_path: Path) -> None:
    """Invariant 7 for what a client may ask."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            many = [f"p{n}" for n in range(live_commands.PATTERNS_MAX)]
            first, extra = await answers(
                kit, json.dumps({"id": 1, "subscribe": many}), '{"id": 2, "subscribe": ["one more"]}'
            )
            assert first["ok"] is True
            assert extra["error"]["code"] == "too_large"
            devices = [f"d{n}/*" for n in range(live_commands.PATTERNS_MAX)]
            wild = [f"d{n}/*/x" for n in range(live_commands.WILD_MAX + 1)]
            beginnings, anywhere = await answers(
                kit, json.dumps({"id": 1, "subscribe": devices}), json.dumps({"id": 2, "subscribe": wild})
            )
            assert beginnings["ok"] is True
            assert anywhere["error"]["code"] == "too_large"
            flood = await answers(kit, *['{"id": 1, "unsubscribe": []}'] * (live_commands.WAITING_MAX + 5))
            refused = [answer for answer in flood if not answer["ok"]]
            assert [answer["error"]["code"] for answer in refused] == ["rate_limited"] * 5

    asyncio.run(body())

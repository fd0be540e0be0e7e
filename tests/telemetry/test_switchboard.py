"""One socket a device, and commands that are answered or refused, never lost."""

from __future__ import annotations

import asyncio

import pytest

from telemetry import switchboard
from telemetry.model import Reason, Refusal
from telemetry.switchboard import Switchboard


class Line:
    """A device's socket that keeps what was written to it."""

    def __init__(self) -> None:
        self.sent: list[dict[str, object]] = []
        self.closed = False

    def send(self, body: dict[str, object]) -> None:
        self.sent.append(body)

    def replaced(self) -> None:
        self.closed = True


def test_newer_socket_replaces_the_older() -> None:
    """The older one is told; when it then closes, the newer one stays connected."""
    board, old, new = Switchboard(), Line(), Line()
    assert board.connect("d", old) is False
    assert board.connect("d", new) is True
    assert (old.closed, new.closed) == (True, False)
    assert board.disconnect("d", old) is False
    assert board.connected("d")
    assert board.disconnect("d", new) is True
    assert not board.connected("d")


async def commanded(board: Switchboard, line: Line, reply: dict[str, object]) -> object:
    task = asyncio.get_running_loop().create_task(board.command("d", "reboot", {"in": 5}))
    while not line.sent:
        await asyncio.sleep(0)
    command = line.sent[-1]["command"]
    assert isinstance(command, dict)
    assert (command["name"], command["args"]) == ("reboot", {"in": 5})
    assert board.reply("d", {"id": command["id"], **reply})
    return await task


def test_reply_reaches_who_sent_the_command() -> None:
    """A good reply is the result; a refusal of the device is an error with its words."""

    async def body() -> None:
        board, line = Switchboard(), Line()
        board.connect("d", line)
        assert await commanded(board, line, {"ok": True, "result": 3}) == {"result": 3}
        line.sent.clear()
        refused = await commanded(board, line, {"ok": False, "error": "too hot"})
        assert isinstance(refused, Refusal)
        assert "too hot" in refused.message

    asyncio.run(body())


def test_absent_silent_and_lost_devices_are_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for ever: not for a device that is away, mute, or gone in between."""
    monkeypatch.setattr(switchboard, "PATIENCE", 0.01)

    async def body() -> None:
        board, line = Switchboard(), Line()
        absent = await board.command("d", "x", {})
        board.connect("d", line)
        silent = await board.command("d", "x", {})
        monkeypatch.setattr(switchboard, "PATIENCE", 60)
        waiting = asyncio.get_running_loop().create_task(board.command("d", "x", {}))
        await asyncio.sleep(0)
        board.disconnect("d", line)
        found = [absent, silent, await waiting]
        assert [answer.code for answer in found if isinstance(answer, Refusal)] == [
            Reason.UNKNOWN_DEVICE,
            Reason.TRY_LATER,
            Reason.TRY_LATER,
        ]
        assert board.reply("d", {"id": "x"}) is False

    asyncio.run(body())


def test_unanswered_commands_are_bounded() -> None:
    """Invariant 7: one too many is refused at once."""

    async def body() -> None:
        board, line = Switchboard(), Line()
        board.connect("d", line)
        loop = asyncio.get_running_loop()
        waiting = [loop.create_task(board.command("d", "x", {})) for _ in range(switchboard.WAITING_MAX)]
        await asyncio.sleep(0)
        extra = await board.command("d", "x", {})
        assert isinstance(extra, Refusal)
        board.disconnect("d", line)
        await asyncio.gather(*waiting)

    asyncio.run(body())

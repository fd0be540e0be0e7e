"""Commands to devices: noted before they are sent, not sent where they cannot be noted, without secrets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from telemetry.audit import Audit
from telemetry.clock import Clock
from telemetry.commanding import Commanding, masked
from telemetry.model import Reason, Refusal
from telemetry.switchboard import Switchboard
from tests.telemetry.kit import FailingStore, actor, noted


class Line:
    """A device that does what it is told."""

    def __init__(self, board: Switchboard) -> None:
        self.board = board
        self.got: list[object] = []

    def send(self, body: dict[str, object]) -> None:
        self.got.append(body)
        command = body["command"]
        assert isinstance(command, dict)
        asyncio.get_running_loop().call_soon(self.board.reply, "d", {"id": command["id"], "ok": True, "result": 1})

    def replaced(self) -> None:
        raise AssertionError


def with_device(path: Path, work: Callable[[Commanding, FailingStore, Line], Awaitable[None]]) -> None:
    async def main() -> None:
        store, board = FailingStore(path), Switchboard()
        await store.start()
        line = Line(board)
        board.connect("d", line)
        try:
            await work(Commanding(store, board, Audit(Clock())), store, line)
        finally:
            store.failing = False
            await store.close()

    asyncio.run(main())


def test_a_command_stands_in_the_log_before_the_device_hears_of_it(tmp_path: Path) -> None:
    async def work(commanding: Commanding, store: FailingStore, line: Line) -> None:
        args = {"ssid": "barn", "password": "canary", "retries": 3}
        assert await commanding.send(actor("anna"), "d", "join", args) == {"result": 1}
        (entry,) = await noted(store)
        assert (entry.who, entry.address, entry.action, entry.subject) == ("anna", "10.0.0.7", "device command", "d")
        told = {"name": "join", "args": {"ssid": "barn", "password": "…", "retries": 3}}
        assert json.loads(entry.after or "") == told
        assert "canary" in repr(line.got), "the device gets all of it"

    with_device(tmp_path / "x.db", work)


def test_a_command_that_cannot_be_noted_is_not_sent(tmp_path: Path) -> None:
    async def work(commanding: Commanding, store: FailingStore, line: Line) -> None:
        store.failing = True
        refusal = await commanding.send(actor("anna"), "d", "open", {})
        assert isinstance(refusal, Refusal)
        assert refusal.code is Reason.TRY_LATER
        assert line.got == []
        store.failing = False
        absent = await commanding.send(actor("anna"), "nobody", "open", {})
        assert isinstance(absent, Refusal)
        assert absent.code is Reason.UNKNOWN_DEVICE
        assert await noted(store) == []

    with_device(tmp_path / "x.db", work)


def test_what_is_called_secret_is_left_out_at_any_depth() -> None:
    given = {"wifi": [{"psk": "a", "name": "b"}], "api_key": 1, "pin": 1, "spin": 2, "pinned": 3, "authToken": "x"}
    assert masked(given) == {
        "wifi": [{"psk": "…", "name": "b"}], "api_key": "…", "pin": "…", "spin": 2, "pinned": 3, "authToken": "…",
    }  # fmt: skip
    deep: object = "bottom"
    for _ in range(500):
        deep = [deep]
    assert "bottom" not in repr(masked(deep))

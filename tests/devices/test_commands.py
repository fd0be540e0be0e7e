from __future__ import annotations

import asyncio

from devices.commands import MAX_RUNNING, Commands
from tests.devices.stub import run, until


def test_each_command_is_answered_once_by_what_its_handler_made_of_it(caplog):
    async def later(args):
        await asyncio.sleep(0)
        return args["x"] + 1

    def refuse(_):
        raise ValueError("the valve is stuck")

    def fail(_):
        raise RuntimeError("a bug")

    async def test():
        replies = []
        commands = Commands(replies.append)
        commands.on("now", lambda args: args)
        commands.on("later", later)
        commands.on("refuse", refuse)
        commands.on("fail", fail)
        for number, (name, args) in enumerate(
            [("now", {"a": 1}), ("later", {"x": 1}), ("refuse", {}), ("fail", None), ("what", {})]
        ):
            commands.run({"id": number, "name": name, "args": args})
        await until(lambda: len(replies) == 5)
        by_id = {one["reply"]["id"]: one["reply"] for one in replies}
        assert by_id[0] == {"id": 0, "ok": True, "result": {"a": 1}}
        assert by_id[1] == {"id": 1, "ok": True, "result": 2}
        assert by_id[2]["error"] == {"code": "bad_value", "message": "the valve is stuck"}
        assert by_id[3]["error"]["code"] == "failed"
        assert by_id[4]["error"]["code"] == "unknown_command"
        assert "a bug" in caplog.text
        await commands.close()

    run(test)


def test_commands_beyond_the_bound_are_answered_busy():
    async def test():
        replies = []
        commands = Commands(replies.append)
        commands.on("hang", lambda _: asyncio.Event().wait())
        for number in range(MAX_RUNNING + 1):
            commands.run({"id": number, "name": "hang"})
        await until(lambda: replies)
        assert [(one["reply"]["id"], one["reply"]["error"]["code"]) for one in replies] == [(MAX_RUNNING, "busy")]
        await commands.close()

    run(test)

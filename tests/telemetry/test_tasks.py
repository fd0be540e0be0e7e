"""Tasks have names, an owner, and an end."""

from __future__ import annotations

import asyncio
import logging

import pytest

from telemetry.tasks import Tasks


def test_failed_task_is_logged_with_its_name(caplog: pytest.LogCaptureFixture) -> None:
    """A task never dies unseen."""

    async def body() -> None:
        async def fail() -> None:
            raise ZeroDivisionError

        tasks = Tasks()
        tasks.start(fail(), "the sweeper")
        await asyncio.sleep(0.01)
        await tasks.close()

    with caplog.at_level(logging.ERROR):
        asyncio.run(body())
    assert "task the sweeper failed" in caplog.text


def test_close_waits_until_all_have_ended() -> None:
    """After ``close`` nothing runs, and what a task does on its way out is done."""

    async def body() -> None:
        ended: list[str] = []

        async def run() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("yes")

        tasks = Tasks()
        for name in ("one", "two"):
            tasks.start(run(), name)
        await asyncio.sleep(0)
        await tasks.close()
        assert ended == ["yes", "yes"]

    asyncio.run(body())

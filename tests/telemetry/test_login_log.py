"""Failed logins in the audit log: merged, bounded, and without what was typed into the wrong field."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from telemetry.audit import Audit
from telemetry.clock import Clock
from telemetry.login_log import EVERY, NAMED, OTHERS, LoginLog
from telemetry.store.db import StoreError
from tests.telemetry.kit import FailingStore, noted


class Watch:
    """A clock that the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def with_log(path: Path, work: Callable[[LoginLog, FailingStore, Watch], Awaitable[None]]) -> None:
    async def main() -> None:
        store, watch = FailingStore(path), Watch()
        await store.start()
        try:
            await work(LoginLog(store, Audit(Clock()), {"anna", "bo"}.__contains__, watch), store, watch)
        finally:
            store.failing = False
            await store.close()

    asyncio.run(main())


def test_a_minute_of_guesses_from_an_address_is_one_entry(tmp_path: Path) -> None:
    async def work(log: LoginLog, store: FailingStore, watch: Watch) -> None:
        for _ in range(1_000):
            log.failed("anna", "10.0.0.7")
        log.failed("hunter2", "10.0.0.7")
        log.failed("bo", "10.0.0.8")
        await log.often()
        assert await noted(store) == [], "the minute is not over"
        watch.now = EVERY
        await log.often()
        first, second = await noted(store)
        assert (first.kind, first.address, first.action, first.subject) == (
            "stranger",
            "10.0.0.7",
            "login failed",
            "anna",
        )
        assert json.loads(first.after or "") == {"tries": 1_001, "of unknown users": 1}
        assert (second.address, second.subject, second.after) == ("10.0.0.8", "bo", '{"tries":1}')
        assert "hunter2" not in repr(await noted(store)), "people type passwords into the wrong field"
        await log.often()
        assert len(await noted(store)) == 2

    with_log(tmp_path / "x.db", work)


def test_their_number_is_bounded_whoever_tries(tmp_path: Path) -> None:
    async def work(log: LoginLog, store: FailingStore, _: Watch) -> None:
        for n in range(10_000):
            log.failed(f"user {n}", f"2001:db8::{n:x}")
        await log.close()
        found = await noted(store)
        assert len(found) == NAMED + 1
        assert found[-1].address == OTHERS
        assert json.loads(found[-1].after or "")["tries"] == 10_000 - NAMED

    with_log(tmp_path / "x.db", work)


def test_what_the_disk_did_not_take_is_noted_later(tmp_path: Path) -> None:
    async def work(log: LoginLog, store: FailingStore, _: Watch) -> None:
        log.failed("anna", "10.0.0.7")
        store.failing = True
        with pytest.raises(StoreError):
            await log.write()
        await log.close()
        log.failed("bo", "10.0.0.7")
        store.failing = False
        await log.write()
        (found,) = await noted(store)
        assert (found.subject, found.after) == ("anna, bo", '{"tries":2}')

    with_log(tmp_path / "x.db", work)

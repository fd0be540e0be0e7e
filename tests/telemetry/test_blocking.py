"""Who is blocked: over restarts, in the audit log, and while the disk fails."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from telemetry import blocking
from telemetry.audit import Audit
from telemetry.blocking import Blocking
from telemetry.clock import Clock
from telemetry.identity import TERMINAL
from telemetry.model import Reason
from telemetry.store import audit
from telemetry.store.db import StoreError
from tests.telemetry.kit import FailingStore


def run(path: Path, body) -> None:
    async def main() -> None:
        store = FailingStore(path / "x.db")
        await store.start()
        some = Blocking(store, Audit(Clock()), Clock())
        await some.load()
        try:
            await body(some, store)
        finally:
            store.failing = False
            await store.close()

    asyncio.run(main())


def test_who_is_blocked_stays_so_over_a_restart_and_every_decision_is_noted(tmp_path: Path) -> None:
    async def first(some: Blocking, _: FailingStore) -> None:
        await some.add(TERMINAL, "rogue", "10.0.0.1")
        await some.add(TERMINAL, "noise", "")
        await some.accepted(TERMINAL, "lamp")

    async def then(some: Blocking, store: FailingStore) -> None:
        assert [(row.device, row.address, row.who) for row in some.every] == [
            ("rogue", "10.0.0.1", "command line"),
            ("noise", "", "command line"),
        ]
        assert "rogue" in some
        assert await some.remove(TERMINAL, "rogue")
        assert not await some.remove(TERMINAL, "rogue")
        assert "rogue" not in some
        rows = await store.read(lambda connection: audit.newest(connection, None, 10))
        assert [(row.action, row.subject) for row in reversed(rows)] == [
            ("device block", "rogue"),
            ("device block", "noise"),
            ("device accept", "lamp"),
            ("device unblock", "rogue"),
        ]

    run(tmp_path, first)
    run(tmp_path, then)


def test_there_is_room_for_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocking, "MAX_BLOCKED", 2)

    async def body(some: Blocking, _: FailingStore) -> None:
        for device in ("a", "b"):
            assert some.room(device) is None
            await some.add(TERMINAL, device, "")
        refusal = some.room("c")
        assert refusal is not None
        assert refusal.code is Reason.TOO_LARGE
        assert some.room("a") is None

    run(tmp_path, body)


def test_a_disk_that_fails_lets_no_one_in(tmp_path: Path) -> None:
    async def body(some: Blocking, store: FailingStore) -> None:
        await some.add(TERMINAL, "a", "")
        store.failing = True
        with pytest.raises(StoreError):
            await some.add(TERMINAL, "b", "")
        with pytest.raises(StoreError):
            await some.remove(TERMINAL, "a")
        assert "a" in some
        assert "b" in some

    run(tmp_path, body)

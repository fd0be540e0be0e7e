"""Admission: what becomes of a device without a token."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from telemetry import admission, blocking
from telemetry.admission import MAX_METRICS, Admission
from telemetry.audit import Audit
from telemetry.auth import Accounts, DeviceIdentity, open_key
from telemetry.blocking import Blocking
from telemetry.clock import Clock
from telemetry.identity import TERMINAL
from telemetry.model import Reason, Refusal
from telemetry.registry import Registry
from telemetry.store import audit
from telemetry.store.db import StoreError
from telemetry.tasks import Tasks
from tests.telemetry.kit import FailingStore, until


@dataclass
class Door:
    """Admission with real accounts on a real store, and what dashboards were told."""

    accounts: Accounts
    registry: Registry
    store: FailingStore
    admission: Admission
    pushed: list[dict[str, Any]] = field(default_factory=list)

    @property
    def states(self) -> list[tuple[str, str]]:
        return [(one["device"]["device"], one["device"]["state"]) for one in self.pushed]

    def knock(self, device: str, address: str = "10.0.0.1") -> list[str]:
        """Knock; the list gets the token."""
        tokens: list[str] = []
        assert self.admission.knock(device, address, tokens.append)
        return tokens


@contextlib.asynccontextmanager
async def opened(path: Path, policy: str, max_pending: int) -> AsyncIterator[Door]:
    store, registry, tasks = FailingStore(path), Registry(), Tasks()
    await store.start()
    accounts = Accounts(store, Clock(), Audit(Clock()))
    await accounts.load()
    door = Door(
        accounts,
        registry,
        store,
        Admission(
            policy,
            accounts,
            registry,
            Blocking(store, Audit(Clock()), Clock()),
            Clock(),
            tasks,
            max_pending=max_pending,
        ),
    )
    door.admission.on_change.append(door.pushed.append)
    try:
        yield door
    finally:
        store.failing = False
        await tasks.close()
        accounts.close()
        await store.close()


def run(path: Path, body, policy: str = "approve", max_pending: int = 3) -> None:
    async def main() -> None:
        async with opened(path / "x.db", policy, max_pending) as door:
            await body(door)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("policy", "identity"),
    [
        ("token", None),
        ("open", DeviceIdentity("boiler", by_token=False)),
        ("approve", DeviceIdentity("boiler", pending=True, by_token=False)),
    ],
)
def test_the_policy_decides_on_an_unknown_id(tmp_path: Path, policy: str, identity: DeviceIdentity | None) -> None:
    async def body(door: Door) -> None:
        assert door.admission.identify("boiler", "10.0.0.1") == identity

    run(tmp_path, body, policy)


@pytest.mark.parametrize("policy", ["token", "open", "approve"])
def test_an_id_that_has_a_token_never_speaks_without_it(tmp_path: Path, policy: str) -> None:
    async def body(door: Door) -> None:
        await door.accounts.devices.give(TERMINAL, "boiler")
        assert door.admission.identify("boiler", "10.0.0.1") is None
        assert not door.admission.knock("boiler", "::1", lambda _: None)

    run(tmp_path, body, policy)


def test_approval_hands_the_open_socket_a_token_that_works(tmp_path: Path) -> None:
    async def body(door: Door) -> None:
        tokens = door.knock("boiler")
        assert door.admission.list()[0]["state"] == "pending"
        assert not door.registry.devices
        assert await door.admission.approve(TERMINAL, "boiler") == "approved"
        assert door.accounts.devices.identity(tokens[0]) == DeviceIdentity("boiler")
        assert "boiler" in door.registry.devices
        assert not door.registry.unsaved_devices
        assert door.admission.list() == []
        assert door.states == [("boiler", "pending"), ("boiler", "approved")]
        assert await door.admission.approve(TERMINAL, "boiler") is None

    run(tmp_path, body)


def test_two_operators_who_approve_at_once_make_one_token(tmp_path: Path) -> None:
    async def body(door: Door) -> None:
        tokens = door.knock("boiler")
        states = await asyncio.gather(
            door.admission.approve(TERMINAL, "boiler"), door.admission.approve(TERMINAL, "boiler")
        )
        assert states.count("approved") == 1
        assert len(tokens) == 1
        assert door.accounts.devices.identity(tokens[0]) is not None

    run(tmp_path, body)


def test_a_sleeping_device_gets_its_token_when_it_comes_again(tmp_path: Path) -> None:
    async def body(door: Door) -> None:
        first = door.knock("boiler")
        door.admission.leave("boiler")
        assert [one["connected"] for one in door.admission.list()] == [False]
        assert await door.admission.approve(TERMINAL, "boiler") == "approved later"
        assert not door.accounts.devices.has_token("boiler")
        again = door.knock("boiler")
        await until(lambda: again)
        assert first == []
        assert door.accounts.devices.identity(again[0]) == DeviceIdentity("boiler")

    run(tmp_path, body)


def test_an_approval_is_for_who_knocked_not_for_who_comes_next(tmp_path: Path) -> None:
    """From another address the same id waits again."""

    async def body(door: Door) -> None:
        door.knock("boiler")
        door.admission.leave("boiler")
        assert await door.admission.approve(TERMINAL, "boiler") == "approved later"
        tokens: list[str] = []
        assert door.admission.knock("boiler", "10.0.0.66", tokens.append)
        await asyncio.sleep(0)
        assert tokens == []
        assert [one["approved"] for one in door.admission.list()] == [False]
        assert not door.accounts.devices.has_token("boiler")

    run(tmp_path, body)


def test_who_takes_more_than_half_of_the_places_makes_room_for_others(tmp_path: Path) -> None:
    async def body(door: Door) -> None:
        for device in ("a", "b", "c", "d"):
            door.knock(device)
        assert door.admission.knock("honest", "10.0.0.2", lambda _: None)
        assert [one["device"] for one in door.admission.list()] == ["a", "b", "c", "honest"]
        assert ("d", "gone") in door.states

    run(tmp_path, body, max_pending=4)


def test_a_device_that_leaves_while_it_is_approved_is_not_locked_out(tmp_path: Path) -> None:
    """A token that nobody received would make its id unusable."""

    async def body(door: Door) -> None:
        door.knock("boiler")
        approving = asyncio.ensure_future(door.admission.approve(TERMINAL, "boiler"))
        await asyncio.sleep(0)
        door.admission.leave("boiler")
        await approving
        assert not door.accounts.devices.has_token("boiler")
        again = door.knock("boiler")
        await until(lambda: again)
        assert door.accounts.devices.identity(again[0]) is not None

    run(tmp_path, body)


def test_blocking_while_the_disk_works_on_the_approval_wins(tmp_path: Path) -> None:
    async def body(door: Door) -> None:
        tokens = door.knock("boiler")
        approving = asyncio.ensure_future(door.admission.approve(TERMINAL, "boiler"))
        await asyncio.sleep(0)
        assert await door.admission.block(TERMINAL, "boiler")
        assert await approving is None
        assert tokens == []
        assert not door.accounts.devices.has_token("boiler")

    run(tmp_path, body)


def test_a_socket_that_was_replaced_does_not_take_its_successor_along(tmp_path: Path) -> None:
    async def body(door: Door) -> None:
        old: list[str] = []
        told = old.append
        door.admission.knock("boiler", "::1", told)
        new = door.knock("boiler")
        door.admission.leave("boiler", told)
        assert [one["connected"] for one in door.admission.list()] == [True]
        await door.admission.approve(TERMINAL, "boiler")
        assert (len(old), len(new)) == (0, 1)

    run(tmp_path, body)


@pytest.mark.parametrize("policy", ["open", "approve"])
def test_a_blocked_id_is_refused_and_its_socket_closed(tmp_path: Path, policy: str) -> None:
    async def body(door: Door) -> None:
        closed = []
        door.accounts.watch(open_key("boiler"), lambda: closed.append(1))
        if policy == "approve":
            door.knock("boiler")
        assert await door.admission.block(TERMINAL, "boiler")
        assert closed == [1]
        refusal = door.admission.identify("boiler", "10.0.0.1")
        assert isinstance(refusal, Refusal)
        assert refusal.code is Reason.FORBIDDEN
        assert not door.admission.knock("boiler", "::1", lambda _: None)
        assert door.admission.list() == []
        assert isinstance(door.admission.identify("tank", "10.0.0.1"), DeviceIdentity)

    run(tmp_path, body, policy)


def test_a_device_with_a_token_is_not_blocked_but_revoked(tmp_path: Path) -> None:
    async def body(door: Door) -> None:
        await door.accounts.devices.give(TERMINAL, "boiler")
        assert not await door.admission.block(TERMINAL, "boiler")

    run(tmp_path, body)


def test_a_token_made_otherwise_ends_the_waiting(tmp_path: Path) -> None:
    """By the command line, which calls ``forget``; or seen by a late approval."""

    async def body(door: Door) -> None:
        closed = []
        for device in ("a", "b"):
            door.knock(device)
            door.accounts.watch(open_key(device), lambda device=device: closed.append(device))
            await door.accounts.devices.give(TERMINAL, device)
        door.admission.forget("a", "approved")
        assert await door.admission.approve(TERMINAL, "b") is None
        assert door.admission.list() == []
        assert closed == ["a", "b"]

    run(tmp_path, body)


def test_the_list_is_bounded_and_those_who_left_give_way_first(tmp_path: Path) -> None:
    async def body(door: Door) -> None:
        for number, device in enumerate(("a", "b", "c")):
            door.knock(device, f"10.0.0.{number}")
        refusal = door.admission.identify("d", "10.0.0.1")
        assert isinstance(refusal, Refusal)
        assert refusal.code is Reason.RATE_LIMITED
        assert refusal.retry_after
        assert not door.admission.knock("d", "::1", lambda _: None)
        assert isinstance(door.admission.identify("a", "10.0.0.1"), DeviceIdentity)
        door.admission.leave("b")
        door.knock("d")
        assert [one["device"] for one in door.admission.list()] == ["a", "c", "d"]
        assert ("b", "gone") in door.states

    run(tmp_path, body)


def test_nobody_waits_where_nobody_may(tmp_path: Path) -> None:
    async def body(door: Door) -> None:
        assert isinstance(door.admission.identify("a", "10.0.0.1"), Refusal)
        assert not door.admission.knock("a", "::1", lambda _: None)

    run(tmp_path, body, max_pending=0)


def test_blocked_ids_are_bounded_and_none_is_let_go_for_another(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(blocking, "MAX_BLOCKED", 3)

    async def body(door: Door) -> None:
        for n in range(3):
            assert await door.admission.block(TERMINAL, f"d{n}") is True
        refusal = await door.admission.block(TERMINAL, "one more")
        assert isinstance(refusal, Refusal)
        assert refusal.code is Reason.TOO_LARGE
        assert await door.admission.block(TERMINAL, "d0") is True
        assert [isinstance(door.admission.identify(f"d{n}", "10.0.0.1"), Refusal) for n in range(3)] == [True] * 3

    run(tmp_path, body)


def test_who_is_blocked_stays_blocked_over_a_restart_until_someone_unblocks_it(tmp_path: Path) -> None:
    async def first(door: Door) -> None:
        door.knock("boiler")
        await door.admission.block(TERMINAL, "boiler")

    async def then(door: Door) -> None:
        await door.admission.blocking.load()
        (row,) = door.admission.blocking.every
        assert (row.device, row.address, row.who) == ("boiler", "10.0.0.1", "command line")
        assert isinstance(door.admission.identify("boiler", "10.0.0.1"), Refusal)
        assert await door.admission.blocking.remove(TERMINAL, "boiler")
        assert not await door.admission.blocking.remove(TERMINAL, "boiler")
        assert door.knock("boiler") == []

    async def at_last(door: Door) -> None:
        await door.admission.blocking.load()
        assert door.admission.blocking.every == []
        log = await door.store.read(lambda connection: audit.newest(connection, None, 10))
        assert [(one.who, one.action, one.subject) for one in log] == [
            ("command line", "device unblock", "boiler"),
            ("command line", "device block", "boiler"),
        ]

    for body in (first, then, at_last):
        run(tmp_path, body)


def test_operators_see_the_latest_values_in_few_pushes_and_bounded_memory(tmp_path: Path, monkeypatch) -> None:
    async def body(door: Door) -> None:
        monkeypatch.setattr(admission, "TELL_EVERY", 0.05)
        door.knock("boiler")
        for n in range(500):
            door.admission.note("boiler", {"t": float(n), f"m{n}": True})
        door.admission.note("stranger", {"t": 1.0})
        assert len(door.pushed) == 1
        await until(lambda: len(door.pushed) > 1)
        latest = door.pushed[-1]["device"]["latest"]
        assert latest["t"] == 499.0
        assert len(latest) == MAX_METRICS
        door.admission.note("boiler", {"t": 0.5})
        await until(lambda: door.pushed[-1]["device"]["latest"]["t"] == 0.5)
        assert len(door.pushed) == 3

    run(tmp_path, body)


def test_a_push_that_was_due_is_not_sent_after_the_decision(tmp_path: Path, monkeypatch) -> None:
    async def body(door: Door) -> None:
        monkeypatch.setattr(admission, "TELL_EVERY", 0.01)
        door.knock("boiler")
        door.admission.note("boiler", {"t": 1.0})
        await door.admission.approve(TERMINAL, "boiler")
        await asyncio.sleep(0.05)
        assert door.states[-1] == ("boiler", "approved")

    run(tmp_path, body)


def test_an_approval_that_the_disk_refused_leaves_the_device_waiting(tmp_path: Path) -> None:
    async def body(door: Door) -> None:
        tokens = door.knock("boiler")
        door.store.failing = True
        with pytest.raises(StoreError):
            await door.admission.approve(TERMINAL, "boiler")
        door.store.failing = False
        assert [one["device"] for one in door.admission.list()] == ["boiler"]
        assert await door.admission.approve(TERMINAL, "boiler") == "approved"
        assert len(tokens) == 1

    run(tmp_path, body)

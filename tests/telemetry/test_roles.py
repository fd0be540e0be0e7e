"""Renaming and merging on a running core: dashboards, a device that goes on sending, restarts, crashes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from telemetry.accept import Gate, Sender
from telemetry.audit import Audit
from telemetry.clock import Clock
from telemetry.corrections import Corrections
from telemetry.model import Batch, Entry, Reason, Refusal, Value
from telemetry.roles import Roles, series_name
from telemetry.store import ledger
from telemetry.store import roles as stored
from telemetry.store.db import Connection
from tests.telemetry.kit import T0, Kit, actor, core, until


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("kitchen", "kitchen"),
        ("house/kitchen/temperature", "house/kitchen/temperature"),
        ("e\u0301/t", "\u00e9/t"),
        ("a/b#c", "a/b#c"),
        ("a#", None),
        ("", None),
        ("/t", None),
        ("a/", None),
        ("a/*", None),
        (" a", None),
        ("a\tb", None),
        ("x" * 129, None),
        ("x" * 128 + "/" + "y" * 128, "x" * 128 + "/" + "y" * 128),
        ("x" * 5_000, None),
    ],
)
def test_a_name_that_a_person_gives_is_of_the_grammar_of_names(text: str, name: str | None) -> None:
    assert series_name(text) == name


Body = Callable[[Kit, Roles], Awaitable[None]]


def made(kit: Kit) -> tuple[Roles, Corrections]:
    parts = kit.store, kit.registry, kit.hub, kit.pipeline, kit.maintenance
    some = Corrections(*parts, Clock(), Audit(Clock()))
    return Roles(*parts, some, Audit(Clock())), some


def run(path: Path, body: Body) -> None:
    async def inner() -> None:
        async with core(path) as kit:
            roles, _ = made(kit)
            kit.tasks.start(kit.maintenance.run(), "maintenance")
            await body(kit, roles)
            one = await kit.store.read(ledger.accounts)
            assert one.journalled == one.stored + one.duplicate + one.deleted + one.unsealed

    asyncio.run(inner())


def gate(kit: Kit) -> Gate:
    return Gate(kit.registry, Clock(), future_tolerance_ms=1_000, max_series=100)


async def say(kit: Kit, device: str, ts: int, value: Value, metric: str = "t") -> Refusal | None:
    """A device sends a reading through the gate; the refusal, if it is refused."""
    batch = gate(kit).accept([Entry({metric: value}, T0 + ts)], Sender(device))
    if isinstance(batch, Refusal):
        return batch
    assert isinstance(batch, Batch)
    done = kit.pipeline.submit(batch)
    assert not isinstance(done, Refusal)
    await done
    return None


async def shown(kit: Kit, name: str) -> list[tuple[int, Value]]:
    """All readings of the series that has or had this name."""
    one = kit.registry.find(name)
    assert one is not None
    id_ = one.id

    def read(connection: Connection) -> list[tuple[int, Value]]:
        from telemetry.store.export import page

        found = page(connection, kit.store.tail, id_, 0, 1 << 60)
        assert found.following is None
        return [(ts - T0, value) for ts, value in zip(found.ts, found.values, strict=True)]

    return await kit.store.read(read)


async def done(answer: Awaitable[Any]) -> dict[str, Any]:
    body = await answer
    assert isinstance(body, dict), body
    return body


def changed(viewer: Any) -> set[str]:
    return {name for frame in viewer.frames for name, _, _ in frame.get("changed", ())}


def test_a_renamed_series_is_found_by_both_names_and_its_device_goes_on(tmp_path: Path) -> None:
    async def first(kit: Kit, roles: Roles) -> None:
        await say(kit, "a", 0, 1.0)
        old, new, all_, other = kit.viewer(), kit.viewer(), kit.viewer(), kit.viewer()
        await old.subscribe("a/t")
        await new.subscribe("kitchen/*")
        await all_.subscribe("*")
        await other.subscribe("a/*")
        body = await done(roles.rename(actor("anna"), {"series": "a/t", "name": "kitchen/temperature"}))
        assert (body["from"], body["into"], body["who"]) == ("a/t", "kitchen/temperature", "anna")
        await say(kit, "a", 1_000, 2.0)
        await until(lambda: old.readings == [("a/t", 1_000, 2.0)])
        assert new.readings == all_.readings == [("kitchen/temperature", 1_000, 2.0)]
        assert other.readings == []
        assert (changed(old), changed(new), changed(all_)) == (
            {"a/t"},
            {"kitchen/temperature"},
            {"kitchen/temperature"},
        )
        for viewer in (old, new, all_, other):
            viewer.session.close()
        assert kit.series().rooms == []
        fresh = kit.viewer()
        assert (await fresh.subscribe("a/t"))["latest"][0][0].name == "a/t"
        assert await shown(kit, "a/t") == await shown(kit, "kitchen/temperature") == [(0, 1.0), (1_000, 2.0)]

    async def second(kit: Kit, roles: Roles) -> None:
        await say(kit, "a", 2_000, 3.0)
        assert await shown(kit, "a/t") == [(0, 1.0), (1_000, 2.0), (2_000, 3.0)]
        assert list(kit.registry.series) == ["kitchen/temperature"]
        assert [one["from"] for one in await roles.changes()] == ["a/t"]

    run(tmp_path / "x.db", first)
    run(tmp_path / "x.db", second)


def test_resume_over_a_rename_comes_under_the_name_that_was_asked_for(tmp_path: Path) -> None:
    async def body(kit: Kit, roles: Roles) -> None:
        await say(kit, "a", 0, 1.0)
        cursor = kit.store.epoch, kit.store.committed
        await say(kit, "a", 1_000, 2.0)
        await done(roles.rename(actor("anna"), {"series": "a/t", "name": "b"}))
        for pattern, name in (("a/t", "a/t"), ("b", "b"), ("*", "b")):
            viewer = kit.viewer()
            assert (await viewer.subscribe(pattern, since=cursor))["recovered"]
            await until(lambda: viewer.readings)  # noqa: B023
            assert viewer.readings == [(name, 1_000, 2.0)]

    run(tmp_path / "x.db", body)


def test_names_stay_unique(tmp_path: Path) -> None:
    """Also against former names, and against what devices send later."""

    async def body(kit: Kit, roles: Roles) -> None:
        await say(kit, "a", 0, 1.0)
        await say(kit, "b", 0, 1.0)
        await done(roles.rename(actor("anna"), {"series": "a/t", "name": "a/u"}))
        for name in ("b/t", "a/u"):
            refusal = await roles.rename(actor("anna"), {"series": "a/u", "name": name})
            assert isinstance(refusal, Refusal)
            assert (refusal.code, refusal.at) == (Reason.BAD_VALUE, "name")
        taken = await roles.rename(actor("anna"), {"series": "b/t", "name": "a/t"})
        assert isinstance(taken, Refusal)
        refused = await say(kit, "a", 1_000, 5.0, metric="u")
        assert refused is not None
        assert refused.code is Reason.BAD_VALUE
        assert await say(kit, "a", 1_000, 2.0) is None
        assert await shown(kit, "a/u") == [(0, 1.0), (1_000, 2.0)]
        await done(roles.rename(actor("anna"), {"series": "a/u", "name": "a/t"}))
        assert await say(kit, "a", 1_000, 5.0, metric="u") is not None  # a/u still finds a/t
        assert list(kit.registry.series) == ["a/t", "b/t"]

    run(tmp_path / "x.db", body)


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"from": "x", "into": "a/t"}, "from"),
        ({"from": "a/t", "into": "x"}, "into"),
        ({"from": "a/t", "into": "a/t"}, "into"),
        ({"from": "a/t", "into": "b/t", "since": "soon"}, "since"),
        ({"from": "a/t", "into": "b/t", "since": 1.5}, "since"),
        ({"from": "a/t"}, None),
        ([], None),
    ],
)
def test_a_merge_that_makes_no_sense_is_refused(tmp_path: Path, body: object, at: str | None) -> None:
    async def inner(kit: Kit, roles: Roles) -> None:
        await say(kit, "a", 0, 1.0)
        await say(kit, "b", 0, 1.0)
        refusal = await roles.merge(actor("anna"), body)
        assert isinstance(refusal, Refusal)
        assert refusal.at == at
        assert await roles.changes() == []
        assert await say(kit, "a", 1, 1.0) is await say(kit, "b", 1, 1.0) is None

    run(tmp_path / "x.db", inner)


def test_a_new_device_takes_the_role_of_the_old_one(tmp_path: Path) -> None:
    """All readings are in one series, of equal times those of the role stand; charts hear of it; names are found."""

    async def first(kit: Kit, roles: Roles) -> None:
        for ts in range(5):
            await say(kit, "old", ts, float(ts))
        for ts in range(3, 8):
            await say(kit, "new", ts, 10.0 + ts)
        viewer, by_new_name = kit.viewer(), kit.viewer()
        await viewer.subscribe("old/*")
        await by_new_name.subscribe("new/t")
        body = await done(roles.merge(actor("anna"), {"from": "new/t", "into": "old/t"}))
        assert (body["state"], body["readings"], body["from"], body["into"]) == ("done", 5, "new/t", "old/t")
        await say(kit, "new", 8, 18.0)
        full = [(0, 0.0), (1, 1.0), (2, 2.0), (3, 3.0), (4, 4.0), (5, 15.0), (6, 16.0), (7, 17.0), (8, 18.0)]
        assert await shown(kit, "old/t") == await shown(kit, "new/t") == full
        await until(lambda: viewer.readings == [("old/t", 8, 18.0)])
        assert by_new_name.readings == [("new/t", 8, 18.0)]
        assert "old/t" in changed(viewer)
        assert list(kit.registry.series) == ["old/t"]
        assert kit.registry.series["old/t"].latest == (T0 + 8, 18.0)
        refused = await say(kit, "old", 9, 9.0)
        assert refused is not None
        assert (refused.code, "device new" in refused.message) == (Reason.BAD_VALUE, True)
        accounts = await kit.store.read(ledger.accounts)
        assert (accounts.duplicate, accounts.stored + accounts.unsealed) == (2, 9)

    async def second(kit: Kit, _: Roles) -> None:
        await say(kit, "new", 9, 19.0)
        assert (await shown(kit, "old/t"))[-1] == (9, 19.0)
        assert list(kit.registry.series) == ["old/t"]
        assert await say(kit, "old", 9, 9.0) is not None
        assert kit.registry.series["old/t"].latest == (T0 + 9, 19.0)

    run(tmp_path / "x.db", first)
    run(tmp_path / "x.db", second)


def test_a_role_that_is_taken_over_from_a_moment_on_leaves_what_was_before(tmp_path: Path) -> None:
    """The series that was taken over keeps its name and its older readings, and gets no new ones."""

    async def first(kit: Kit, roles: Roles) -> None:
        await say(kit, "old", 0, 0.0)
        for ts in range(1, 6):
            await say(kit, "new", ts, float(ts))
        await done(roles.merge(actor("anna"), {"from": "new/t", "into": "old/t", "since": T0 + 3}))
        assert await shown(kit, "old/t") == [(0, 0.0), (3, 3.0), (4, 4.0), (5, 5.0)]
        assert await shown(kit, "new/t") == [(1, 1.0), (2, 2.0)]
        assert kit.registry.series["new/t"].latest == (T0 + 2, 2.0)
        again = await roles.merge(actor("anna"), {"from": "new/t", "into": "old/t"})
        assert isinstance(again, Refusal)

    async def second(kit: Kit, roles: Roles) -> None:
        await say(kit, "new", 6, 6.0)
        assert (await shown(kit, "old/t"))[-1] == (6, 6.0)
        assert await shown(kit, "new/t") == [(1, 1.0), (2, 2.0)]
        assert kit.registry.series["new/t"].latest == (T0 + 2, 2.0)
        # what is left can play a role again: the device goes back to it
        await done(roles.merge(actor("anna"), {"from": "old/t", "into": "new/t", "since": T0 + 6}))
        await say(kit, "new", 7, 7.0)
        assert await shown(kit, "new/t") == [(1, 1.0), (2, 2.0), (6, 6.0), (7, 7.0)]

    run(tmp_path / "x.db", first)
    run(tmp_path / "x.db", second)


def test_what_is_sent_while_a_merge_begins_is_in_the_role(tmp_path: Path) -> None:
    async def body(kit: Kit, roles: Roles) -> None:
        await say(kit, "old", 0, 0.0)
        await say(kit, "new", 1, 1.0)
        merging = kit.tasks.start(roles.merge(actor("anna"), {"from": "new/t", "into": "old/t"}), "merge")
        ts = 2
        while not merging.done():
            assert await say(kit, "new", ts, float(ts)) is None
            ts += 1
        assert await shown(kit, "old/t") == [(n, float(n)) for n in range(ts)]
        assert list(kit.registry.series) == ["old/t"]

    run(tmp_path / "x.db", body)


def test_a_merge_goes_on_after_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from telemetry.store import chunks, correcting

    monkeypatch.setattr(chunks, "MAX", 20)
    monkeypatch.setattr(chunks, "FULL", 10)
    monkeypatch.setattr(correcting, "CHUNKS", 1)
    monkeypatch.setattr(correcting, "SOME", 1)

    async def inner() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 0.0)], device="old")
            await kit.send([(ts, float(ts)) for ts in range(1, 60)], device="new")
            await kit.maintenance.seal(everything=True)
            old, new = kit.registry.series["old/t"], kit.registry.series["new/t"]
            change = stored.Change(0, "merge", old.id, new.id, new.name, old.name, None, "anna", T0, 0, "running")

            def begin(connection: Connection) -> stored.Change:
                stored.take_over(connection, new, old)
                return stored.note(connection, change)

            change = await kit.store.write(begin)
            assert await kit.store.write(lambda connection: correcting.move(connection, change))
            assert 0 < len(await shown(kit, "new/t")) < 59

    asyncio.run(inner())

    async def second(kit: Kit, roles: Roles) -> None:
        while (await roles.changes())[0]["state"] != "done":
            await asyncio.sleep(0)
        await until(lambda: list(kit.registry.series) == ["old/t"])
        assert await say(kit, "new", 60, 60.0) is None

        def read(connection: Connection) -> int:
            return int(connection.execute("SELECT sum(count) FROM sealed").fetchone()[0])

        assert await kit.store.read(read) == 60
        assert (await roles.changes())[0]["readings"] == 59

    run(tmp_path / "x.db", second)

"""Corrections on a running core: what is shown, pushed and latest; crashes, outages and late readings in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from telemetry import corrections
from telemetry.audit import Audit
from telemetry.clock import Clock, wall_ms
from telemetry.corrections import Corrections
from telemetry.model import Reason, Refusal, Value
from telemetry.store import corrections as stored
from telemetry.store import ledger
from telemetry.store.db import Connection
from tests.telemetry.kit import T0, Kit, actor, core, until

ASKED = {"series": "a/t", "from": T0, "to": T0 + 1_000, "action": "delete", "why": "on the bench"}


def refused(value: object) -> tuple[Reason, str | None]:
    assert isinstance(value, Refusal), value
    return value.code, value.at


# on a database

Body = Callable[[Kit, Corrections], Awaitable[None]]


def made(kit: Kit) -> Corrections:
    return Corrections(kit.store, kit.registry, kit.hub, kit.pipeline, kit.maintenance, Clock(), Audit(Clock()))


def run(path: Path, body: Body) -> None:
    async def inner() -> None:
        async with core(path) as kit:
            one = made(kit)
            kit.tasks.start(kit.maintenance.run(), "maintenance")
            await body(kit, one)
            await balanced(kit)

    asyncio.run(inner())


async def balanced(kit: Kit) -> None:
    one = await kit.store.read(ledger.accounts)
    assert one.journalled == one.stored + one.duplicate + one.deleted + one.unsealed


async def shown(kit: Kit, metric: str = "t") -> list[tuple[int, Value]]:
    """What an export gives of a series: what is stored and no mask hides."""

    def read(connection: Connection) -> list[tuple[int, Value]]:
        from telemetry.store.export import page

        points: list[tuple[int, Value]] = []
        following: int | None = 0
        while following is not None:
            found = page(connection, kit.store.tail, kit.series(metric).id, following, 1 << 60)
            points += zip((ts - T0 for ts in found.ts), found.values, strict=True)
            following = found.following
        return points

    return await kit.store.read(read)


def asked(frm: int, to: int, action: str = "delete", **more: Any) -> dict[str, Any]:
    return ASKED | {"from": T0 + frm, "to": T0 + to, "action": action} | more


async def add(some: Corrections, body: dict[str, Any]) -> Any:
    done = await some.add(actor("anna"), body)
    assert isinstance(done, dict), done
    return done


def spans(viewer: Any) -> list[tuple[str, int, int]]:
    return [(name, a - T0, b - T0) for frame in viewer.frames for name, a, b in frame.get("changed", ())]


@pytest.mark.parametrize("action", ["delete", "mask"])
def test_a_spike_goes_and_comes_back(tmp_path: Path, action: str) -> None:
    """Latest, history and open charts follow; nobody hears of an older reading as if it were new."""

    async def body(kit: Kit, some: Corrections) -> None:
        await kit.send([(0, 1.0), (1_000, 2.0), (2_000, 999.0)])
        viewer = kit.viewer()
        await viewer.subscribe("a/*")
        number = await some.preview(asked(0, 3_000, action, above=100))
        done = await add(some, asked(0, 3_000, action, above=100))
        assert (done["state"], done["readings"], done["who"], done["above"]) == ("done", 1, "anna", 100.0)
        assert number == 1
        assert await shown(kit) == [(0, 1.0), (1_000, 2.0)]
        assert kit.series().latest == kit.series().durable == (T0 + 1_000, 2.0)
        await until(lambda: spans(viewer) == [("a/t", 0, 2_999)])
        assert viewer.readings == []
        fresh = kit.viewer()
        assert (await fresh.subscribe("a/t"))["latest"][0][1:] == (T0 + 1_000, 2.0)
        await kit.send([(1_500, 3.0)])
        assert kit.series().latest == (T0 + 1_500, 3.0)

        back = await some.undo(actor("bert"), done["id"])
        assert isinstance(back, dict)
        assert (back["state"], back["undone_by"]) == ("undone", "bert")
        assert isinstance(back["undone_at"], int)
        assert await shown(kit) == [(0, 1.0), (1_000, 2.0), (1_500, 3.0), (2_000, 999.0)]
        assert kit.series().latest == (T0 + 2_000, 999.0)
        assert await some.undo(actor("carl"), done["id"]) == back
        assert await some.listed(["a/*"]) == [back]
        assert await some.listed(["b/*"]) == []

    run(tmp_path / "x.db", body)


def test_after_a_restart_latest_is_not_what_was_deleted(tmp_path: Path) -> None:
    """The journal still holds it."""

    async def first(kit: Kit, some: Corrections) -> None:
        await kit.send([(0, 1.0), (1_000, 999.0)])
        await add(some, asked(0, 3_000, above=100))

    async def second(kit: Kit, _: Corrections) -> None:
        assert kit.series().latest == kit.series().durable == (T0, 1.0)
        for viewer, since, recovered in ((kit.viewer(), 1, False), (kit.viewer(), kit.store.committed, False)):
            assert (await viewer.subscribe("*", since=(kit.store.epoch, since)))["recovered"] is recovered

    run(tmp_path / "x.db", first)
    run(tmp_path / "x.db", second)


def test_a_mask_hides_what_comes_later_and_gives_it_back(tmp_path: Path) -> None:
    """Not sealed, sealed and over a restart; it is neither pushed nor latest, and of equal times the newest stands."""

    async def first(kit: Kit, some: Corrections) -> None:
        await kit.send([(0, 1.0)])
        viewer = kit.viewer()
        await viewer.subscribe("*")
        done = await add(some, asked(0, 10_000, "mask", above=50))
        await kit.send([(1_000, 99.0), (2_000, 2.0)])
        assert await shown(kit) == [(0, 1.0), (2_000, 2.0)]
        await kit.maintenance.seal(everything=True)
        await kit.send([(3_000, "text"), (4_000, 98.0), (20_000, 97.0)])
        assert await shown(kit) == [(0, 1.0), (2_000, 2.0), (3_000, "text"), (20_000, 97.0)]
        await kit.maintenance.seal(everything=True)
        await kit.send([(0, 77.0), (1_000, 96.0)])
        assert await shown(kit) == [(2_000, 2.0), (3_000, "text"), (20_000, 97.0)]
        await kit.maintenance.seal(everything=True)
        assert await shown(kit) == [(2_000, 2.0), (3_000, "text"), (20_000, 97.0)]
        assert [value for _, _, value in viewer.readings] == [2.0, "text", 97.0]
        assert (await some.listed(["*"]))[0]["readings"] == 3
        accounts = await kit.store.read(ledger.accounts)
        assert (accounts.stored, accounts.duplicate, accounts.deleted) == (6, 2, 0)
        assert done["id"] == 1

    async def second(kit: Kit, some: Corrections) -> None:
        viewer = kit.viewer()
        await viewer.subscribe("*")
        await kit.send([(5_000, 95.0), (6_000, 6.0)])
        await until(lambda: viewer.readings == [("a/t", 6_000, 6.0)])
        assert await shown(kit) == [(2_000, 2.0), (3_000, "text"), (6_000, 6.0), (20_000, 97.0)]
        assert isinstance(await some.undo(actor("bert"), 1), dict)
        full = [(0, 77.0), (1_000, 96.0), (2_000, 2.0), (3_000, "text"), (4_000, 98.0), (5_000, 95.0), (6_000, 6.0)]
        assert await shown(kit) == [*full, (20_000, 97.0)]
        await kit.maintenance.seal(everything=True)
        assert await shown(kit) == [*full, (20_000, 97.0)]

    run(tmp_path / "x.db", first)
    run(tmp_path / "x.db", second)


def test_resume_does_not_show_what_a_mask_hides(tmp_path: Path) -> None:
    async def body(kit: Kit, some: Corrections) -> None:
        await kit.send([(0, 1.0)])
        cursor = kit.store.epoch, kit.store.committed
        await kit.send([(1_000, 99.0), (2_000, 2.0)])
        await add(some, asked(0, 10_000, "mask", above=50))
        # who was away does not learn from the log what was taken out
        assert not (await kit.viewer().subscribe("*", since=cursor))["recovered"]
        cursor = kit.store.epoch, kit.store.committed
        assert not (await kit.viewer().subscribe("*", since=cursor))["recovered"]
        await kit.send([(3_000, 3.0)])
        cursor = kit.store.epoch, kit.store.committed
        await kit.send([(4_000, 99.0), (5_000, 5.0)])
        viewer = kit.viewer()
        assert (await viewer.subscribe("*", since=cursor))["recovered"]
        await until(lambda: viewer.readings == [("a/t", 5_000, 5.0)])

    run(tmp_path / "x.db", body)


def test_what_a_crash_interrupts_goes_on_and_late_readings_are_not_deleted_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends between two steps; what arrived after the deletion was asked for stays."""
    from telemetry.store import chunks, correcting

    monkeypatch.setattr(chunks, "MAX", 100)
    monkeypatch.setattr(chunks, "FULL", 50)
    monkeypatch.setattr(correcting, "CHUNKS", 1)
    monkeypatch.setattr(correcting, "SOME", 1)

    async def first(kit: Kit, some: Corrections) -> None:
        await kit.send([(1_000 * n, float(n)) for n in range(1_000)])
        row = stored.Correction(0, 1, T0, T0 + 900_000, "delete", None, None, "why", "anna", T0)
        await kit.store.write(lambda connection: stored.add(connection, row))
        await kit.maintenance.seal(everything=True)
        for _ in range(5):
            assert await kit.store.write(lambda c: correcting.step(c, _row(c)))
        found = await shown(kit)
        assert 500 < len(found) < 1_000
        await balanced(kit)
        await kit.send([(800_500, 7.0)])

    async def inner() -> None:
        async with core(tmp_path / "x.db") as kit:
            await first(kit, made(kit))

    asyncio.run(inner())

    async def second(kit: Kit, some: Corrections) -> None:
        await kit.maintenance.seal(everything=True)
        (one,) = await some.listed(["*"])
        assert (one["state"], one["readings"]) == ("done", 900)
        assert await shown(kit) == [(800_500, 7.0), *((1_000 * n, float(n)) for n in range(900, 1_000))]

    async def again() -> None:
        async with core(tmp_path / "x.db") as kit:
            some = made(kit)
            kit.tasks.start(kit.maintenance.run(), "maintenance")
            await kit.store.read(lambda _: None)
            while (await some.listed(["*"]))[0]["state"] != "done":
                await asyncio.sleep(0)
            await second(kit, some)
            await balanced(kit)

    asyncio.run(again())


@pytest.mark.parametrize("steps", [0, 5])
@pytest.mark.parametrize("way", ["sealed", "loaded"])
def test_what_comes_while_a_deletion_waits_or_is_half_done_survives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int, way: str
) -> None:
    """Also what an import or a merge has sealed: before the place that the deletion has come to, and after it."""
    from telemetry.store import chunks, correcting
    from telemetry.store.records import Texts
    from tests.telemetry.store.kit import packed

    monkeypatch.setattr(chunks, "MAX", 100)
    monkeypatch.setattr(chunks, "FULL", 50)
    monkeypatch.setattr(correcting, "CHUNKS", 1)
    monkeypatch.setattr(correcting, "SOME", 1)
    late: list[tuple[int, Value]] = [(500, 8.0), (700_000, 7.0), (800_500, 9.0)]

    async def inner() -> None:
        async with core(tmp_path / "x.db") as kit:
            some = made(kit)
            await kit.send([(1_000 * n, float(n)) for n in range(500)])
            await kit.maintenance.seal(everything=True)
            await kit.send([(1_000 * n, float(n)) for n in range(500, 1_000)])
            row = stored.Correction(0, 1, T0, T0 + 900_000, "delete", None, 10_000.0, "why", "anna", wall_ms())
            row = await kit.store.write(lambda connection: stored.add(connection, row))
            assert row.upto == kit.store.committed
            if steps:
                await kit.maintenance.seal(everything=True)
            for _ in range(steps):
                assert await kit.store.write(lambda c: correcting.step(c, _row(c)))
            if way == "sealed":
                await kit.send(late)
            await kit.maintenance.seal(everything=True)
            if way == "loaded":
                texts = Texts()
                records = packed([(T0 + ts, value) for ts, value in late], texts)
                await kit.maintenance.load(records, texts)
            await balanced(kit)
            await some.work()
            (done,) = await some.listed(["*"])
            assert (done["id"], done["state"]) == (row.id, "done")
            assert done["readings"] == 899, "one was replaced before its turn came"
            rest = [(1_000 * n, float(n)) for n in range(900, 1_000)]
            assert await shown(kit) == [*late, *rest]
            assert await kit.store.read(lambda c: c.execute("SELECT count(*) FROM spared").fetchone()) == (0,)
            await balanced(kit)
            back = await some.undo(actor("bert"), row.id)
            assert isinstance(back, dict)
            await some.work()
            full = {1_000 * n: float(n) for n in range(1_000)} | dict(late)
            assert await shown(kit) == sorted(full.items())
            await balanced(kit)

    asyncio.run(inner())


def _row(connection: Connection) -> stored.Correction:
    found = stored.find(connection, 1)
    assert found is not None
    return found


def test_a_disk_that_refuses_leaves_nothing_half_done(tmp_path: Path) -> None:
    """The request is answered while the disk fails, and the work is done when it takes writes again."""

    async def body(kit: Kit, some: Corrections) -> None:
        await kit.send([(0, 1.0), (1_000, 2.0)])
        await kit.maintenance.seal(everything=True)
        row = stored.Correction(0, 1, T0, T0 + 500, "delete", None, None, "why", "anna", T0)
        await kit.store.write(lambda connection: stored.add(connection, row))
        kit.store.failing = True
        kit.maintenance.wake()
        await asyncio.sleep(0)
        assert await shown(kit) == [(0, 1.0), (1_000, 2.0)]
        kit.store.failing = False
        while (await some.listed(["*"]))[0]["state"] != "done":
            kit.maintenance.wake()
            await asyncio.sleep(0)
        assert await shown(kit) == [(1_000, 2.0)]

    run(tmp_path / "x.db", body)


def test_a_deletion_is_forgotten_after_a_month_a_mask_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(kit: Kit, some: Corrections) -> None:
        await kit.send([(0, 1.0), (1_000, 2.0)])
        gone = await add(some, asked(0, 500))
        kept = await add(some, asked(500, 1_500, "mask"))
        await some.forget()
        assert await kit.store.read(lambda c: c.execute("SELECT count(*) FROM hidden").fetchone()) == (2,)
        monkeypatch.setattr(corrections, "KEPT", -1_000)
        await some.forget()
        assert refused(await some.undo(actor("anna"), gone["id"])) == (Reason.BAD_VALUE, None)
        assert isinstance(await some.undo(actor("anna"), kept["id"]), dict)
        assert await shown(kit) == [(1_000, 2.0)]
        assert (await kit.store.read(ledger.accounts)).deleted == 1

    run(tmp_path / "x.db", body)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    async def body(kit: Kit, some: Corrections) -> None:
        await kit.send([(0, 1.0)])
        assert await some.undo(actor("anna"), 7) is None
        assert refused(await some.add(actor("anna"), asked(0, 1, series="a/x"))) == (Reason.BAD_VALUE, "series")
        assert refused(await some.preview(asked(0, 1, series="a/x"))) == (Reason.BAD_VALUE, "series")
        assert await some.preview(asked(500, 900)) == 0
        assert (await add(some, asked(500, 900)))["readings"] == 0

    run(tmp_path / "x.db", body)


def test_a_check_finds_nothing_wrong_with_a_corrected_database(tmp_path: Path) -> None:
    from telemetry.store.checking import Inspection

    async def body(kit: Kit, some: Corrections) -> None:
        await kit.send([(1_000 * n, float(n % 100)) for n in range(5_000)])
        await add(some, asked(0, 1_000_000))
        await add(some, asked(2_000_000, 3_000_000, "mask", above=50))
        undone = await add(some, asked(2_500_000, 4_000_000, below=25))
        await some.undo(actor("anna"), undone["id"])

    run(tmp_path / "x.db", body)
    inspection = Inspection(tmp_path / "x.db", alone=True)
    found = []
    while (step := inspection.step()) is not None:
        found += step
    inspection.close()
    assert found == []

"""The unsealed tail: always what is in the journal after the last seal, however often it is asked."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from telemetry.model import Value
from telemetry.store import records
from telemetry.store.damage import Damaged
from telemetry.store.records import Texts
from telemetry.store.tail import Tail
from tests.telemetry.kit import T0, Kit, core
from tests.telemetry.store.kit import EVER, plain


async def found(kit: Kit, metric: str = "t", frm: int = 0, to: int = EVER) -> dict[int, Value]:
    texts = Texts()
    ids = [kit.series(metric).id]
    some = await kit.store.read(lambda c: kit.store.tail.find(c, ids, T0 + frm, T0 + to, texts))
    return {ts - T0: value for ts, (_, value) in plain(records.settle(some), texts).items()}


def test_it_follows_commits_and_forgets_what_is_sealed(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0), (1, "on")])
            await kit.send([(0, 2.0)], "u")
            assert await found(kit) == {0: 1.0, 1: "on"}
            await kit.send([(1, True), (2, 5.0)])
            assert await found(kit) == {0: 1.0, 1: True, 2: 5.0}
            assert await found(kit, frm=1, to=2) == {1: True}
            await kit.maintenance.seal(everything=True)
            assert await found(kit) == {}
            await kit.send([(3, "off")])
            assert await found(kit) == {3: "off"}
            assert await found(kit, "u") == {}

    asyncio.run(body())


def test_many_small_commits_stay_few_blocks(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            for at in range(300):
                await kit.send([(at, float(at))])
                if at % 3 == 0:
                    assert len(await found(kit)) == at + 1
            assert len(kit.store.tail._blocks) < 12

    asyncio.run(body())


def test_many_series_are_found_at_once(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            for at in range(200):
                await kit.send([(at, float(at))], f"m{at}")
            ids = [one.id for one in kit.registry.series.values()][:150]
            some = await kit.store.read(lambda c: kit.store.tail.find(c, ids, 0, EVER, Texts()))
            assert sorted(some["series"].tolist()) == ids

    asyncio.run(body())


def test_row_of_the_journal_that_does_not_fit_its_checksum_is_never_given(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0)])
            change = "UPDATE journal SET data = CAST(x'00' || substr(data, 2) AS BLOB)"
            await kit.store.write(lambda c: c.execute(change).close())
            with pytest.raises(Damaged):
                await kit.store.read(lambda c: Tail().find(c, [1], 0, EVER, Texts()))
            await kit.store.write(lambda c: c.execute("DELETE FROM journal").close())

    asyncio.run(body())

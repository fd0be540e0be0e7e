"""Removing a device with its data: what is gone, what stays, and what a crash in the middle leaves."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from telemetry import removal
from telemetry.accept import Sender
from telemetry.core import Core
from telemetry.identity import TERMINAL
from telemetry.model import Batch, Entry, Refusal, Value
from telemetry.replay import Selection
from telemetry.store import audit, corrections, ledger
from telemetry.store import removal as stored
from telemetry.store.db import StoreError
from tests.telemetry.whole import whole

T0 = 1_700_000_000_000
SECRET = "a word that no other device says"
RARE = 1234.000244140625
"""Its eight bytes are found nowhere else."""

Body = Callable[[Core], Awaitable[None]]


def run(path: Path, body: Body) -> None:
    async def main() -> None:
        async with whole(path, storage_commit_interval="0") as core:
            core.tasks.start(core.maintenance.run(), "maintenance")
            await body(core)
            one = await core.store.read(ledger.accounts)
            assert one.journalled == one.stored + one.duplicate + one.deleted + one.unsealed

    asyncio.run(main())


async def say(core: Core, device: str, at: int, **values: Value) -> None:
    batch = core.gate.accept([Entry(dict(values), T0 + at)], Sender(device))
    assert isinstance(batch, Batch)
    batch.mark = device, at
    done = core.pipeline.submit(batch)
    assert not isinstance(done, Refusal)
    await done


async def fill(core: Core) -> None:
    """Two devices that speak in turns; some of it is sealed, some in the journal only."""
    for at in range(40):
        await say(core, "boiler", at, t=RARE, state=SECRET)
        await say(core, "tank", at, level=float(at), state=f"state {at}")
        if at == 20:
            await core.maintenance.seal(everything=True)


def written(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.iterdir() if file.is_file())


async def of(core: Core, series: str) -> list[tuple[int, Value]]:
    """The readings of a series that the log still gives to a resuming client."""
    found: list[tuple[int, Value]] = []
    cursor = 0
    while core.replay.on_disk(cursor):
        page = await core.replay.page(cursor, Selection([(series, -1)]))
        found += [(ts - T0, value) for _, ts, value in (json.loads(text) for _, text in page.readings)]
        cursor = page.end
    return found


def test_nothing_of_it_is_left_in_memory_in_the_database_or_in_the_bytes_of_its_files(tmp_path: Path) -> None:
    async def body(core: Core) -> None:
        token = await core.accounts.devices.give(TERMINAL, "boiler")
        core.registry.add_device("boiler", T0, saved=True)
        core.roster.heard("boiler", "10.0.0.9")
        await fill(core)
        core.presence.report("boiler", online=True, source="broker")
        one = core.registry.find("boiler/t")
        assert one is not None
        number = one.id
        await core.labels.edit(TERMINAL, {"series": "boiler/t", "label": "A title", "unit": "unit-x"})
        await core.annotations.add(TERMINAL, {"series": "boiler/t", "from": T0, "text": "a note of it"})
        mask = {"series": "boiler/t", "from": T0, "to": T0 + 5, "action": "mask", "why": "never true"}
        assert isinstance(await core.corrections.add(TERMINAL, mask), dict)
        await core.maintenance.seal(everything=True)
        before = written(tmp_path)
        assert SECRET.encode() in before
        assert token is not None

        assert await core.removals.remove(TERMINAL, "boiler") == "removed"

        assert "boiler" not in core.registry.devices
        assert [name for name in core.registry.series if "boiler" in name] == []
        assert core.accounts.devices.identity(token) is None
        assert "boiler" not in core.presence.reports()
        assert core.roster.address("boiler") == ""
        left = written(tmp_path)
        assert SECRET.encode() not in left
        assert struct.pack("<d", RARE) not in left
        tables = ("chunks", "chunk_data", "hidden", "sealed", "labels", "annotations", "rollup_1d")
        for table, column in [("series", "id"), *((table, "series") for table in tables)]:
            query = f"SELECT count(*) FROM {table} WHERE {column} = {number}"
            assert await core.store.read(lambda c, query=query: c.execute(query).fetchone()) == (0,)  # type: ignore[misc]
        assert await core.store.read(corrections.count) == 0
        assert await core.store.read(stored.unfinished) == []

    run(tmp_path, body)


def test_other_devices_keep_everything_and_resume_goes_on(tmp_path: Path) -> None:
    async def body(core: Core) -> None:
        await fill(core)
        assert await core.removals.remove(TERMINAL, "boiler") == "removed"
        assert await of(core, "tank/level") == [(at, float(at)) for at in range(40)]
        assert await of(core, "tank/state") == [(at, f"state {at}") for at in range(40)]
        assert await of(core, "boiler/t") == []
        assert await core.replay.resumable(core.replay.epoch, 1)
        found = await core.store.read(lambda c: c.execute("SELECT sum(count) FROM sealed").fetchone())
        assert found == (80,)
        await say(core, "tank", 50, level=1.0)

    async def after(core: Core) -> None:
        assert list(core.registry.devices) == ["tank"]
        assert core.registry.devices["tank"].last_id == 50
        assert await of(core, "tank/level") == [*((at, float(at)) for at in range(40)), (50, 1.0)]

    run(tmp_path, body)
    run(tmp_path, after)


def test_a_device_that_speaks_again_is_a_new_one(tmp_path: Path) -> None:
    async def body(core: Core) -> None:
        await fill(core)
        old = core.registry.find("boiler/t")
        assert await core.removals.remove(TERMINAL, "boiler") == "removed"
        await say(core, "boiler", 100, t=1.0)
        new = core.registry.find("boiler/t")
        assert old is not None
        assert new is not None
        assert new.id != old.id
        assert await of(core, "boiler/t") == [(100, 1.0)]

    async def after(core: Core) -> None:
        assert await of(core, "boiler/t") == [(100, 1.0)]

    run(tmp_path, body)
    run(tmp_path, after)


def test_it_goes_while_it_goes_on_sending(tmp_path: Path) -> None:
    """What it sends meanwhile belongs to the device that it is from then on."""

    async def body(core: Core) -> None:
        await fill(core)
        stop = asyncio.Event()

        async def send() -> int:
            at = 1_000
            while not stop.is_set():
                at += 1
                await say(core, "boiler", at, t=2.0, **{f"m{at % 7}": True})
            return at

        sending = asyncio.ensure_future(send())
        assert await core.removals.remove(TERMINAL, "boiler") == "removed"
        stop.set()
        last = await sending
        ts = [ts for ts, _ in await of(core, "boiler/t")]
        assert all(1_000 < one <= last for one in ts)
        assert ts[-1:] == [last]

    async def after(core: Core) -> None:
        assert {"boiler", "tank"} == set(core.registry.devices)

    run(tmp_path, body)
    run(tmp_path, after)


def test_what_a_crash_cuts_off_goes_on_at_the_next_start(tmp_path: Path) -> None:
    async def cut(core: Core) -> None:
        await fill(core)
        device = core.registry.devices["boiler"]
        core.registry.forget(device)
        begun = await core.store.write(lambda connection: stored.begin(connection, "boiler", T0))
        assert begun is not None
        assert begun.series == (1, 2)

    async def main() -> None:
        async with whole(tmp_path, storage_commit_interval="0") as core:  # without maintenance
            await cut(core)

    asyncio.run(main())

    async def then(core: Core) -> None:
        assert list(core.registry.devices) == ["tank"]
        await say(core, "new", 1, t=7.0)  # takes no id of the old ones
        series = core.registry.find("new/t")
        assert series is not None
        assert series.id > 4

        async def done() -> bool:
            return not await core.store.read(stored.unfinished)

        core.maintenance.wake()
        for _ in range(2_000):
            if await done():
                break
            await asyncio.sleep(0.01)
        assert await done()
        assert await of(core, "new/t") == [(1, 7.0)]
        await core.store.empty_log()

    run(tmp_path, then)
    assert SECRET.encode() not in written(tmp_path)


def test_a_device_that_is_not_known_is_not_removed(tmp_path: Path) -> None:
    async def body(core: Core) -> None:
        assert await core.removals.remove(TERMINAL, "nobody") is None
        assert await core.store.read(lambda connection: audit.newest(connection, None, 10)) == []

    run(tmp_path, body)


def test_it_is_in_the_audit_log_with_its_series(tmp_path: Path) -> None:
    async def body(core: Core) -> None:
        await fill(core)
        assert await core.removals.held("boiler") == (["boiler/t", "boiler/state"], 80)
        await core.removals.remove(TERMINAL, "boiler")
        (row,) = await core.store.read(lambda connection: audit.newest(connection, None, 10))
        assert (row.who, row.action, row.subject) == ("command line", "device remove", "boiler")
        assert json.loads(row.before or "") == {"series": ["boiler/t", "boiler/state"]}

    run(tmp_path, body)


def test_a_disk_that_fails_leaves_the_device_with_its_data_and_without_its_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(core: Core) -> None:
        token = await core.accounts.devices.give(TERMINAL, "boiler")
        await fill(core)

        def fails(*_: object) -> None:
            raise OSError("no")

        with monkeypatch.context() as patched:
            patched.setattr(removal.log, "add", fails)
            with pytest.raises(StoreError):
                await core.removals.remove(TERMINAL, "boiler")
        assert core.accounts.devices.identity(token or "") is None
        assert core.registry.find("boiler/t") is not None
        assert len(await of(core, "boiler/t")) == 40
        await say(core, "boiler", 200, t=3.0)

    run(tmp_path, body)

"""Thresholds on a running core: kept with their series, told to dashboards, noted in the audit log."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from telemetry.accept import Gate, Sender
from telemetry.audit import Audit
from telemetry.clock import Clock
from telemetry.identity import Actor
from telemetry.model import Batch, Entry, Reason, Refusal, Threshold
from telemetry.store import audit as log
from telemetry.thresholds import MAX_THRESHOLDS, Thresholds
from tests.telemetry.kit import T0, Kit, core

ANNA = Actor("anna", "user", "10.0.0.5")
BOTH = [{"above": 30}, {"below": -5.5}]


async def rig(kit: Kit) -> Thresholds:
    """Thresholds, and a device that has spoken."""
    clock = Clock()
    gate = Gate(kit.registry, clock, future_tolerance_ms=1_000, max_series=100)
    batch = gate.accept([Entry({"t": 1.0}, T0)], Sender("d"))
    assert isinstance(batch, Batch)
    future = kit.pipeline.submit(batch)
    assert not isinstance(future, Refusal)
    await future
    return Thresholds(kit.store, kit.registry, kit.hub, kit.pipeline, Audit(clock))


def test_they_are_told_noted_and_there_after_a_restart(tmp_path: Path) -> None:
    async def first() -> None:
        async with core(tmp_path / "x.db") as kit:
            one = await rig(kit)
            viewer = kit.viewer()
            shown = {"series": "d/t", "thresholds": [{"below": -5.5}, {"above": 30.0}]}
            assert await one.put(ANNA, {"series": "d/t", "thresholds": [*BOTH, BOTH[0]]}) == shown
            assert [frame["series"] for frame in viewer.frames if "series" in frame] == [shown]
            assert await one.put(ANNA, {"series": "d/t", "thresholds": BOTH}) == shown  # nothing new: no entry
            (entry,) = await kit.store.read(lambda connection: log.newest(connection, None, 10))
            assert (entry.who, entry.address, entry.action, entry.subject) == (
                "anna", "10.0.0.5", "series thresholds", "d/t",
            )  # fmt: skip
            assert entry.before is None
            assert json.loads(entry.after or "") == shown["thresholds"]

    async def second() -> None:
        async with core(tmp_path / "x.db") as kit:
            assert kit.registry.series["d/t"].thresholds == (Threshold(-5.5, above=False), Threshold(30.0, above=True))
            one = await rig(kit)
            assert await one.put(ANNA, {"series": "d/t", "thresholds": []}) == {"series": "d/t", "thresholds": []}

    async def third() -> None:
        async with core(tmp_path / "x.db") as kit:
            assert kit.registry.series["d/t"].thresholds == ()

    for step in (first, second, third):
        asyncio.run(step())


def test_they_stay_with_a_series_that_is_renamed(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            one = await rig(kit)
            await one.put(ANNA, {"series": "d/t", "thresholds": BOTH})
            kit.registry.rename(kit.registry.series["d/t"], "flow")
            done = await one.put(ANNA, {"series": "d/t", "thresholds": BOTH[:1]})
            assert done == {"series": "flow", "thresholds": [{"above": 30.0}]}

    asyncio.run(body())


@pytest.mark.parametrize(
    ("body", "code", "at"),
    [
        (None, Reason.BAD_MESSAGE, None),
        ({"series": "d/t"}, Reason.BAD_MESSAGE, None),
        ({"series": 5, "thresholds": []}, Reason.BAD_MESSAGE, None),
        ({"series": "d/t", "thresholds": [], "unit": "bar"}, Reason.BAD_MESSAGE, None),
        ({"series": "d/t", "thresholds": [BOTH[0], {"above": "30"}]}, Reason.BAD_VALUE, "thresholds[1]"),
        ({"series": "d/t", "thresholds": [{"above": True}]}, Reason.BAD_VALUE, "thresholds[0]"),
        ({"series": "d/t", "thresholds": [{"above": float("nan")}]}, Reason.BAD_VALUE, "thresholds[0]"),
        ({"series": "d/t", "thresholds": [{"above": 10**400}]}, Reason.BAD_VALUE, "thresholds[0]"),
        ({"series": "d/t", "thresholds": [{"above": 1, "below": 2}]}, Reason.BAD_VALUE, "thresholds[0]"),
        ({"series": "d/t", "thresholds": [7]}, Reason.BAD_VALUE, "thresholds[0]"),
        ({"series": "d/t", "thresholds": BOTH * MAX_THRESHOLDS}, Reason.BAD_VALUE, "thresholds"),
        ({"series": "no/such", "thresholds": BOTH}, Reason.BAD_VALUE, "series"),
    ],
    ids=[
        "nothing", "no-list", "series-is-no-text", "unknown-key", "text", "boolean", "nan", "huge", "both-ways",
        "no-object", "too-many", "unknown-series",
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_changes_nothing(tmp_path: Path, body: Any, code: Reason, at: str) -> None:
    async def run() -> None:
        async with core(tmp_path / "x.db") as kit:
            done = await (await rig(kit)).put(ANNA, body)
            assert isinstance(done, Refusal)
            assert (done.code, done.at) == (code, at)
            assert kit.registry.series["d/t"].thresholds == ()
            assert await kit.store.read(lambda connection: log.newest(connection, None, 10)) == []

    asyncio.run(run())

"""Units and display names on a running core: what a person gave stands above what the source says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from telemetry.accept import Gate, Sender
from telemetry.audit import Audit
from telemetry.clock import Clock
from telemetry.labels import MAX_TITLE, MAX_UNIT, Labels
from telemetry.model import Batch, Entry, Reason, Refusal, Series
from tests.telemetry.kit import T0, Kit, actor, core


class Rig:
    """Labels, and a device that says its unit with each reading."""

    def __init__(self, kit: Kit) -> None:
        clock = Clock()
        self.kit = kit
        self.labels = Labels(kit.store, kit.registry, kit.hub, kit.pipeline, clock, Audit(clock))
        self._gate = Gate(kit.registry, clock, future_tolerance_ms=1_000, max_series=100)
        self._at = T0

    async def says(self, unit: str | None) -> Series:
        self._at += 1
        units = None if unit is None else {"t": unit}
        batch = self._gate.accept([Entry({"t": 1.0}, self._at, units=units)], Sender("d"))
        assert isinstance(batch, Batch)
        future = self.kit.pipeline.submit(batch)
        assert not isinstance(future, Refusal)
        await future
        return self.kit.registry.series["d/t"]

    async def edit(self, **body: Any) -> dict[str, object]:
        done = await self.labels.edit(actor("anna"), {"series": "d/t"} | body)
        assert not isinstance(done, Refusal), done
        return done


@asynccontextmanager
async def rig(path: Path) -> AsyncIterator[Rig]:
    async with core(path) as kit:
        yield Rig(kit)


def test_what_a_person_gave_is_not_overwritten_and_can_be_taken_away(tmp_path: Path) -> None:
    """Also over a restart; and the source's newest word is not forgotten meanwhile."""

    async def first() -> None:
        async with rig(tmp_path / "x.db") as one:
            await one.says("°F")
            assert await one.edit(unit="°C", label="Flow") == {"series": "d/t", "unit": "°C", "label": "Flow"}
            series = await one.says("K")
            assert (series.unit, series.source_unit, series.title) == ("°C", "K", "Flow")
            assert (await one.edit(label=""))["unit"] == "°C"

    async def second() -> None:
        async with rig(tmp_path / "x.db") as one:
            series = one.kit.registry.series["d/t"]
            assert (series.unit, series.source_unit, series.title) == ("°C", "K", None)
            assert (await one.edit(unit=""))["unit"] == "K"
            assert (await one.says("°F")).unit == "°F"

    asyncio.run(first())
    asyncio.run(second())


def test_editing_one_keeps_the_other(tmp_path: Path) -> None:
    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            await one.says(None)
            await one.edit(label=" Flow\u0065\u0301 ")
            assert await one.edit(unit="bar") == {"series": "d/t", "unit": "bar", "label": "Flow\u00e9"}
            assert await one.edit(unit="") == {"series": "d/t", "unit": None, "label": "Flow\u00e9"}

    asyncio.run(body())


def test_dashboards_are_told(tmp_path: Path) -> None:
    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            await one.says(None)
            viewer = one.kit.viewer()
            await one.edit(unit="bar")
            told = [frame["series"] for frame in viewer.frames if "series" in frame]
            assert told == [{"series": "d/t", "unit": "bar", "label": None}]

    asyncio.run(body())


def test_a_former_name_finds_the_series(tmp_path: Path) -> None:
    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            one.kit.registry.rename(await one.says(None), "flow")
            assert (await one.edit(unit="bar"))["series"] == "flow"

    asyncio.run(body())


@pytest.mark.parametrize(
    ("body", "code", "at"),
    [
        (None, Reason.BAD_MESSAGE, None),
        ({"series": "d/t"}, Reason.BAD_MESSAGE, None),
        ({"series": 5, "unit": "bar"}, Reason.BAD_MESSAGE, None),
        ({"series": "d/t", "unit": "bar", "kind": "number"}, Reason.BAD_MESSAGE, None),
        ({"series": "d/t", "unit": None}, Reason.BAD_VALUE, "unit"),
        ({"series": "d/t", "unit": "x" * (MAX_UNIT + 1)}, Reason.BAD_VALUE, "unit"),
        ({"series": "d/t", "unit": "x" * 1_000_000}, Reason.BAD_VALUE, "unit"),
        ({"series": "d/t", "label": "x" * (MAX_TITLE + 1)}, Reason.BAD_VALUE, "label"),
        ({"series": "d/t", "label": "a\nb"}, Reason.BAD_VALUE, "label"),
        ({"series": "d/t", "label": "\u202eb"}, Reason.BAD_VALUE, "label"),
        ({"series": "no/such", "unit": "bar"}, Reason.BAD_VALUE, "series"),
    ],
    ids=[
        "nothing", "no-change", "series-is-no-text", "unknown-key", "null", "long-unit", "very-long-unit", "long-label",
        "line-break", "bidi", "unknown-series",
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_changes_nothing(tmp_path: Path, body: object, code: Reason, at: str) -> None:
    async def run() -> None:
        async with rig(tmp_path / "x.db") as one:
            series = await one.says("°C")
            done = await one.labels.edit(actor("anna"), body)
            assert isinstance(done, Refusal)
            assert (done.code, done.at) == (code, at)
            assert (series.unit, series.title) == ("°C", None)

    asyncio.run(run())

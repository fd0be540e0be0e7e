"""Pages of one series: sealed and unsealed readings woven together, whatever the size of a page."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from telemetry.model import Batch, Kind, Reading, Refusal, Series
from telemetry.store import chunks, export
from tests.telemetry.whole import take_in, whole

T0 = 1_700_000_000_000


@pytest.mark.parametrize(("per_page", "unsealed"), [(1, 3), (2, 1000), (8, 65_536)])
def test_pages_hold_everything_once_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, per_page: int, unsealed: int
) -> None:
    monkeypatch.setattr(export, "CHUNKS", per_page)
    monkeypatch.setattr(export, "TAIL", unsealed)
    monkeypatch.setattr(chunks, "FULL", 64)
    monkeypatch.setattr(chunks, "MAX", 128)

    async def main() -> None:
        async with whole(tmp_path) as core:
            rows = "".join(f"a,t,{T0 + 10 * n},{n}\n" for n in range(1000))
            await take_in(core, ("device,metric,ts,value\n" + rows).encode())
            series: Series = core.registry.series["a/t"]
            late = [Reading(series, T0 + 10 * n + n % 2 * 5, "late") for n in range(0, 1200, 25)]
            assert not isinstance(core.pipeline.submit(Batch(late, "a")), Refusal)
            await core.pipeline.flush()
            wanted = {T0 + 10 * n: float(n) for n in range(1000)} | {ts: "late" for _, ts, _ in late}
            for frm, to in ((0, 1 << 62), (T0 + 333, T0 + 7_777), (T0, T0), (T0 + 20_000, 1 << 62)):
                found: list[tuple[int, object]] = []
                at: int | None = frm
                while at is not None:
                    page = await core.store.read(
                        lambda c, at=at, to=to: export.page(c, core.store.tail, series.id, at, to)
                    )
                    found += zip(page.ts, page.values, strict=True)
                    at = page.following
                assert found == sorted((ts, value) for ts, value in wanted.items() if frm <= ts < to)

    asyncio.run(main())


def test_a_series_without_readings_has_one_empty_page(tmp_path: Path) -> None:
    async def main() -> None:
        async with whole(tmp_path) as core:
            core.registry.add_device("a", T0)
            series = core.registry.add_series(Series(0, "a", "t", "a/t", Kind.NUMBER))
            page = await core.store.read(lambda c: export.page(c, core.store.tail, series.id, 0, 1 << 62))
            assert page == ([], [], None)

    asyncio.run(main())

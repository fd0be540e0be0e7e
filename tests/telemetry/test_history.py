"""Queries over what is stored and what is pending, against a plain model in memory."""

from __future__ import annotations

import asyncio
import gzip
import json
import math
from contextlib import AsyncExitStack
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry import history
from telemetry.clock import Clock
from telemetry.history import Busy, Cancelled, Format, History, Query, TooLong, kind_now, parse
from telemetry.model import Kind, Reason, Refusal, Value
from telemetry.resolution import bucket_ms
from telemetry.store.db import StoreError
from telemetry.store.extents import Extent
from tests.telemetry.kit import T0, Kit, core

NOW = T0 + 3_600_000


def here() -> bool:
    """No one has gone."""
    return False


def history_of(kit: Kit) -> History:
    return History(kit.store, kit.registry, kit.pipeline, Clock())


async def ask(kit: Kit, *names: str, frm: int = 0, to: int = 10_000_000, points: int = 1_000) -> dict[str, Any]:
    """The answer as a client sees it: JSON, times as offsets from T0."""
    query = Query(names, T0 + frm, T0 + to, points)
    body = json.loads(await history_of(kit).encoded(query, Format.JSON, here))
    for one in body["series"].values():
        one["t"] = [t - T0 for t in one["t"]]
    return body["series"]


# parameters


def test_defaults_are_the_last_hour_and_a_thousand_points() -> None:
    assert parse(["a/t"], None, None, None, NOW) == Query(["a/t"], NOW - 3_600_000, NOW, 1_000)


def test_without_from_the_hour_before_to_is_asked() -> None:
    assert parse(["a/t"], None, "-1d", None, NOW) == Query(["a/t"], NOW - 90_000_000, NOW - 86_400_000, 1_000)


def test_names_are_normalised_and_asked_once() -> None:
    query = parse(["gerät/t", "gera\u0308t/t", "b"], "-5m", "now", "10", NOW)
    assert query == Query(["gerät/t", "b"], NOW - 300_000, NOW, 10)


@pytest.mark.parametrize(
    ("parameters", "at"),
    [
        (([], None, None, None), "series"),
        (([str(i) for i in range(1_001)], None, None, None), "series"),
        ((["a"], "soon", None, None), "from"),
        ((["a"], None, "late", None), "to"),
        ((["a"], "now", "-1h", None), "from"),
        ((["a"], None, None, "0"), "points"),
        ((["a"], None, None, "-1"), "points"),
        ((["a"], None, None, "1000001"), "points"),
        ((["a"], None, None, "1e3"), "points"),
        ((["a"], None, None, "٣"), "points"),
        ((["a"], None, None, "9" * 5_000), "points"),
    ],
)
def test_bad_parameter_is_named(parameters: tuple[Any, ...], at: str) -> None:
    refusal = parse(*parameters, NOW)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.at) == (Reason.BAD_VALUE, at)


# answers


def test_committed_and_pending_readings_are_one_answer(tmp_path: Path) -> None:
    """The newest reading is there before its commit; a correction that is pending already stands."""

    async def body() -> None:
        async with core(tmp_path / "x.db", interval=60) as kit:
            kit.send([(0, 1.0), (1, 2.0)])
            await kit.pipeline.flush()
            kit.send([(1, 2.5), (2, 3.0)])
            assert await ask(kit, "a/t") == {"a/t": {"resolution": "raw", "t": [0, 1, 2], "v": [1.0, 2.5, 3.0]}}

    asyncio.run(body())


def test_from_is_inclusive_and_to_exclusive(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(at, at) for at in range(10)])
            assert (await ask(kit, "a/t", frm=3, to=6))["a/t"]["t"] == [3, 4, 5]
            assert (await ask(kit, "a/t", frm=3, to=3))["a/t"]["t"] == []

    asyncio.run(body())


def test_unknown_series_is_absent_and_an_empty_one_is_empty(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0)])
            assert await ask(kit, "a/t", "a/unknown", frm=5) == {"a/t": {"resolution": "raw", "t": [], "v": []}}

    asyncio.run(body())


def test_many_series_share_the_points_of_one_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MAX_POINTS", 10)

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            for metric in "abc":
                await kit.send([(at, at) for at in range(5)], metric)
            alone = await ask(kit, "a/a", points=5)
            together = await ask(kit, "a/a", "a/b", "a/c", points=5)
            assert alone["a/a"]["resolution"] == "raw"
            assert [len(one["t"]) for one in together.values()] == [3, 3, 3]

    asyncio.run(body())


def test_compressed_and_binary_answers_hold_the_same(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0), (1, 2.0)])
            asked, query = history_of(kit), Query(["a/t"], T0, T0 + 10, 10)
            plain = await asked.encoded(query, Format.JSON, here)
            assert gzip.decompress(await asked.encoded(query, Format.JSON, here, compress=True)) == plain
            assert (await asked.encoded(query, Format.BINARY, here)).endswith(b"\0\0\0\0\0\0\xf0?\0\0\0\0\0\0\0@")
            assert (await asked.query(query, here))["a/t"].values("v") == [1.0, 2.0]

    asyncio.run(body())


def test_kind_follows_the_newest_reading(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            assert kind_now(kit.series()) is Kind.NUMBER
            await kit.send([(at, "on") for at in range(3)])
            assert kind_now(kit.series()) is Kind.TEXT
            assert (await ask(kit, "a/t", points=2))["a/t"] == {"resolution": 2, "t": [0, 2], "v": ["on", "on"]}

    asyncio.run(body())


# laws

READINGS = st.lists(
    st.tuples(
        st.integers(0, 1_000),
        st.one_of(st.integers(-3, 3).map(float), st.booleans(), st.sampled_from(["on", "off"])),
        st.sampled_from("tu"),
    ),
    min_size=1,
    max_size=30,
)
STEPS = st.lists(st.tuples(READINGS, st.sampled_from(["pending", "committed", "sealed"])), min_size=1, max_size=5)


def expected(model: dict[int, Value], frm: int, to: int, points: int) -> dict[str, Any]:
    """What history has to say of one series, worked out reading by reading."""
    rows = sorted((ts, value) for ts, value in model.items() if frm <= ts < to) if model else []
    text = isinstance(model[max(model)], str)
    if len(rows) <= points:
        return {"resolution": "raw", "t": [ts for ts, _ in rows], "v": [_column(value) for _, value in rows]}
    width = bucket_ms(T0 + rows[0][0], T0 + rows[-1][0], points)
    if not text:
        rows = [(ts, value) for ts, value in rows if not isinstance(value, str)]
    buckets: dict[int, list[Any]] = {}
    for ts, value in rows:
        buckets.setdefault((T0 + ts) // width * width - T0, []).append(_column(value))
    found: dict[str, Any] = {"resolution": width, "t": list(buckets)}
    if text:
        return found | {"v": [some[-1] for some in buckets.values()]}
    return found | {
        "min": [min(some) for some in buckets.values()],
        "max": [max(some) for some in buckets.values()],
        "avg": [sum(some) / len(some) for some in buckets.values()],
        "count": [len(some) for some in buckets.values()],
    }


def _column(value: Value) -> float | str:
    return value if isinstance(value, str) else float(value)


def test_any_query_answers_as_a_plain_model_does(tmp_path: Path) -> None:
    """Invariants 3 and 5: repeats, late data, mixed kinds, part of it committed, cut anywhere."""
    examples = count()
    with asyncio.Runner() as runner:
        running = AsyncExitStack()
        kit = runner.run(running.enter_async_context(core(tmp_path / "x.db", interval=60)))

        @settings(max_examples=150)
        @given(STEPS, st.integers(-10, 1_010), st.integers(0, 1_010), st.integers(1, 40))
        def law(steps: list[tuple[list[Any], str]], frm: int, length: int, points: int) -> None:
            runner.run(_example(kit, f"d{next(examples)}", steps, Query([], frm, frm + length, points)))

        try:
            law()
        finally:
            runner.run(running.aclose())


async def _example(kit: Kit, device: str, steps: list[tuple[list[Any], str]], query: Query) -> None:
    model: dict[str, dict[int, Value]] = {}
    for readings, then in steps:
        for ts, value, metric in readings:
            kit.send([(ts, value)], metric, device)
            model.setdefault(f"{device}/{metric}", {})[ts] = value
        if then != "pending":
            await kit.pipeline.flush()
        if then == "sealed":
            await kit.maintenance.seal(everything=True)
    _, frm, to, points = query
    assert await ask(kit, *model, frm=frm, to=to, points=points) == {
        name: expected(some, frm, to, points) for name, some in model.items()
    }
    extents = await history_of(kit).extents([kit.registry.series[name] for name in model], here)
    assert extents == {name: Extent(len(some), T0 + min(some), T0 + max(some)) for name, some in model.items()}


FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("sealed", [False, True])
def test_average_lies_between_min_and_max_whatever_the_values(tmp_path: Path, sealed: bool) -> None:
    """Also where the sum of finite values overflows."""
    examples = count()
    with asyncio.Runner() as runner:
        running = AsyncExitStack()
        kit = runner.run(running.enter_async_context(core(tmp_path / "x.db", interval=60)))

        @settings(max_examples=60)
        @given(st.lists(FINITE, min_size=2, max_size=50))
        def law(values: list[float]) -> None:
            device = f"d{next(examples)}"
            one = runner.run(_bucket_of(kit, device, values, sealed=sealed))
            (low,), (high,), (avg,) = one["min"], one["max"], one["avg"]
            assert (low, high, one["count"]) == (min(values), max(values), [len(values)])
            assert low <= avg <= high
            exact = float(sum(map(Fraction, values)) / len(values))
            assert math.isclose(avg, exact, rel_tol=1e-9, abs_tol=1e-9 * max(map(abs, values)))

        try:
            law()
        finally:
            runner.run(running.aclose())


async def _bucket_of(kit: Kit, device: str, values: list[float], *, sealed: bool) -> dict[str, Any]:
    kit.send(enumerate(values), "t", device)
    if sealed:
        await kit.pipeline.flush()
        await kit.maintenance.seal(everything=True)
    return (await ask(kit, f"{device}/t", points=1))[f"{device}/t"]


def test_snapshot_is_of_one_moment_while_readings_stream_in(tmp_path: Path) -> None:
    """Every answer is a whole prefix of what was sent, however commits fall between its parts."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            kit.send([(0, 0.0)])
            asked = history_of(kit)
            for at in range(1, 100):
                query = asyncio.ensure_future(asked.query(Query(["a/t"], T0, T0 + 1_000, 1_000), here))
                await asyncio.sleep(0)
                kit.send([(at, float(at))])
                values = (await query)["a/t"].values("v")
                assert values == [float(one) for one in range(len(values))]
                assert len(values) >= at

    asyncio.run(body())


def test_no_bucket_counts_a_reading_twice_while_it_is_sealed(tmp_path: Path) -> None:
    """Roll-ups, chunks and the unsealed tail of one answer are of one moment."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            names = [f"a/m{at}" for at in range(20)]
            wrong: list[int] = []
            for round_ in range(6):
                for at in range(20):
                    points = [(1_000 * (400 * round_ + n), 1.0) for n in range(400)]
                    await kit.send(points, f"m{at}")
                seal = asyncio.ensure_future(kit.maintenance.seal(everything=True))
                while not seal.done():
                    query = Query(names, T0 - 1, T0 + 10_000_000, 3)
                    for columns in (await history_of(kit).query(query, here)).values():
                        count = sum(columns.values("count"))
                        if count != 400 * (round_ + 1):
                            wrong.append(count)
            assert wrong == []

    asyncio.run(body())


# limits


def test_query_of_a_client_that_has_gone_is_cancelled(tmp_path: Path) -> None:
    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0)])
            asked = history_of(kit)
            calls = 0

            def gone_later() -> bool:
                nonlocal calls
                calls += 1
                return calls > 1

            for gone in (lambda: True, gone_later):
                with pytest.raises(Cancelled):
                    await asked.query(Query(["a/t"], T0, T0 + 10, 10), gone)
            assert await asked.query(Query(["a/t"], T0, T0 + 10, 10), here)

    asyncio.run(body())


def test_more_queries_than_may_wait_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "WAITING", 2)

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0)])
            asked, query = history_of(kit), Query(["a/t"], T0, T0 + 10, 10)
            answers = await asyncio.gather(*(asked.query(query, here) for _ in range(6)), return_exceptions=True)
            assert [type(one) for one in answers] == [dict, dict, dict, Busy, Busy, Busy]
            assert await asked.query(query, here)

    asyncio.run(body())


def test_failed_commit_leaves_no_trace_in_history(tmp_path: Path) -> None:
    """What was lost is not in any answer; what came before and after is."""

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0)])
            kit.store.failing = True
            with pytest.raises(StoreError):
                await kit.send([(1, 2.0)])
            kit.store.failing = False
            assert (await ask(kit, "a/t"))["a/t"]["t"] == [0]

    asyncio.run(body())


def test_query_that_takes_too_long_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "TIME", -1.0)

    async def body() -> None:
        async with core(tmp_path / "x.db") as kit:
            await kit.send([(0, 1.0)])
            with pytest.raises(TooLong, match="shorter span"):
                await history_of(kit).query(Query(["a/t"], T0, T0 + 10, 10), here)

    asyncio.run(body())

"""History against a plain model in memory: any inserts, repeats, late data, seals, crashes and restarts, at every zoom.

Times are spread over days and paces differ, so that every roll-up level opens, closes and is repaired by late data.
"""

from __future__ import annotations

import asyncio
import math
import os
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from telemetry.clock import Clock
from telemetry.history import History, Query
from telemetry.model import Kind, Value, kind_of
from telemetry.resolution import bucket_ms
from telemetry.store import ledger
from tests.telemetry.kit import T0, Kit, core

EXAMPLES = int(os.environ.get("TELLTALE_TEST_EXAMPLES", "25"))
"""How many histories are tried; the long form tries more."""
SPAN = 3 * 86_400_000
OFFSETS = st.integers(0, SPAN)
PACES = st.sampled_from([50, 1_000, 5_000, 60_000, 600_000])
COUNTS = st.sampled_from([1, 2, 30, 100, 700])
METRICS = st.sampled_from(["t", "u"])
POINTS = st.sampled_from([1, 3, 24, 100, 1_000])


class Histories(RuleBasedStateMachine):
    """The system beside ``model``: series -> time -> value, the last written stands."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="telltale-test-")
        self.runner = asyncio.Runner()
        self.running = AsyncExitStack()
        self.model: dict[str, dict[int, Value]] = {}
        self.sent = 0

    @initialize()
    def start(self) -> None:
        """Open the database."""
        self.kit: Kit = self.run(self.running.enter_async_context(core(self.path, interval=60)))

    @property
    def path(self) -> Path:
        return Path(self.folder.name) / "x.db"

    def run(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    @rule(metric=METRICS, at=OFFSETS, pace=PACES, count=COUNTS, seed=st.integers(0, 1 << 30), text=st.booleans())
    def insert(self, metric: str, at: int, pace: int, count: int, seed: int, text: bool) -> None:
        """A run of readings at some pace from any time on: new, late, or over what is there."""
        values = [(seed * (i + 7) % 4_001) / 100 - 20 for i in range(count)]
        points: list[tuple[int, Value]] = [
            (at + i * pace + (seed >> i % 13) % max(1, pace // 2), v) for i, v in enumerate(values)
        ]
        if text:
            points = [
                (ts, "on" if i % 97 == 5 else i % 2 == 0 if i % 31 == 3 else v) for i, (ts, v) in enumerate(points)
            ]
        self.send(metric, points)

    @precondition(lambda self: any(self.model.values()))
    @rule(data=st.data(), change=st.booleans())
    def repeat(self, data: st.DataObject, change: bool) -> None:
        """Readings that were sent before, as they were or with another value."""
        metric = data.draw(st.sampled_from(sorted(self.model)))
        known = self.model[metric]
        times = data.draw(st.lists(st.sampled_from(sorted(known)), min_size=1, max_size=5, unique=True))
        self.send(metric, [(ts, 99.5 if change else known[ts]) for ts in times])

    def send(self, metric: str, points: list[tuple[int, Value]]) -> None:
        self.run(self._send(metric, points))
        self.model.setdefault(metric, {}).update(points)
        self.sent += len(points)

    async def _send(self, metric: str, points: list[tuple[int, Value]]) -> None:
        self.kit.send(points, metric)

    @rule()
    def commit(self) -> None:
        """All that is pending reaches the disk."""
        self.run(self.kit.pipeline.flush())

    @rule()
    def seal(self) -> None:
        """All that is committed goes into the chunks."""
        self.run(self.kit.pipeline.flush())
        self.run(self.kit.maintenance.seal(everything=True))

    @rule(steps=st.integers(0, 2))
    def crash(self, steps: int) -> None:
        """The process dies, perhaps in the middle of a seal; what was committed comes back."""
        self.run(self.kit.pipeline.flush())
        self.run(self._die(steps))
        self.running = AsyncExitStack()
        self.start()

    async def _die(self, steps: int) -> None:
        from telemetry.store import sealing

        kit = self.kit
        part = await kit.store.read(sealing.take) if steps else None
        for _ in range(steps if part is not None else 0):
            if part is not None and part.series:
                part.series = await kit.store.write(lambda c: sealing.step(c, part))
        await kit.tasks.close()
        await kit.store.close()  # without a saved state and without giving seqs back

    @rule()
    def restart(self) -> None:
        """An orderly stop and start."""
        self.run(self.running.aclose())
        self.running = AsyncExitStack()
        self.start()

    @rule(metric=METRICS, ends=st.tuples(OFFSETS, OFFSETS), points=POINTS)
    def ask(self, metric: str, ends: tuple[int, int], points: int) -> None:
        """Any span at any zoom is what the model says."""
        self.check(metric, min(ends), max(ends), points)

    @rule(metric=METRICS, points=POINTS)
    def ask_all(self, metric: str, points: int) -> None:
        """So is everything at once."""
        self.check(metric, -1, 1 << 40, points)

    def check(self, metric: str, frm: int, to: int, points: int) -> None:
        asked = History(self.kit.store, self.kit.registry, self.kit.pipeline, Clock())
        query = Query([f"a/{metric}"], T0 + frm, T0 + to, points)
        found = self.run(asked.query(query, lambda: False))
        if metric not in self.model:
            assert not found
            return
        some = found[f"a/{metric}"]
        expected = plain(self.model[metric], frm, to, points)
        got = {name: some.values(name) for name in some.columns}
        assert some.resolution == expected.pop("resolution")
        assert got.keys() == expected.keys()
        for name, column in expected.items():
            if name == "avg":
                assert all(
                    math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) for a, b in zip(got[name], column, strict=True)
                )
            else:
                assert got[name] == column

    @invariant()
    def accounted(self) -> None:
        """Invariant 9: journalled = stored + duplicate + deleted + unsealed, and nothing is missing."""
        if not hasattr(self, "kit"):
            return
        accounts = self.run(self.kit.store.read(ledger.accounts))
        assert accounts.journalled == accounts.stored + accounts.duplicate + accounts.deleted + accounts.unsealed
        assert accounts.journalled + self.kit.pipeline.pending == self.sent

    def teardown(self) -> None:
        if hasattr(self, "kit"):
            self.run(self.running.aclose())
        self.runner.close()
        self.folder.cleanup()


def plain(model: dict[int, Value], frm: int, to: int, points: int) -> dict[str, Any]:
    """What history has to say of one series, worked out reading by reading."""
    rows = [(T0 + ts, value) for ts, value in sorted(model.items()) if frm <= ts < to]
    text = kind_of(model[max(model)]) is Kind.TEXT
    if len(rows) <= points:
        return {"resolution": None, "t": [ts for ts, _ in rows], "v": [_column(value) for _, value in rows]}
    width = bucket_ms(rows[0][0], rows[-1][0], points)
    buckets: dict[int, list[Any]] = {}
    for ts, value in rows:
        if text or not isinstance(value, str):
            buckets.setdefault(ts // width * width, []).append(_column(value))
    found: dict[str, Any] = {"resolution": width, "t": list(buckets)}
    some = buckets.values()
    if text:
        return found | {"v": [one[-1] for one in some]}
    return found | {
        "min": [min(one) for one in some],
        "max": [max(one) for one in some],
        "avg": [math.fsum(one) / len(one) for one in some],
        "count": [len(one) for one in some],
    }


def _column(value: Value) -> float | str:
    return value if isinstance(value, str) else float(value)


def test_history_is_what_a_plain_model_says() -> None:
    """Invariants 3, 5, 6 and 9 at once."""
    run_state_machine_as_test(
        Histories, settings=settings(max_examples=EXAMPLES, stateful_step_count=25, deadline=None)
    )

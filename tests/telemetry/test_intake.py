"""The intake on a running core: names made fit, bad neighbours, clocks, retained messages, display names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from telemetry import names
from telemetry.accept import MAX_TS, Gate
from telemetry.clock import RELEASED, Clock
from telemetry.decoded import BadPart, Columns, Decoded, Sample
from telemetry.intake import CACHED_MAX, SHOWN, Intake, Taken, cleaned
from telemetry.model import MAX_READINGS, Reason, Refusal
from telemetry.presence import Presence
from telemetry.switchboard import Switchboard
from tests.telemetry.kit import Kit, core

NOW = RELEASED + 1_000_000


@dataclass
class Rig:
    """An intake, and the clock that it reads."""

    kit: Kit
    intake: Intake
    presence: Presence
    now: list[int]

    def take(self, *samples: Sample, strict: bool = False) -> Taken:
        return self.intake.take(Decoded(list(samples), strict=strict), "b", lambda *_: None)

    async def stored(self, *samples: Sample, strict: bool = False) -> list[tuple[str, int, object]]:
        """Take samples and answer with what the commit has of them."""
        taken = self.take(*samples, strict=strict)
        if taken.future is not None:
            await taken.future
        return [(series.name, ts - NOW, value) for series, ts, value in taken.shown]


@asynccontextmanager
async def rig(path: Path, max_pending: int = 200_000, now: list[int] | None = None) -> AsyncIterator[Rig]:
    async with core(path, max_pending=max_pending) as kit:
        now = [NOW] if now is None else now
        clock = Clock(0, lambda: now[0], lambda: 0.0)
        gate = Gate(kit.registry, clock, future_tolerance_ms=300_000, max_series=50_000)
        presence = Presence(kit.registry, Switchboard(), kit.hub, clock, offline_after=60)
        intake = Intake(kit.registry, gate, kit.pipeline, presence, clock, kit.metrics, future_tolerance_ms=300_000)
        yield Rig(kit, intake, presence, now)


@pytest.mark.parametrize(
    ("name", "device", "metric"),
    [
        ("boiler", "boiler", "boiler"),
        ("a/b c", "a/b c", "a/b c"),
        ("a+b#c*d", "a_b_c_d", "a+b#c_d"),
        ("/a/", "a", "a"),
        (" a ", "a", "a"),
        ("a\tb\x00", "a_b_", "a_b_"),
        ("e\u0301", "\u00e9", "\u00e9"),
        ("a\u202eb", "a_b", "a_b"),
        ("\ud800", "_", "_"),
        ("*", "_", "_"),
        ("", None, None),
        (" / ", None, None),
        ("x" * 200, "x" * 128, "x" * 128),
        ("x" * 127 + "/ y", "x" * 127, "x" * 127),
        ("y" * 100_000, "y" * 128, "y" * 128),
    ],
    ids=[
        "plain", "slash", "forbidden", "ends-slash", "ends-space", "control", "composed", "bidi", "surrogate", "star",
        "empty", "nothing-left", "long", "cut-at-an-end", "very-long",
    ],
)  # fmt: skip
def test_names_are_made_fit(name: str, device: str | None, metric: str | None) -> None:
    assert cleaned(name, device=True) == device
    assert cleaned(name, device=False) == metric
    assert device is None or names.device_id(device) == device
    assert metric is None or names.metric_name(metric) == metric


def test_a_message_is_one_batch_with_its_units(tmp_path: Path) -> None:
    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            found = await one.stored(
                Sample("d", "t", 21.5, NOW - 5, "°C"), Sample("d", "on", True, NOW - 5), Sample("e*", "t", 1.0)
            )
            assert found == [("d/t", -5, 21.5), ("d/on", -5, True), ("e_/t", 0, 1.0)]
            assert one.kit.registry.series["d/t"].unit == "°C"
            assert one.kit.metrics.journalled == 3
            assert one.kit.metrics.commits == 1

    asyncio.run(body())


def test_bad_neighbours_are_reported_by_their_line_and_the_rest_is_kept(tmp_path: Path) -> None:
    """Also parts that the decoder found bad; each is counted once."""

    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            good = [Sample("d", f"m{n}", float(n), NOW) for n in range(6)]
            samples = [*good[:2], Sample("d", "nan", float("nan"), NOW), *good[2:], Sample("", "x", 1.0)]
            decoded = Decoded(samples, bad=[BadPart(9, "unreadable", Reason.BAD_MESSAGE)])
            taken = one.intake.take(decoded, "b", lambda *_: None)
            assert taken.future is not None
            await taken.future
            assert taken.readings == 6
            assert [(part.line, part.code) for part in taken.refused] == [
                (9, Reason.BAD_MESSAGE),
                (8, Reason.BAD_VALUE),
                (3, Reason.BAD_VALUE),
            ]
            assert one.kit.metrics.refused[Reason.BAD_VALUE] == 2
            assert one.kit.metrics.refused[Reason.BAD_MESSAGE] == 1

    asyncio.run(body())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")], ids=str)
@pytest.mark.parametrize("as_columns", [False, True], ids=["samples", "columns"])
def test_what_is_no_number_is_refused_also_of_a_series_that_is_known(
    tmp_path: Path, value: float, *, as_columns: bool
) -> None:
    """Its neighbours are kept; so are numbers whose sum is too large for a float."""

    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            await one.stored(Sample("d", "t", 1.0, NOW - 10))
            values, times = [2.0, value, 1.7e308, 1.7e308], [NOW - 5, NOW - 4, NOW - 3, NOW - 2]
            if as_columns:
                decoded = Decoded(columns=Columns([("d", "t")] * 4, values, times))
            else:
                decoded = Decoded([Sample("d", "t", *pair) for pair in zip(values, times, strict=True)])
            taken = one.intake.take(decoded, "b", lambda *_: None)
            assert taken.future is not None
            await taken.future
            assert [reading.value for reading in taken.shown] == [2.0, 1.7e308, 1.7e308]
            assert [(part.line, part.code) for part in taken.refused] == [(2, Reason.BAD_VALUE)]

    asyncio.run(body())


def test_a_second_reading_without_time_is_stamped_behind_the_first(tmp_path: Path) -> None:
    """The gate takes no two in one message; here the sender has no way to hear of that."""

    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            found = await one.stored(Sample("d", "t", 1.0), Sample("d", "t", 2.0))
            assert found == [("d/t", 0, 1.0), ("d/t", 1, 2.0)]

    asyncio.run(body())


def test_more_readings_than_a_message_may_have_are_all_taken(tmp_path: Path) -> None:
    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            taken = one.take(*(Sample("d", "t", 1.0, NOW - n) for n in range(2 * MAX_READINGS + 1)))
            assert taken.future is not None
            await taken.future
            assert taken.readings == one.kit.metrics.journalled == 2 * MAX_READINGS + 1
            assert not taken.refused
            assert len(taken.shown) == SHOWN

    asyncio.run(body())


def test_devices_that_are_not_admitted_are_refused_and_asked_about_once(tmp_path: Path) -> None:
    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            asked: list[str] = []

            def admit(device: str, _sample: Sample) -> Refusal | None:
                asked.append(device)
                return Refusal(Reason.FORBIDDEN, "not here") if device == "bad" else None

            samples = [Sample("bad", "t", 1.0), Sample("good", "t", 1.0), Sample("bad", "u", 1.0)]
            taken = one.intake.take(Decoded(samples), "b", admit)
            assert asked == ["bad", "good"]
            assert [(part.line, part.code) for part in taken.refused] == [(1, Reason.FORBIDDEN), (3, Reason.FORBIDDEN)]
            assert taken.readings == 1
            assert "bad" not in one.kit.registry.devices

    asyncio.run(body())


@pytest.mark.parametrize("ts", [0, 5, NOW + 300_001, -1, MAX_TS, 10**30], ids=str)
def test_a_time_out_of_range_is_that_of_arrival_with_a_warning(tmp_path: Path, ts: int) -> None:
    """Until the device says one that can be; a strict message is refused that reading."""

    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            assert await one.stored(Sample("d", "t", 1.0, ts)) == [("d/t", 0, 1.0)]
            assert one.intake.known.clock("d") == (ts, NOW)
            assert await one.stored(Sample("d", "t", 1.0, NOW + 300_000)) == [("d/t", 300_000, 1.0)]
            assert one.intake.known.clock("d") is None
            taken = one.take(Sample("d", "t", 1.0, ts), Sample("d", "t", 2.0, NOW - 1), strict=True)
            assert [(part.line, part.code) for part in taken.refused] == [(1, Reason.BAD_TIME)]
            assert taken.readings == 1
            assert one.intake.known.clock("d") is None

    asyncio.run(body())


@pytest.mark.parametrize(("ts", "stored"), [(NOW - 10, NOW - 10), (-1, None), (MAX_TS, None)], ids=str)
def test_while_the_servers_clock_is_wrong_times_are_not_judged(tmp_path: Path, ts: int, stored: int | None) -> None:
    """What is no time at all is that of arrival even so."""

    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            one.now[0] = 1_000
            ((_, at, _),) = await one.stored(Sample("d", "t", 1.0, ts))
            assert at + NOW == (1_000 if stored is None else stored)
            assert (one.intake.known.clock("d") is None) is (stored is not None)

    asyncio.run(body())


def test_device_that_its_own_message_calls_gone_is_gone_however_the_clock_ticks(tmp_path: Path) -> None:
    """A gateway tells of a lamp's last state and, in the same message, that it cannot be reached."""

    class Ticking(list[int]):
        def __getitem__(self, _: object) -> int:
            ticks.append(1)
            return NOW + len(ticks)

    ticks: list[int] = []

    async def body() -> None:
        async with rig(tmp_path / "x.db", now=Ticking([NOW])) as one:
            one.kit.pipeline._clock = one.intake._clock
            for _ in range(2):
                one.intake.take(Decoded([Sample("lamp", "on", True)], {"lamp": False}), "b", lambda *_: None)
                assert not one.kit.registry.devices["lamp"].online
            one.intake.take(Decoded([Sample("lamp", "on", True)]), "b", lambda *_: None)
            assert one.kit.registry.devices["lamp"].online

    asyncio.run(body())


def test_retained_values_are_last_known_and_stored_nowhere(tmp_path: Path) -> None:
    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            decoded = Decoded(
                [Sample("d", "t", 1.5, 7, "°C"), Sample("d*", "on", False), Sample("", "x", 1.0)], {"d": True}
            )
            for _ in range(100):
                assert one.intake.retained(decoded, "b") == 2
            assert one.intake.known.values("d") == {"t": (1.5, "°C", 7, NOW)}
            assert one.intake.known.values("d_") == {"on": (False, None, None, NOW)}
            assert one.presence.reports()["d"].online
            assert one.kit.registry.devices == {}
            assert one.kit.metrics.received == 0

    asyncio.run(body())


def test_a_message_without_readings_has_nothing_to_wait_for(tmp_path: Path) -> None:
    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            assert one.take() == Taken()
            marked = one.intake.take(Decoded(), "b", lambda *_: None, mark=("d", 7))
            assert marked.future is not None
            await marked.future

    asyncio.run(body())


def test_a_full_queue_puts_the_whole_message_off(tmp_path: Path) -> None:
    """Also what was bad in it: it comes again with the rest."""

    async def body() -> None:
        async with rig(tmp_path / "x.db", max_pending=1) as one:
            bad = [BadPart(3, "unreadable")]
            decoded = Decoded([Sample("d", "t", 1.0), Sample("d", "u", 1.0)], bad=bad)
            taken = one.intake.take(decoded, "b", lambda *_: None)
            assert taken.put_off is not None
            assert taken.put_off.code is Reason.TRY_LATER
            assert (taken.readings, taken.refused, taken.future) == (0, [], None)
            assert one.kit.metrics.refused == {Reason.TRY_LATER: 2}
            assert decoded.bad == bad

    asyncio.run(body())


@pytest.mark.parametrize("first", ["name", "reading"])
def test_a_display_name_stands_whatever_comes_first_and_survives_a_restart(tmp_path: Path, first: str) -> None:
    """A description often comes before the first reading; the first name that was told stays."""
    named = Decoded(names={"d": "Green house"})

    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            if first == "name":
                one.intake.retained(named, "b")
            await one.stored(Sample("d", "t", 1.0))
            one.intake.retained(named, "b")
            one.intake.retained(Decoded(names={"d": "Other"}), "b")
            assert one.kit.registry.devices["d"].name == "Green house"
            await one.stored(Sample("d", "t", 2.0))
        async with rig(tmp_path / "x.db") as one:
            assert one.kit.registry.devices["d"].name == "Green house"

    asyncio.run(body())


def test_a_name_that_was_given_on_the_command_line_stays(tmp_path: Path) -> None:
    """The upsert of a commit only fills an empty one."""

    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            await one.stored(Sample("d", "t", 1.0))
            await one.kit.store.write(
                lambda connection: connection.execute("UPDATE devices SET name = 'By hand' WHERE id = 'd'")
            )
            one.intake.retained(Decoded(names={"d": "By a config"}), "b")
            await one.stored(Sample("d", "t", 2.0))
        async with rig(tmp_path / "x.db") as one:
            assert one.kit.registry.devices["d"].name == "By hand"

    asyncio.run(body())


def test_it_says_of_whom_a_message_speaks(tmp_path: Path) -> None:
    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            decoded = Decoded(
                [Sample("b*", "t", 1.0), Sample("b*", "u", 1.0), Sample("", "t", 1.0)], {"a": True}, names={"c": "C"}
            )
            assert one.intake.devices(decoded) == ["b_", "a", "c"]
            assert one.intake.devices(Decoded()) == []

    asyncio.run(body())


def test_the_memory_of_clean_names_is_bounded(tmp_path: Path) -> None:
    async def body() -> None:
        async with rig(tmp_path / "x.db") as one:
            for number in range(CACHED_MAX + 10):
                one.intake.devices(Decoded(presence={f"d{number}": True}))
            assert len(one.intake._clean) <= CACHED_MAX

    asyncio.run(body())

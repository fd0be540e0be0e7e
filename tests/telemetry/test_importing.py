"""Imports: idempotent, every line accounted for, taken up where they stopped, and seen by everything else."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telemetry import importing
from telemetry.core import Core
from telemetry.exchange.block import NotReadable, Refused
from telemetry.exchange.writing import Form
from telemetry.identity import TERMINAL
from telemetry.importing import Import, Progress
from telemetry.model import Batch, Kind, Reading, Refusal, Series, Span, Value
from telemetry.store import ledger
from tests.telemetry.whole import given_out, take_in, whole

DATA = Path(__file__).parent.parent / "data"
HEAD = "device,metric,ts,value,unit\n"
T0 = 1_700_000_000_000


def run(work: Callable[[Core], Awaitable[None]], path: Path, **options: str) -> None:
    async def main() -> None:
        async with whole(path, **options) as core:
            await work(core)

    asyncio.run(main())


def rows(*some: tuple[str, int, object]) -> bytes:
    return (HEAD + "".join(f"{name},t,{T0 + at},{value},\n" for name, at, value in some)).encode()


def test_an_import_is_in_history_latest_and_the_registry(tmp_path: Path) -> None:
    async def work(core: Core) -> None:
        progress, refused = await take_in(
            core, (HEAD + f"a,t,{T0},1.5,V\na,t,{T0 + 1},true,\nb,u,{T0},'=x,\n").encode()
        )
        assert (progress.stored, progress.duplicate, progress.refused, refused) == (3, 0, 0, [])
        a, b = core.registry.series["a/t"], core.registry.series["b/u"]
        assert (a.latest, a.durable, a.kind, a.unit) == ((T0 + 1, True), (T0 + 1, True), Kind.BOOLEAN, "V")
        assert (b.latest, b.kind) == ((T0, "=x"), Kind.TEXT)
        assert (await given_out(core)).decode().splitlines()[1:] == [
            f"a,t,{T0},2023-11-14T22:13:20.000Z,1.5,V",
            f"a,t,{T0 + 1},2023-11-14T22:13:20.001Z,true,V",
            f"b,u,{T0},2023-11-14T22:13:20.000Z,'=x,",
        ]

    run(work, tmp_path)


def test_it_is_all_there_after_a_restart(tmp_path: Path) -> None:
    async def first(core: Core) -> None:
        await take_in(core, rows(("a", 0, 1), ("a", 1, 2)))

    async def second(core: Core) -> None:
        assert core.registry.series["a/t"].latest == (T0 + 1, 2.0)
        assert (await given_out(core)).count(b"\n") == 3

    run(first, tmp_path)
    run(second, tmp_path)


def test_importing_again_changes_nothing(tmp_path: Path) -> None:
    async def work(core: Core) -> None:
        data = rows(*((f"d{n % 7}", n, n) for n in range(1000)))
        await take_in(core, data)
        once = await given_out(core)
        progress, _ = await take_in(core, data)
        assert (progress.stored, progress.duplicate) == (0, 1000)
        assert await given_out(core) == once
        accounts = await core.store.read(ledger.get)
        assert accounts["imported"] == 2000 == accounts["stored"] + accounts["duplicate"]

    run(work, tmp_path)


def test_an_import_stands_over_what_arrived_before_it(tmp_path: Path) -> None:
    async def work(core: Core) -> None:
        core.registry.add_device("a", T0)
        series = core.registry.add_series(Series(0, "a", "t", "a/t", Kind.NUMBER))
        sent = core.pipeline.submit(Batch([Reading(series, T0, 1.0), Reading(series, T0 + 5, 5.0)], "a"))
        assert not isinstance(sent, Refusal)
        await take_in(core, rows(("a", 0, 2)))
        assert sent.done()
        await core.maintenance.seal(everything=True)
        assert (await given_out(core)).decode().splitlines()[1:] == [
            f"a,t,{T0},2023-11-14T22:13:20.000Z,2.0,",
            f"a,t,{T0 + 5},2023-11-14T22:13:20.005Z,5.0,",
        ]
        assert series.latest == (T0 + 5, 5.0)

    run(work, tmp_path)


def test_a_bad_line_is_told_and_the_others_kept(tmp_path: Path) -> None:
    far = 4_102_444_800_000
    data = (
        HEAD
        + f"a,t,{T0},1,\na+b,t,{T0},1,\na,*,{T0},1,\na,t,1,1,\na,t,{far},1,\na,t,x,1,\n,t,{T0},1,\na,t,{T0 + 1},1,\n"
    )

    async def work(core: Core) -> None:
        progress, refused = await take_in(core, data.encode())
        assert (progress.stored, progress.refused) == (2, 6)
        assert [line for line, _ in refused] == [3, 4, 5, 6, 7, 8]
        assert [why.rpartition(" is ")[0] for _, why in refused[:4]] == ["'a+b'", "'*'", "ts 1", f"ts {far}"]
        assert set(core.registry.series) == {"a/t"}

    run(work, tmp_path)


def test_nothing_is_made_for_readings_that_are_refused(tmp_path: Path) -> None:
    async def work(core: Core) -> None:
        _, refused = await take_in(core, f"device,metric,ts,value\nb,t,1,1\nc,t,{T0},nan\n".encode())
        assert len(refused) == 2
        assert not core.registry.devices
        assert not core.registry.series

    run(work, tmp_path)


def test_a_name_that_belongs_to_another_is_refused(tmp_path: Path) -> None:
    async def work(core: Core) -> None:
        _, refused = await take_in(core, (HEAD + f"a,b/c,{T0},1,\na/b,c,{T0},1,\n").encode())
        ((line, why),) = refused
        assert (line, why) == (3, "the name a/b/c belongs to a series of device a")

    run(work, tmp_path)


def test_the_number_of_series_is_bounded(tmp_path: Path) -> None:
    async def work(core: Core) -> None:
        progress, refused = await take_in(core, rows(*((f"d{n}", 0, n) for n in range(5))))
        assert (progress.stored, len(refused)) == (3, 2)
        assert "max_series" in refused[0].why

    run(work, tmp_path, devices_max_series="3")


def test_browsers_hear_what_has_changed(tmp_path: Path) -> None:
    heard: list[Span] = []

    async def work(core: Core) -> None:
        tell = core.hub.changed
        core.hub.changed = lambda spans: (heard.extend(spans), tell(spans))[1]  # type: ignore[method-assign]
        await take_in(core, rows(("a", 9, 1), ("b", 5, 1), ("a", 3, 1)))

    run(work, tmp_path)
    assert sorted(heard) == [("a/t", T0 + 3, T0 + 9), ("b/t", T0 + 5, T0 + 5)]


def test_who_was_away_while_an_import_ran_loads_history_again(tmp_path: Path) -> None:
    """A resume brings what arrived; what was imported is not in the log that it reads."""

    async def body() -> None:
        async with whole(tmp_path) as core:
            await take_in(core, b"device,metric,ts,value\na,t,1700000000000,1\n")
            before = core.pipeline.last_seq
            assert not await core.replay.resumable(core.store.epoch, before - 1)
        async with whole(tmp_path) as core:
            assert core.store.rewritten >= before

    asyncio.run(body())


def test_a_unit_that_is_known_stays(tmp_path: Path) -> None:
    async def work(core: Core) -> None:
        await take_in(core, (HEAD + f"a,t,{T0},1,V\n").encode())
        await take_in(core, (HEAD + f"a,t,{T0},1,mV\n").encode())
        assert core.registry.series["a/t"].unit == "V"

    run(work, tmp_path)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_stopped_import_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(importing, "BATCH", 1)  # each block is loaded
    count = 200_000
    plain = rows(*(("a", n, "x" if n == 150_000 else n) for n in range(count))).replace(
        f"a,t,{T0 + 70},".encode(), b"bad,"
    )
    data = pack(plain)
    loaded = 0

    async def stopped(core: Core) -> None:
        nonlocal loaded
        stop = asyncio.Event()

        async def told(progress: Progress, _: Sequence[Refused]) -> None:
            nonlocal loaded
            loaded = progress.accepted
            if progress.accepted > count // 3:
                stop.set()

        pieces = [data[at : at + 10_000] for at in range(0, len(data), 10_000)]

        async def read() -> bytes:
            await asyncio.sleep(0)
            return pieces.pop(0) if pieces else b""

        work = asyncio.gather(Import(core, TERMINAL, "a file", told).run(read, len(data)))
        await asyncio.wait_for(stop.wait(), 30)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    async def again(core: Core) -> None:
        progress, refused = await take_in(core, data, size=len(data))
        assert progress.resumed > count // 3
        assert (progress.stored, progress.duplicate, progress.refused) == (count - 1, 0, 1)
        assert refused == []  # it was told in the first run
        assert (await given_out(core)).count(b"\n") == count
        progress, refused = await take_in(core, data, size=len(data))
        assert (progress.resumed, progress.duplicate, len(refused)) == (0, count - 1, 1)

    run(stopped, tmp_path)
    assert 0 < loaded < count
    run(again, tmp_path)


def test_a_file_that_changed_meanwhile_is_told_and_then_starts_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 1)
    data = rows(*(("a", n, n) for n in range(100_000)))
    cut = gzip.compress(data, mtime=0)[:-20]
    other = data.replace(b",99,", b",98,").replace(b"a,t,%d,50000," % (T0 + 50_000), b"a,t,%d,50001," % (T0 + 50_000))

    async def work(core: Core) -> None:
        await take_in(core, data[: len(data) // 2])  # a pipe that ends early is a whole file
        with pytest.raises(NotReadable, match="cut off"):
            await take_in(core, cut)
        assert len(other) == len(data)
        progress, _ = await take_in(core, other)
        assert progress.resumed == 0

    run(work, tmp_path)


@pytest.mark.parametrize("data", [b"nonsense\n", b"SQLite format 3\0...", b"\x1f\x8b........................"])
def test_what_is_no_file_of_readings_changes_nothing(tmp_path: Path, data: bytes) -> None:
    async def work(core: Core) -> None:
        with pytest.raises(NotReadable):
            await take_in(core, data)
        assert not core.registry.series

    run(work, tmp_path)


def test_the_recorded_day_is_all_there(tmp_path: Path) -> None:
    async def work(core: Core) -> None:
        data = (DATA / "stafford_iot_telemetry_24h.ndjson.gz").read_bytes()
        progress, refused = await take_in(core, data)
        assert (progress.accepted, progress.duplicate, refused) == (351_890, 7, [])
        temps = (await given_out(core, "iot-device-01/temp", form=Form.NDJSON)).splitlines()
        assert temps[0] == b'{"device":"iot-device-01","metric":"temp","ts":1594598424502,"value":18.899999618530273}'
        whole_file = await given_out(core)
        assert whole_file.count(b"\n") == 351_884
        progress, _ = await take_in(core, whole_file)
        assert (progress.stored, progress.duplicate) == (0, 351_883)

    run(work, tmp_path)


NAMES = st.text(st.sampled_from("ab=-@'\",;1ü +"), min_size=1, max_size=4).filter(
    lambda name: name.strip(" /") == name and "+" not in name
)
VALUES = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
    | st.sampled_from(["=1+1", "'", "", "\r\n", "TRUE", "1e5", '"'])
)
READINGS = st.dictionaries(st.tuples(NAMES, NAMES, st.integers(0, 50)), VALUES, max_size=30)


@pytest.mark.parametrize("form", list(Form))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(readings=READINGS)
def test_an_export_imported_elsewhere_exports_the_same(
    tmp_path_factory: pytest.TempPathFactory, form: Form, readings: dict[tuple[str, str, int], Value]
) -> None:
    out: list[bytes] = []

    async def first(core: Core) -> None:
        for (device, metric, at), value in readings.items():
            name = f"{device}/{metric}"
            if device not in core.registry.devices:
                core.registry.add_device(device, T0)
            series = core.registry.series.get(name) or core.registry.add_series(
                Series(0, device, metric, name, Kind.NUMBER)
            )
            core.pipeline.submit(Batch([Reading(series, T0 + at, value)], device), urgent=True)
        await core.pipeline.flush()
        if len(readings) % 2:
            await core.maintenance.seal(everything=True)
        out.append(await given_out(core, form=form))

    async def second(core: Core) -> None:
        progress, refused = await take_in(core, out[0])
        assert (progress.stored, refused) == (len(readings), [])
        assert await given_out(core, form=form) == out[0]

    run(first, tmp_path_factory.mktemp("a"))
    run(second, tmp_path_factory.mktemp("b"))

"""Exports: what was asked for, in order, in pieces, with memory that does not grow."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from telemetry import exporting
from telemetry.exchange.writing import Form
from telemetry.exporting import Export, Query
from telemetry.model import Refusal
from tests.support import ROOT
from tests.telemetry.whole import given_out, take_in, whole

T0 = 1_700_000_000_000


def filled(*names: str, count: int = 3) -> bytes:
    return (
        "device,metric,ts,value\n" + "".join(f"{name},t,{T0 + n},{n}\n" for n in range(count) for name in names)
    ).encode()


def test_series_stand_in_order_of_name_then_time(tmp_path: Path) -> None:
    async def main() -> None:
        async with whole(tmp_path) as core:
            await take_in(core, filled("b", "a", "B"))
            found = [line.split(",")[:3] for line in (await given_out(core)).decode().splitlines()[1:]]
            assert found == [[name, "t", str(T0 + n)] for name in ("B", "a", "b") for n in range(3)]

    asyncio.run(main())


def test_patterns_and_span_choose(tmp_path: Path) -> None:
    async def main() -> None:
        async with whole(tmp_path) as core:
            await take_in(core, filled("ab", "ac", "b"))
            some = await given_out(
                core, "a*/t", "b/t", frm=str(T0 + 1), to="2023-11-14T22:13:20.002Z", form=Form.NDJSON
            )
            assert some.count(b"\n") == 3
            assert (await given_out(core, "none*")).decode() == "device,metric,ts,time,value,unit\n"

    asyncio.run(main())


def test_it_can_be_compressed_as_it_goes(tmp_path: Path) -> None:
    async def main() -> None:
        async with whole(tmp_path) as core:
            await take_in(core, filled("a", "b", count=5000))
            query = exporting.parse([], None, None, Form.CSV, 0)
            assert isinstance(query, Query)
            work = Export(core, query)
            pieces = [piece async for piece in work.pieces(compress=True)]
            assert gzip.decompress(b"".join(pieces)) == await given_out(core)
            assert (work.done, work.total, work.readings) == (2, 2, 10_000)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("given", "at"),
    [
        (([""], None, None), "series"),
        ((["x" * 999], None, None), "series"),
        (([], "yesterday", None), "from"),
        (([], None, "x"), "to"),
        (([], "2", "1"), "from"),
    ],
)
def test_what_makes_no_sense_is_refused(given: tuple[list[str], str | None, str | None], at: str) -> None:
    refusal = exporting.parse(*given, Form.CSV, T0)
    assert isinstance(refusal, Refusal)
    assert refusal.at == at


MEASURE = """
import asyncio, resource, sys
from pathlib import Path
from telemetry.exchange.writing import Form
from telemetry.exporting import Export, parse
from telemetry.identity import TERMINAL
from telemetry.importing import Import
from tests.telemetry.whole import whole

async def main(count):
    async with whole(Path(sys.argv[1])) as core:
        made = 0
        async def read():
            nonlocal made
            if made == count:
                return b""
            made += 1000
            head = b"device,metric,ts,value\\n" if made == 1000 else b""
            return head + b"".join(b"a,t,%d,%d\\n" % (1_600_000_000_000 + n, n % 977) for n in range(made - 1000, made))
        async def told(*_): pass
        await Import(core, TERMINAL, "a file", told).run(read, None)
        async for _ in Export(core, parse([], None, None, Form.CSV, 0)).pieces(): pass
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

asyncio.run(main(int(sys.argv[2])))
"""


def peak(folder: Path, count: int) -> int:
    """KiB at the most, of a process that imports and exports so many readings."""
    folder.mkdir()
    command = [sys.executable, "-c", MEASURE, str(folder), str(count)]
    return int(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=200).stdout)


def test_ten_times_the_readings_take_no_more_memory(tmp_path: Path) -> None:
    small, large = peak(tmp_path / "small", 100_000), peak(tmp_path / "large", 1_000_000)
    assert large < 1.25 * small, f"{small} KiB for 100,000 readings, {large} KiB for 1,000,000"

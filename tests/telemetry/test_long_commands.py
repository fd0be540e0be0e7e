"""Long commands on a core: what they answer and report. The command line is tested in ``test_transfer.py``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from telemetry.channel import Caller, Direct, Line
from telemetry.long_commands import REPORTED, LongCommands
from tests.telemetry.whole import whole

T0 = 1_700_000_000_000


def carried_out(path: Path, request: Line, data: bytes = b"") -> tuple[Line, bytes, list[Line]]:
    """The answer, what was written, and the reports."""
    written: list[bytes] = []
    reports: list[Line] = []

    async def source() -> AsyncIterator[bytes]:
        yield data

    async def main() -> Line:
        async with whole(path) as core:
            return await LongCommands(core).run(request, Direct(Caller(source(), written.append, reports.append)))

    return asyncio.run(main()), b"".join(written), reports


def test_import_and_export(tmp_path: Path) -> None:
    data = f"device,metric,ts,value\na,t,{T0},1\nbad\n".encode()
    answer, _, reports = carried_out(tmp_path, {"command": "import", "size": len(data)}, data)
    (line,) = answer["lines"]  # type: ignore[misc]
    assert (line["accepted"], line["refused"]) == (1, 1)
    assert [report["lines_refused"] for report in reports if "lines_refused" in report] == [
        [(3, "4 cells are expected, not 1")]
    ]
    answer, written, _ = carried_out(tmp_path, {"command": "export", "series": ["a/*"], "format": "ndjson"})
    assert answer == {"lines": [{"series": 1, "readings": 1}]}
    assert written == b'{"device":"a","metric":"t","ts":1700000000000,"value":1.0}\n'


def test_many_refused_lines_come_in_several_reports(tmp_path: Path) -> None:
    data = b"device,metric,ts,value\n" + b"bad\n" * (2 * REPORTED + 1)
    _, _, reports = carried_out(tmp_path, {"command": "import"}, data)
    assert [len(report["lines_refused"]) for report in reports if "lines_refused" in report] == [REPORTED, REPORTED, 1]  # type: ignore[arg-type]


def test_what_cannot_be_done_is_an_error(tmp_path: Path) -> None:
    for request in ({"command": "nothing"}, {"command": "import"}, {"command": "export", "from": "x"}):
        answer, written, _ = carried_out(tmp_path, dict(request), b"nonsense\n")
        assert set(answer) == {"error"}, request
        assert written == b""

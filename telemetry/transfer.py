"""``export``, ``audit`` and ``import`` on the command line: files and streams of this machine, its terminal.

Each returns the exit status. A file is written under another name and then renamed, so that there is none that is half
written. Whoever reads our output may stop reading: that is no error.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import stat
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from telemetry import local
from telemetry.channel import Caller, CallerFailed, Line
from telemetry.exchange.writing import Form
from telemetry.settings import Settings
from telemetry.terminal import Meter

PIECE = 256 << 10
"""Bytes that are read at once."""
STANDARD = "-"
BROKEN_PIPE = 141
"""The exit status of a program that a broken pipe ended."""
SQLITE = b"SQLite format 3\0"


class Failed(Exception):
    """It cannot be done; the message says why."""


def export(settings: Settings, given: Line) -> int:
    """Write readings to ``given["file"]``. Raises Failed."""
    name = str(given.get("file") or STANDARD)
    plain = name.removesuffix(".gz")
    form = given.get("format") or (Form.NDJSON if plain.endswith((".ndjson", ".jsonl")) else Form.CSV).value
    request: Line = {"command": "export", "format": form, "gzip": plain != name}
    request |= {key: given.get(key) for key in ("series", "from", "to")}
    meter = Meter()

    def progress(report: Line) -> None:
        meter.total(_number(report, "total"))
        meter.show(_number(report, "done"), f"{_number(report, 'readings'):,} readings")

    try:
        with _output(name) as sink:
            _run(settings, request, Caller(sink=sink, progress=progress))
    except BrokenPipeError:
        return _quietly()
    finally:
        meter.end()
    return 0


def audit(settings: Settings, given: Line) -> int:
    """Write the audit log to ``given["file"]``. Raises Failed."""
    name = str(given.get("file") or STANDARD)
    form = given.get("format") or (Form.NDJSON if name.endswith((".ndjson", ".jsonl")) else Form.CSV).value
    request: Line = {"command": "audit", "format": form}
    request |= {key: given.get(key) for key in ("from", "to", "who", "action", "subject")}
    try:
        with _output(name) as sink:
            _run(settings, request, Caller(sink=sink))
    except BrokenPipeError:
        return _quietly()
    return 0


def import_(settings: Settings, given: Line) -> int:
    """Take in ``given["file"]``; a line of JSON on standard output says what became of it. Raises Failed."""
    name = str(given.get("file") or STANDARD)
    with contextlib.ExitStack() as stack:
        try:
            number = 0 if name == STANDARD else stack.enter_context(Path(name).open("rb")).fileno()
            status = os.fstat(number)
            size = status.st_size if stat.S_ISREG(status.st_mode) and name != STANDARD else None
            database = size is not None and os.pread(number, len(SQLITE), 0) == SQLITE
            source = _recorder(Path(name), stack) if database else _pieces(number)
        except OSError as error:
            raise Failed(f"{name}: {error.strerror}") from None
        meter = Meter(size)
        refused = 0

        def progress(report: Line) -> None:
            nonlocal refused
            lines: Any = report.get("lines_refused", ())
            for line, why in lines:
                refused += 1
                meter.say(f"line {line}: {why}")
            stored = _number(report, "stored") + _number(report, "duplicate")
            meter.show(_number(report, "bytes"), f"{stored:,} readings, {_number(report, 'refused'):,} lines refused")

        called = "standard input" if name == STANDARD else Path(name).name
        request: Line = {"command": "import", "size": size, "name": called}
        try:
            answer = _run(settings, request, Caller(source, progress=progress))
        finally:
            meter.end()
    print(json.dumps(answer))
    nothing_fits = not _number(answer, "accepted") and _number(answer, "refused") > 0
    return 1 if nothing_fits else 0


def _run(settings: Settings, request: Line, caller: Caller) -> Line:
    """The line of the answer. Raises Failed, and BrokenPipeError where no one reads our output."""
    try:
        answer = asyncio.run(local.carry_out(settings, request, caller))
    except local.Unreachable as error:
        raise Failed(str(error)) from None
    except CallerFailed as failed:
        if isinstance(failed.__cause__, BrokenPipeError):
            raise BrokenPipeError from None
        raise Failed(str(failed)) from failed
    if "error" in answer:
        raise Failed(str(answer["error"]))
    lines: Any = answer["lines"]
    return dict(lines[0])


@contextlib.contextmanager
def _output(name: str) -> Iterator[Callable[[bytes], None]]:
    """Where an export goes. Raises Failed."""
    if name == STANDARD:
        yield _standard_output
        return
    path = Path(name)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield _into(file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise Failed(f"{name}: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)


def _into(file: BinaryIO) -> Callable[[bytes], None]:
    def sink(data: bytes) -> None:
        file.write(data)

    return sink


def _standard_output(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _quietly() -> int:
    """End without a complaint about what could not be written any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE


async def _pieces(number: int) -> AsyncIterator[bytes]:
    """What there is to read from a file descriptor, without ever holding up the loop for a pipe that is silent."""
    while True:
        await _readable(number)
        piece = os.read(number, PIECE)
        if not piece:
            return
        yield piece


async def _readable(number: int) -> None:
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_reader(number, ready.set)
    except PermissionError:
        return  # a file: always ready
    try:
        await ready.wait()
    finally:
        loop.remove_reader(number)


async def _recorder(path: Path, stack: contextlib.ExitStack) -> AsyncIterator[bytes]:
    """The readings of Home Assistant's recorder."""
    from telemetry.exchange import homeassistant
    from telemetry.store.homeassistant import Recorder

    recorder = await asyncio.to_thread(Recorder, path)
    stack.callback(recorder.close)
    pieces = homeassistant.pieces(recorder)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


def _number(report: Line, key: str) -> int:
    value = report.get(key)
    return value if isinstance(value, int) else 0

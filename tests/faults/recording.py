"""What a server asked the kernel to do, in order, as strace wrote it down: its writes, its syncs, its acknowledgements.

A write counts from the moment it is asked for, a sync from the moment it has returned, an acknowledgement from the
moment it is handed to the kernel: each the worst case for who promises that it is durable.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

CALLS = "pwrite64,write,fsync,fdatasync,ftruncate,fallocate,unlink,unlinkat,rename,renameat,renameat2,openat,sendto"
LINE = re.compile(r"(\d+) +(?:<\.\.\. (\w+) resumed>(.*)|(\w+)\((.*))")
ACK = re.compile(rb'"ack":\s*("[^"]*"|\[[^\]]*\])')
HEX = re.compile(r"(?:\\x[0-9a-f]{2})+")
UNFINISHED = " <unfinished ...>"
NEVER_CALLED = {"fallocate", "unlinkat", "rename", "renameat", "renameat2"}
"""On the database's files: should SQLite begin to use one, the simulator must learn it first."""


def _traces() -> bool:
    return (
        shutil.which("strace") is not None
        and not subprocess.run(
            ["strace", "-o", "/dev/null", "true"], capture_output=True, check=False, timeout=30
        ).returncode
    )


needs_strace = pytest.mark.skipif(
    not _traces(), reason="strace is missing (tools/setup.sh dev installs it) or may not trace here"
)


def strace(trace: Path) -> list[str]:
    """The words before a command that record it; ``-D`` leaves the command our own child, to be killed as such."""
    return ["strace", "-D", "-f", "-y", "-xx", "-s", "4000000", "-o", str(trace), "-e", f"trace={CALLS}"]


@dataclass(slots=True)
class Event:
    """One thing that happened; ``name`` is the file's, "" for their folder.

    ``kind`` is create, write (``data`` at ``at``), truncate (to ``at``), unlink, asked (for a sync), synced, or ack.
    """

    kind: str
    name: str = ""
    at: int = 0
    data: bytes = b""
    acks: Sequence[str] = ()


def events(trace: Path, database: Path) -> list[Event]:
    """All that concerned the database's files (itself, -wal, -journal), and all acknowledgements."""
    kept = {database.name, f"{database.name}-wal", f"{database.name}-journal"}
    found: list[Event | None] = []
    begun: dict[str, tuple[str, int, int]] = {}
    made: set[str] = set()
    with trace.open() as lines:
        for line in lines:
            match = LINE.match(line)
            if match is None:
                continue
            pid, resumed, rest, call, arguments = match.groups()
            if resumed:
                text, first, end = begun.pop(pid)
                text += rest
                call = resumed
            else:
                text, first = arguments, len(found)
                entered = text.removesuffix(UNFINISHED)
                found += _asked(call, entered.rpartition(" = ")[0] or entered, database.parent, kept)
                end = len(found)
                if entered != text:
                    begun[pid] = entered, first, end
                    continue
            body, _, result = text.rpartition(" = ")
            if result.startswith(("-1", "?")):
                found[first:end] = [None] * (end - first)  # refused, or cut off by the end of the process
                assert "unlink" in call or call == "openat" or result.startswith("?"), line[:200]
                continue
            found += _done(call, body, result, database.parent, kept, made)
    return [event for event in found if event is not None]


def _asked(call: str, text: str, folder: Path, kept: set[str]) -> Iterator[Event]:
    if call == "sendto":
        acks: list[str] = []
        for ids in ACK.findall(_bytes(text.partition(">")[2])):
            some = json.loads(ids)
            acks += some if isinstance(some, list) else [some]
        if acks:
            yield Event("ack", acks=acks)
        return
    if call == "openat":
        return
    path = Path(_bytes(text).decode()) if call.startswith("unlink") else _of_descriptor(text)
    if path == folder and call in ("fsync", "fdatasync"):
        yield Event("asked")
    if path.parent != folder or path.name not in kept:
        return
    assert call not in NEVER_CALLED, call
    if call == "unlink":
        yield Event("unlink", path.name)
    elif call == "ftruncate":
        yield Event("truncate", path.name, _numbers(text)[0])
    elif call in ("fsync", "fdatasync"):
        yield Event("asked", path.name)
    else:
        assert call == "pwrite64", call
        count, at = _numbers(text)
        data = _bytes(text.partition(">")[2])
        assert len(data) == count, "strace cut the data short"
        yield Event("write", path.name, at, data)


def _done(call: str, body: str, result: str, folder: Path, kept: set[str], made: set[str]) -> Iterator[Event]:
    if call in ("pwrite64", "sendto"):
        assert int(result) == _numbers(body)[0], f"a partial {call}"
    if call in ("fsync", "fdatasync"):
        path = _of_descriptor(body)
        if path == folder or (path.parent == folder and path.name in kept):
            yield Event("synced", "" if path == folder else path.name)
    if call == "openat" and "O_CREAT" in body:
        path = _of_descriptor(result)
        if path.parent == folder and path.name in kept and path.name not in made:
            made.add(path.name)
            yield Event("create", path.name)
    if call == "unlink":
        made.discard(Path(_bytes(body).decode()).name)


def _of_descriptor(text: str) -> Path:
    """The path in ``8<PATH>, …``, which strace wrote in hex."""
    start = text.find("<")
    return Path(_bytes(text[start : text.find(">", start)]).decode(errors="replace")) if start >= 0 else Path()


def _bytes(text: str) -> bytes:
    found = HEX.search(text)
    return bytes.fromhex(found[0].replace("\\x", "")) if found else b""


def _numbers(text: str) -> list[int]:
    """The plain numbers among the arguments after the first: ``8<…>, "…", 4096, 32)`` -> [4096, 32]."""
    tail = text.rpartition('"')[2] if '"' in text else text.rpartition(">")[2]
    return [int(number) for number in re.findall(r"\b\d+\b", tail)]

"""The index of the log: it says how far the log was committed, also where a failed commit left more behind."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from telemetry.store import wal, wal_index


def logged(path: Path) -> tuple[Path, Path]:
    """A copy of the log and the index of a database with two commits, as a killed process leaves them."""
    with closing(sqlite3.connect(path / "x.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (a)")
        for _ in range(2):
            connection.execute("INSERT INTO t VALUES (zeroblob(20000))")
        return tuple(Path(shutil.copy(path / f"x.db{one}", path / f"copy{one}")) for one in ("-wal", "-shm"))  # type: ignore[return-value]


def salts(log: Path) -> tuple[int, int]:
    fields = wal.HEADER.unpack(log.read_bytes()[: wal.HEADER.size])
    return fields[4], fields[5]


def test_it_says_how_many_frames_were_committed(tmp_path: Path) -> None:
    log, index = logged(tmp_path)
    frames = len(wal.scan(log).frames)
    assert frames > 10
    assert wal_index.committed(index, salts(log)) == frames


def test_what_a_failed_commit_left_behind_is_no_damage(tmp_path: Path) -> None:
    """Frames behind the mark, the first of them overwritten: they chain to each other and not to the log."""
    log, index = logged(tmp_path)
    data = log.read_bytes()
    step = wal.FRAME.size + 4096
    frames = (len(data) - wal.HEADER.size) // step
    left = 4
    kept = frames - left
    at = wal.HEADER.size + kept * step
    log.write_bytes(data[:at] + bytes(step) + data[at + step :])
    head = bytearray(index.read_bytes())
    for copy in (0, wal_index.SIZE):
        head[copy + 16 : copy + 20] = kept.to_bytes(4, "little")
    index.write_bytes(head)
    found = wal.scan(log, rebooted=False)
    assert (found.verdict, len(found.frames)) == (wal.Verdict.SOUND, kept)


def test_damage_before_the_mark_is_found(tmp_path: Path) -> None:
    log, _ = logged(tmp_path)
    data = bytearray(log.read_bytes())
    data[wal.HEADER.size + 2 * (wal.FRAME.size + 4096) + 100] ^= 1
    log.write_bytes(data)
    assert wal.scan(log, rebooted=False).verdict is wal.Verdict.CORRUPT


@pytest.mark.parametrize("change", ["gone", "short", "halves differ", "other salts", "not initialised"])
def test_an_index_that_does_not_fit_says_nothing(tmp_path: Path, change: str) -> None:
    log, index = logged(tmp_path)
    head = bytearray(index.read_bytes())
    if change == "halves differ":
        head[16] ^= 1
    elif change == "other salts":
        head[32] ^= 1
        head[80] ^= 1
    elif change == "not initialised":
        head[12] = head[60] = 0
    index.write_bytes(head[:40] if change == "short" else head)
    if change == "gone":
        index.unlink()
    assert wal_index.committed(index, salts(log)) is None

"""The write-ahead log: a torn tail is SQLite's to drop; a change in the middle is found, and the rest saved."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from telemetry.store import copying, wal
from telemetry.store.copying import Pages
from telemetry.store.wal import Verdict

ROWS = 40
FRAME = 24 + 4096


@pytest.fixture
def log(tmp_path: Path) -> bytes:
    """The log of 40 commits of about three frames each, none of them checkpointed."""
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=0"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
    chance = random.Random(1)
    for n in range(ROWS):
        connection.execute("INSERT INTO t VALUES (?, ?)", (n, chance.randbytes(3000)))
    data = (tmp_path / "x.db-wal").read_bytes()
    (tmp_path / "copy.db").write_bytes((tmp_path / "x.db").read_bytes())
    connection.close()
    return data


def scanned(tmp_path: Path, data: bytes, *, rebooted: bool = True) -> wal.Scan:
    (tmp_path / "log").write_bytes(data)
    return wal.scan(tmp_path / "log", rebooted=rebooted)


def rows(tmp_path: Path, found: wal.Scan) -> set[int]:
    """What SQLite reads from the repaired log."""
    wal.repair(tmp_path / "log", found, tmp_path / "copy.db-wal")
    with closing(copying.open_ro(tmp_path / "copy.db")) as connection:
        pages = Pages(copying.tables(connection)[0], strict=False)
        have = set()
        while (page := pages.next(connection)) is not None:
            have |= {row[0] for row in page}
    return have


def test_whole_missing_and_empty_logs_are_left_alone(tmp_path: Path, log: bytes) -> None:
    assert wal.scan(tmp_path / "none").verdict is Verdict.EMPTY
    assert scanned(tmp_path, b"").verdict is Verdict.EMPTY
    found = scanned(tmp_path, log, rebooted=False)
    assert found.verdict is Verdict.SOUND
    assert len(found.frames) == found.stops == (len(log) - 32) // FRAME


def test_checksums_are_sqlites_own(tmp_path: Path, log: bytes) -> None:
    """The repaired log of a whole one is read by SQLite to its end."""
    assert rows(tmp_path, scanned(tmp_path, log)) == set(range(ROWS))


@pytest.mark.parametrize("cut", [1, 23, 24, 25, FRAME - 1, FRAME + 5])
def test_a_log_cut_short_is_torn_whoever_did_it(tmp_path: Path, log: bytes, cut: int) -> None:
    for rebooted in (False, True):
        verdict = scanned(tmp_path, log[:-cut], rebooted=rebooted).verdict
        assert verdict in (Verdict.SOUND, Verdict.TORN)


def test_a_lost_write_in_the_last_commit_is_torn_only_after_a_reboot(tmp_path: Path, log: bytes) -> None:
    """Without a power cut the system keeps what a killed process wrote, in order: then it went bad later."""
    frames = (len(log) - 32) // FRAME
    at = 32 + (frames - 2) * FRAME + 24
    data = log[:at] + bytes(4096) + log[at + 4096 :]
    assert scanned(tmp_path, data, rebooted=True).verdict is Verdict.TORN
    assert scanned(tmp_path, data, rebooted=False).verdict is Verdict.CORRUPT


def test_frames_of_an_older_log_behind_the_end_are_no_damage(tmp_path: Path, log: bytes) -> None:
    """A log is overwritten from its start; what is left behind the end verifies among itself."""
    frames = (len(log) - 32) // FRAME
    keep = 32 + frames // 2 * FRAME
    stale = bytearray(log[keep:])
    for at in range(0, len(stale), FRAME):
        stale[at + 8 : at + 16] = b"oldsalts"
    # break the chain between the two, as different salts and pages do
    stale[30] ^= 0xFF
    for rebooted in (False, True):
        assert scanned(tmp_path, log[:keep] + bytes(stale), rebooted=rebooted).verdict is Verdict.SOUND


@pytest.mark.parametrize("seed", range(60))
def test_a_flipped_bit_before_the_last_commit_is_found_and_costs_one_frame(
    tmp_path: Path, log: bytes, seed: int
) -> None:
    chance = random.Random(seed)
    data = bytearray(log)
    end = len(log) - 4 * FRAME  # the last commit is another test's
    # the number of the checkpoint and the version stand where no frame depends on them
    at = chance.randrange(end)
    data[at] ^= 1 << chance.randrange(8)
    found = scanned(tmp_path, bytes(data))
    assert found.verdict is Verdict.CORRUPT
    assert sum(not frame.sound for frame in found.frames) <= 1
    repaired = scanned(tmp_path, bytes(data))
    count = wal.repair(tmp_path / "log", repaired, tmp_path / "again")
    again = wal.scan(tmp_path / "again")
    assert again.verdict is Verdict.SOUND
    assert len(again.frames) == count >= len(found.frames) - 1


def test_what_a_page_of_the_log_loses_is_the_rows_on_it(tmp_path: Path, log: bytes) -> None:
    """SQLite alone would have dropped everything after the damaged frame."""
    at = 32 + 30 * FRAME + 200
    data = log[:at] + b"\xff" * 64 + log[at + 64 :]
    found = scanned(tmp_path, data)
    assert found.stops == 30
    assert len(rows(tmp_path, found)) >= ROWS - 3


def test_a_log_with_nothing_sound_makes_an_empty_one(tmp_path: Path, log: bytes) -> None:
    data = log[:32] + random.Random(1).randbytes(len(log) - 32)
    found = scanned(tmp_path, data)
    assert wal.repair(tmp_path / "log", found, tmp_path / "again") == 0
    assert (tmp_path / "again").read_bytes() == b""

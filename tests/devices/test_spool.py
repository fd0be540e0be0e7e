from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from devices.spool import Line, Spool


def line(ts):
    return Line(ts, {"t": ts / 2, "on": True}, None)


def left(directory):
    spool = Spool(directory)
    found = [one for _, one in spool.load()]
    spool.close()
    return found


def test_lines_survive_in_order_with_their_device(tmp_path):
    spool = Spool(tmp_path, segment=2)
    lines = [Line(ts, {"t": ts}, "node-ä" if ts % 2 else None) for ts in range(5)]
    for number, one in enumerate(lines, 1):
        spool.append(number, one)
    spool.close()
    assert left(tmp_path) == lines
    assert left(tmp_path) == lines


def test_a_segment_goes_when_all_of_it_is_settled(tmp_path):
    spool = Spool(tmp_path, segment=3)
    for number in range(1, 8):
        spool.append(number, line(number))
    for number in (1, 2, 5, 7):
        spool.settle(number)
    assert len(list(tmp_path.iterdir())) == 3
    spool.settle(3)
    spool.settle(3)
    assert len(list(tmp_path.iterdir())) == 2
    spool.close()
    assert [one.ts for one in left(tmp_path)] == [4, 5, 6]


def test_a_loaded_line_settles_like_any_other(tmp_path):
    first = Spool(tmp_path)
    first.append(1, line(1))
    first.close()
    second = Spool(tmp_path)
    for number, _ in second.load():
        second.settle(number)
    second.close()
    assert list(tmp_path.iterdir()) == []


def test_a_torn_line_costs_only_itself(tmp_path, caplog):
    spool = Spool(tmp_path)
    for number in range(1, 4):
        spool.append(number, line(number))
    spool.close()
    path = next(tmp_path.iterdir())
    path.write_bytes(path.read_bytes()[:-9])
    again = Spool(tmp_path)
    assert [one.ts for _, one in again.load()] == [1, 2]
    again.append(3, line(9))
    again.close()
    assert [one.ts for one in left(tmp_path)] == [1, 2, 9]
    assert "unreadable line" in caplog.text


def test_a_file_without_a_whole_line_is_removed(tmp_path):
    (tmp_path / "000000000001.ndjson").write_bytes(b'{"ts": 1')
    assert left(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_lines_survive_a_killed_process(tmp_path):
    code = (
        "import os, pathlib, sys\n"
        "from devices.spool import Line, Spool\n"
        "spool = Spool(pathlib.Path(sys.argv[1]))\n"
        "for n in range(1, 101): spool.append(n, Line(n, {'t': n}, None))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, env={"PYTHONPATH": str(Path.cwd())})
    assert done.returncode == -9
    assert [one.ts for one in left(tmp_path)] == list(range(1, 101))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_and_the_next_line_starts_a_segment(tmp_path):
    spool = Spool(tmp_path)
    spool.append(1, line(1))
    good = spool._file
    spool._file = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115 - closed below
    with pytest.raises(OSError):
        spool.append(2, line(2))
    spool._file.close()
    spool._file = good
    spool.append(3, line(3))
    spool.close()
    assert [one.ts for one in left(tmp_path)] == [1, 3]


def test_a_half_written_line_is_told_and_not_followed_by_another(tmp_path):
    class Nearly:
        """A file on a disk that fills in the middle of a line."""

        def __init__(self, file):
            self._file = file

        def write(self, row):
            return self._file.write(row[:9])

        def __getattr__(self, name):
            return getattr(self._file, name)

    spool = Spool(tmp_path)
    spool.append(1, line(1))
    spool._file = Nearly(spool._file)
    with pytest.raises(OSError, match="full"):
        spool.append(2, line(2))
    spool.append(3, line(3))
    spool.close()
    assert [one.ts for one in left(tmp_path)] == [1, 3]

"""The database lock: one owner, named to everyone else, and gone with its process."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from telemetry.lock import DatabaseLock, Locked, last_run
from tests.support import ROOT, wait_until

HOLD = """
import sys
from pathlib import Path
from telemetry.lock import DatabaseLock
lock = DatabaseLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_owner_is_refused_and_learns_who_is_first(tmp_path: Path) -> None:
    """Also within one process: it is the file that is locked."""
    database = tmp_path / "x.db"
    lock = DatabaseLock(database)
    with pytest.raises(Locked, match=f"process {os.getpid()}") as caught:
        DatabaseLock(database)
    assert (caught.value.pid, caught.value.control) == (os.getpid(), None)
    lock.record(Path("/run/x.sock"))
    with pytest.raises(Locked) as caught:
        DatabaseLock(database)
    assert caught.value.control == "/run/x.sock"
    lock.release()
    DatabaseLock(database).release()


def test_a_killed_owner_leaves_nothing_that_locks(tmp_path: Path) -> None:
    """The lock is gone, the file with its old content is harmless."""
    database = tmp_path / "x.db"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(Locked) as caught:
        DatabaseLock(database)
    assert caught.value.pid == holder.pid
    holder.kill()
    holder.communicate()
    lock = wait_until(lambda: _try(database))
    assert json.loads(Path(f"{database}.lock").read_text())["pid"] == os.getpid()
    lock.release()


def test_a_shorter_record_leaves_no_rest_of_the_longer_one(tmp_path: Path) -> None:
    database = tmp_path / "x.db"
    lock = DatabaseLock(database)
    lock.record(Path("/a/very/long/path/to/a/socket.sock"))
    lock.record(None)
    record = json.loads(Path(f"{database}.lock").read_text())
    assert (record["pid"], record["control"]) == (os.getpid(), None)
    lock.release()


def test_an_owner_that_has_not_said_who_it_is_still_locks(tmp_path: Path) -> None:
    """Between taking the lock and writing the file."""
    database = tmp_path / "x.db"
    lock = DatabaseLock(database)
    os.truncate(f"{database}.lock", 0)
    with pytest.raises(Locked, match=r"process \?"):
        DatabaseLock(database)
    lock.release()


def test_the_lock_file_is_private_and_its_folder_is_made(tmp_path: Path) -> None:
    database = tmp_path / "new" / "x.db"
    lock = DatabaseLock(database)
    assert stat.S_IMODE(Path(f"{database}.lock").stat().st_mode) == 0o600
    lock.release()


def _try(database: Path) -> DatabaseLock | None:
    try:
        return DatabaseLock(database)
    except Locked:
        return None


def test_a_link_to_the_database_is_the_same_database(tmp_path: Path) -> None:
    """Two servers on one file would each acknowledge what the other overwrites."""
    (tmp_path / "real.db").touch()
    (tmp_path / "link.db").symlink_to(tmp_path / "real.db")
    lock = DatabaseLock(tmp_path / "real.db")
    with pytest.raises(Locked):
        DatabaseLock(tmp_path / "link.db")
    lock.release()


def test_whether_a_server_ran_and_the_machine_went_down_since_outlives_it(tmp_path: Path) -> None:
    database = tmp_path / "x.db"
    assert last_run(database) == (False, True)
    DatabaseLock(database).release()
    assert last_run(database) == (False, True)
    lock = DatabaseLock(database)
    lock.record(Path("socket"))
    lock.release()
    assert last_run(database) == (True, False)
    DatabaseLock(database).release()
    assert last_run(database) == (True, False)
    record = json.loads(Path(f"{database}.lock").read_text())
    Path(f"{database}.lock").write_text(json.dumps(record | {"boot": "another"}))
    assert last_run(database) == (True, True)

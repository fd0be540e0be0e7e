"""One process per database: a lock on ``PATH.lock``, held as long as the file is open.

The file holds ``{"pid", "control"}`` of the owner: whom to name, and where it listens for commands. It is never
deleted, and what an owner left in it does not matter: the lock decides, not the content. Beside it stands what is worth
knowing at the next start, ``{"boot"}``: the boot of the machine in which a server last used the database.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
from pathlib import Path
from typing import NamedTuple

BOOT = Path("/proc/sys/kernel/random/boot_id")


class LastRun(NamedTuple):
    """What is known of the last server on a database: was there one, did the machine go down since."""

    served: bool
    rebooted: bool


class Locked(Exception):
    """Another process owns the database; ``control`` is the path of its control socket, once it has one."""

    def __init__(self, path: Path, pid: int | None, control: str | None) -> None:
        super().__init__(f"{path} is in use by process {pid if pid is not None else '?'}")
        self.pid = pid
        self.control = control


class DatabaseLock:
    """The lock on one database, taken by its constructor. Raises Locked and OSError."""

    def __init__(self, database: Path) -> None:
        database = database.resolve()  # one lock, whatever links lead to the file
        database.parent.mkdir(parents=True, exist_ok=True)
        self._file = _opened(f"{database}.lock")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid, control = _owner(self._file)
            os.close(self._file)
            raise Locked(database, pid, control) from None
        self._boot = _read(self._file).get("boot")
        self.record(None)

    def record(self, control: Path | None) -> None:
        """Tell others who holds the lock, and where it takes commands."""
        if control is not None:
            self._boot = _boot()
        owner = {"pid": os.getpid(), "control": None if control is None else str(control), "boot": self._boot}
        # In one write, longer than what stood there or padded: a reader never sees a mixture
        text = json.dumps(owner).encode()
        with contextlib.suppress(OSError):  # a disk that is full or read-only: nobody is named, the lock still holds
            os.pwrite(self._file, text.ljust(os.fstat(self._file).st_size), 0)

    def release(self) -> None:
        """Let the database go."""
        os.close(self._file)


def _opened(path: str) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # an earlier run has made it


def last_run(database: Path) -> LastRun:
    """The last server on a database, as whoever holds the lock found it."""
    try:
        file = os.open(f"{database.resolve()}.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return LastRun(served=False, rebooted=True)
    try:
        boot = _read(file).get("boot")
    finally:
        os.close(file)
    return LastRun(served=boot is not None, rebooted=boot is None or boot != _boot())


def _boot() -> str:
    """What tells this boot of the machine from all others; where that is not to be had, none is like another."""
    try:
        return BOOT.read_text().strip()
    except OSError:
        return f"unknown {os.urandom(8).hex()}"


def _read(file: int) -> dict[str, object]:
    try:
        content = json.loads(os.pread(file, 8192, 0))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _owner(file: int) -> tuple[int | None, str | None]:
    try:
        owner = json.loads(os.pread(file, 8192, 0))
        return int(owner["pid"]), owner["control"]
    except (ValueError, LookupError, TypeError):
        return None, None  # taken a moment ago, nothing written yet

"""One process per database: a lock on ``PATH.lock``, held as long as the file is open.

The file holds ``{"pid", "control"}`` of the owner: whom to name, and where it listens for commands. It is never
deleted, and what an owner left in it does not matter: the lock decides, not the content.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path


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
        self._file = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid, control = _owner(self._file)
            os.close(self._file)
            raise Locked(database, pid, control) from None
        self.record(None)

    def record(self, control: Path | None) -> None:
        """Tell others who holds the lock, and where it takes commands."""
        owner = {"pid": os.getpid(), "control": None if control is None else str(control)}
        # In one write, longer than what stood there or padded: a reader never sees a mixture
        text = json.dumps(owner).encode()
        os.pwrite(self._file, text.ljust(os.fstat(self._file).st_size), 0)

    def release(self) -> None:
        """Let the database go."""
        os.close(self._file)


def _owner(file: int) -> tuple[int | None, str | None]:
    try:
        owner = json.loads(os.pread(file, 8192, 0))
        return int(owner["pid"]), owner["control"]
    except (ValueError, LookupError, TypeError):
        return None, None  # taken a moment ago, nothing written yet

"""Disks that are small, full, or read-only: real ones, in memory, for those who may mount."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


class Disk:
    """A mounted tmpfs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fillers: list[Path] = []

    def remount(self, options: str) -> None:
        """``ro``, ``rw``, ``size=12m``."""
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.path)], check=True, timeout=30)

    def fill(self, leave: int = 0) -> None:
        """Take all space but ``leave`` bytes with files of no use; a server that writes meanwhile gets some of it."""
        while (size := self.free - leave) > 0:
            self._fillers.append(self.path / f"filler-{len(self._fillers)}")
            with contextlib.suppress(OSError), self._fillers[-1].open("wb") as filler:
                os.posix_fallocate(filler.fileno(), 0, size)

    def clear(self) -> None:
        """Delete those files."""
        for filler in self._fillers:
            filler.unlink(missing_ok=True)
        self._fillers.clear()

    @property
    def free(self) -> int:
        """Bytes."""
        stat = os.statvfs(self.path)
        return stat.f_bavail * stat.f_frsize


@contextlib.contextmanager
def tmpfs(size: str) -> Iterator[Disk]:
    """Mount one for a test; the test is skipped where that is not allowed."""
    path = Path(tempfile.mkdtemp(prefix="telltale-disk-"))
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)], capture_output=True, check=False, timeout=30
    )
    if done.returncode:
        path.rmdir()
        pytest.skip("only root may mount a small disk")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True, timeout=30)
        path.rmdir()

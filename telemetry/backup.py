"""Backups: copies of the database in one file, on demand and every night, while readings come in.

A nightly backup that was missed because the server was off is made soon after the start. Of those made by itself the
newest ``keep`` stay. One that fails is logged, shown by /metrics, and tried again an hour later.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from telemetry.clock import last_time_at, next_time_at, stamp, wall_ms
from telemetry.settings import BackupSettings
from telemetry.store import tracking
from telemetry.store.backup import BackupError, Copy
from telemetry.store.db import Store, StoreError
from telemetry.store.tracking import Touched

log = logging.getLogger(__name__)

LOOK = 20.0
"""Seconds between looks at the clock."""
AGAIN = 3_600_000
"""Ms after which a failed backup is tried again."""
OURS = re.compile(r"-\d{8}-\d{6}\.db")

Progress = Callable[[int, int], Awaitable[None]]
"""Hears how many of about how many rows are copied."""


async def _untold(_done: int, _total: int) -> None:
    """For whom nobody waits."""


class Made(NamedTuple):
    """A backup, and when it was complete (ms)."""

    file: Path
    time: int


class Backups:
    """The backups of one database. Times are ms."""

    def __init__(self, store: Store, settings: BackupSettings) -> None:
        self.failed: str | None = None
        """Why the last one failed."""
        self._store = store
        self._one = asyncio.Lock()
        self._settings = settings
        self._tried = 0
        self._last = self._newest()

    async def run(self) -> None:
        """Make one every night, until cancelled; without a time of day, none."""
        while self._settings.at is not None:
            if self._due():
                self._tried = wall_ms()
                try:
                    await self.nightly()
                except BackupError as error:
                    log.error("the nightly backup failed: %s", error)  # noqa: TRY400 - not a bug
            await asyncio.sleep(LOOK)

    async def nightly(self) -> Path:
        """Make one in the folder, and delete the oldest beyond ``keep``. Raises BackupError."""
        folder = self._settings.folder
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            self.failed = str(error)
            raise BackupError(f"{folder}: {error}") from error
        to = folder / f"{self._store.path.stem}-{stamp()}.db"
        await self.make(to)
        await asyncio.to_thread(self._rotate)
        log.info("backup %s is complete", to)
        return to

    async def make(self, to: Path, progress: Progress = _untold) -> None:
        """Copy the database to a file that does not exist yet, one at a time. Raises BackupError.

        Nobody waits for it: sealing, retention and corrections go on, and the write-ahead log is only held for the
        read at the end, which is as long as what has changed meanwhile is much.
        """
        self.failed = "it is under way, or was cut off"
        try:
            async with self._one:
                copy = await asyncio.to_thread(Copy, self._store.path, to)
                try:
                    await self._fill(copy, progress)
                except StoreError as error:
                    raise BackupError(f"{to}: {error}") from error
                finally:
                    await asyncio.to_thread(copy.close)
        except BackupError as error:
            self.failed = str(error)
            raise
        self.failed = None
        self._last = Made(to, wall_ms())

    async def _fill(self, copy: Copy, progress: Progress) -> None:
        """Copy what there is. Raises BackupError and StoreError."""
        changing = self._store.writable
        await (self._store.write(tracking.begin) if changing else asyncio.to_thread(copy.hold))
        try:
            while await asyncio.to_thread(copy.step):
                await progress(copy.done, copy.total)
            if changing:
                await asyncio.to_thread(copy.hold)
                await self._renew(copy)
        finally:
            if changing:
                with contextlib.suppress(StoreError):
                    await self._store.write(tracking.end)
        await asyncio.to_thread(copy.finish)

    async def _renew(self, copy: Copy) -> None:
        """Copy again what has changed since the copy began."""
        last: Touched | None = None
        while True:
            touched = await self._store.write(partial(tracking.page, after=last))
            if touched is None:
                raise BackupError("a write failed while the copy was made: try again")
            if not touched:
                return
            await asyncio.to_thread(copy.renew, touched)
            last = touched[-1]

    def ok(self) -> float | None:
        """1 if the last backup succeeded, 0 if it failed; None if there was none."""
        return 0.0 if self.failed is not None else 1.0 if self._last is not None else None

    def report(self) -> dict[str, object]:
        """The newest backup (``last`` in ms, ``file``), why the last one failed, and when the next is due (ms)."""
        at = self._settings.at
        made = self._last
        return {
            "last": None if made is None else made.time,
            "file": None if made is None else made.file.name,
            "error": self.failed,
            "next": None if at is None else next_time_at(*at),
        }

    def age(self) -> float | None:
        """Seconds since the newest backup; None if there is none."""
        return None if self._last is None else max(0, wall_ms() - self._last.time) / 1000

    def _due(self) -> bool:
        at = self._settings.at
        newest = self._last
        missing = at is not None and (newest is None or newest.time < last_time_at(*at))
        return missing and wall_ms() - self._tried >= AGAIN

    def _newest(self) -> Made | None:
        """The newest of those in the folder."""
        made = self._made()
        return Made(made[-1], int(made[-1].stat().st_mtime * 1000)) if made else None

    def _rotate(self) -> None:
        for old in self._made()[: -self._settings.keep]:
            old.unlink(missing_ok=True)

    def _made(self) -> list[Path]:
        """Those made by itself, the oldest first."""
        stem = self._store.path.stem
        files = self._settings.folder.glob("*.db") if self._settings.folder.is_dir() else ()
        return sorted(f for f in files if f.name.startswith(f"{stem}-") and OURS.fullmatch(f.name[len(stem) :]))

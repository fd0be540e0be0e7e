"""Puts a backup in the place of a database, with a new epoch; what was there is moved aside, never deleted.

The caller holds the lock. The backup is verified first, then copied beside the database under a temporary name, so that
a crash at any moment leaves the old database or the new one.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from telemetry.store import accounts, audit, copying, migrations
from telemetry.store.audit import AuditRow
from telemetry.store.backup import publish
from telemetry.store.checking import Check
from telemetry.store.db import BLOCK

SUFFIXES = ("", "-wal", "-shm", "-journal")


class RestoreError(Exception):
    """The backup was not put into place; the message says why, for people."""


def restore(
    backup: Path,
    database: Path,
    stamp: str,
    entry: AuditRow,
    *,
    force: bool,
    told: Callable[[int, int], None] = lambda *_: None,
) -> Path | None:
    """Replace ``database`` by ``backup``; where the old one is now, if there was one. Raises RestoreError.

    ``stamp`` (YYYYmmdd-HHMMSS) names the old one, ``entry`` goes into the audit log of the new one, ``told`` hears how
    many of how many chunks are verified.
    """
    there = [Path(f"{database}{suffix}") for suffix in SUFFIXES if Path(f"{database}{suffix}").exists()]
    if there and not force:
        raise RestoreError(f"{database} exists: --force moves it aside and puts the backup into its place")
    new = database.with_name(f".{database.name}.restored")
    try:
        if backup.resolve() == database.resolve():
            raise RestoreError(f"{backup} is the database itself")
        verify(backup, told)
        new.unlink(missing_ok=True)
        shutil.copyfile(backup, new)
        new.chmod(0o600)
        _renew(new, entry)
        aside = _aside(database, stamp) if there else None
        if aside is not None:
            _keep(database, aside)
        publish(new, database)
    except (OSError, sqlite3.Error) as error:
        raise RestoreError(f"{backup}: {error}") from error
    finally:
        new.unlink(missing_ok=True)
    return aside


def verify(backup: Path, told: Callable[[int, int], None]) -> None:
    """Make sure that a file is a whole database of ours. Raises RestoreError, OSError and sqlite3.Error."""
    if not backup.is_file():
        raise RestoreError(f"{backup}: there is no such file")
    if Path(f"{backup}-wal").exists():
        raise RestoreError(f"{backup} is a database in use or left open (it has a -wal file), not a backup")
    source = copying.open_ro(backup)
    try:
        try:
            applied = migrations.applied(source)
        except sqlite3.Error as error:
            raise RestoreError(f"{backup} is no database: {error}") from error
        if not applied:
            raise RestoreError(f"{backup} is no database of telltale")
        if newer := applied - migrations.STEPS.keys():
            raise RestoreError(f"{backup} was made by a newer version ({', '.join(sorted(newer))})")
        if migrations.STEPS.keys() - applied:
            if (wrong := source.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
                raise RestoreError(f"{backup} is damaged: {wrong}")
            return  # of an older version, which had no checksums
        check = Check(alone=True)
        for found in check.run(source):
            if found:
                raise RestoreError(f"{backup} is damaged: {found[0].text}")
            told(check.seen.chunks, check.seen.of_chunks)
    finally:
        source.close()


def _renew(new: Path, entry: AuditRow) -> None:
    """A new epoch: what was handed out after the backup is no part of this log; its seqs are not given again."""
    connection = sqlite3.connect(new, isolation_level=None)
    try:
        migrations.apply(connection)  # a backup of an older version may have no audit log
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (secrets.token_hex(8),))
        connection.execute("UPDATE meta SET value = value + ? WHERE key = 'seq_reserved'", (BLOCK,))
        accounts.end_all(connection)
        audit.add(connection, entry)
        connection.execute("COMMIT")
    finally:
        connection.close()


def _keep(database: Path, aside: Path) -> None:
    """Give what is there a second name. Its own is only taken over at once: a crash leaves the one or the other."""
    if database.exists():
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(database)) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try:
            os.link(database, aside)
        except OSError:  # a file system without links
            shutil.copyfile(database, aside)
    for suffix in SUFFIXES[1:]:
        rest = Path(f"{database}{suffix}")
        if rest.exists():
            rest.rename(f"{aside}{suffix}")


def _aside(database: Path, stamp: str) -> Path:
    names = (Path(f"{database}.replaced-{stamp}{more}") for more in ("", *(f"-{n}" for n in range(1, 1_000))))
    return next(name for name in names if not name.exists())
